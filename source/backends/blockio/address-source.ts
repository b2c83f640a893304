import {randomUUID} from 'node:crypto';
import type {AddressSource} from '../../chain/ports.ts';
import {isAddress, scriptOf, type Coin, type Network} from '../../coins/index.ts';
import type {BlockIoWalletConfig} from '../../config/config.ts';
import type {Clock} from '../../primitives/clock.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {AddressBook} from './address-book.ts';
import {balance, newAddress, newDtrustAddress} from './answers.ts';
import type {ApiClient} from './api-client.ts';
import type {Keyring} from './keyring.ts';
import {readRedeemScript, scriptPubKeyOf, type Multisig} from './multisig.ts';
import {strangeness, type WalletKind} from './wallet-kind.ts';

interface Options {
  readonly coin: Coin;
  readonly network: Network;
  readonly wallet: BlockIoWalletConfig;
  readonly kind: WalletKind;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly book: Pick<AddressBook, 'remember'>;
  /** As stored at init; without them no address is handed out. */
  readonly pinned: readonly string[] | undefined;
}

/** ms. block.io limits how often it is asked, and an account does not change its keys. */
const LOOK_AGAIN = 600_000;
/** Label of the address that every account has from its start: tells accounts apart. */
const FIRST_LABEL = 'default';
const ofAddress = (network: string): string => `blockio:${network}:basic:address:`;

/**
 * Addresses of a block.io account. Those of a dtrust wallet come with their script and are made again here from our
 * keys. Of those of a basic wallet block.io tells no keys: that they are ours is its word until they are first spent from.
 */
export class BlockIoAddressSource implements AddressSource {
  readonly #client: ApiClient;
  readonly #options: Options;
  #fingerprints: {readonly found: string[]; readonly until: number} | undefined;

  constructor(client: ApiClient, options: Options) {
    this.#client = client;
    this.#options = options;
  }

  async newAddress(): Promise<string> {
    await this.#requirePinned();
    return this.#options.wallet.type === 'basic' ? this.#basicAddress() : this.#dtrustAddress();
  }

  /** block.io has no change addresses of their own kind. */
  newChangeAddress(): Promise<string> {
    return this.newAddress();
  }

  /**
   * Our public keys, and of a basic wallet the account's first address: the key of a PIN is not seen before there are
   * coins, and the same key may stand in two accounts. Once pinned, a block.io that does not answer is no other wallet.
   */
  async walletFingerprints(): Promise<string[]> {
    const {pinned} = this.#options;
    try {
      return await this.#held();
    } catch (error) {
      const isAway = error instanceof EngineError && error.code.startsWith('backend_');
      if (!isAway || pinned === undefined) throw error;
      return [...pinned];
    }
  }

  /** What block.io counts as available is its own word, unconfirmed coins included. */
  async walletCoins(): Promise<never> {
    throw new EngineError(
      'backend_unavailable',
      `block.io has no list of ${this.#options.coin.name} coins that could be checked: pay them to an address of this ledger`,
    );
  }

  async walletTotal(): Promise<undefined> {
    return undefined;
  }

  /** As block.io said not long ago, or says now. */
  async #held(): Promise<string[]> {
    const {clock} = this.#options;
    if (this.#fingerprints === undefined || clock.monotonic() >= this.#fingerprints.until)
      this.#fingerprints = {found: await this.#ask(), until: clock.monotonic() + LOOK_AGAIN};
    return this.#fingerprints.found;
  }

  async #ask(): Promise<string[]> {
    const {keyring, kind} = this.#options;
    // The client compares its network with the configured one.
    const {network} = await this.#client.call('get_balance', {}, balance);
    const keys = keyring.configured.map(key => `blockio:${network}:${kind.required}-of-${kind.keys}:key:${key}`).sort();
    if (!this.#isKnownByAddress(network)) return keys;
    const {address} = await this.#client.call('get_address_by_label', {label: FIRST_LABEL}, newAddress);
    return [...keys, `${ofAddress(network)}${address}`];
  }

  /** Older ledgers pinned a configured key alone: they go on so, whether or not the account has such an address. */
  #isKnownByAddress(network: string): boolean {
    const {wallet, pinned = []} = this.#options;
    if (wallet.type !== 'basic') return false;
    const isOlder = pinned.length > 0 && !pinned.some(fingerprint => fingerprint.startsWith(ofAddress(network)));
    return wallet.key === undefined || !isOlder;
  }

  async #requirePinned(): Promise<void> {
    const {pinned} = this.#options;
    if (pinned === undefined || pinned.length === 0)
      throw new EngineError('wallet_mismatch', 'no wallet was pinned yet: run init first');
    // An address is made by an account that answers: which one it is must have been said, and not be taken as pinned.
    const held = await this.#held();
    if (!pinned.every(fingerprint => held.includes(fingerprint)))
      throw new EngineError(
        'wallet_mismatch',
        `the block.io account or its keys (${this.#client.place.key('wallet')}) are not those that the ` +
          `${this.#options.coin.name} ledger was initialised with`,
      );
  }

  async #basicAddress(): Promise<string> {
    const {kind} = this.#options;
    const method = 'get_new_address';
    const {address} = await this.#client.call(method, {address_type: kind.addressType}, newAddress);
    const script = this.#scriptOf(method, address);
    // A witness program of 32 bytes: the only form in which several keys can stand.
    if (script.length !== 34 || script[0] !== 0x00)
      throw this.#client.faults.badAnswer(method, 'an address of another type than asked for');
    return address;
  }

  async #dtrustAddress(): Promise<string> {
    const {kind, keyring} = this.#options;
    const method = 'get_new_dtrust_address';
    const ours = keyring.configured;
    const parameters = {
      label: randomUUID(),
      public_keys: ours.join(','),
      // block.io adds one for its own key.
      required_signatures: kind.required - 1,
      ...(kind.addressType === 'P2SH' ? {} : {address_type: kind.addressType.toLowerCase()}),
    };
    const {address, redeem_script} = await this.#client.call(method, parameters, newDtrustAddress);
    const script = this.#scriptOf(method, address);
    const read = redeem_script === undefined ? undefined : readRedeemScript(redeem_script);
    if (read === undefined)
      throw this.#client.faults.badAnswer(method, 'no redeem script, so that the address cannot be proven ours');
    const multisig: Multisig = {...read, type: kind.addressType};
    const strange = strangeness(multisig, kind, ours);
    if (strange !== undefined) throw this.#client.faults.badAnswer(method, `an address of ${strange}`);
    if (!scriptPubKeyOf(multisig).equals(script))
      throw this.#client.faults.badAnswer(method, 'an address that its own redeem script does not make');
    await this.#options.book.remember(address, multisig);
    return address;
  }

  #scriptOf(method: string, address: string): Buffer {
    const {coin, network} = this.#options;
    if (!isAddress(address, coin, network))
      throw this.#client.faults.badAnswer(method, `an address that is none of ${coin.unit} ${network.name}`);
    return scriptOf(address, coin, network);
  }
}
