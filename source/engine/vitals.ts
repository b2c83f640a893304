import type {AddressSource, BackendHealth, BackendVitals} from '../chain/ports.ts';
import type {Loop, Round} from '../loops/loop.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError} from '../primitives/errors.ts';
import {Wake} from '../primitives/wake.ts';

const EVERY = 5000;
/** ms between looks at the wallet while the node stays connected: one can be swapped by hand. */
const WALLET_EVERY = 60_000;
/** What somebody who reads of a fault of the wallet wants to know next. */
const WHAT_WAITS = 'payouts and new addresses wait for it, deposits are tracked';

export interface VitalsSources {
  readonly coin: string;
  readonly health: BackendHealth;
  readonly addresses: Pick<AddressSource, 'walletFingerprints'>;
  /** Pinned at init. */
  readonly walletFingerprints: readonly string[];
  /** Whether the wallet is at another node than the one that speaks now. */
  readonly walletIsApart: () => boolean;
  readonly clock: Clock;
}

/**
 * Looks at the node every few seconds for the display, and at its wallet: a node may come back without it, or with a
 * fresh one of the same name, to which nothing may be paid and from which nothing can be. Nothing of it concerns the
 * facts of the chain.
 */
export class Vitals {
  readonly loop: Loop;
  readonly #sources: VitalsSources;
  #last: BackendVitals | undefined;
  #walletFault: string | undefined;
  /** How often another wallet may have come, and of how many of these a look has told since. */
  #doubts = 1;
  #doubtsSeen = 0;
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

  /** Why the pinned wallet cannot be used, in words: not there, or another. Undefined while it can, or nobody could look. */
  get walletFault(): string | undefined {
    return this.#walletFault;
  }

  /** Why nothing may be signed for the wallet's sake: its fault, or that it is still to be compared. */
  get walletHold(): string | undefined {
    if (this.#walletFault !== undefined) return this.#walletFault;
    return this.#isWalletUnseen && !this.#sources.walletIsApart()
      ? 'the wallet has not been compared with the ledger yet'
      : undefined;
  }

  /** Asked now. Throws `wallet_mismatch` for another wallet than the pinned one, and what the node's silence throws. */
  async requirePinnedWallet(): Promise<void> {
    const fault = this.#mismatch(new Set(await this.#sources.addresses.walletFingerprints()));
    if (fault !== undefined) throw new EngineError('wallet_mismatch', fault);
  }

  /** The node that speaks has (re)connected. A wallet of another node is looked at in its own time. */
  doubtWallet(): void {
    if (this.#sources.walletIsApart()) return;
    this.#doubts += 1;
    this.loop.wake.ring();
  }

  /** Neither waits for the other: a wallet may need no node, and a node no wallet. */
  async #round(): Promise<Round> {
    const [node, wallet] = await Promise.all([this.#lookAtNode(), this.#lookAtWallet()]);
    const words = node ?? wallet;
    return {sleep: EVERY, ...(words !== undefined && {waitingFor: words})};
  }

  /** Its silence in words: the node's state, shown as such, and not this loop's failure. */
  async #lookAtNode(): Promise<string | undefined> {
    try {
      this.#last = await this.#sources.health.vitals();
      return undefined;
    } catch (error) {
      this.#last = undefined;
      return wordsOf(error);
    }
  }

  async #lookAtWallet(): Promise<string | undefined> {
    const {addresses, clock} = this.#sources;
    // One that is missing or wrong is asked about at once, so that the right one counts as soon as it is loaded.
    const isDue = this.#isWalletUnseen || this.#walletFault !== undefined || clock.monotonic() >= this.#walletDueAt;
    if (!isDue) return undefined;
    const doubts = this.#doubts;
    try {
      this.#walletFault = this.#mismatch(new Set(await addresses.walletFingerprints()));
      this.#walletDueAt = clock.monotonic() + WALLET_EVERY;
      return this.#walletFault;
    } catch (error) {
      const words = wordsOf(error);
      this.#walletDueAt = Number.NEGATIVE_INFINITY;
      // Anything else is said of the node, and says nothing of its wallet.
      if ((error as EngineError).code.startsWith('wallet_')) this.#walletFault = `${words}; ${WHAT_WAITS}`;
      return words;
    } finally {
      this.#doubtsSeen = doubts;
    }
  }

  get #isWalletUnseen(): boolean {
    return this.#doubtsSeen < this.#doubts;
  }

  /** It may have grown since init (encrypting one adds descriptors), but must hold everything that was pinned. */
  #mismatch(held: ReadonlySet<string>): string | undefined {
    const {walletFingerprints, coin} = this.#sources;
    if (walletFingerprints.every(fingerprint => held.has(fingerprint))) return undefined;
    return `the wallet is not the one that the ${coin} ledger was initialised with: load that one; ${WHAT_WAITS}`;
  }
}

const wordsOf = (error: unknown): string => {
  if (error instanceof EngineError) return error.message;
  throw error;
};
