import {addressOf, scriptOf, type Coin, type Network} from '../../coins/index.ts';
import type {TransactionPlan} from '../../payout/ports.ts';
import {formatAmount} from '../../primitives/amount.ts';
import type {Clock} from '../../primitives/clock.ts';
import {cleanText} from '../../primitives/clean-text.ts';
import {EngineError} from '../../primitives/errors.ts';
import {prepared, type AddressData, type Prepared, type UserKey} from './answers.ts';
import type {ApiClient} from './api-client.ts';
import {isFail, type Fail} from './faults.ts';
import {scriptPubKeyOf, type Multisig} from './multisig.ts';
import type {ScriptFile} from './script-file.ts';
import type {WalletKind} from './wallet-kind.ts';

interface Options {
  readonly coin: Coin;
  readonly network: Network;
  readonly kind: WalletKind;
  readonly clock: Clock;
  /** Keeps what proved an address; undefined where block.io has to sign anyway, and tells it again. */
  readonly file: ScriptFile | undefined;
}

/** So much that it needs the coins of nearly every address; the rest is room for a fee. */
const nearlyAll = ({inputs}: TransactionPlan): bigint =>
  (inputs.reduce((total, {amount}) => total + amount, 0n) * 9n) / 10n;

/** ms for which a refusal is not asked for again: a batch that is tried in halves asks for the same coins each time. */
const REFUSED_FOR = 5_000;

/**
 * Which keys an address has. block.io tells it only of addresses that hold coins, in the answer to a prepared
 * transaction; nothing of that transaction is used, and what it says of keys is believed only where they make the very
 * script of the coin.
 */
export class AddressBook {
  readonly #client: ApiClient;
  readonly #options: Options;
  /** By scriptPubKey in hex. */
  readonly #known = new Map<string, Multisig>();
  /** By address. */
  readonly #refusals = new Map<string, {readonly error: Fail; readonly until: number}>();
  #userKey: UserKey | undefined;

  constructor(client: ApiClient, options: Options) {
    this.#client = client;
    this.#options = options;
  }

  /** The key that the PIN opens, as it was told last. */
  get userKey(): UserKey | undefined {
    return this.#userKey;
  }

  /** Keeps what a new address was proven by, before anybody is told of it. */
  async remember(address: string, multisig: Multisig): Promise<void> {
    await this.#options.file?.append(address, multisig);
    this.#know(multisig);
  }

  /** One for each input, in their order. Throws what the client throws, and `wallet_mismatch`. */
  async multisigs(plan: TransactionPlan): Promise<Multisig[]> {
    await this.#recall(plan);
    if (this.#unknown(plan).length > 1) await this.#learnTogether({...plan, inputs: this.#unknown(plan)});
    // It chooses among the coins of the addresses it is given: those it did not need are asked about alone.
    for (const input of this.#unknown(plan)) await this.#learnAlone({...plan, inputs: [input]});
    return plan.inputs.map(({scriptPubKey}) => {
      const found = this.#known.get(scriptPubKey.toString('hex'));
      if (found === undefined) throw this.#untold(scriptPubKey);
      return found;
    });
  }

  /** From the file, believed only where the keys make the script. */
  async #recall(plan: TransactionPlan): Promise<void> {
    for (const {scriptPubKey} of this.#unknown(plan)) {
      const found = await this.#options.file?.find(this.#addressOf(scriptPubKey));
      if (found !== undefined && this.#makes(found, scriptPubKey)) this.#know(found);
    }
  }

  #know(multisig: Multisig): void {
    this.#known.set(scriptPubKeyOf(multisig).toString('hex'), multisig);
  }

  #unknown({inputs}: TransactionPlan): TransactionPlan['inputs'] {
    return inputs.filter(({scriptPubKey}) => !this.#known.has(scriptPubKey.toString('hex')));
  }

  /** One coin that block.io does not count yet spoils the question for all. */
  async #learnTogether(plan: TransactionPlan): Promise<void> {
    try {
      await this.#learn(plan);
    } catch (error) {
      if (!isFail(error, 'other')) throw error;
    }
  }

  async #learnAlone(plan: TransactionPlan): Promise<void> {
    const {clock} = this.#options;
    const address = this.#addressOf(plan.inputs[0]!.scriptPubKey);
    const refusal = this.#refusals.get(address);
    if (refusal !== undefined && clock.monotonic() < refusal.until) throw refusal.error;
    this.#refusals.delete(address);
    try {
      await this.#learnByLittle(plan);
    } catch (error) {
      if (isFail(error, 'other')) this.#refusals.set(address, {error, until: clock.monotonic() + REFUSED_FOR});
      throw error;
    }
  }

  /** Of a small coin nine tenths leave too little for a fee; where block.io finds the least too little, they do. */
  async #learnByLittle(plan: TransactionPlan): Promise<void> {
    const {coin, network} = this.#options;
    const least = coin.dustLimit(scriptOf(plan.outputs[0]!.address, coin, network)) * 2n;
    if (least < nearlyAll(plan)) {
      try {
        return await this.#learn(plan, least);
      } catch (error) {
        if (!isFail(error, 'other')) throw error;
      }
    }
    return this.#learn(plan);
  }

  async #learn(plan: TransactionPlan, amount = nearlyAll(plan)): Promise<void> {
    const addresses = [...new Set(plan.inputs.map(({scriptPubKey}) => this.#addressOf(scriptPubKey)))];
    const {prepare} = this.#options.kind;
    const answer = await this.#client.call(prepare, this.#question(addresses, plan, amount), prepared);
    this.#refuseFees(answer);
    this.#userKey = answer.user_key ?? this.#userKey;
    for (const data of answer.input_address_data) await this.#take(data, new Set(addresses));
  }

  #question(addresses: readonly string[], plan: TransactionPlan, amount: bigint): Record<string, string> {
    const [first] = plan.outputs;
    return {
      from_addresses: addresses.join(','),
      to_addresses: first!.address,
      amounts: formatAmount(amount),
      priority: 'low',
    };
  }

  async #take(data: AddressData, asked: ReadonlySet<string>): Promise<void> {
    if (!asked.has(data.address)) return;
    const multisig: Multisig = {
      type: data.address_type,
      required: data.required_signatures,
      publicKeys: data.public_keys.map(key => Buffer.from(key, 'hex')),
    };
    const {coin, network} = this.#options;
    if (!this.#makes(multisig, scriptOf(data.address, coin, network)))
      throw new EngineError(
        'wallet_mismatch',
        `block.io names keys for ${cleanText(data.address, 120)} that do not make this address: nothing was signed`,
      );
    await this.remember(data.address, multisig);
  }

  #makes(multisig: Multisig, script: Buffer): boolean {
    try {
      return scriptPubKeyOf(multisig).equals(script);
    } catch {
      // No points of the curve, or more required than there are.
      return false;
    }
  }

  /** Where block.io takes a fee of its own, it signs nothing without it, and such an output is not in any plan. */
  #refuseFees({outputs}: Prepared): void {
    const fee = outputs.find(({output_category}) => output_category === 'blockio-fee');
    if (fee === undefined) return;
    throw new EngineError(
      'wallet_mismatch',
      `block.io takes a fee of ${formatAmount(fee.output_value)} from this account's payments, which is not supported: ` +
        'see Settings there, or use a dtrust wallet',
    );
  }

  #addressOf(scriptPubKey: Buffer): string {
    const address = addressOf(scriptPubKey, this.#options.network);
    if (address === undefined) throw this.#untold(scriptPubKey);
    return address;
  }

  #untold(scriptPubKey: Buffer): EngineError {
    const address = addressOf(scriptPubKey, this.#options.network) ?? 'a script without an address';
    return new EngineError('wallet_mismatch', `block.io does not tell the keys of ${address}: is it of this account?`);
  }
}
