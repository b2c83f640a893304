import type {
  Account,
  BackendEvent,
  BooksEvent,
  Deposit,
  Event,
  EventType,
  Payout,
  RestoredEvent,
  Transfer,
} from '../contract/index.ts';

type DataOf<Type extends EventType> = Type extends `deposit.${string}`
  ? Deposit
  : Type extends `payout.${string}`
    ? Payout
    : Type extends `account.${string}`
      ? Account
      : Type extends `backend.${string}`
        ? BackendEvent
        : Type extends `transfer.${string}`
          ? Transfer
          : Type extends `books.${string}`
            ? BooksEvent
            : Type extends 'ledger.restored'
              ? RestoredEvent
              : Event['data'];

/** One type of event: `EventOf<'deposit.credited'>` has a Deposit as its `data`. */
export type EventOf<Type extends EventType> = Type extends EventType
  ? Omit<Event, 'type' | 'data'> & {type: Type; data: DataOf<Type>}
  : never;

/** Any event; `switch (event.type)` or `event.type === …` tells what its `data` is. */
export type TypedEvent = EventOf<EventType>;

type About<Noun extends string> = EventOf<Extract<EventType, `${Noun}.${string}`>>;

/** Whether `data` is a Deposit, in whatever state: of every `deposit.…` event. */
export const isDepositEvent = (event: TypedEvent): event is About<'deposit'> => event.type.startsWith('deposit.');
/** Whether `data` is a Payout, in whatever state: of every `payout.…` event. */
export const isPayoutEvent = (event: TypedEvent): event is About<'payout'> => event.type.startsWith('payout.');
