import * as fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {btc} from '../../source/coins/btc.ts';
import {complete, wasteOf, type Choice, type Needed} from '../../source/payout/choose-change.ts';
import {firstOf, makePool, pick, type SpendableCoin} from '../../source/payout/coin-pool.ts';
import {selectCoins, type Batch, type WantedOutput} from '../../source/payout/select-coins.ts';
import {costOf, milli, type SelectionRules} from '../../source/payout/selection-rules.ts';
import {inputSize, outputSize, overheadSize} from '../../source/payout/sizes.ts';
import {satoshi, sum} from '../../source/primitives/amount.ts';
import type {Txid} from '../../source/primitives/ids.ts';

const scriptOf = (n: number, isTaproot = false): Buffer => {
  const hash = Buffer.alloc(isTaproot ? 32 : 20);
  hash.writeUInt32BE(n);
  return Buffer.concat([Buffer.from(isTaproot ? '5120' : '0014', 'hex'), hash]);
};
const coin = (n: number, amount: number, isTaproot = false): SpendableCoin => ({
  outpoint: {txid: n.toString(16).padStart(64, '0') as Txid, vout: 0},
  amount: satoshi(BigInt(amount)),
  scriptPubKey: scriptOf(1_000_000 + n, isTaproot),
});
const wanted = (n: number, amount: number): WantedOutput => ({
  id: String(n),
  address: `address ${n}`,
  scriptPubKey: scriptOf(n),
  amount: satoshi(BigInt(amount)),
});
const rules = (rate: number, more: Partial<SelectionRules> = {}): SelectionRules => ({
  rate,
  minRate: 1,
  maxRate: 200,
  change: {address: 'change', scriptPubKey: scriptOf(9_999_999)},
  dustLimit: script => btc.dustLimit(script),
  ...more,
});

const neededBy = (paid: readonly WantedOutput[]): Needed => ({
  amount: sum(paid.map(({amount}) => amount)),
  outputs: paid.reduce((size, {scriptPubKey}) => size + outputSize(scriptPubKey), 0),
  count: paid.length,
});

/** What paying with the largest coins first comes to: as few of them as do. */
const largestFirst = (coins: readonly SpendableCoin[], needed: Needed, given: SelectionRules): Choice | undefined => {
  const pool = makePool(coins, milli(given.rate), inputSize);
  for (let count = 1; count <= pool.coins.length; count += 1) {
    const picked = firstOf(pool, count);
    const size = picked.size + needed.outputs + overheadSize(count, needed.count);
    const affords = picked.amount >= needed.amount + costOf(size, milli(given.rate));
    const choice = affords ? complete(picked, needed, given) : undefined;
    if (choice) return choice;
  }
  return undefined;
};

const choiceOf = ({plan, changeVout, virtualSize}: Batch): Choice => ({
  picked: pick(plan.inputs, inputSize),
  fee: {
    fee: plan.fee,
    change: changeVout === undefined ? undefined : plan.outputs[changeVout]!.amount,
    size: virtualSize,
  },
});

const coinsOf = fc
  .array(fc.tuple(fc.integer({min: 300, max: 2_000_000}), fc.boolean()), {minLength: 1, maxLength: 80})
  .map(all => all.map(([amount, isTaproot], n) => coin(n, amount, isTaproot)));
const dueOf = fc
  .array(fc.integer({min: 600, max: 1_500_000}), {minLength: 1, maxLength: 12})
  .map(all => all.map((amount, n) => wanted(n, amount)));
const rateOf = fc.integer({min: 100, max: 6000}).map(hundredths => hundredths / 100);

describe('the choice of coins', () => {
  test('never wastes more than the largest coins would, whatever coins, payouts and feerates there are', () => {
    fc.assert(
      fc.property(coinsOf, dueOf, rateOf, rateOf, (coins, due, rate, consolidateBelow) => {
        const given = rules(rate, {consolidateBelow});
        const {batch} = selectCoins(due, coins, given);
        if (!batch) return;
        const needed = neededBy(due.filter(({id}) => batch.payoutIds.includes(id)));
        const baseline = largestFirst(coins, needed, given)!;
        const chosen = choiceOf(batch);
        const worst = wasteOf(baseline, needed, given);
        expect(wasteOf(chosen, needed, given) <= worst, `${wasteOf(chosen, needed, given)} > ${worst}`).toBe(true);
        expect(sum(batch.plan.inputs.map(({amount}) => amount))).toBe(
          sum(batch.plan.outputs.map(({amount}) => amount)) + batch.plan.fee,
        );
        if (chosen.fee.change !== undefined)
          expect(chosen.fee.change).toBeGreaterThanOrEqual(btc.dustLimit(given.change.scriptPubKey));
        expect(batch.virtualSize).toBeLessThanOrEqual(99_000);
        expect(Number(batch.plan.fee)).toBeGreaterThanOrEqual(batch.virtualSize);
        expect(Number(batch.plan.fee)).toBeLessThanOrEqual(Math.max(batch.virtualSize * 200, batch.virtualSize + 1));
      }),
      {numRuns: 1500},
    );
  });

  test('coins that come to just the right sum are found among many, and no change is made', () => {
    const coins = Array.from({length: 60}, (_, n) => coin(n, 1_000_003 + n * 7919));
    // Two of them, and the fee of a transaction of two inputs and one output at 10 sat/vB.
    const size = 10 + 1 + 2 * 68 + 31;
    const due = [wanted(1, 1_000_003 + 17 * 7919 + 1_000_003 + 41 * 7919 - size * 10)];
    const {batch} = selectCoins(due, coins, rules(10));
    expect(batch!.changeVout).toBeUndefined();
    expect(batch!.plan.outputs).toHaveLength(1);
  });

  test('where change must be, it is small and worth having, and large coins are left alone', () => {
    const coins = [coin(1, 50_000_000), coin(2, 9_000_000), coin(3, 1_200_000), coin(4, 40_000)];
    const {batch} = selectCoins([wanted(1, 1_000_000)], coins, rules(5));
    expect(batch!.plan.inputs.map(({amount}) => amount)).toEqual([1_200_000n]);
    // Not the coin that would leave next to nothing.
    const tight = [coin(1, 50_000_000), coin(2, 1_003_000)];
    const [input] = selectCoins([wanted(1, 1_000_000)], tight, rules(5)).batch!.plan.inputs;
    expect(input!.amount).toBe(50_000_000n);
  });

  const many = [coin(0, 90_000_000), ...Array.from({length: 100}, (_, n) => coin(n + 1, 20_000 + n))];

  test('at a low feerate small coins are taken along, a bounded number, the smallest first', () => {
    const {batch} = selectCoins([wanted(1, 50_000_000)], many, rules(1, {consolidateBelow: 2}));
    expect(batch!.plan.inputs.map(({amount}) => Number(amount))).toEqual([
      90_000_000,
      ...Array.from({length: 20}, (_, n) => 20_000 + n),
    ]);
  });

  test('above that feerate, and while another payout is short, none is', () => {
    expect(selectCoins([wanted(1, 50_000_000)], many, rules(3, {consolidateBelow: 2})).batch!.plan.inputs).toHaveLength(
      1,
    );
    const short = [wanted(1, 50_000_000), wanted(2, 900_000_000)];
    expect(selectCoins(short, many, rules(1, {consolidateBelow: 2})).batch!.plan.inputs).toHaveLength(1);
  });

  test('a wallet of a thousand coins and a full batch are chosen for in a moment', () => {
    const coins = Array.from({length: 1000}, (_, n) => coin(n, 100_000 + ((n * 7_919) % 90_000)));
    const due = Array.from({length: 1999}, (_, n) => wanted(n, 10_000 + ((n * 104_729) % 20_000)));
    const before = process.cpuUsage();
    const {batch} = selectCoins(due, coins, rules(1, {consolidateBelow: 2}));
    const {user, system} = process.cpuUsage(before);
    expect(batch!.plan.inputs.length).toBeGreaterThan(100);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});
