import type {AddressSource} from '../../chain/ports.ts';
import {parseAmount} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Outpoint} from '../../primitives/ids.ts';
import {addressInfo, balances, decimal, descriptors, readAs, unspent} from './answers.ts';
import {descriptorFingerprint} from './descriptor-fingerprint.ts';
import type {WalletRpc} from './wallet-rpc.ts';

/** A wallet of a million coins, at 600 bytes each in JSON. */
const COINS_CAP = 700_000_000;

export class BitcoindAddressSource implements AddressSource {
  readonly #wallet: WalletRpc;
  readonly #pinned: readonly string[] | undefined;
  readonly #isAddress: (text: string) => boolean;

  /** `pinned`: fingerprints that were stored at init. Without them no address is handed out. `isAddress`: of this chain. */
  constructor(wallet: WalletRpc, pinned: readonly string[] | undefined, isAddress: (text: string) => boolean) {
    this.#wallet = wallet;
    this.#isAddress = isAddress;
    this.#pinned = pinned;
  }

  newAddress(): Promise<string> {
    return this.#checked('getnewaddress', ['', 'bech32']);
  }

  newChangeAddress(): Promise<string> {
    return this.#checked('getrawchangeaddress', ['bech32']);
  }

  async walletFingerprints(): Promise<string[]> {
    const {faults} = this.#wallet.client;
    const answer = await this.#wallet.call('listdescriptors', [false]);
    const found = readAs(descriptors, answer, 'listdescriptors', faults).descriptors;
    return [...new Set(found.map(({desc}) => descriptorFingerprint(desc)))].sort();
  }

  async walletCoins(): Promise<{outpoint: Outpoint; amount: bigint}[]> {
    const {faults} = this.#wallet.client;
    const params = [1, 9_999_999, [], true, {include_immature_coinbase: true}];
    const read = (item: unknown) => {
      const {txid, vout, amount} = readAs(unspent, item, 'listunspent', faults);
      return {outpoint: {txid, vout}, amount: parseAmount(amount)};
    };
    return this.#wallet.items('listunspent', params, read, {cap: COINS_CAP});
  }

  async walletTotal(): Promise<bigint> {
    const {faults} = this.#wallet.client;
    const mature = readAs(
      decimal,
      await this.#wallet.call('getbalance', ['*', 1], {decimals: true}),
      'getbalance',
      faults,
    );
    const {mine} = readAs(
      balances,
      await this.#wallet.call('getbalances', [], {decimals: true}),
      'getbalances',
      faults,
    );
    return parseAmount(mature) + parseAmount(mine.immature);
  }

  async #checked(method: string, params: readonly unknown[]): Promise<string> {
    if (this.#pinned === undefined || this.#pinned.length === 0)
      throw new EngineError('wallet_mismatch', 'no wallet was pinned yet: run init first');
    const {faults} = this.#wallet.client;
    const address = await this.#wallet.call(method, params);
    if (typeof address !== 'string' || !this.#isAddress(address))
      throw faults.badAnswer(method, 'something that is no address');
    const info = readAs(addressInfo, await this.#wallet.call('getaddressinfo', [address]), 'getaddressinfo', faults);
    if (!info.ismine || !(await this.#isOfPinnedWallet(info.parent_desc, this.#pinned))) throw this.#mismatch();
    return address;
  }

  async #isOfPinnedWallet(descriptor: string | undefined, pinned: readonly string[]): Promise<boolean> {
    if (descriptor !== undefined && pinned.includes(descriptorFingerprint(descriptor))) return true;
    // The wallet may have grown since: encrypting it, say, adds new descriptors beside the old ones.
    const held = await this.walletFingerprints();
    return pinned.every(fingerprint => held.includes(fingerprint));
  }

  #mismatch(): EngineError {
    const {place} = this.#wallet.client;
    return new EngineError(
      'wallet_mismatch',
      `the wallet "${place.wallet}" of ${place.node} is not the one that this ledger was made with: ` +
        `restore that wallet, or correct ${place.key('wallet')}`,
      {retry: 'backoff', field: place.key('wallet')},
    );
  }
}
