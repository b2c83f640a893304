import type {EventType, HoldReason} from '../contract/index.ts';
import type {Satoshi} from '../primitives/amount.ts';
import {EngineError} from '../primitives/errors.ts';
import type {BlockHash} from '../primitives/ids.ts';

/** Where a payout stands in a transaction: which broadcast pays it, by which output, at what share of the fee. */
export interface Placed {
  readonly broadcastId: number;
  readonly vout: number;
  readonly fee: Satoshi;
}

export interface Hold {
  readonly reason: HoldReason;
  /** The node's, or what to do. */
  readonly words: string;
}

/**
 * What the application asked for, on its way out. Money was debited at acceptance; from `signed` on, bytes that pay
 * it exist. A payout held before `signed` (`held` without `placed`) holds no inputs and can be called back.
 */
export type PayoutState =
  | {readonly status: 'queued'; readonly released: boolean}
  /** `before`: the hold it is tried again from, so that failing the same way tells nobody again; or what it waits for. */
  | {
      readonly status: 'reserved';
      readonly released: boolean;
      readonly placed: Placed;
      readonly before: Hold | undefined;
    }
  | {readonly status: 'signed'; readonly placed: Placed}
  | {readonly status: 'sent'; readonly placed: Placed}
  | {readonly status: 'confirmed'; readonly placed: Placed; readonly height: number; readonly hash: BlockHash}
  | {readonly status: 'settled'; readonly placed: Placed; readonly height: number; readonly hash: BlockHash}
  | {readonly status: 'held'; readonly from: 'queued' | 'reserved'; readonly released: boolean; readonly hold: Hold}
  | {readonly status: 'held'; readonly from: 'signed' | 'sent'; readonly hold: Hold; readonly placed: Placed}
  | {readonly status: 'conflicted'; readonly placed: Placed; readonly words: string}
  | {readonly status: 'cancelled'};

export type PayoutEvent =
  /** Chosen for a transaction; its inputs are reserved. */
  | {readonly kind: 'reserve'; readonly placed: Placed}
  /** The signed bytes are stored. */
  | {readonly kind: 'sign'}
  /** The network has it. */
  | {readonly kind: 'send'}
  /** Another member of the family pays it now. */
  | {readonly kind: 'place'; readonly placed: Placed}
  | {readonly kind: 'anchor'; readonly height: number; readonly hash: BlockHash}
  | {readonly kind: 'unanchor'}
  | {readonly kind: 'settle'}
  | {readonly kind: 'hold'; readonly hold: Hold}
  /** Its transaction waits for somebody's signature; said, and told to nobody. */
  | {readonly kind: 'wait'; readonly hold: Hold}
  /** Nothing was signed and the inputs are free again. */
  | {readonly kind: 'abandon'}
  | {readonly kind: 'release'}
  /** By a second person. */
  | {readonly kind: 'approve'}
  | {readonly kind: 'cancel'}
  /** A different anchored transaction spends an input. */
  | {readonly kind: 'conflict'; readonly words: string}
  /** Nothing that was signed for it can confirm any more: paid again, with other coins. */
  | {readonly kind: 'repay'};

export interface Transition {
  readonly state: PayoutState;
  /** What the application is told of it; undefined when nothing changed for it. */
  readonly announce: EventType | undefined;
}

/** Holds that a person must clear, by release or cancel; the others are due again at every period. */
const CLEARED_BY_A_PERSON: ReadonlySet<HoldReason> = new Set<HoldReason>([
  'limit_per_payout',
  'limit_per_hour',
  'limit_per_day',
  'address_not_allowed',
  'approval',
  'account_frozen',
  'perhaps_paid',
]);

export const clears = (reason: HoldReason): 'itself' | 'person' =>
  CLEARED_BY_A_PERSON.has(reason) ? 'person' : 'itself';

const to = (state: PayoutState, announce?: EventType): Transition => ({state, announce});

const refuse = (state: PayoutState, event: PayoutEvent): never => {
  if (event.kind === 'cancel' && state.status !== 'cancelled')
    throw new EngineError('already_signed', `the payout is ${state.status}: its signed transaction can still confirm`);
  throw new EngineError('wrong_state', `a payout that is ${state.status} cannot take the step ${event.kind}`);
};

/**
 * The one place that knows which step may follow which. Throws `already_signed` for a cancel that comes too late and
 * `wrong_state` for every other step that the state does not allow.
 */
export const transition = (state: PayoutState, event: PayoutEvent): Transition => {
  switch (event.kind) {
    case 'reserve':
      return reserve(state, event);
    case 'sign':
      return state.status === 'reserved' ? to({status: 'signed', placed: state.placed}) : refuse(state, event);
    case 'send':
      return send(state, event);
    case 'place':
      return place(state, event);
    case 'anchor':
      return anchor(state, event);
    case 'unanchor':
      return state.status === 'confirmed' || state.status === 'settled'
        ? to({status: 'sent', placed: state.placed}, 'payout.unconfirmed')
        : refuse(state, event);
    case 'settle':
      return state.status === 'confirmed' ? to({...state, status: 'settled'}, 'payout.settled') : refuse(state, event);
    case 'hold':
      return hold(state, event);
    case 'wait':
      return state.status === 'reserved' ? to({...state, before: event.hold}) : refuse(state, event);
    case 'abandon':
      return state.status === 'reserved' ? to({status: 'queued', released: state.released}) : refuse(state, event);
    case 'release':
      return release(state, event);
    case 'approve':
      return isUnplaced(state) && state.hold.reason === 'approval'
        ? to({status: 'queued', released: state.released}, 'payout.released')
        : refuse(state, event);
    case 'repay':
      return state.status === 'conflicted'
        ? to({status: 'queued', released: false}, 'payout.released')
        : refuse(state, event);
    case 'cancel':
      return state.status === 'queued' || state.status === 'reserved' || isUnplaced(state)
        ? to({status: 'cancelled'}, 'payout.cancelled')
        : refuse(state, event);
    case 'conflict':
      return state.status === 'signed' || state.status === 'sent' || isHeldPlaced(state)
        ? to({status: 'conflicted', placed: state.placed, words: event.words}, 'payout.conflicted')
        : refuse(state, event);
    default:
      return event satisfies never;
  }
};

type Held = Extract<PayoutState, {status: 'held'}>;
type HeldPlaced = Extract<Held, {placed: Placed}>;
const isUnplaced = (state: PayoutState): state is Exclude<Held, HeldPlaced> =>
  state.status === 'held' && !('placed' in state);
const isHeldPlaced = (state: PayoutState): state is HeldPlaced => state.status === 'held' && 'placed' in state;

const reserve = (state: PayoutState, event: PayoutEvent & {kind: 'reserve'}): Transition => {
  const isDue = state.status === 'queued' || (isUnplaced(state) && clears(state.hold.reason) === 'itself');
  if (!isDue) return refuse(state, event);
  const before = state.status === 'held' ? state.hold : undefined;
  return to({status: 'reserved', released: state.released, placed: event.placed, before});
};

const release = (state: PayoutState, event: PayoutEvent): Transition => {
  if (!isUnplaced(state) || clears(state.hold.reason) !== 'person') return refuse(state, event);
  if (state.hold.reason === 'approval')
    throw new EngineError('approval_needed', 'it waits for approval by somebody else than who asked for it');
  return to({status: 'queued', released: true}, 'payout.released');
};

const send = (state: PayoutState, event: PayoutEvent): Transition => {
  if (state.status === 'sent') return to(state);
  return state.status === 'signed' || state.status === 'conflicted' || isHeldPlaced(state)
    ? to({status: 'sent', placed: state.placed}, 'payout.sent')
    : refuse(state, event);
};

const place = (state: PayoutState, event: PayoutEvent & {kind: 'place'}): Transition =>
  'placed' in state && state.status !== 'reserved' ? to({...state, placed: event.placed}) : refuse(state, event);

/** `sent` comes before `confirmed`, always: who anchors a payout that was never announced sent sends it first. */
const anchor = (state: PayoutState, event: PayoutEvent & {kind: 'anchor'}): Transition => {
  const {height, hash} = event;
  if (state.status === 'confirmed' || state.status === 'settled') return to({...state, height, hash});
  return state.status === 'sent'
    ? to({status: 'confirmed', placed: state.placed, height, hash}, 'payout.confirmed')
    : refuse(state, event);
};

/** Told again only when the reason changes; the words may, silently. */
const hold = (state: PayoutState, event: PayoutEvent & {kind: 'hold'}): Transition => {
  const before = state.status === 'held' ? state.hold : state.status === 'reserved' ? state.before : undefined;
  const announce = before?.reason === event.hold.reason ? undefined : 'payout.held';
  if (state.status === 'held') return to({...state, hold: event.hold}, announce);
  if (state.status === 'queued' || state.status === 'reserved')
    return to({status: 'held', from: state.status, released: state.released, hold: event.hold}, announce);
  if (state.status === 'signed' || state.status === 'sent')
    return to({status: 'held', from: state.status, placed: state.placed, hold: event.hold}, announce);
  return refuse(state, event);
};
