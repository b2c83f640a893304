import type {AddressSource, BackendHealth, BackendVitals} from '../chain/ports.ts';
import type {Loop, Round} from '../loops/loop.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError, hasCode} from '../primitives/errors.ts';
import {Wake} from '../primitives/wake.ts';

const EVERY = 5000;
/** ms between looks at the wallet while the node stays connected: one can be swapped by hand. */
const WALLET_EVERY = 60_000;

export interface VitalsSources {
  readonly coin: string;
  readonly health: BackendHealth;
  readonly addresses: AddressSource;
  /** Pinned at init. */
  readonly walletFingerprints: readonly string[];
  /** Whether the wallet is at another node than the one that speaks now. */
  readonly walletIsApart: () => boolean;
  readonly clock: Clock;
}

/**
 * Looks at the node every few seconds for the display, and at its wallet: a node may come back with a fresh wallet of
 * the same name, to which nothing may be paid and from which nothing can be.
 */
export class Vitals {
  readonly loop: Loop;
  readonly #sources: VitalsSources;
  #last: BackendVitals | undefined;
  #wrongWallet: string | undefined;
  #walletDueAt = Number.NEGATIVE_INFINITY;

  constructor(sources: VitalsSources) {
    this.#sources = sources;
    this.loop = {
      name: 'vitals',
      coin: sources.coin,
      wake: new Wake(),
      stallAfter: 120_000,
      round: async () => this.#round(),
    };
  }

  /** What the node said last; undefined before its first answer and while it is away. */
  get last(): BackendVitals | undefined {
    return this.#last;
  }

  /** Why the node's wallet is not the pinned one, in words; undefined while it is, or while nobody could look. */
  get wrongWallet(): string | undefined {
    return this.#wrongWallet;
  }

  /** Throws `wallet_mismatch` when the wallet loaded now is not the pinned one, and what the node's silence throws. */
  async requirePinnedWallet(): Promise<void> {
    const {addresses, walletFingerprints, coin, clock} = this.#sources;
    const held = new Set(await addresses.walletFingerprints());
    this.#walletDueAt = clock.monotonic() + WALLET_EVERY;
    // It may have grown since init (encrypting one adds descriptors), but must hold everything that was pinned.
    this.#wrongWallet = walletFingerprints.every(fingerprint => held.has(fingerprint))
      ? undefined
      : `the node's wallet is not the one that the ${coin} ledger was initialised with; load that one`;
    if (this.#wrongWallet !== undefined) throw new EngineError('wallet_mismatch', this.#wrongWallet);
  }

  /** The same for the chain loop. A wallet of another node than the one that speaks is looked at here only. */
  async verifyWallet(): Promise<void> {
    if (!this.#sources.walletIsApart()) await this.requirePinnedWallet();
  }

  async #round(): Promise<Round> {
    const {health, clock} = this.#sources;
    try {
      this.#last = await health.vitals();
    } catch (error) {
      return this.#without(error, () => (this.#last = undefined));
    }
    try {
      // A wrong one is asked about at once, so that the right one counts as soon as it is loaded.
      if (this.#wrongWallet !== undefined || clock.monotonic() >= this.#walletDueAt) await this.requirePinnedWallet();
      return {sleep: EVERY};
    } catch (error) {
      return this.#without(error, () => {
        this.#walletDueAt = Number.NEGATIVE_INFINITY;
        if (!this.#sources.walletIsApart() && !hasCode(error, 'wallet_mismatch')) this.#last = undefined;
      });
    }
  }

  /** The node's state, shown as such, and not this loop's failure. */
  #without(error: unknown, forget: () => void): Round {
    if (!(error instanceof EngineError)) throw error;
    forget();
    return {sleep: EVERY, waitingFor: error.message};
  }
}
