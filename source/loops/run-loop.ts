import type {Status} from '../contract/index.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';
import type {Log} from '../primitives/log.ts';
import {Wake} from '../primitives/wake.ts';
import type {Loop, Round} from './loop.ts';

/** Pauses after failures in a row, ms: doubling from the first to the last, then the last for ever. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;

export type LoopStatus = Status['loops'][number];

export interface Supervision {
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the loop after its round; rounds see it too and should cut themselves short. */
  readonly signal: AbortSignal;
  /** Called at most once: the engine must end, for nothing here can mend this. */
  readonly onFatal: (error: EngineError) => void;
  /** Called when what `status` says changed. */
  readonly onChange?: () => void;
}

export interface SupervisedLoop {
  status(): LoopStatus;
  /** Resolves when the loop has ended: stopped, or dead. Never rejects. A stalled round is not waited for. */
  readonly ended: Promise<void>;
}

/**
 * Runs rounds until the signal aborts. Retryable errors are survived for ever with growing pauses; anything else a
 * round throws, and a round that stalls, is fatal. Time is counted by the monotonic clock in small steps, so that a
 * clock that was set, or a process that was stopped for an hour, makes nothing early and nothing stalled.
 */
export const runLoop = (loop: Loop, supervision: Supervision): SupervisedLoop => new Supervisor(loop, supervision);

class Supervisor implements SupervisedLoop {
  readonly ended: Promise<void>;
  readonly #loop: Loop;
  readonly #supervision: Supervision;
  #state: LoopStatus['state'] = 'starting';
  #detail: string | null = null;
  #lastOkAt: number | undefined;
  #nextAt: number | undefined;
  #failures = 0;
  /** Awake milliseconds since the running round last showed progress. */
  #quietFor = 0;

  constructor(loop: Loop, supervision: Supervision) {
    this.#loop = loop;
    this.#supervision = supervision;
    this.ended = this.#run();
  }

  status(): LoopStatus {
    return {
      name: this.#loop.name,
      coin: this.#loop.coin,
      state: this.#state,
      detail: this.#detail,
      last_ok_at: this.#lastOkAt === undefined ? null : new Date(this.#lastOkAt).toISOString(),
      ...(this.#nextAt !== undefined && {next_at: new Date(this.#nextAt).toISOString()}),
    };
  }

  async #run(): Promise<void> {
    const {signal} = this.#supervision;
    while (!signal.aborted) {
      const outcome = await this.#watchedRound();
      if (signal.aborted || outcome === 'ended') return;
      if (outcome === 'failed') await this.#pause();
      else await this.#rest(outcome.sleep);
      this.#nextAt = undefined;
    }
  }

  /** One round, raced against its stalling. */
  async #watchedRound(): Promise<Round | 'failed' | 'ended'> {
    const {promise: stalled, resolve: stall} = Promise.withResolvers<'stalled'>();
    const stopWatching = this.#watch(() => stall('stalled'));
    try {
      const outcome = await Promise.race([stalled, this.#loop.round(this.#context())]);
      if (outcome === 'stalled') return this.#onStall();
      this.#onSuccess(outcome);
      return outcome;
    } catch (error) {
      return this.#onError(error);
    } finally {
      stopWatching();
    }
  }

  #context() {
    return {
      signal: this.#supervision.signal,
      progress: (detail?: string) => {
        this.#quietFor = 0;
        if (detail !== undefined) this.#show(this.#state, detail);
      },
    };
  }

  /** Calls `onStall` after `stallAfter` awake milliseconds without progress; returns what stops the watching. */
  #watch(onStall: () => void): () => void {
    const {clock} = this.#supervision;
    const step = Math.min(1000, Math.max(10, this.#loop.stallAfter / 20));
    let last = clock.monotonic();
    this.#quietFor = 0;
    const timer = setInterval(() => {
      const now = clock.monotonic();
      // A tick that comes late counts as one: then the process was stopped (SIGSTOP, a suspended host), not the round.
      this.#quietFor += Math.min(Math.max(0, now - last), 2 * step);
      last = now;
      if (this.#quietFor >= this.#loop.stallAfter) onStall();
    }, step);
    return () => clearInterval(timer);
  }

  #onSuccess(round: Round): void {
    this.#failures = 0;
    this.#lastOkAt = this.#supervision.clock.now();
    if (round.waitingFor === undefined) this.#show('ok', round.detail ?? null);
    else this.#show('waiting', round.waitingFor);
  }

  #onStall(): 'ended' {
    if (this.#supervision.signal.aborted) return 'ended';
    const words = `no progress for ${Math.round(this.#loop.stallAfter / 1000)} s`;
    this.#show('stalled', words);
    this.#supervision.onFatal(new EngineError('loop_stalled', `${this.#title} stalled: ${words}`));
    return 'ended';
  }

  #onError(error: unknown): 'failed' | 'ended' {
    const {signal, log} = this.#supervision;
    if (error instanceof EngineError && error.retry !== 'never') {
      // What a round says while it is being stopped is no failure of its work.
      if (signal.aborted) return 'ended';
      this.#failures += 1;
      this.#show('failing', error.message);
      log.warn(
        {loop: this.#loop.name, coin: this.#loop.coin, code: error.code, attempt: this.#failures},
        error.message,
      );
      return 'failed';
    }
    if (signal.aborted && isAbort(error)) return 'ended';
    this.#show('dead', messageOf(error));
    const code = error instanceof EngineError ? error.code : 'loop_died';
    this.#supervision.onFatal(new EngineError(code, `${this.#title} died: ${messageOf(error)}`, {cause: error}));
    return 'ended';
  }

  /** The first part of a pause is slept in full: bells that ring all the time must not turn failures into a storm. */
  async #pause(): Promise<void> {
    const {signal} = this.#supervision;
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(this.#failures - 1, 16));
    this.#nextAt = this.#supervision.clock.now() + pause;
    await new Wake().sleep(FIRST_PAUSE, signal);
    if (pause > FIRST_PAUSE) await this.#loop.wake.sleep(pause - FIRST_PAUSE, signal);
  }

  async #rest(milliseconds: number): Promise<void> {
    this.#nextAt = this.#supervision.clock.now() + milliseconds;
    await this.#loop.wake.sleep(milliseconds, this.#supervision.signal);
  }

  #show(state: LoopStatus['state'], detail: string | null): void {
    if (state === this.#state && detail === this.#detail) return;
    this.#state = state;
    this.#detail = detail;
    this.#supervision.onChange?.();
  }

  get #title(): string {
    return this.#loop.coin === null ? this.#loop.name : `${this.#loop.coin} ${this.#loop.name}`;
  }
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
