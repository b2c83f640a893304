import {Transaction} from 'bitcoinjs-lib';
import {describe, expect, test} from 'vitest';
import {btc} from '../../source/coins/btc.ts';
import {chooseFeeRate} from '../../source/payout/fee-policy.ts';
import {shareFee} from '../../source/payout/fee-shares.ts';
import {selectCoins} from '../../source/payout/select-coins.ts';
import {matchTwin} from '../../source/payout/twin.ts';
import {planFault, verifySigned} from '../../source/payout/verify.ts';
import {satoshi, sum} from '../../source/primitives/amount.ts';
import type {Txid} from '../../source/primitives/ids.ts';
import {strangersAddress, unsignedBytes, witnessScript} from '../support/payout-ledger.ts';

const coins = ['11', '22'].map(byte => ({
  outpoint: {txid: byte.repeat(32) as Txid, vout: 1},
  amount: satoshi(100_000n),
  scriptPubKey: witnessScript(),
}));
const due = ['1', '2', '3'].map(id => Object.assign(strangersAddress(), {id, amount: satoshi(40_000n)}));
const batch = selectCoins(due, coins, {
  rate: 5,
  minRate: 1,
  maxRate: 10,
  change: strangersAddress(),
  dustLimit: script => btc.dustLimit(script),
}).batch!;
const {raw, txid} = unsignedBytes(batch.plan);
const rules = {minRate: 1, maxRate: 10, plannedSize: batch.virtualSize};
const words = (bytes: Buffer, more = {}) => {
  const verdict = verifySigned(batch.plan, bytes, {...rules, ...more});
  return verdict.kind === 'differs' ? verdict.words : '';
};
const tampered = (change: (transaction: Transaction) => void): Buffer => {
  const transaction = Transaction.fromBuffer(raw);
  change(transaction);
  return Buffer.from(transaction.toBuffer());
};

describe('verifySigned', () => {
  test('bytes that are the plan are, with the txid computed from them', () => {
    expect(verifySigned(batch.plan, raw, rules)).toEqual({
      kind: 'as-planned',
      txid,
      virtualSize: Transaction.fromBuffer(raw).virtualSize(),
    });
  });

  const TAMPERINGS: readonly [string, (transaction: Transaction) => void][] = [
    ['version', t => void (t.version = 3)],
    ['locktime', t => void (t.locktime = 500)],
    ['1 inputs', t => void t.ins.pop()],
    ['inputs instead', t => void t.addInput(Buffer.alloc(32), 0)],
    ['another coin', t => void (t.ins[0]!.index = 9)],
    ['another coin', t => void t.ins.reverse()],
    ['sequence', t => void (t.ins[1]!.sequence = 0xffffffff)],
    ['not signed', t => t.setWitness(0, [])],
    ['outputs instead', t => void t.addOutput(witnessScript(), 1n)],
    ['outputs instead', t => void t.outs.pop()],
    ['another script', t => void (t.outs[0]!.script = witnessScript())],
    ['another script', t => void t.outs.reverse()],
    ['pays', t => void (t.outs[1]!.value += 1n)],
    ['more than the planned', t => t.setWitness(0, [Buffer.alloc(400), Buffer.alloc(33)])],
  ];
  test.each(TAMPERINGS)('finds out: %s', (expected, change) => {
    expect(words(tampered(change))).toContain(expected);
  });

  test('finds out a feerate outside of what the operator allows, by the real size', () => {
    expect(words(raw, {minRate: 6})).toContain('below min_rate');
    expect(words(raw, {maxRate: 4})).toContain('above max_rate');
    expect(words(Buffer.from('not a transaction'))).toContain('not a transaction');
  });
});

describe('planFault', () => {
  const offer = {due, coins};
  test('a plan of selectCoins has none', () => expect(planFault(batch, offer)).toBeUndefined());

  test.each([
    ['not due', {payoutIds: ['1', '2', '9']}],
    ['differ in number', {payoutIds: ['1', '2']}],
    ['another script or amount', {payoutIds: ['2', '1', '3']}],
    ['one coin twice', {plan: {...batch.plan, inputs: [coins[0]!, coins[0]!]}}],
    ['not offered', {plan: {...batch.plan, inputs: [coins[0]!, {...coins[1]!, amount: satoshi(1n)}]}}],
    ['is left', {plan: {...batch.plan, fee: satoshi(batch.plan.fee + 1n)}}],
  ])('finds out: %s', (expected, change) => {
    expect(planFault({...batch, ...change}, offer)).toContain(expected);
  });
});

describe('matchTwin', () => {
  const owed = due.map(({id, scriptPubKey, amount}) => ({id, scriptPubKey, amount}));
  const change = batch.plan.outputs[batch.changeVout!]!.scriptPubKey;
  const isChange = (script: Buffer) => script.equals(change);

  test('the same payouts in any order are one, with less change or none', () => {
    const reordered = tampered(t => void t.outs.reverse());
    const twin = matchTwin(reordered, owed, isChange)!;
    const {outs} = Transaction.fromBuffer(reordered);
    expect(twin.vouts.map(vout => Buffer.from(outs[vout]!.script))).toEqual(due.map(one => one.scriptPubKey));
    expect(
      matchTwin(
        tampered(t => void (t.outs[batch.changeVout!]!.value -= 9n)),
        owed,
        isChange,
      ),
    ).toBeDefined();
    expect(
      matchTwin(
        tampered(t => void t.outs.splice(batch.changeVout!, 1)),
        owed,
        isChange,
      )!.change,
    ).toBeUndefined();
  });

  test('one that pays less, or anybody else, is none', () => {
    const paid = batch.changeVout === 0 ? 1 : 0;
    expect(
      matchTwin(
        tampered(t => void (t.outs[paid]!.value -= 1n)),
        owed,
        isChange,
      ),
    ).toBeUndefined();
    expect(
      matchTwin(
        tampered(t => void t.addOutput(witnessScript(), 1n)),
        owed,
        isChange,
      ),
    ).toBeUndefined();
    expect(matchTwin(raw, owed, () => false)).toBeUndefined();
    expect(
      matchTwin(
        tampered(t => void t.outs.splice(paid, 1)),
        owed,
        isChange,
      ),
    ).toBeUndefined();
  });
});

describe('fees', () => {
  const policy = {targetBlocks: 6, fallbackRate: 2, minRate: 1, maxRate: 50};

  test('the estimate is raised to the floor and waits above the cap; without one the fallback holds', () => {
    expect(chooseFeeRate(0.2, policy)).toEqual({kind: 'rate', rate: 1});
    expect(chooseFeeRate(7.5, policy)).toEqual({kind: 'rate', rate: 7.5});
    expect(chooseFeeRate(undefined, policy)).toEqual({kind: 'rate', rate: 2});
    expect(chooseFeeRate(Number.NaN, policy)).toEqual({kind: 'rate', rate: 2});
    expect(chooseFeeRate(undefined, {...policy, fallbackRate: 90})).toEqual({kind: 'rate', rate: 50});
    expect(chooseFeeRate(51, policy).kind).toBe('above-cap');
  });

  test.each([
    [100n, 3],
    [2n, 5],
    [0n, 1],
    [1_999n, 2_000],
  ])('%i satoshi over %i payouts sum exactly', (fee, count) => {
    const sizes = Array.from({length: count}, () => 31);
    const shares = shareFee(satoshi(fee), sizes);
    expect(shares).toHaveLength(count);
    expect(sum(shares)).toBe(fee);
    expect(Number(shares[0]! - shares.at(-1)!)).toBeLessThanOrEqual(1);
  });

  test('a larger output bears more of the fee', () => {
    expect(shareFee(satoshi(740n), [31, 43])).toEqual([310n, 430n]);
    expect(shareFee(satoshi(743n), [31, 43])).toEqual([312n, 431n]);
  });
});
