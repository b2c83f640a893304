import * as fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {btc} from '../../source/coins/btc.ts';
import {satoshi, sum} from '../../source/primitives/amount.ts';
import type {Txid} from '../../source/primitives/ids.ts';
import type {SpendableCoin} from '../../source/payout/coin-pool.ts';
import {selectCoins, type Selection, type WantedOutput} from '../../source/payout/select-coins.ts';
import type {SelectionRules} from '../../source/payout/selection-rules.ts';
import {inputSize, outputSize, overheadSize} from '../../source/payout/sizes.ts';

const script = (kind: 'wpkh' | 'tr' | 'sh' | 'pkh', n: number): Buffer => {
  const hash = Buffer.alloc(kind === 'tr' ? 32 : 20);
  hash.writeUInt32BE(n);
  if (kind === 'wpkh') return Buffer.concat([Buffer.from('0014', 'hex'), hash]);
  if (kind === 'tr') return Buffer.concat([Buffer.from('5120', 'hex'), hash]);
  if (kind === 'sh') return Buffer.concat([Buffer.from('a914', 'hex'), hash, Buffer.from('87', 'hex')]);
  return Buffer.concat([Buffer.from('76a914', 'hex'), hash, Buffer.from('88ac', 'hex')]);
};
const kind = fc.constantFrom('wpkh' as const, 'tr' as const, 'sh' as const, 'pkh' as const);

const coin = (n: number, amount: number, of: 'wpkh' | 'tr' | 'sh' | 'pkh' = 'wpkh'): SpendableCoin => ({
  outpoint: {txid: n.toString(16).padStart(64, '0') as Txid, vout: 0},
  amount: satoshi(BigInt(amount)),
  scriptPubKey: script(of, 1_000_000 + n),
});
const wanted = (n: number, amount: number, of: 'wpkh' | 'tr' | 'sh' | 'pkh' = 'wpkh', to = n): WantedOutput => ({
  id: String(n),
  address: `address ${of} ${to}`,
  scriptPubKey: script(of, to),
  amount: satoshi(BigInt(amount)),
});
const rules = (rate = 2, minRate = 1, maxRate = 200): SelectionRules => ({
  rate,
  minRate,
  maxRate,
  change: {address: 'change', scriptPubKey: script('wpkh', 9_999_999)},
  dustLimit: of => btc.dustLimit(of),
});

const coinsOf = fc
  .array(fc.tuple(fc.integer({min: 300, max: 5_000_000}), kind, fc.boolean(), fc.integer({min: 1, max: 19})), {
    maxLength: 40,
  })
  .map(all =>
    all.map(([amount, of, isUnconfirmed, transactions], n) => ({
      ...coin(n, amount, of),
      ...(isUnconfirmed && {unconfirmed: {transactions, virtualSize: transactions * 300}}),
    })),
  );
const dueOf = fc
  .array(fc.tuple(fc.integer({min: 600, max: 3_000_000}), kind, fc.integer({min: 0, max: 60})), {maxLength: 60})
  .map(all => all.map(([amount, of, to], n) => wanted(n, amount, of, to)));
const ratesOf = fc
  .tuple(fc.integer({min: 1, max: 50_000}), fc.integer({min: 1, max: 50_000}), fc.integer({min: 1, max: 50_000}))
  .map(numbers => numbers.sort((a, b) => a - b).map(milli => milli / 100) as [number, number, number]);

const expectSound = (selection: Selection, due: readonly WantedOutput[], {minRate, maxRate}: SelectionRules): void => {
  const {batch} = selection;
  if (!batch) return;
  const {inputs, outputs, fee} = batch.plan;
  expect(sum(inputs.map(input => input.amount))).toBe(sum(outputs.map(output => output.amount)) + fee);
  const expected =
    inputs.reduce((size, input) => size + inputSize(input.scriptPubKey)!.expected, 0) +
    outputs.reduce((size, output) => size + outputSize(output.scriptPubKey), 0) +
    overheadSize(inputs.length, outputs.length);
  expect(batch.virtualSize).toBe(expected);
  const least = inputs.reduce((size, input) => size + inputSize(input.scriptPubKey)!.least, -1) + expected;
  const leastSize = least - inputs.reduce((size, input) => size + inputSize(input.scriptPubKey)!.expected, 0);
  const floor = Math.ceil((expected * Math.ceil(minRate * 1000)) / 1000);
  expect(Number(fee)).toBeGreaterThanOrEqual(floor);
  expect(Number(fee)).toBeLessThanOrEqual(Math.max(floor, Math.floor(leastSize * maxRate + 1e-6)));
  expect(expected).toBeLessThanOrEqual(100_000);
  expect(
    inputs.reduce((all, input) => all + ((input as SpendableCoin).unconfirmed?.transactions ?? 0), 0),
  ).toBeLessThan(25);
  const scripts = outputs.map(output => output.scriptPubKey.toString('hex'));
  expect(new Set(scripts).size).toBe(scripts.length);
  expect(new Set(inputs.map(input => input.outpoint.txid)).size).toBe(inputs.length);
  if (batch.changeVout !== undefined) {
    const change = outputs[batch.changeVout]!;
    expect(change.address).toBe('change');
    expect(change.amount).toBeGreaterThanOrEqual(btc.dustLimit(change.scriptPubKey));
  }
  const paid = outputs.filter((_, vout) => vout !== batch.changeVout);
  const asked = batch.payoutIds.map(id => due.find(one => one.id === id)!);
  expect(paid).toEqual(asked.map(({address, scriptPubKey, amount}) => ({address, scriptPubKey, amount})));
};

describe('selectCoins', () => {
  test('every plan adds up, keeps its feerate and makes no dust, whatever coins and payouts there are', () => {
    fc.assert(
      fc.property(dueOf, coinsOf, ratesOf, (due, coins, [minRate, rate, maxRate]) => {
        const given = rules(rate, minRate, maxRate);
        const selection = selectCoins(due, coins, given);
        expectSound(selection, due, given);
        const chosen = new Set(selection.batch?.payoutIds);
        for (const {id} of selection.short) expect(chosen.has(id)).toBe(false);
      }),
      {numRuns: 1000},
    );
  });

  test('a payout that is neither in the batch nor short shares a script with one that is', () => {
    fc.assert(
      fc.property(dueOf, coinsOf, (due, coins) => {
        const selection = selectCoins(due, coins, rules());
        const chosen = new Set(selection.batch?.payoutIds);
        const short = new Set(selection.short.map(({id}) => id));
        const scripts = new Set(due.filter(({id}) => chosen.has(id)).map(one => one.scriptPubKey.toString('hex')));
        for (const one of due) {
          if (chosen.has(one.id) || short.has(one.id)) continue;
          expect(scripts.has(one.scriptPubKey.toString('hex'))).toBe(true);
        }
      }),
      {numRuns: 500},
    );
  });

  test('adding exactly what the oldest short payout misses lets it go', () => {
    fc.assert(
      fc.property(dueOf, coinsOf, (due, anyCoins) => {
        const coins = anyCoins.filter(one => !('unconfirmed' in one));
        const {short} = selectCoins(due, coins, rules());
        if (short.length === 0) return;
        const {batch} = selectCoins(due, [...coins, coin(777, Number(short[0]!.missing))], rules());
        expect(batch?.payoutIds).toContain(short[0]!.id);
      }),
      {numRuns: 500},
    );
  });

  test('one satoshi less than the missing amount is not enough', () => {
    const due = [wanted(1, 100_000)];
    const {batch, short} = selectCoins(due, [coin(1, 60_000)], rules());
    expect(batch).toBeUndefined();
    const missing = Number(short[0]!.missing);
    expect(selectCoins(due, [coin(1, 60_000), coin(2, missing)], rules()).batch?.payoutIds).toEqual(['1']);
    // Two vbytes are counted for an input count that may grow longer.
    expect(selectCoins(due, [coin(1, 60_000), coin(2, missing - 5)], rules()).batch).toBeUndefined();
  });

  test('an unaffordable payout blocks nothing behind it', () => {
    const selection = selectCoins(
      [wanted(1, 10_000), wanted(2, 5_000_000), wanted(3, 20_000)],
      [coin(1, 50_000)],
      rules(),
    );
    expect(selection.batch?.payoutIds).toEqual(['1', '3']);
    expect(selection.short.map(({id}) => id)).toEqual(['2']);
  });

  test('two payouts to one script go in two batches', () => {
    const due = [wanted(1, 10_000, 'wpkh', 5), wanted(2, 10_000, 'wpkh', 5), wanted(3, 10_000)];
    expect(selectCoins(due, [coin(1, 500_000)], rules()).batch?.payoutIds).toEqual(['1', '3']);
  });

  test('a payout to the script of the change waits for other change', () => {
    const due = [{...wanted(1, 10_000), scriptPubKey: rules().change.scriptPubKey}, wanted(2, 10_000)];
    expect(selectCoins(due, [coin(1, 500_000)], rules()).batch?.payoutIds).toEqual(['2']);
  });

  test('takes few inputs, the largest first', () => {
    const {batch} = selectCoins([wanted(1, 100_000)], [coin(1, 5_000), coin(2, 300_000), coin(3, 90_000)], rules());
    expect(batch?.plan.inputs.map(input => input.amount)).toEqual([300_000n]);
  });

  test('leaves a remainder that is not worth its change to the fee', () => {
    const {batch} = selectCoins([wanted(1, 100_000)], [coin(1, 100_000 + 220 + 300)], rules());
    expect(batch?.changeVout).toBeUndefined();
    expect(batch?.plan.fee).toBe(520n);
  });

  test('makes change of a remainder that would lift the fee above max_rate', () => {
    const {batch} = selectCoins([wanted(1, 100_000)], [coin(1, 100_000 + 520)], rules(2, 1, 2));
    expect(batch?.changeVout).toBeDefined();
    expect(batch!.plan.fee).toBeLessThanOrEqual(282n);
  });

  test('never puts more than 2,000 outputs into one transaction, change included', () => {
    const due = Array.from({length: 2500}, (_, n) => wanted(n, 1000));
    const {batch, short} = selectCoins(due, [coin(1, 100_000_000)], rules());
    expect(batch?.plan.outputs.length).toBe(2000);
    expect(batch?.payoutIds).toEqual(due.slice(0, 1999).map(({id}) => id));
    expect(short).toEqual([]);
  });

  test('prefers anchored coins to unconfirmed change, unless they take many more inputs', () => {
    const change = {...coin(1, 5_000_000), unconfirmed: {transactions: 1, virtualSize: 200}};
    const {batch} = selectCoins([wanted(1, 100_000)], [change, coin(2, 200_000)], rules());
    expect(batch?.plan.inputs.map(input => input.amount)).toEqual([200_000n]);
    const crumbs = Array.from({length: 100}, (_, n) => coin(n + 10, 2_000));
    const other = selectCoins([wanted(1, 100_000)], [change, ...crumbs], rules());
    expect(other.batch?.plan.inputs.map(input => input.amount)).toEqual([5_000_000n]);
  });

  test('a child of a large unconfirmed transaction stays within the size of an unconfirmed chain', () => {
    const change = {...coin(1, 100_000_000), unconfirmed: {transactions: 1, virtualSize: 62_000}};
    const due = Array.from({length: 2000}, (_, n) => wanted(n, 1000));
    const {batch} = selectCoins(due, [change], rules());
    expect(batch!.virtualSize + 62_000).toBeLessThanOrEqual(101_000);
    expect(batch!.payoutIds.length).toBeGreaterThan(1000);
  });
});

test('coins of a wallet with scripts of its own are spent by the sizes that it gives, and otherwise left alone', () => {
  const multisig = Buffer.concat([Buffer.from([0x00, 0x20]), Buffer.alloc(32, 7)]);
  const coins = [{...coin(1, 100_000), scriptPubKey: multisig}];
  const due = [wanted(9, 50_000)];
  expect(selectCoins(due, coins, rules())).toMatchObject({batch: undefined, short: [{id: due[0]!.id}]});

  const own = (scriptPubKey: Uint8Array) => (scriptPubKey.length === 34 ? {expected: 96, least: 95} : undefined);
  const {batch} = selectCoins(due, coins, {...rules(), inputSize: own});
  const outputs = batch!.plan.outputs.reduce((size, output) => size + outputSize(output.scriptPubKey), 0);
  expect(batch!.virtualSize).toBe(96 + outputs + overheadSize(1, batch!.plan.outputs.length));
});
