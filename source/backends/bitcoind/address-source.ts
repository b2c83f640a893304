import type {AddressSource} from '../../chain/ports.ts';
import {parseAmount} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Outpoint} from '../../primitives/ids.ts';
import {addressInfo, descriptors, readAs, unspent} from './answers.ts';
import {descriptorFingerprint} from './descriptor-fingerprint.ts';
import type {WalletRpc} from './wallet-rpc.ts';

/** A wallet of a million coins, at 600 bytes each in JSON. */
const COINS_CAP = 700_000_000;

export class BitcoindAddressSource implements AddressSource {
  readonly #wallet: WalletRpc;
  #pinned: ReadonlySet<string> | undefined;

  constructor(wallet: WalletRpc) {
    this.#wallet = wallet;
  }

  /** Fingerprints that were stored at init. No address is handed out before they are known. */
  pin(fingerprints: readonly string[]): void {
    this.#pinned = new Set(fingerprints);
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
    const answer = await this.#wallet.call('listunspent', params, {decimals: true, cap: COINS_CAP});
    return readAs(unspent, answer, 'listunspent', faults).map(({txid, vout, amount}) => ({
      outpoint: {txid, vout},
      amount: parseAmount(amount),
    }));
  }

  async #checked(method: string, params: readonly unknown[]): Promise<string> {
    const {faults} = this.#wallet.client;
    const address = await this.#wallet.call(method, params);
    if (typeof address !== 'string' || address === '') throw faults.badAnswer(method, 'something that is no address');
    const info = readAs(addressInfo, await this.#wallet.call('getaddressinfo', [address]), 'getaddressinfo', faults);
    const isPinned = info.parent_desc !== undefined && this.#isPinned(info.parent_desc);
    if (!info.ismine || !(isPinned || (await this.#holdsPinnedDescriptors()))) throw this.#mismatch();
    return address;
  }

  #isPinned(descriptor: string): boolean {
    if (this.#pinned === undefined)
      throw new EngineError('wallet_mismatch', 'no wallet was pinned yet: run init first');
    return this.#pinned.has(descriptorFingerprint(descriptor));
  }

  /** The wallet may have grown since: encrypting it, say, adds new descriptors beside the old ones. */
  async #holdsPinnedDescriptors(): Promise<boolean> {
    const held = new Set(await this.walletFingerprints());
    const pinned = [...(this.#pinned ?? [])];
    return pinned.length > 0 && pinned.every(fingerprint => held.has(fingerprint));
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
