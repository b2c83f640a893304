import type {Event, EventType} from '../contract/index.ts';
import {LONGEST_PAUSE} from '../outbox/backoff.ts';
import {decide, type Consequence} from '../outbox/decide.ts';
import type {Sink} from '../outbox/ports.ts';
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
/** ms between looks that nothing asked for. */
const IDLE = 30_000;
/** A delivery ends within its sink's deadline (15 s) and the one second for the rest of an answer. */
const STALL_AFTER = 60_000;

/**
 * Takes the events of one coin to one sink: in order, one request in flight. An event that did not arrive holds those
 * behind it up, is tried again with growing pauses, and is parked after three days. Each arrival is durable before the
 * next request, so that after a crash at most one event is sent again, with the same id.
 */
export const createDeliver = (parts: DeliverParts): Loop => {
  const wake = new Wake();
  const deliverer = new Deliverer(parts);
  parts.store.onCommit(() => wake.ring());
  return {
    name: `deliver ${parts.sink.name}`,
    coin: parts.coin,
    wake,
    stallAfter: STALL_AFTER,
    round: async context => deliverer.round(context),
  };
};

/** A head that waits for its next attempt: what was stored, and when that is by a clock that nobody sets. */
interface Appointment {
  readonly sequence: number;
  readonly dueAt: number;
  readonly monotonic: number;
}

class Deliverer {
  readonly #parts: DeliverParts;
  readonly #random: () => number;
  #appointment: Appointment | undefined;

  constructor(parts: DeliverParts) {
    this.#parts = parts;
    this.#random = parts.random ?? Math.random;
  }

  async round(context: RoundContext): Promise<Round> {
    const {store, sink, types} = this.#parts;
    await this.#replay(context);
    const heads = await store.sinkQueue(sink.name, types, this.#batch());
    for (const head of heads) {
      if (context.signal.aborted) break;
      const wait = this.#waitFor(head);
      if (wait > 0) return this.#waiting(head, wait);
      const consequence = await this.#attempt(head, context);
      if (consequence !== 'next') return {sleep: 0};
      context.progress();
    }
    if (heads.length > 0) return {sleep: 0, detail: `delivered up to ${heads.at(-1)?.event.sequence}`};
    return this.#idle();
  }

  /** While the head waits, each commit of a busy ledger brings a look at it: at no more than it. */
  #batch(): number {
    return this.#appointment && this.#appointment.monotonic > this.#parts.clock.monotonic() ? 1 : BATCH;
  }

  /** ms until the head may be tried. */
  #waitFor(head: QueueHead): number {
    const {clock} = this.#parts;
    if (head.dueAt === 0) return 0;
    const promised = this.#appointment;
    // An operator's retry changes the stored time. Otherwise a clock that was set makes nothing early and nothing late.
    if (promised?.sequence === head.event.sequence && promised.dueAt === head.dueAt)
      return promised.monotonic - clock.monotonic();
    // Stored by an earlier run, perhaps before the clock was set back.
    const wait = Math.min(head.dueAt - clock.now(), LONGEST_PAUSE);
    this.#appointment = {
      sequence: head.event.sequence,
      dueAt: head.dueAt,
      monotonic: clock.monotonic() + wait,
    };
    return wait;
  }

  /** `next` when the queue may go on, `wait` when it must look again first. */
  async #attempt(head: QueueHead, {signal}: RoundContext): Promise<'next' | 'wait'> {
    const {store, sink, clock, log} = this.#parts;
    const {event} = head;
    await store.checkLease();
    const answer = await sink.deliver(event, JSON.stringify(event), signal);
    // The request was cut short by the stop of the engine: that is nobody's failure.
    if (signal.aborted && answer.kind !== 'delivered') return 'wait';
    const consequence = decide(answer, head, clock.now(), this.#random());
    await this.#apply(event, consequence);
    if (consequence.kind !== 'mark')
      log.warn(
        {sink: sink.name, coin: this.#parts.coin, event: event.id, attempt: head.attempts + 1},
        consequence.words,
      );
    else if (head.attempts > 0)
      log.info(
        {sink: sink.name, coin: this.#parts.coin, event: event.id, attempt: head.attempts + 1},
        'delivered at last',
      );
    return consequence.kind === 'mark' ? 'next' : 'wait';
  }

  async #apply({sequence}: Event, consequence: Consequence): Promise<void> {
    const {store, sink, clock} = this.#parts;
    const now = clock.now();
    switch (consequence.kind) {
      case 'mark':
        return store.markDelivered(sink.name, sequence, now);
      case 'park':
        return store.park(sink.name, sequence, consequence.words, now);
      case 'switch-off':
        return store.switchSinkOff(sink.name, consequence.words);
      case 'retry': {
        const dueAt = now + consequence.pause;
        this.#appointment = {sequence, dueAt, monotonic: clock.monotonic() + consequence.pause};
        return store.recordFailure(sink.name, sequence, consequence.words, dueAt, now);
      }
    }
  }

  /** Parked events that an operator asked for again go beside the queue, between two of its requests. */
  async #replay(context: RoundContext): Promise<void> {
    const {store, sink, clock} = this.#parts;
    for (const {deliveryId, event} of await store.replayQueue(sink.name)) {
      await store.checkLease();
      const answer = await sink.deliver(event, JSON.stringify(event), context.signal);
      if (context.signal.aborted && answer.kind !== 'delivered') return;
      await store.replayed(deliveryId, answer.kind === 'delivered' ? undefined : answer.words, clock.now());
      if (answer.kind === 'gone') return store.switchSinkOff(sink.name, answer.words);
      context.progress();
    }
  }

  async #waiting(head: QueueHead, wait: number): Promise<Round> {
    const {lastError, waiting} = await this.#parts.store.sinkState(this.#parts.sink.name);
    return {
      sleep: Math.min(wait, IDLE),
      waitingFor: `${lastError ?? 'next attempt'}; attempt ${head.attempts + 1} in ${describe(wait)}, ${waiting} waiting`,
    };
  }

  async #idle(): Promise<Round> {
    const {offReason, sequence} = await this.#parts.store.sinkState(this.#parts.sink.name);
    if (offReason !== undefined)
      return {sleep: IDLE, waitingFor: `switched off: ${offReason}; resume it when the endpoint is back`};
    return {sleep: IDLE, detail: `delivered up to ${sequence}`};
  }
}

const describe = (milliseconds: number): string => {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
};
