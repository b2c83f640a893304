import type {Actor, BackendEvent, Delivery, Event, EventType, Page, PageQuery} from '../contract/index.ts';

/** The head of a sink's queue: what to deliver next and when. */
export interface QueueHead {
  readonly event: Event;
  /** Attempts made in vain so far, and when the first was. */
  readonly attempts: number;
  readonly firstAttemptAt: number | undefined;
  /** Not before this time (ms). */
  readonly dueAt: number;
}

export interface SinkState {
  readonly name: string;
  readonly sequence: number;
  readonly offReason: string | undefined;
  readonly waiting: number;
  readonly dead: number;
  readonly lastDeliveredAt: number | undefined;
  readonly lastError: string | undefined;
  readonly nextAttemptAt: number | undefined;
  readonly attempts: number;
}

export interface OutboxStore {
  /** Oldest first. */
  events(after: number, limit: number): Promise<Page<Event>>;
  newestEvents(limit: number): Promise<Event[]>;
  /** The newest `limit` events about one payout or deposit, oldest of them first. Unknown ids have none. */
  eventsAbout(kind: 'payout' | 'deposit', id: string, limit: number): Promise<Event[]>;
  /** Throws `not_found`. */
  event(sequence: number): Promise<Event>;
  /** What was tried in vain for one event: at most one row for each sink. */
  deliveriesOf(sequence: number): Promise<Delivery[]>;
  /** Facts about backends have no other cause to commit with. */
  appendBackendEvent(
    type: 'backend.down' | 'backend.up' | 'backend.behind',
    data: BackendEvent,
    now: number,
  ): Promise<void>;

  /** Makes the cursor of a sink that is new: at `from`, or now (after the newest event). */
  ensureSink(name: string, from: number | undefined): Promise<void>;
  /** Next events of these types (all, when undefined) for one sink, oldest first; empty when it is off or has none. */
  sinkQueue(name: string, types: readonly EventType[] | undefined, limit: number): Promise<QueueHead[]>;
  /** Moves the cursor up to `sequence` and forgets its attempts. */
  markDelivered(name: string, sequence: number, now: number): Promise<void>;
  recordFailure(name: string, sequence: number, words: string, nextAttemptAt: number, now: number): Promise<void>;
  /** Given up after three days: the cursor moves on, the row stays visible as dead, later events carry a gap. */
  park(name: string, sequence: number, words: string, now: number): Promise<void>;
  /** By the engine itself, or with `by` by somebody who paused it. */
  switchSinkOff(name: string, reason: string, now?: number, by?: Actor): Promise<void>;
  resumeSink(name: string, now: number, by?: Actor): Promise<void>;
  sinkState(name: string): Promise<SinkState>;
  deliveries(query: PageQuery): Promise<Page<Delivery>>;
  /** Tries the head again now, or a parked event once more. */
  retryDelivery(id: string, now: number, by?: Actor): Promise<Delivery>;
  /** A parked event asked for again (see retryDelivery), to be sent beside the queue. */
  replayQueue(name: string): Promise<{deliveryId: string; event: Event}[]>;
  replayed(deliveryId: string, words: string | undefined, now: number): Promise<void>;
}
