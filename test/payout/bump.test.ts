import * as fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {btc} from '../../source/coins/btc.ts';
import {
  bumpFault,
  childFault,
  planChild,
  planReplacement,
  virtualSizeOf,
  type BumpPlan,
  type BumpRules,
  type Replaceable,
} from '../../source/payout/bump.ts';
import type {SpendableCoin} from '../../source/payout/coin-pool.ts';
import {quoteFee} from '../../source/payout/quote.ts';
import {selectCoins} from '../../source/payout/select-coins.ts';
import {satoshi} from '../../source/primitives/amount.ts';
import {EngineError} from '../../source/primitives/errors.ts';
import type {Txid} from '../../source/primitives/ids.ts';
import {strangersAddress, unsignedBytes} from '../support/payout-ledger.ts';
import {verifySigned} from '../../source/payout/verify.ts';

const REFUSALS = new Set(['nothing_to_gain', 'fee_above_cap', 'coins_short']);
let made = 0;
const coin = (amount: bigint): SpendableCoin => {
  made += 1;
  const txid = String(made).padStart(64, '0') as Txid;
  return {outpoint: {txid, vout: 0}, amount: satoshi(amount), scriptPubKey: strangersAddress().scriptPubKey};
};
const rulesOf = (more: Partial<BumpRules> = {}): BumpRules => ({
  asked: undefined,
  estimate: 5,
  minRate: 1,
  maxRate: 200,
  change: strangersAddress(),
  dustLimit: script => btc.dustLimit(script),
  ...more,
});
const planned = <Plan>(plan: () => Plan): Plan | undefined => {
  try {
    return plan();
  } catch (error) {
    if (error instanceof EngineError && REFUSALS.has(error.code)) return undefined;
    throw error;
  }
};

const amounts = (max: bigint, length: number) =>
  fc.array(fc.bigInt({min: 600n, max}), {minLength: length, maxLength: length + 4});
const asked = fc.option(fc.double({min: 0.5, max: 250, noNaN: true}), {nil: undefined});

/** Signed as a wallet would: what the signer's check and the network see of it. */
const expectSound = ({plan, virtualSize}: BumpPlan, rules: BumpRules) => {
  const {raw} = unsignedBytes(plan);
  const verdict = verifySigned(plan, raw, {minRate: rules.minRate, maxRate: rules.maxRate, plannedSize: virtualSize});
  expect(verdict.kind === 'differs' ? verdict.words : '').toBe('');
  return virtualSizeOf(raw);
};

describe('a replacement', () => {
  const original = (wanted: readonly bigint[], coins: readonly bigint[], rate: number): Replaceable | undefined => {
    const due = wanted.map((amount, index) => ({id: String(index), ...strangersAddress(), amount: satoshi(amount)}));
    const rules = {...rulesOf(), rate};
    const {batch} = selectCoins(due, coins.map(coin), rules);
    if (!batch) return undefined;
    const virtualSize = virtualSizeOf(unsignedBytes(batch.plan).raw);
    return {plan: batch.plan, changeVout: batch.changeVout, virtualSize};
  };

  test('pays the same by the same outputs, spends what it replaces, and pays for itself (BIP125)', () => {
    let replaced = 0;
    fc.assert(
      fc.property(
        amounts(40_000_000n, 1),
        amounts(90_000_000n, 1),
        amounts(9_000_000n, 0),
        fc.integer({min: 1, max: 60}),
        asked,
        (wanted, coins, more, rate, askedRate) => {
          const from = original(wanted, coins, rate);
          if (!from) return;
          const rules = rulesOf({asked: askedRate});
          const bump = planned(() => planReplacement(from, more.map(coin), rules));
          if (!bump) return;
          replaced += 1;
          expect(bumpFault(from, bump)).toBeUndefined();
          const size = expectSound(bump, rules);
          expect(bump.plan.fee - from.plan.fee).toBeGreaterThanOrEqual(BigInt(size));
          const feerate = Number(bump.plan.fee) / size;
          if (askedRate !== undefined) expect(feerate).toBeGreaterThanOrEqual(askedRate - 1e-9);
          expect(feerate).toBeGreaterThan(Number(from.plan.fee) / from.virtualSize);
        },
      ),
      {numRuns: 400},
    );
    expect(replaced).toBeGreaterThan(50);
  });

  test('what tampers with the payouts, the inputs or the sum is found out', () => {
    const from = original([10_000_000n, 20_000_000n], [50_000_000n], 2)!;
    const good = planReplacement(from, [], rulesOf({asked: 10}));
    const {plan} = good;
    const shift = plan.outputs.map((output, vout) => ({...output, amount: satoshi(output.amount + BigInt(vout) - 1n)}));
    expect(bumpFault(from, {...good, plan: {...plan, outputs: shift}})).toMatch(/something else/);
    expect(bumpFault(from, {...good, plan: {...plan, outputs: plan.outputs.toReversed()}})).toBeDefined();
    expect(bumpFault(from, {...good, plan: {...plan, inputs: [coin(50_000_000n)]}})).toMatch(/missing/);
    expect(bumpFault(from, {...good, plan: {...plan, inputs: [...plan.inputs, ...plan.inputs]}})).toMatch(/twice/);
    expect(bumpFault(from, {...good, plan: {...plan, fee: satoshi(plan.fee + 1n)}})).toMatch(/is left/);
    expect(bumpFault(from, {...good, plan: {...plan, fee: from.plan.fee}})).toMatch(/not higher/);
  });
});

test('a child lifts its whole chain to the wanted feerate', () => {
  let made = 0;
  fc.assert(
    fc.property(
      fc.bigInt({min: 600n, max: 9_000_000n}),
      fc.integer({min: 110, max: 2_000}),
      fc.integer({min: 1, max: 30}),
      amounts(9_000_000n, 0),
      fc.double({min: 1, max: 90, noNaN: true}),
      (change, virtualSize, rate, more, askedRate) => {
        const leaf = {coin: coin(change), virtualSize, fee: BigInt(virtualSize * rate)};
        const rules = rulesOf({asked: askedRate});
        const child = planned(() => planChild(leaf, more.map(coin), rules));
        if (!child) return;
        made += 1;
        expect(childFault(leaf, child)).toBeUndefined();
        const size = expectSound(child, rules);
        const lifted = Number(leaf.fee + child.plan.fee) / (virtualSize + size);
        expect(lifted).toBeGreaterThanOrEqual(askedRate - 1e-9);
      },
    ),
    {numRuns: 400},
  );
  expect(made).toBeGreaterThan(50);
});

test('a quote covers a payout that goes out alone at the same feerate', () => {
  const {address, scriptPubKey} = strangersAddress();
  const due = [{id: '1', address, scriptPubKey, amount: satoshi(1_000_000n)}];
  const {batch} = selectCoins(due, [coin(5_000_000n)], {...rulesOf(), rate: 7});
  expect(quoteFee(scriptPubKey, 7)).toBe(batch!.plan.fee);
});
