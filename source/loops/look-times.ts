import type {Clock} from '../primitives/clock.ts';

export interface LookTimesOptions {
  readonly clock: Clock;
  /** ms between looks while no hint channel is healthy; 1,000 unless said. */
  readonly pollInterval?: number;
  /** Whether hints can be relied on to come; then polling is rare. Never, unless said. */
  readonly hintsHealthy?: () => boolean;
  /** Whether a channel stands whose loss would be noticed, and has said nothing yet: polled for half as often. */
  readonly hintsQuiet?: () => boolean;
}

/** ms between looks while hints are reliable: they only hasten, so polling alone must find what they miss. */
const TIP_INTERVAL = 5_000;
const MEMPOOL_INTERVAL = 30_000;
/** A look at the whole mempool may take this share of the time, however large the mempool is. */
const MEMPOOL_DUTY = 0.05;

/** When the tip and the mempool are looked at next. By the monotonic clock, ms. */
export class LookTimes {
  readonly #options: LookTimesOptions;
  #tipDueAt = 0;
  #mempoolDueAt = 0;
  #wasPolling = true;

  constructor(options: LookTimesOptions) {
    this.#options = options;
  }

  get isTipDue(): boolean {
    return this.#tipDueAt <= this.#now;
  }

  get isMempoolDue(): boolean {
    return this.#mempoolDueAt <= this.#now;
  }

  dueAtOnce(): void {
    this.#tipDueAt = 0;
    this.#mempoolDueAt = 0;
  }

  mempoolDueAtOnce(): void {
    this.#mempoolDueAt = 0;
  }

  /** Called before each look: what hints should have told since the last look at everything, nobody did. */
  noteHints(isEverything: boolean): void {
    const isPolling = !this.#areHintsHealthy;
    if (isEverything || (isPolling && !this.#wasPolling)) this.dueAtOnce();
    this.#wasPolling = isPolling;
  }

  /** The node was asked for its tip, or could not be. */
  tipLooked(isAtTip: boolean): void {
    this.#tipDueAt = this.#now + (isAtTip && this.#areHintsHealthy ? TIP_INTERVAL : this.#pollInterval);
  }

  /** `since`: when the look began. */
  mempoolLooked(since: number, mustLookAgain: boolean): void {
    const pause = this.#areHintsHealthy && !mustLookAgain ? MEMPOOL_INTERVAL : this.#pollInterval;
    this.#mempoolDueAt = this.#now + Math.max(pause, (this.#now - since) / MEMPOOL_DUTY);
  }

  /** ms. The mempool says something only where the ladder stands at the tip. */
  untilNext(isAtTip: boolean): number {
    const due = isAtTip ? Math.min(this.#tipDueAt, this.#mempoolDueAt) : this.#tipDueAt;
    return Math.max(0, due - this.#now);
  }

  get #now(): number {
    return this.#options.clock.monotonic();
  }

  get #areHintsHealthy(): boolean {
    return this.#options.hintsHealthy?.() ?? false;
  }

  get #pollInterval(): number {
    const {pollInterval = 1_000, hintsQuiet} = this.#options;
    return hintsQuiet?.() === true ? 2 * pollInterval : pollInterval;
  }
}
