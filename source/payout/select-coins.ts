import {satoshi, type Satoshi} from '../primitives/amount.ts';
import {changeInputSize, complete, isSmallEnough, type Choice, type Needed} from './choose-change.ts';
import {firstOf, makePool, type CoinPool, type SpendableCoin} from './coin-pool.ts';
import {improveChoice} from './improve-choice.ts';
import type {TransactionPlan} from './ports.ts';
import {costOf, milli, type SelectionRules} from './selection-rules.ts';
import {inputSize, outputSize, overheadSize} from './sizes.ts';

export interface WantedOutput {
  readonly id: string;
  readonly address: string;
  readonly scriptPubKey: Buffer;
  readonly amount: Satoshi;
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
 * is in the batch already waits for the next. Anchored coins are preferred unless they take many more inputs. Which
 * payouts go is decided with the largest coins; then other coins for the same payouts are looked for that waste less.
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

const fits = (pool: CoinPool, filling: Filling, inputs: number, rules: SelectionRules): boolean =>
  isSmallEnough(firstOf(pool, inputs), neededBy(filling), rules);

const neededBy = ({amount, outputs, chosen}: Filling): Needed => ({amount, outputs, count: chosen.length});

const fill = (due: readonly WantedOutput[], pool: CoinPool, rules: SelectionRules): Filling => {
  const filling: Filling = {chosen: [], short: [], amount: 0n, outputs: 0, inputs: 0};
  // One that pays the script of the change waits for a batch that has another.
  const scripts = new Set([rules.change.scriptPubKey.toString('hex')]);
  const most = (rules.maxOutputs ?? MAX_OUTPUTS) - 1;
  for (const wanted of due) {
    if (filling.chosen.length >= most) break;
    const script = wanted.scriptPubKey.toString('hex');
    if (scripts.has(script)) continue;
    const before = {amount: filling.amount, outputs: filling.outputs, inputs: filling.inputs};
    add(filling, wanted);
    if (affords(pool, filling, pool.coins.length, rules)) {
      while (!affords(pool, filling, filling.inputs, rules)) filling.inputs += 1;
      if (fits(pool, filling, filling.inputs, rules)) {
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
  const isShort = filling.short.length > 0;
  while (filling.chosen.length > 0) {
    const last = Math.min(filling.inputs + EXTRA_COINS, pool.coins.length);
    for (let inputs = filling.inputs; inputs <= last; inputs += 1) {
      if (!fits(pool, filling, inputs, rules)) break;
      const largest = complete(firstOf(pool, inputs), neededBy(filling), rules);
      if (largest)
        return makeBatch(filling, improveChoice(largest, pool, {needed: neededBy(filling), rules, isShort}), rules);
    }
    const dropped = filling.chosen.pop()!;
    filling.amount -= dropped.amount;
    filling.outputs -= outputSize(dropped.scriptPubKey);
    filling.short.push(dropped);
    while (filling.inputs > 0 && affords(pool, filling, filling.inputs - 1, rules)) filling.inputs -= 1;
  }
  return undefined;
};

const makeBatch = (filling: Filling, {picked, fee}: Choice, rules: SelectionRules): Batch => {
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
    plan: {inputs: picked.coins, outputs, fee: satoshi(fee.fee)},
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
