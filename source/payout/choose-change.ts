import type {Picked} from './coin-pool.ts';
import {costOf, milli, type SelectionRules} from './selection-rules.ts';
import {inputSize, outputSize, overheadSize} from './sizes.ts';

/** What the payouts of a transaction ask for. */
export interface Needed {
  readonly amount: bigint;
  /** Bytes of their outputs, and how many there are. */
  readonly outputs: number;
  readonly count: number;
}

export interface Fee {
  readonly fee: bigint;
  readonly change: bigint | undefined;
  readonly size: number;
}

/** Coins, and what becomes of what they bring. */
export interface Choice {
  readonly picked: Picked;
  readonly fee: Fee;
}

/** Below Core's standard 100,000 vB, and below the 101,000 of an unconfirmed chain. */
const MAX_SIZE = 99_000;

export const isSmallEnough = (picked: Picked, {outputs, count}: Needed, rules: SelectionRules): boolean =>
  picked.size +
    outputs +
    outputSize(rules.change.scriptPubKey) +
    overheadSize(picked.coins.length, count + 1) +
    picked.ancestorSize <=
  MAX_SIZE;

/** What spending the change will take later; 0 when the wallet cannot tell. */
export const changeInputSize = (rules: SelectionRules): number =>
  (rules.inputSize ?? inputSize)(rules.change.scriptPubKey)?.expected ?? 0;

/** What the fee may be for a transaction of this size: the floor wins where signatures make the two cross. */
const feeBounds = (size: number, leastSize: number, rules: SelectionRules): [lowest: bigint, highest: bigint] => {
  const lowest = costOf(size, milli(rules.minRate));
  const highest = (BigInt(leastSize) * BigInt(Math.floor(rules.maxRate * 1000))) / 1000n;
  return [lowest, highest > lowest ? highest : lowest];
};

/**
 * Change above dust that is worth spending later, at the wanted rate; else everything left over to the fee while that
 * stays below the highest rate; else change all the same, at the cost of the fee down to the lowest rate. Undefined when
 * these coins make no right transaction.
 */
export const complete = (picked: Picked, needed: Needed, rules: SelectionRules): Choice | undefined => {
  const fee = isSmallEnough(picked, needed, rules) ? chooseFee(picked, needed, rules) : undefined;
  return fee && {picked, fee};
};

const chooseFee = (picked: Picked, {amount, outputs, count}: Needed, rules: SelectionRules): Fee | undefined => {
  const rate = milli(rules.rate);
  const left = picked.amount - amount;
  const inputs = picked.coins.length;
  const least = (size: number) => size - picked.size + picked.leastSize - 1;
  const plain = picked.size + outputs + overheadSize(inputs, count);
  const withChange = picked.size + outputs + outputSize(rules.change.scriptPubKey) + overheadSize(inputs, count + 1);
  const [lowest, highest] = feeBounds(withChange, least(withChange), rules);
  const wanted = costOf(withChange, rate);
  const fee = wanted < lowest ? lowest : wanted > highest ? highest : wanted;
  const dust = rules.dustLimit(rules.change.scriptPubKey);
  const spending = costOf(changeInputSize(rules), rate);
  if (left - fee >= dust && left - fee > spending) return {fee, change: left - fee, size: withChange};
  const [plainLowest, plainHighest] = feeBounds(plain, least(plain), rules);
  if (left >= plainLowest && left <= plainHighest) return {fee: left, change: undefined, size: plain};
  if (left - fee >= dust) return {fee, change: left - fee, size: withChange};
  if (left - dust >= lowest) return {fee: left - dust, change: dust, size: withChange};
  return undefined;
};

/** Milli-satoshi per vbyte that spending a coin takes some other day. */
export const laterRate = ({minRate, consolidateBelow = minRate}: SelectionRules): bigint => milli(consolidateBelow);

/**
 * What a choice costs beyond the payouts' own bytes, in milli-satoshi: its inputs at today's feerate instead of later, and
 * either making and later spending its change, or what goes to the fee for want of change.
 */
export const wasteOf = ({picked, fee}: Choice, {outputs, count}: Needed, rules: SelectionRules): bigint => {
  const today = milli(rules.rate);
  const later = laterRate(rules);
  const unavoidable = BigInt(outputs + overheadSize(0, count)) * today;
  const change = fee.change === undefined ? 0n : BigInt(changeInputSize(rules)) * later;
  return fee.fee * 1000n - unavoidable - BigInt(picked.size) * later + change;
};
