import type {Wake} from '../primitives/wake.ts';

export interface Round {
  /** Milliseconds to sleep unless woken. */
  readonly sleep: number;
  /** A few words for the operator: `23 queued`, `at 912,344`. */
  readonly detail?: string;
  /** Set while it goes on but cannot do its work, and why: the loop shows as `waiting`. */
  readonly waitingFor?: string;
}

export interface RoundContext {
  readonly signal: AbortSignal;
  /** Long rounds call this as they get on, or are taken for stalled. */
  progress(detail?: string): void;
}

/**
 * A piece of work done over and over by the supervisor (loops/run-loop.ts). A round that throws an EngineError with
 * retry `backoff` or `unknown-outcome` is tried again with growing pauses; anything else it throws, and a round longer
 * than `stallAfter` without progress, ends the engine with exit code 2, for supervisord to start it afresh.
 */
export interface Loop {
  readonly name: string;
  readonly coin: string | null;
  readonly wake: Wake;
  /** ms */
  readonly stallAfter: number;
  round(context: RoundContext): Promise<Round>;
}
