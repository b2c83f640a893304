import {gapWords} from '../chain/address-gap.ts';
import type {AddressSource, Derived, DerivedScript, DerivedScripts} from '../chain/ports.ts';
import {addressOf, type Network} from '../coins/index.ts';
import {BranchDeriver, BRANCHES, branchFingerprint, type WalletKeys} from '../descriptors/index.ts';
import {EngineError} from '../primitives/errors.ts';
import type {Log} from '../primitives/log.ts';

export interface DescriptorWalletOptions {
  /** `btc`, for the words. */
  readonly coin: string;
  readonly network: Network;
  readonly keys: WalletKeys;
  readonly gapLimit: number;
  /** As stored at init; undefined while there is no ledger: such a wallet hands out no addresses. */
  readonly pinned: readonly string[] | undefined;
  /** The ledger's; undefined while there is none. */
  readonly scripts: DerivedScripts | undefined;
  /** Told of every script that is to be watched before somebody is told of its address. */
  readonly watch: (scriptPubKey: Buffer) => void;
  readonly log: Log;
}

/**
 * A wallet that is nothing but public keys: every address is derived here, and the ledger keeps which index was handed
 * out. Asks no network. Holds no list of coins: what comes to its scripts is found by the chain's own watch.
 */
export class DescriptorWallet implements AddressSource {
  readonly #options: DescriptorWalletOptions;
  readonly #derivers: Readonly<Record<Derived['branch'], BranchDeriver>>;
  readonly #fingerprints: readonly string[];
  #isGapTold = false;

  constructor(options: DescriptorWalletOptions) {
    const {receive, change} = options.keys;
    this.#options = options;
    this.#derivers = {receive: new BranchDeriver(receive), change: new BranchDeriver(change)};
    this.#fingerprints = [branchFingerprint(receive), branchFingerprint(change)].sort();
  }

  async newAddress(): Promise<string> {
    const address = await this.#next('receive');
    await this.#warnOfGap();
    return address;
  }

  async newChangeAddress(): Promise<string> {
    return this.#next('change');
  }

  async lookAhead(): Promise<Buffer[]> {
    const scripts = this.#ledger();
    const added: Buffer[] = [];
    for (const branch of BRANCHES)
      added.push(...(await scripts.lookAhead(branch, this.#options.gapLimit, this.#derive(branch))));
    for (const scriptPubKey of added) this.#options.watch(scriptPubKey);
    return added;
  }

  async walletFingerprints(): Promise<string[]> {
    return [...this.#fingerprints];
  }

  /** Throws `backend_unavailable`: nobody holds a list. */
  async walletCoins(): Promise<never> {
    throw new EngineError(
      'backend_unavailable',
      `the ${this.#options.coin} wallet is nothing but keys and has no list of its coins: pay them to an address of this ledger`,
    );
  }

  async walletTotal(): Promise<undefined> {
    return undefined;
  }

  async #next(branch: Derived['branch']): Promise<string> {
    const derive = this.#derive(branch);
    const scripts = this.#ledger();
    const {address, scriptPubKey} = derive(await scripts.next(branch, derive));
    this.#options.watch(scriptPubKey);
    await this.lookAhead();
    return address;
  }

  /** Throws `wallet_mismatch` unless the ledger was made with these very keys. */
  #ledger(): DerivedScripts {
    const {scripts, pinned, coin} = this.#options;
    if (scripts === undefined || pinned === undefined)
      throw new EngineError('wallet_mismatch', 'no wallet was pinned yet: run init first');
    if (pinned.toSorted().join() !== this.#fingerprints.join())
      throw new EngineError(
        'wallet_mismatch',
        `the ${coin} ledger was made with another wallet than the one in coins.${coin}.wallet: correct it, or give this one a database of its own`,
        {field: `coins.${coin}.wallet`},
      );
    return scripts;
  }

  #derive(branch: Derived['branch']): (index: number) => DerivedScript {
    const deriver = this.#derivers[branch];
    return index => {
      const {scriptPubKey} = deriver.at(index);
      return {scriptPubKey, address: addressOf(scriptPubKey, this.#options.network)!};
    };
  }

  /** Once, until the gap is closed: somebody who restores this wallet elsewhere would not find the later payments. */
  async #warnOfGap(): Promise<void> {
    const {coin, gapLimit, log} = this.#options;
    const unused = await this.#ledger().unusedInARow('receive');
    const isWide = unused > gapLimit;
    if (isWide && !this.#isGapTold) log.warn({coin, unused, gapLimit}, gapWords(unused, gapLimit));
    this.#isGapTold = isWide;
  }
}
