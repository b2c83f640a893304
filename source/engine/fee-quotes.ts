import type {FeePolicy} from '../payout/fee-policy.ts';
import type {FeeSource} from '../payout/ports.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError} from '../primitives/errors.ts';

/** An estimate moves slowly, and hundreds of payouts may be accepted in a second. ms */
const FRESH = 30_000;
/** An acceptance waits at most this long for the first answer of a node, ms. */
const PATIENCE = 2_000;

/** The feerate that quotes are made with: the node's last estimate, kept inside min_rate and max_rate. */
export class FeeQuotes {
  readonly #source: () => Promise<FeeSource>;
  readonly #policy: FeePolicy;
  readonly #clock: Clock;
  #estimate: number | undefined;
  #askedAt: number | undefined;
  #asking: Promise<void> | undefined;

  constructor(source: () => Promise<FeeSource>, policy: FeePolicy, clock: Clock) {
    this.#source = source;
    this.#policy = policy;
    this.#clock = clock;
  }

  /** sat/vB. Never throws: while the node is away the last estimate serves, then the fallback. */
  async rate(): Promise<number> {
    const {fallbackRate, minRate, maxRate} = this.#policy;
    const now = this.#clock.monotonic();
    if (this.#askedAt === undefined || now - this.#askedAt > FRESH) {
      this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
      // Later ones go on with what is known while it is asked anew.
      if (this.#askedAt === undefined) await Promise.race([this.#asking, pause(PATIENCE)]);
    }
    return Math.min(Math.max(this.#estimate ?? fallbackRate, minRate), maxRate);
  }

  async #ask(): Promise<void> {
    try {
      const estimate = await (await this.#source()).estimate(this.#policy.targetBlocks);
      this.#estimate = estimate !== undefined && Number.isFinite(estimate) ? estimate : undefined;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
    }
    this.#askedAt = this.#clock.monotonic();
  }
}

const pause = async (milliseconds: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds).unref());
