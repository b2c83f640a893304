import type {Event, EventType} from '../contract/index.ts';
import {pauseAfter} from '../outbox/backoff.ts';
import {decide, type Consequence} from '../outbox/decide.ts';
import type {DeliveryAnswer, Sink} from '../outbox/ports.ts';
import type {Clock} from '../primitives/clock.ts';
import type {Log} from '../primitives/log.ts';
import {Wake} from '../primitives/wake.ts';
import type {QueueHead} from '../store/outbox-store.ts';
import type {Store} from '../store/store.ts';
import type {Loop, Round, RoundContext} from './loop.ts';

export interface DeliverParts {
  readonly sink: Sink;
  readonly coin: string;
  /** The sink's cursor must be there (`ensureSink`). */
  readonly store: Pick<
    Store,
    | 'onCommit'
    | 'checkLease'
    | 'sinkQueue'
    | 'sinkState'
    | 'markDelivered'
    | 'recordFailure'
    | 'park'
    | 'switchSinkOff'
    | 'replayQueue'
    | 'replayed'
    | 'sinkIsOn'
    | 'replayHeads'
    | 'replayDelivered'
    | 'replayFailed'
    | 'replayParked'
  >;
  /** Undefined: all. */
  readonly types: readonly EventType[] | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** 0 to below 1, for jitter. */
  readonly random?: () => number;
}

/** Events taken out of the outbox by one read. */
const BATCH = 100;
/** ms that an arrival may stay unwritten while the next events go out. */
const MARK_WITHIN = 10;
/** ms between looks that nothing asked for. */
const IDLE = 30_000;
/** ms beyond the longest delivery of a sink after which its loop counts as stalled. */
const STALL_MARGIN = 45_000;

/** How the last attempt of this run of the engine went. */
export interface LastAttempt {
  /** Of HTTP, or a script's exit code; undefined without an answer. */
  readonly status: number | undefined;
  /** ms, with one decimal */
  readonly latency: number;
}

export interface Deliver extends Loop {
  lastAttempt(): LastAttempt | undefined;
}

/**
 * Takes the events of one coin to one sink: in order, one request in flight. An event that did not arrive holds those
 * behind it up, is tried again with growing pauses, and is parked after three days. Arrivals are made durable together, by
 * the end of a batch and at the latest 10 ms after the first of them: a commit each would be most of a delivery's time.
 * So after a crash the events of the last 10 ms are sent again, in the same order and with the same ids.
 */
export const createDeliver = (parts: DeliverParts): Deliver => {
  const wake = new Wake();
  const deliverer = new Deliverer(parts);
  parts.store.onCommit(() => wake.ring());
  return {
    name: `deliver ${parts.sink.name}`,
    coin: parts.coin,
    wake,
    stallAfter: parts.sink.longest + STALL_MARGIN,
    round: async context => deliverer.round(context),
    lastAttempt: () => deliverer.lastAttempt,
  };
};

type Next = 'next' | 'wait';

class Deliverer {
  lastAttempt: LastAttempt | undefined;
  readonly #parts: DeliverParts;
  readonly #random: () => number;
  readonly #queueHead: Appointment;
  readonly #replayHead: Appointment;
  /** What arrived and is not written yet, up to this sequence; `since` by the monotonic clock. */
  #arrived: {readonly sequence: number; readonly since: number} | undefined;

  constructor(parts: DeliverParts) {
    this.#parts = parts;
    this.#random = parts.random ?? Math.random;
    this.#queueHead = new Appointment(parts.clock);
    this.#replayHead = new Appointment(parts.clock);
  }

  async round(context: RoundContext): Promise<Round> {
    // Left over only when the last round threw.
    await this.#writeArrivals();
    const round = await this.#deliver(context);
    await this.#writeArrivals();
    return round;
  }

  async #deliver(context: RoundContext): Promise<Round> {
    const {store, sink, types} = this.#parts;
    await this.#replayParked(context);
    const replayWait = await this.#replayRange(context);
    const heads = await store.sinkQueue(sink.name, types, this.#queueHead.isAhead() ? 1 : BATCH);
    for (const head of heads) {
      if (context.signal.aborted || !(await store.sinkIsOn(sink.name))) return {sleep: 0};
      const wait = this.#queueHead.waitFor(head);
      if (wait > 0) return this.#waiting(head, Math.min(wait, replayWait));
      if ((await this.#attempt(head, context)) === 'wait') return {sleep: 0};
      context.progress();
    }
    if (heads.length > 0) return {sleep: 0, detail: `delivered up to ${heads.at(-1)?.event.sequence}`};
    return this.#idle(replayWait);
  }

  /** `next` when the queue may go on, `wait` when it must look again first. */
  async #attempt(head: QueueHead, context: RoundContext): Promise<Next> {
    const {store, sink, clock} = this.#parts;
    const {sequence} = head.event;
    return this.#conclude(head, context, async consequence => {
      const now = clock.now();
      if (consequence.kind === 'mark') return this.#arrive(head);
      await this.#writeArrivals();
      switch (consequence.kind) {
        case 'park':
          return store.park(sink.name, sequence, consequence.words, now);
        case 'switch-off':
          return store.switchSinkOff(sink.name, consequence.words);
        case 'retry':
          this.#queueHead.make(sequence, now + consequence.pause, consequence.pause);
          return store.recordFailure(sink.name, sequence, consequence.words, now + consequence.pause, now);
      }
    });
  }

  async #arrive({event, attempts}: QueueHead): Promise<void> {
    const now = this.#parts.clock.monotonic();
    const since = this.#arrived?.since ?? now;
    this.#arrived = {sequence: event.sequence, since};
    // One that was tried before has a row, which goes with its own mark.
    if (attempts > 0 || now - since >= MARK_WITHIN) await this.#writeArrivals();
  }

  async #writeArrivals(): Promise<void> {
    if (this.#arrived === undefined) return;
    const {store, sink, clock} = this.#parts;
    await store.markDelivered(sink.name, this.#arrived.sequence, clock.now());
    this.#arrived = undefined;
  }

  /** Sends one event and has `apply` write down what follows from the answer. */
  async #conclude(
    head: QueueHead,
    {signal}: RoundContext,
    apply: (consequence: Consequence) => Promise<void>,
  ): Promise<Next> {
    const {sink, clock, log, coin} = this.#parts;
    const {event} = head;
    const answer = await this.#send(event, signal);
    // The request was cut short by the stop of the engine: that is nobody's failure.
    if (answer === undefined) return 'wait';
    const consequence = decide(answer, head, clock.now(), this.#random());
    await apply(consequence);
    const fields = {sink: sink.name, coin, event: event.id, attempt: head.attempts + 1};
    if (consequence.kind !== 'mark') log.warn(fields, consequence.words);
    else if (head.attempts > 0) log.info(fields, 'delivered at last');
    return consequence.kind === 'mark' ? 'next' : 'wait';
  }

  /** Undefined when the engine's stop cut it short. */
  async #send(event: Event, signal: AbortSignal): Promise<DeliveryAnswer | undefined> {
    const {store, sink, clock} = this.#parts;
    await store.checkLease();
    const began = clock.monotonic();
    const answer = await sink.deliver(event, JSON.stringify(event), signal);
    if (signal.aborted && answer.kind !== 'delivered') return undefined;
    this.lastAttempt = {status: answer.status, latency: Math.round((clock.monotonic() - began) * 10) / 10};
    return answer;
  }

  /** Parked events that an operator asked for again go beside the queue, between two of its requests. */
  async #replayParked(context: RoundContext): Promise<void> {
    const {store, sink, clock} = this.#parts;
    for (const {deliveryId, event} of await store.replayQueue(sink.name)) {
      if (!(await store.sinkIsOn(sink.name))) return;
      const answer = await this.#send(event, context.signal);
      if (answer === undefined) return;
      await store.replayed(deliveryId, answer.kind === 'delivered' ? undefined : answer.words, clock.now());
      if (answer.kind === 'gone') return store.switchSinkOff(sink.name, answer.words);
      context.progress();
    }
  }

  /**
   * A range that an operator asked for again takes turns with the queue, batch by batch: neither holds the other up for
   * long, and a failure here waits its own time. Resolves with the ms until it goes on.
   */
  async #replayRange(context: RoundContext): Promise<number> {
    const {store, sink, types} = this.#parts;
    if (!(await store.sinkIsOn(sink.name))) return IDLE;
    const found = await store.replayHeads(sink.name, types, this.#replayHead.isAhead() ? 1 : BATCH);
    for (const {replayId, head} of found) {
      if (context.signal.aborted || !(await store.sinkIsOn(sink.name))) return 0;
      const wait = this.#replayHead.waitFor(head);
      if (wait > 0) return wait;
      if ((await this.#attemptAgain(replayId, head, context)) === 'wait') return 0;
      context.progress();
    }
    return found.length > 0 ? 0 : IDLE;
  }

  async #attemptAgain(replayId: string, head: QueueHead, context: RoundContext): Promise<Next> {
    const {store, sink, clock} = this.#parts;
    const {sequence} = head.event;
    return this.#conclude(head, context, async consequence => {
      const now = clock.now();
      switch (consequence.kind) {
        case 'mark':
          return store.replayDelivered(replayId, sequence, now);
        case 'park':
          return store.replayParked(replayId, sequence, consequence.words, now);
        case 'switch-off':
          return store.switchSinkOff(sink.name, consequence.words);
        case 'retry':
          this.#replayHead.make(sequence, now + consequence.pause, consequence.pause);
          return store.replayFailed(replayId, consequence.words, now + consequence.pause, now);
      }
    });
  }

  async #waiting(head: QueueHead, wait: number): Promise<Round> {
    const {lastError, waiting} = await this.#parts.store.sinkState(this.#parts.sink.name);
    return {
      sleep: Math.min(wait, IDLE),
      waitingFor: `${lastError ?? 'next attempt'}; attempt ${head.attempts + 1} in ${describe(wait)}, ${waiting} waiting`,
    };
  }

  async #idle(replayWait: number): Promise<Round> {
    const {offReason, paused, sequence} = await this.#parts.store.sinkState(this.#parts.sink.name);
    if (offReason !== undefined)
      return {sleep: IDLE, waitingFor: `switched off: ${offReason}; resume it when the endpoint is back`};
    if (paused) return {sleep: IDLE, waitingFor: 'paused by an operator until it is resumed'};
    return {sleep: Math.min(replayWait, IDLE), detail: `delivered up to ${sequence}`};
  }
}

/** When a head is tried next: what was stored of it, and when that is by a clock that nobody sets. */
class Appointment {
  readonly #clock: Clock;
  #made: {readonly sequence: number; readonly dueAt: number; readonly monotonic: number} | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  make(sequence: number, dueAt: number, pause: number): void {
    this.#made = {sequence, dueAt, monotonic: this.#clock.monotonic() + pause};
  }

  /** While the head waits, each commit of a busy ledger brings a look at it: at no more than it. */
  isAhead(): boolean {
    return this.#made !== undefined && this.#made.monotonic > this.#clock.monotonic();
  }

  /** ms until the head may be tried. */
  waitFor({dueAt, attempts, event: {sequence}}: QueueHead): number {
    if (dueAt === 0) return 0;
    // An operator's retry changes the stored time. Otherwise a clock that was set makes nothing early and nothing late.
    if (this.#made?.sequence === sequence && this.#made.dueAt === dueAt)
      return this.#made.monotonic - this.#clock.monotonic();
    // Stored by an earlier run, perhaps before the clock was set back: never longer than that pause can have been.
    const wait = Math.min(dueAt - this.#clock.now(), pauseAfter(attempts, 1));
    this.make(sequence, dueAt, wait);
    return wait;
  }
}

const describe = (milliseconds: number): string => {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
};
