import {Psbt, Transaction} from 'bitcoinjs-lib';
import {type Branch, BRANCHES, HARDENED, readStep, scriptFor} from '../../descriptors/index.ts';
import {messageOf} from '../../primitives/errors.ts';
import {type AccountSecret, wipe} from './account.ts';

/** Which of the account's keys. */
export interface KeyPlace {
  readonly branch: Branch;
  readonly index: number;
}

/** An input that is known to be the account's: by its script, derived here, and not by what the request says. */
export interface OwnInput {
  readonly place: KeyPlace;
  readonly outpoint: string;
  readonly scriptPubKey: Uint8Array;
  /** Smallest units. */
  readonly amount: bigint;
  /** The transaction that made it, when it came along. It proves the amount. */
  readonly previous: Uint8Array | undefined;
}

export interface Inspected {
  readonly unsigned: Transaction;
  readonly inputs: readonly OwnInput[];
  /** Smallest units that leave the account: payments and fee; what returns to a derived change script does not. */
  readonly leaving: bigint;
  readonly fee: bigint;
}

/** Why a transaction is not signed. The words hold nothing secret. */
export class Refusal extends Error {}

type PsbtInput = Psbt['data']['inputs'][number];
type Derivation = {readonly masterFingerprint: Uint8Array; readonly path: string};

/**
 * Reads a PSBT and believes nothing of it: every input must be one of the account's by derivation, and an output counts
 * as change only when its script is. Throws Refusal.
 */
export const inspectPsbt = (bytes: Uint8Array, account: AccountSecret): Inspected => {
  const psbt = parse(bytes);
  const unsigned = Transaction.fromBuffer(psbt.data.getTransaction());
  if (unsigned.ins.length === 0 || unsigned.outs.length === 0) throw new Refusal('it has no inputs or no outputs');
  const inputs = psbt.data.inputs.map((input, index) => ownInput(input, index, unsigned, account));
  let leaving = sum(inputs.map(({amount}) => amount));
  const fee = leaving - sum(unsigned.outs.map(({value}) => value));
  if (fee < 0n) throw new Refusal('its outputs are more than its inputs');
  for (const [vout, {bip32Derivation, tapBip32Derivation}] of psbt.data.outputs.entries()) {
    const place = placeOf(bip32Derivation ?? tapBip32Derivation, account);
    if (place === undefined) continue;
    const {script, value} = unsigned.outs[vout]!;
    if (!equal(scriptAt(account, place), script))
      throw new Refusal(`output ${vout} is said to be change at ${place.branch}/${place.index}, and is not this key's`);
    leaving -= value;
  }
  return {unsigned, inputs, leaving, fee};
};

const parse = (bytes: Uint8Array): Psbt => {
  try {
    return Psbt.fromBuffer(bytes);
  } catch (error) {
    throw new Refusal(`it is no PSBT that can be read: ${messageOf(error).slice(0, 200)}`);
  }
};

const ownInput = (input: PsbtInput, index: number, unsigned: Transaction, account: AccountSecret): OwnInput => {
  const place = placeOf(input.bip32Derivation ?? input.tapBip32Derivation, account);
  if (place === undefined) throw new Refusal(`input ${index} does not say which of this key's addresses it spends`);
  const {script, value} = utxoOf(input, index, unsigned, account.branches[place.branch].type === 'legacy');
  if (!equal(scriptAt(account, place), script))
    throw new Refusal(`input ${index} is said to be at ${place.branch}/${place.index}, and is not this key's`);
  const {hash, index: vout} = unsigned.ins[index]!;
  return {
    place,
    outpoint: `${Buffer.from(hash).reverse().toString('hex')}:${vout}`,
    scriptPubKey: script,
    amount: value,
    previous: input.nonWitnessUtxo,
  };
};

/** The output that is spent. `proven`: it must come with its whole transaction, as its signature does not cover amounts. */
const utxoOf = (
  {nonWitnessUtxo, witnessUtxo}: PsbtInput,
  index: number,
  unsigned: Transaction,
  proven: boolean,
): {script: Uint8Array; value: bigint} => {
  const {hash, index: vout} = unsigned.ins[index]!;
  const fromPrevious = nonWitnessUtxo === undefined ? undefined : outputOf(nonWitnessUtxo, hash, vout, index);
  if (
    fromPrevious &&
    witnessUtxo &&
    (fromPrevious.value !== witnessUtxo.value || !equal(fromPrevious.script, witnessUtxo.script))
  )
    throw new Refusal(`input ${index} says two different things about the coin it spends`);
  const found = fromPrevious ?? (proven ? undefined : witnessUtxo);
  if (found === undefined)
    throw new Refusal(`input ${index} comes without ${proven ? 'the whole transaction' : 'the output'} that it spends`);
  return found;
};

const outputOf = (
  previous: Uint8Array,
  hash: Uint8Array,
  vout: number,
  index: number,
): {script: Uint8Array; value: bigint} => {
  let transaction: Transaction;
  try {
    transaction = Transaction.fromBuffer(previous);
  } catch {
    throw new Refusal(`input ${index} comes with a transaction that cannot be read`);
  }
  const output = transaction.outs[vout];
  if (!equal(transaction.getHash(), hash) || output === undefined)
    throw new Refusal(`input ${index} comes with another transaction than the one it spends`);
  return output;
};

/** Which of the account's keys a derivation names; undefined for none, or one of other keys. */
const placeOf = (derivations: readonly Derivation[] | undefined, {branches}: AccountSecret): KeyPlace | undefined => {
  for (const {masterFingerprint, path} of derivations ?? []) {
    const steps = path
      .split('/')
      .slice(1)
      .map(step => readStep(step) ?? Number.NaN);
    const index = steps.pop();
    if (index === undefined || !(index < HARDENED)) continue;
    for (const branch of BRANCHES) {
      const {fingerprint, path: origin, steps: own} = branches[branch];
      const sameMaster = Buffer.from(masterFingerprint).toString('hex') === fingerprint;
      if (sameMaster && steps.join('/') === [...origin, ...own].join('/')) return {branch, index};
    }
  }
  return undefined;
};

const scriptAt = (account: AccountSecret, {branch, index}: KeyPlace): Uint8Array => {
  const key = account.derive(branch, index);
  try {
    return scriptFor(account.branches[branch].type, key.publicKey);
  } finally {
    wipe(key);
  }
};

const equal = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
