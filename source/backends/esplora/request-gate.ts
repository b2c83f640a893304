import type {Clock} from '../../primitives/clock.ts';

/** `now`: somebody waits for it. `bulk`: part of many. */
export type Urgency = 'now' | 'bulk';

interface Waiting {
  readonly enter: () => void;
  readonly refuse: (error: Error) => void;
}

/** Of four requests in a row, at least one is of a scan that waits, however much else there is to ask. */
const URGENT_IN_A_ROW = 3;

/**
 * The budget of requests to one server: at most so many a second, at most so many at once. Urgent ones go before bulk
 * ones without starving them. A pause that the server asked for holds for all.
 */
export class RequestGate {
  readonly #perSecond: number;
  readonly #parallel: number;
  readonly #clock: Clock;
  readonly #waiting: Record<Urgency, Waiting[]> = {now: [], bulk: []};
  /** A second's worth may go at once after a rest. */
  #tokens: number;
  #filledAt: number;
  #pausedUntil = 0;
  #underWay = 0;
  #urgentInARow = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed: Error | undefined;

  constructor(budget: {readonly perSecond: number; readonly parallel: number}, clock: Clock) {
    this.#perSecond = budget.perSecond;
    this.#parallel = budget.parallel;
    this.#clock = clock;
    this.#tokens = budget.perSecond;
    this.#filledAt = clock.monotonic();
  }

  /** ms for which nothing may be asked. */
  get pause(): number {
    return Math.max(0, this.#pausedUntil - this.#clock.monotonic());
  }

  /** With an error, whoever waits now is refused with it: the pause is longer than anybody should wait. */
  pauseFor(milliseconds: number, refusal?: Error): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + milliseconds);
    if (refusal === undefined) return;
    for (const queue of Object.values(this.#waiting)) for (const waiting of queue.splice(0)) waiting.refuse(refusal);
  }

  /** Resolves when it may be asked; `leave` must be called when it was. Rejects with the signal's reason. */
  async enter(urgency: Urgency, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw this.#closed;
    await new Promise<void>((resolve, reject) => {
      const queue = this.#waiting[urgency];
      const giveUp = () => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(signal!.reason as Error);
      };
      const settle = (finish: () => void) => {
        signal?.removeEventListener('abort', giveUp);
        finish();
      };
      const waiting = {enter: () => settle(resolve), refuse: (error: Error) => settle(() => reject(error))};
      signal?.addEventListener('abort', giveUp, {once: true});
      queue.push(waiting);
      this.#admit();
    });
  }

  /** Whoever waits is refused, and whoever comes. */
  close(refusal: Error): void {
    this.#closed = refusal;
    clearTimeout(this.#timer);
    for (const queue of Object.values(this.#waiting)) for (const waiting of queue.splice(0)) waiting.refuse(refusal);
  }

  leave(): void {
    this.#underWay -= 1;
    this.#admit();
  }

  #next(): Waiting | undefined {
    const {now, bulk} = this.#waiting;
    const isBulksTurn = now.length === 0 || (bulk.length > 0 && this.#urgentInARow >= URGENT_IN_A_ROW);
    this.#urgentInARow = isBulksTurn ? 0 : this.#urgentInARow + 1;
    return (isBulksTurn ? bulk : now).shift();
  }

  #admit(): void {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    while (this.#waiting.now.length + this.#waiting.bulk.length > 0 && this.#underWay < this.#parallel) {
      const wait = this.pause > 0 ? this.pause : this.#tokens >= 1 ? 0 : ((1 - this.#tokens) / this.#perSecond) * 1000;
      if (wait > 0) {
        this.#admitIn(wait);
        return;
      }
      this.#tokens -= 1;
      this.#underWay += 1;
      this.#next()!.enter();
    }
  }

  #admitIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#admit(), Math.ceil(milliseconds));
  }
}
