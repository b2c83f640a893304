import {Transaction} from 'bitcoinjs-lib';
import {satoshi, sum, type Satoshi} from '../primitives/amount.ts';
import {EngineError} from '../primitives/errors.ts';
import type {SpendableCoin} from './coin-pool.ts';
import type {TransactionPlan} from './ports.ts';
import {costOf, milli} from './selection-rules.ts';
import {inputSize, outputSize, overheadSize, type SizeOfInput} from './sizes.ts';

/** The newest member of a family, which the network has or refused. */
export interface Replaceable {
  readonly plan: TransactionPlan;
  readonly changeVout: number | undefined;
  /** Of its signed bytes. */
  readonly virtualSize: number;
}

/** An unconfirmed transaction whose change is still there, at the end of a chain of ours. */
export interface Leaf {
  readonly coin: SpendableCoin;
  /** Of it and all its unconfirmed ancestors together. */
  readonly virtualSize: number;
  readonly fee: bigint;
}

export interface BumpRules {
  /** sat/vB that was asked for by name; undefined: what the network wants now, and more than there is. */
  readonly asked: number | undefined;
  /** What the network wants now, sat/vB. */
  readonly estimate: number;
  readonly minRate: number;
  readonly maxRate: number;
  readonly change: {readonly address: string; readonly scriptPubKey: Buffer};
  dustLimit(scriptPubKey: Uint8Array): Satoshi;
  /** Of a wallet whose scripts are not the usual ones of single keys. */
  readonly inputSize?: SizeOfInput | undefined;
}

export interface BumpPlan {
  readonly plan: TransactionPlan;
  readonly changeVout: number | undefined;
  readonly virtualSize: number;
}

/** BIP125 rule 4: a replacement pays for its own relay on top, at the network's default increment, sat/vB. */
const INCREMENT = 1;

type Output = TransactionPlan['outputs'][number];

/**
 * A transaction that replaces another at a higher fee (BIP125): all of its inputs, the same outputs but for the
 * change, the fee from the change, or from more coins where that does not suffice; new inputs are confirmed ones.
 * `coins` are anchored and free. Pure. Throws `nothing_to_gain`, `fee_above_cap`, `coins_short`.
 */
export const planReplacement = (from: Replaceable, coins: readonly SpendableCoin[], rules: BumpRules): BumpPlan => {
  const {plan, changeVout} = from;
  const rate = wantedRate(rules, Number(plan.fee) / from.virtualSize);
  const paid = plan.outputs.filter((_, vout) => vout !== changeVout);
  const change = changeVout === undefined ? rules.change : plan.outputs[changeVout]!;
  const place = changeVout ?? paid.length;
  const atLeast = (size: number): bigint => {
    const forRelay = plan.fee + costOf(size, milli(INCREMENT));
    const wanted = costOf(size, milli(rate));
    return wanted > forRelay ? wanted : forRelay;
  };
  for (const inputs of inputsOf(plan.inputs, coins, {rate, inputSize: rules.inputSize ?? inputSize})) {
    const found = balance({inputs, paid, change, place}, atLeast, rules);
    if (found !== undefined) return found;
  }
  throw short();
};

/**
 * A transaction that spends a leaf's change to itself, at a fee that lifts the whole unconfirmed chain to the wanted
 * feerate (CPFP). More confirmed coins where the change does not suffice. Pure. Throws as planReplacement does.
 */
export const planChild = (leaf: Leaf, coins: readonly SpendableCoin[], rules: BumpRules): BumpPlan => {
  const rate = wantedRate(rules, Number(leaf.fee) / leaf.virtualSize);
  const atLeast = (size: number): bigint => {
    const wanted = costOf(leaf.virtualSize + size, milli(rate)) - leaf.fee;
    const alone = costOf(size, milli(Math.max(rules.minRate, INCREMENT)));
    return wanted > alone ? wanted : alone;
  };
  for (const inputs of inputsOf([leaf.coin], coins, {rate, inputSize: rules.inputSize ?? inputSize})) {
    const found = balance({inputs, paid: [], change: rules.change, place: 0}, atLeast, rules);
    if (found !== undefined) return found;
  }
  throw short();
};

const wantedRate = ({asked, estimate, maxRate}: BumpRules, now: number): number => {
  if (asked === undefined) {
    const rate = Math.min(Math.max(estimate, now + INCREMENT), maxRate);
    if (rate <= now) throw above(`it pays ${show(now)} sat/vB already`, maxRate);
    return rate;
  }
  if (asked > maxRate) throw above(`${show(asked)} sat/vB`, maxRate);
  if (asked <= now)
    throw new EngineError('nothing_to_gain', `it pays ${show(now)} sat/vB already; ask for more`, {field: 'fee_rate'});
  return asked;
};

const show = (rate: number): string => String(Math.round(rate * 100) / 100);

const above = (what: string, maxRate: number): EngineError =>
  new EngineError('fee_above_cap', `${what}; payouts.fee.max_rate is ${maxRate}`, {field: 'fee_rate'});

const short = (): EngineError =>
  new EngineError('coins_short', 'no change is left to take the fee from, and no other confirmed coin is free');

type Inputs = TransactionPlan['inputs'];

/** Most coins added for a fee: where three of the largest do not pay it, no more will. */
const MOST_ADDED = 3;

/** The inputs that must be there, then the same with one coin more, and so on. */
function* inputsOf(
  fixed: Inputs,
  coins: readonly SpendableCoin[],
  {rate, inputSize}: {rate: number; inputSize: SizeOfInput},
): Iterable<Inputs> {
  yield fixed;
  const worth = coins
    .filter(coin => coin.amount > costOf(inputSize(coin.scriptPubKey)?.expected ?? Infinity, milli(rate)))
    .sort((one, other) => (one.amount < other.amount ? 1 : one.amount > other.amount ? -1 : 0));
  for (let count = 1; count <= Math.min(MOST_ADDED, worth.length); count += 1)
    yield [...fixed, ...worth.slice(0, count)];
}

const sizeOf = (inputs: Inputs, outputs: readonly Pick<Output, 'scriptPubKey'>[], sizeOfInput: SizeOfInput) => {
  const sizes = inputs.map(({scriptPubKey}) => sizeOfInput(scriptPubKey));
  const rest = outputs.reduce((total, output) => total + outputSize(output.scriptPubKey), 0);
  const around = overheadSize(inputs.length, outputs.length) + rest;
  const total = (which: 'expected' | 'least') =>
    sizes.reduce((all, size) => {
      if (size === undefined) throw new EngineError('bump_refused', 'it spends a script whose size is not known');
      return all + size[which];
    }, around);
  // A signature may come out a byte shorter.
  return {expected: total('expected'), least: total('least') - 1};
};

interface Draft {
  readonly inputs: Inputs;
  readonly paid: readonly Output[];
  readonly change: {readonly address: string; readonly scriptPubKey: Buffer};
  /** Where the change goes among the outputs. */
  readonly place: number;
}

/** Change and fee for these inputs; undefined when they do not pay it. Throws `fee_above_cap`. */
const balance = (
  {inputs, paid, change, place}: Draft,
  atLeast: (size: number) => bigint,
  rules: BumpRules,
): BumpPlan | undefined => {
  const left = sum(inputs.map(({amount}) => amount)) - sum(paid.map(({amount}) => amount));
  const withChange = sizeOf(inputs, [...paid, change], rules.inputSize ?? inputSize);
  const fee = atLeast(withChange.expected);
  const cap = (least: number): bigint => (BigInt(least) * BigInt(Math.floor(rules.maxRate * 1000))) / 1000n;
  if (left - fee >= rules.dustLimit(change.scriptPubKey)) {
    if (fee > cap(withChange.least))
      throw above(`${fee} satoshis for ${withChange.expected} vB are needed`, rules.maxRate);
    const outputs = [...paid];
    outputs.splice(place, 0, {...change, amount: satoshi(left - fee)});
    return {plan: {inputs, outputs, fee: satoshi(fee)}, changeVout: place, virtualSize: withChange.expected};
  }
  // Without change everything left over is the fee.
  if (paid.length === 0) return undefined;
  const plain = sizeOf(inputs, paid, rules.inputSize ?? inputSize);
  if (left < atLeast(plain.expected) || left > cap(plain.least)) return undefined;
  return {plan: {inputs, outputs: paid, fee: satoshi(left)}, changeVout: undefined, virtualSize: plain.expected};
};

/**
 * What is wrong with a bump before it is signed, or undefined: every input of the old one is there, everybody is paid
 * as before by the same outputs in the same order, nothing else but change, no coin twice, and it adds up.
 */
export const bumpFault = (before: Replaceable, bump: BumpPlan): string | undefined => {
  const {plan, changeVout} = bump;
  const key = ({outpoint}: {outpoint: {txid: string; vout: number}}) => `${outpoint.txid}:${outpoint.vout}`;
  const spent = new Set(plan.inputs.map(key));
  if (spent.size !== plan.inputs.length) return 'one coin twice';
  if (!before.plan.inputs.every(input => spent.has(key(input)))) return 'an input of the replaced one is missing';
  const wanted = before.plan.outputs.filter((_, vout) => vout !== before.changeVout);
  const paid = plan.outputs.filter((_, vout) => vout !== changeVout);
  const isSame =
    wanted.length === paid.length &&
    wanted.every(
      ({scriptPubKey, amount}, index) =>
        paid[index]!.amount === amount && paid[index]!.scriptPubKey.equals(scriptPubKey),
    );
  if (!isSame) return 'it pays something else than the replaced one';
  if (plan.outputs.some(({amount}) => amount <= 0n)) return 'an amount of zero or less';
  if (plan.fee <= before.plan.fee) return 'its fee is not higher';
  const left = sum(plan.inputs.map(({amount}) => amount)) - sum(plan.outputs.map(({amount}) => amount));
  return left === plan.fee ? undefined : `fee ${plan.fee}, but ${left} is left`;
};

/** The same for a child: it spends the leaf's change and pays nobody but ourselves. */
export const childFault = ({coin}: Leaf, {plan, changeVout}: BumpPlan): string | undefined => {
  const keys = plan.inputs.map(({outpoint}) => `${outpoint.txid}:${outpoint.vout}`);
  if (new Set(keys).size !== keys.length) return 'one coin twice';
  if (keys[0] !== `${coin.outpoint.txid}:${coin.outpoint.vout}`) return 'it does not spend the change';
  if (plan.outputs.length !== 1 || changeVout !== 0) return 'it pays something else than change';
  if (plan.fee <= 0n || plan.outputs[0]!.amount <= 0n) return 'an amount of zero or less';
  const left = sum(plan.inputs.map(({amount}) => amount)) - plan.outputs[0]!.amount;
  return left === plan.fee ? undefined : `fee ${plan.fee}, but ${left} is left`;
};

/** Of signed bytes. */
export const virtualSizeOf = (raw: Buffer): number => Transaction.fromBuffer(raw).virtualSize();
