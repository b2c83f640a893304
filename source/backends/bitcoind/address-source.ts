import type {AddressSource} from '../../chain/ports.ts';
import type {Coin} from '../../coins/index.ts';
import {parseAmount} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Outpoint} from '../../primitives/ids.ts';
import type {Abilities} from './abilities.ts';
import {addressInfo, balances, decimal, descriptors, readAs, unspent, walletInfo} from './answers.ts';
import {descriptorFingerprint} from './descriptor-fingerprint.ts';
import type {WalletRpc} from './wallet-rpc.ts';

/** A wallet of a million coins, at 600 bytes each in JSON. */
const COINS_CAP = 700_000_000;

/** The identity of a wallet without descriptors: all of its keys come from this one seed (BIP32). */
const seedFingerprint = ({
  hdseedid,
  hdmasterkeyid,
}: {
  hdseedid?: string | undefined;
  hdmasterkeyid?: string | undefined;
}) => {
  const id = hdseedid ?? hdmasterkeyid;
  return id === undefined ? undefined : `seed:${id}`;
};

export class BitcoindAddressSource implements AddressSource {
  readonly #wallet: WalletRpc;
  readonly #coin: Coin;
  readonly #pinned: readonly string[] | undefined;
  readonly #isAddress: (text: string) => boolean;

  /** `pinned`: fingerprints that were stored at init. Without them no address is handed out. `isAddress`: of this chain. */
  constructor(
    wallet: WalletRpc,
    {coin, isAddress}: {coin: Coin; isAddress: (text: string) => boolean},
    pinned: readonly string[] | undefined,
  ) {
    this.#wallet = wallet;
    this.#coin = coin;
    this.#isAddress = isAddress;
    this.#pinned = pinned;
  }

  newAddress(): Promise<string> {
    return this.#checked('getnewaddress');
  }

  newChangeAddress(): Promise<string> {
    return this.#checked('getrawchangeaddress');
  }

  async walletFingerprints(): Promise<string[]> {
    const abilities = await this.#wallet.abilities.get();
    const info = readAs(walletInfo, await this.#ask('getwalletinfo', []), 'getwalletinfo', this.#faults);
    // Before Bitcoin Core 0.21 there are no descriptor wallets; from 30 on no others.
    if (!abilities.has('listdescriptors') || info.descriptors === false) {
      const seed = seedFingerprint(info);
      if (seed === undefined) throw this.#noSeed();
      return [seed];
    }
    const answer = await this.#wallet.call('listdescriptors', [false]);
    const found = readAs(descriptors, answer, 'listdescriptors', this.#faults).descriptors;
    return [...new Set(found.map(({desc}) => descriptorFingerprint(desc)))].sort();
  }

  async walletCoins(): Promise<{outpoint: Outpoint; amount: bigint; scriptPubKey: Buffer | undefined}[]> {
    const {listsImmature} = await this.#wallet.abilities.get();
    const params = [1, 9_999_999, [], ...(listsImmature ? [true, {include_immature_coinbase: true}] : [])];
    const read = (item: unknown) => {
      const {txid, vout, amount, scriptPubKey: hex} = readAs(unspent, item, 'listunspent', this.#faults);
      const scriptPubKey = hex === undefined ? undefined : Buffer.from(hex, 'hex');
      if (vout !== undefined) return [{outpoint: {txid, vout}, amount: parseAmount(amount), scriptPubKey}];
      if (this.#coin.format.mweb) return [];
      throw this.#faults.badAnswer('listunspent', `a coin of ${txid} without a vout`);
    };
    return (await this.#wallet.items('listunspent', params, read, {cap: COINS_CAP})).flat();
  }

  async walletTotal(): Promise<bigint> {
    const mature = readAs(decimal, await this.#ask('getbalance', ['*', 1]), 'getbalance', this.#faults);
    return parseAmount(mature) + parseAmount(await this.#immature());
  }

  async #immature(): Promise<string> {
    const abilities = await this.#wallet.abilities.get();
    if (abilities.has('getbalances'))
      return readAs(balances, await this.#ask('getbalances', []), 'getbalances', this.#faults).mine.immature;
    return (
      readAs(walletInfo, await this.#ask('getwalletinfo', []), 'getwalletinfo', this.#faults).immature_balance ?? '0'
    );
  }

  async #checked(method: 'getnewaddress' | 'getrawchangeaddress'): Promise<string> {
    if (this.#pinned === undefined || this.#pinned.length === 0)
      throw new EngineError('wallet_mismatch', 'no wallet was pinned yet: run init first');
    const abilities = await this.#wallet.abilities.get();
    const type = abilities.addressTypes ? [this.#coin.segwit ? 'bech32' : 'legacy'] : [];
    const address = await this.#wallet.call(method, method === 'getnewaddress' ? ['', ...type] : type);
    if (typeof address !== 'string' || !this.#isAddress(address))
      throw this.#faults.badAnswer(method, 'something that is no address');
    if (!(await this.#isOfPinnedWallet(address, abilities, this.#pinned))) throw this.#mismatch();
    return address;
  }

  async #isOfPinnedWallet(address: string, abilities: Abilities, pinned: readonly string[]): Promise<boolean> {
    const ask = abilities.has('getaddressinfo') ? 'getaddressinfo' : 'validateaddress';
    const info = readAs(addressInfo, await this.#wallet.call(ask, [address]), ask, this.#faults);
    if (!info.ismine) return false;
    const {parent_desc: descriptor} = info;
    if (descriptor !== undefined && pinned.includes(descriptorFingerprint(descriptor))) return true;
    // A descriptor wallet names the seed of an address too, and pins none.
    const seed = descriptor === undefined ? seedFingerprint(info) : undefined;
    if (seed !== undefined) return pinned.includes(seed);
    // The wallet may have grown since: encrypting it, say, adds new descriptors beside the old ones.
    const held = await this.walletFingerprints();
    return pinned.every(fingerprint => held.includes(fingerprint));
  }

  /** Amounts come as the text that the node wrote. */
  async #ask(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.#wallet.call(method, params, {decimals: true});
  }

  get #faults() {
    return this.#wallet.client.faults;
  }

  #noSeed(): EngineError {
    const {place} = this.#wallet.client;
    return new EngineError(
      'wallet_mismatch',
      `the wallet "${place.wallet}" of ${place.node} has no seed that its keys come from, so that no one can tell it ` +
        `from another: make a new one, and name it in ${place.key('wallet')}`,
      {field: place.key('wallet')},
    );
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
