import {satoshi, type Satoshi} from '../primitives/amount.ts';
import {makePool, type CoinPool, type SpendableCoin} from './coin-pool.ts';
import type {TransactionPlan} from './ports.ts';
import {inputSize, outputSize, overheadSize, type SizeOfInput} from './sizes.ts';

export interface WantedOutput {
  readonly id: string;
  readonly address: string;
  readonly scriptPubKey: Buffer;
  readonly amount: Satoshi;
}

export interface SelectionRules {
  /** sat/vB; minRate <= rate <= maxRate. */
  readonly rate: number;
  readonly minRate: number;
  readonly maxRate: number;
  readonly change: {readonly address: string; readonly scriptPubKey: Buffer};
  dustLimit(scriptPubKey: Uint8Array): Satoshi;
  /** Outputs of one transaction, change included. */
  readonly maxOutputs?: number;
  /** Of a wallet whose scripts are not the usual ones of single keys. */
  readonly inputSize?: SizeOfInput | undefined;
}

/** A transaction decided to the last satoshi. Inputs = outputs + fee, always. */
export interface Batch {
  readonly payoutIds: readonly string[];
  readonly plan: TransactionPlan;
  readonly changeVout: number | undefined;
  /** As expected before signing; the signed one is at most this and smaller by less than a vbyte an input. */
  readonly virtualSize: number;
}

/** A payout that the coins do not cover, and what has to be added for it and all older short ones to go. */
export interface Short {
  readonly id: string;
  readonly missing: Satoshi;
}

export interface Selection {
  readonly batch: Batch | undefined;
  readonly short: readonly Short[];
}

export const MAX_OUTPUTS = 2000;
/** Below Core's standard 100,000 vB, and below the 101,000 of an unconfirmed chain. */
const MAX_SIZE = 99_000;

export const milli = (rate: number): bigint => BigInt(Math.ceil(rate * 1000));
/** Satoshi for so many vbytes at a rate in milli-satoshi per vbyte, rounded up. */
export const costOf = (size: number, milliRate: bigint): bigint => (BigInt(size) * milliRate + 999n) / 1000n;

/** The payouts chosen so far and the number of coins they take. */
interface Filling {
  readonly chosen: WantedOutput[];
  readonly short: WantedOutput[];
  amount: bigint;
  outputs: number;
  inputs: number;
}

/**
 * Chooses which due payouts (oldest first) go out together, from which coins, with what change and fee. Pure: the
 * same arguments give the same plan. An unaffordable payout is skipped and blocks nothing behind it; one whose script
 * is in the batch already waits for the next. Anchored coins are preferred unless they take many more inputs.
 */
export const selectCoins = (
  due: readonly WantedOutput[],
  coins: readonly SpendableCoin[],
  rules: SelectionRules,
): Selection => {
  const rate = milli(rules.rate);
  const sizeOfInput = rules.inputSize ?? inputSize;
  const every = makePool(coins, rate, sizeOfInput);
  const anchored = makePool(
    coins.filter(coin => coin.unconfirmed === undefined),
    rate,
    sizeOfInput,
  );
  const filledByAll = fill(due, every, rules);
  const filledByAnchored = fill(due, anchored, rules);
  const sufficesAnchored =
    filledByAnchored.chosen.length >= filledByAll.chosen.length &&
    filledByAnchored.inputs <= filledByAll.inputs * 2 + 5;
  const [pool, filling] = sufficesAnchored ? [anchored, filledByAnchored] : [every, filledByAll];
  const batch = settle(pool, filling, rules);
  return {batch, short: shortfalls(every, filling, due, rules)};
};

const sizeAt = (pool: CoinPool, inputs: number, outputs: number, count: number): number =>
  pool.size[inputs]! + outputs + overheadSize(inputs, count);

const affords = (pool: CoinPool, filling: Filling, inputs: number, rules: SelectionRules): boolean =>
  pool.amount[inputs]! >=
  filling.amount + costOf(sizeAt(pool, inputs, filling.outputs, filling.chosen.length), milli(rules.rate));

const fits = (pool: CoinPool, filling: Filling, inputs: number, changeSize: number): boolean =>
  sizeAt(pool, inputs, filling.outputs + changeSize, filling.chosen.length + 1) + pool.ancestorSize[inputs]! <=
  MAX_SIZE;

const fill = (due: readonly WantedOutput[], pool: CoinPool, rules: SelectionRules): Filling => {
  const filling: Filling = {chosen: [], short: [], amount: 0n, outputs: 0, inputs: 0};
  // One that pays the script of the change waits for a batch that has another.
  const scripts = new Set([rules.change.scriptPubKey.toString('hex')]);
  const most = (rules.maxOutputs ?? MAX_OUTPUTS) - 1;
  const changeSize = outputSize(rules.change.scriptPubKey);
  for (const wanted of due) {
    if (filling.chosen.length >= most) break;
    const script = wanted.scriptPubKey.toString('hex');
    if (scripts.has(script)) continue;
    const before = {amount: filling.amount, outputs: filling.outputs, inputs: filling.inputs};
    add(filling, wanted);
    if (affords(pool, filling, pool.coins.length, rules)) {
      while (!affords(pool, filling, filling.inputs, rules)) filling.inputs += 1;
      if (fits(pool, filling, filling.inputs, changeSize)) {
        scripts.add(script);
        continue;
      }
    } else filling.short.push(wanted);
    filling.chosen.pop();
    Object.assign(filling, before);
  }
  return filling;
};

const add = (filling: Filling, wanted: WantedOutput): void => {
  filling.chosen.push(wanted);
  filling.amount += wanted.amount;
  filling.outputs += outputSize(wanted.scriptPubKey);
};

/** Few coins more can help when what is left over is too much for a fee and too little for change. */
const EXTRA_COINS = 3;

/** Finds change and fee; a payout for which there is no right fee with these coins is taken back and waits. */
const settle = (pool: CoinPool, filling: Filling, rules: SelectionRules): Batch | undefined => {
  while (filling.chosen.length > 0) {
    const last = Math.min(filling.inputs + EXTRA_COINS, pool.coins.length);
    for (let inputs = filling.inputs; inputs <= last; inputs += 1) {
      if (!fits(pool, filling, inputs, outputSize(rules.change.scriptPubKey))) break;
      const fee = chooseChange(pool, filling, inputs, rules);
      if (fee) return makeBatch(pool, filling, inputs, fee, rules);
    }
    const dropped = filling.chosen.pop()!;
    filling.amount -= dropped.amount;
    filling.outputs -= outputSize(dropped.scriptPubKey);
    filling.short.push(dropped);
    while (filling.inputs > 0 && affords(pool, filling, filling.inputs - 1, rules)) filling.inputs -= 1;
  }
  return undefined;
};

/** What spending the change will take later; 0 when the wallet cannot tell. */
const changeInputSize = (rules: SelectionRules): number =>
  (rules.inputSize ?? inputSize)(rules.change.scriptPubKey)?.expected ?? 0;

interface Fee {
  readonly fee: bigint;
  readonly change: bigint | undefined;
  readonly size: number;
}

/** What the fee may be for a transaction of this size: the floor wins where signatures make the two cross. */
const feeBounds = (size: number, leastSize: number, rules: SelectionRules): [lowest: bigint, highest: bigint] => {
  const lowest = costOf(size, milli(rules.minRate));
  const highest = (BigInt(leastSize) * BigInt(Math.floor(rules.maxRate * 1000))) / 1000n;
  return [lowest, highest > lowest ? highest : lowest];
};

/**
 * Change above dust that is worth spending later, at the wanted rate; else everything left over to the fee while that
 * stays below the highest rate; else change all the same, at the cost of the fee down to the lowest rate.
 */
const chooseChange = (pool: CoinPool, filling: Filling, inputs: number, rules: SelectionRules): Fee | undefined => {
  const rate = milli(rules.rate);
  const left = pool.amount[inputs]! - filling.amount;
  const count = filling.chosen.length;
  const least = (size: number) => size - pool.size[inputs]! + pool.leastSize[inputs]! - 1;
  const plain = sizeAt(pool, inputs, filling.outputs, count);
  const withChange = sizeAt(pool, inputs, filling.outputs + outputSize(rules.change.scriptPubKey), count + 1);
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

const makeBatch = (pool: CoinPool, filling: Filling, inputs: number, fee: Fee, rules: SelectionRules): Batch => {
  const outputs: TransactionPlan['outputs'][number][] = filling.chosen.map(({address, scriptPubKey, amount}) => ({
    address,
    scriptPubKey,
    amount,
  }));
  // Anywhere among the outputs, so that its place does not tell which one it is; the same for the same plan.
  const changeVout = fee.change === undefined ? undefined : Number(fee.change % BigInt(outputs.length + 1));
  if (changeVout !== undefined) outputs.splice(changeVout, 0, {...rules.change, amount: satoshi(fee.change!)});
  return {
    payoutIds: filling.chosen.map(wanted => wanted.id),
    plan: {inputs: pool.coins.slice(0, inputs), outputs, fee: satoshi(fee.fee)},
    changeVout,
    virtualSize: fee.size,
  };
};

/** In the order of age, each on top of the ones before it: with `missing` added, it and they can go. */
const shortfalls = (pool: CoinPool, filling: Filling, due: readonly WantedOutput[], rules: SelectionRules): Short[] => {
  if (filling.short.length === 0) return [];
  const isShort = new Set(filling.short);
  const rate = milli(rules.rate);
  const inputs = pool.coins.length;
  const added = changeInputSize(rules);
  const total: Filling = {...filling, chosen: [...filling.chosen]};
  return due
    .filter(wanted => isShort.has(wanted))
    .map(wanted => {
      add(total, wanted);
      const size = sizeAt(pool, inputs, total.outputs, total.chosen.length) + added + 2;
      const missing = total.amount + costOf(size, rate) - pool.amount[inputs]!;
      return {id: wanted.id, missing: satoshi(missing > 0n ? missing : rules.dustLimit(rules.change.scriptPubKey))};
    });
};
