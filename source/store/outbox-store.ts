import type {Actor, BackendEvent, Delivery, DeliveryQuery, Event, EventType, Page, Replay} from '../contract/index.ts';

/** The head of a sink's queue: what to deliver next and when. */
export interface QueueHead {
  readonly event: Event;
  /** Attempts made in vain so far, and when the first was. */
  readonly attempts: number;
  readonly firstAttemptAt: number | undefined;
  /** Not before this time (ms). */
  readonly dueAt: number;
}

/** The next events of a range that is sent again. */
export interface ReplayHead {
  readonly replayId: string;
  readonly head: QueueHead;
}

export interface SinkState {
  readonly name: string;
  readonly sequence: number;
  readonly offReason: string | undefined;
  /** By an operator. */
  readonly paused: boolean;
  readonly waiting: number;
  /** When the longest waiting event happened, ms. */
  readonly oldestWaitingAt: number | undefined;
  readonly dead: number;
  readonly lastDeliveredAt: number | undefined;
  readonly lastError: string | undefined;
  readonly nextAttemptAt: number | undefined;
  readonly attempts: number;
  /** The oldest of those that are under way. */
  readonly replay: Replay | undefined;
}

export type BackendEventType = 'backend.down' | 'backend.up' | 'backend.behind';

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
  appendBackendEvent(type: BackendEventType, data: BackendEvent, now: number): Promise<void>;
  /**
   * What the application heard last about the backend, before this process too; undefined when nothing yet. Up while one
   * of several is down and another one was told to speak.
   */
  lastBackendEvent(): Promise<BackendEventType | undefined>;
  /** Which of several backends the application was told last to speak; undefined when it was told of none. */
  lastSpeaker(): Promise<string | undefined>;

  /** Makes the cursor of a sink that is new: at `from`, or now (after the newest event). */
  ensureSink(name: string, from: number | undefined): Promise<void>;
  /** Next events of these types (all, when undefined) for one sink, oldest first; empty when it is off or has none. */
  sinkQueue(name: string, types: readonly EventType[] | undefined, limit: number): Promise<QueueHead[]>;
  /** Moves the cursor up to `sequence` and forgets its attempts. */
  markDelivered(name: string, sequence: number, now: number): Promise<void>;
  recordFailure(name: string, sequence: number, words: string, nextAttemptAt: number, now: number): Promise<void>;
  /** Given up after three days: the cursor moves on, the row stays visible as dead, later events carry a gap. */
  park(name: string, sequence: number, words: string, now: number): Promise<void>;
  switchSinkOff(name: string, reason: string): Promise<void>;
  /** Nothing goes out until it is resumed; events accumulate. */
  pauseSink(name: string, now: number, by?: Actor): Promise<void>;
  /** Ends both a pause and a switching off. */
  resumeSink(name: string, now: number, by?: Actor): Promise<void>;
  /** Neither off nor paused. */
  sinkIsOn(name: string): Promise<boolean>;
  sinkState(name: string): Promise<SinkState>;
  deliveries(query: DeliveryQuery): Promise<Page<Delivery>>;
  /** Tries the head again now, or a parked event once more. */
  retryDelivery(id: string, now: number, by?: Actor): Promise<Delivery>;
  /** A parked event asked for again (see retryDelivery), to be sent beside the queue. */
  replayQueue(name: string): Promise<{deliveryId: string; event: Event}[]>;
  replayed(deliveryId: string, words: string | undefined, now: number): Promise<void>;

  /**
   * Begins to send the events of a range again, both ends included, those that the cursor has passed; the others come by themselves.
   * Undefined when it has passed none of them.
   */
  startReplay(
    name: string,
    range: {readonly from: number; readonly to: number},
    now: number,
    by?: Actor,
  ): Promise<Replay | undefined>;
  /** Next events of the oldest range that is under way; a range in which nothing is left is gone then. */
  replayHeads(name: string, types: readonly EventType[] | undefined, limit: number): Promise<ReplayHead[]>;
  /** Moves on in the range. An event that was parked before has arrived now. */
  replayDelivered(replayId: string, sequence: number, now: number): Promise<void>;
  replayFailed(replayId: string, words: string, nextAttemptAt: number, now: number): Promise<void>;
  /** Gives the event up as `park` does, and moves on in the range. */
  replayParked(replayId: string, sequence: number, words: string, now: number): Promise<void>;
}
