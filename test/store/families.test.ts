import {randomBytes} from 'node:crypto';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {planReplacement} from '../../source/payout/bump.ts';
import {parseAmount, satoshi} from '../../source/primitives/amount.ts';
import type {Txid} from '../../source/primitives/ids.ts';
import {PayoutLedger, POLICY, strangersAddress, unsignedBytes} from '../support/payout-ledger.ts';

let ledger: PayoutLedger;
let alice: number;
beforeEach(() => {
  ledger = new PayoutLedger();
  alice = ledger.addAccount('alice');
});
afterEach(() => ledger.close());

/** Reserved, signed and sent, as the loop does it. */
const bump = async (txid: string, asked: number) => {
  const rules = await ledger.rules();
  const planned = await ledger.store.reserveBump(
    txid,
    subject => {
      if (subject.kind !== 'bump') throw new Error('a child');
      return planReplacement(subject.from, subject.coins, {...rules, asked, estimate: 5});
    },
    ledger.now,
  );
  const signed = unsignedBytes(planned.plan);
  await ledger.store.storeSigned(planned.id, signed.raw, signed.txid, ledger.now);
  await ledger.store.markSent(planned.id, 'accepted', ledger.now);
  await ledger.seen(signed.raw);
  return {...signed, planned};
};

/** A transaction of somebody with our keys that pays a stranger all of these coins. */
const rob = (...outpoints: readonly {readonly txid: string; readonly vout: number}[]) => {
  const stranger = strangersAddress();
  return unsignedBytes({
    inputs: outpoints.map(({txid, vout}) => ({
      outpoint: {txid: txid as Txid, vout},
      amount: satoshi(1n),
      scriptPubKey: stranger.scriptPubKey,
    })),
    outputs: [{...stranger, amount: parseAmount('0.001')}],
  });
};

const sent = async () => {
  const {value} = await ledger.accept(ledger.request('alice', '0.1'));
  const first = await ledger.send();
  await ledger.seen(first.raw);
  return {...first, id: value.id};
};

describe('a family of two', () => {
  test('both conflicted by a spend of what they share; repaid once that is deep, and only then', async () => {
    await ledger.fund(alice, '1.0');
    const {id, txid, broadcast} = await sent();
    await bump(txid, 20);
    await ledger.fund(alice, '0.5');
    await ledger.block(rob(broadcast.plan.inputs[0]!.outpoint).raw);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'conflicted'});
    const depth = POLICY.maxConfirmationCount;
    for (let blocks = 1; blocks < depth; blocks += 1) {
      await expect(ledger.store.repayPayout(id, depth, ledger.now)).rejects.toMatchObject({code: 'conflict_not_deep'});
      await ledger.block();
    }
    expect(await ledger.store.repayPayout(id, depth, ledger.now)).toMatchObject({status: 'queued'});
    await expect(ledger.store.repayPayout(id, depth, ledger.now)).rejects.toMatchObject({code: 'wrong_state'});
    expect(ledger.balance('alice')).toBe(140_000_000n);
    expect(ledger.balance('payouts_due')).toBe(10_000_000n);
    const again = await ledger.send();
    await ledger.block(again.raw);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'confirmed', txid: again.txid});
    expect(ledger.events(id)).toEqual([
      'payout.queued',
      'payout.sent',
      'payout.conflicted',
      'payout.released',
      'payout.sent',
      'payout.confirmed',
    ]);
    expect(ledger.balance('payouts_due')).toBe(0n);
  });

  test('repaid by an operator who asks for less depth: what it lost to leaves the chain, and it is not sent again', async () => {
    await ledger.fund(alice, '1.0');
    const {id, broadcast} = await sent();
    await ledger.fund(alice, '0.5');
    await ledger.block(rob(broadcast.plan.inputs[0]!.outpoint).raw);
    expect(await ledger.store.repayPayout(id, 1, ledger.now)).toMatchObject({status: 'queued'});
    const again = await ledger.send();
    await ledger.reorg(1);
    expect((await ledger.store.openBroadcasts()).map(open => open.id)).toEqual([again.id]);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'sent', txid: again.txid});
  });

  test('one payout of it repaid, and the chain turns back: the other is paid, and the books say that one was paid twice', async () => {
    await ledger.fund(alice, '1.0');
    const repaid = (await ledger.accept(ledger.request('alice', '0.2'))).value.id;
    const {id, txid, raw, broadcast} = await sent();
    expect(broadcast.payoutIds).toEqual([repaid, id]);
    await bump(txid, 20);
    await ledger.fund(alice, '0.5');
    await ledger.block(rob(broadcast.plan.inputs[0]!.outpoint).raw);
    await ledger.store.repayPayout(repaid, 1, ledger.now);
    const again = await ledger.send();
    await ledger.reorg(1, raw, again.raw);
    expect(await ledger.store.payout(id)).toMatchObject({
      status: 'confirmed',
      txid,
      vout: broadcast.changeVout === 2 ? 1 : 2,
    });
    expect(await ledger.store.payout(repaid)).toMatchObject({status: 'confirmed', txid: again.txid});
    expect(await ledger.faults()).toEqual(['the books differ from the chain by -0.20000000', 'drift -0.20000000']);
  });

  test('a bump that loses a coin it brought gives the payouts back to what it replaced', async () => {
    await ledger.fund(alice, '0.10001');
    const {id, txid, raw} = await sent();
    await ledger.fund(alice, '0.5');
    const bumped = await bump(txid, 100);
    const added = bumped.planned.plan.inputs.at(-1)!.outpoint;
    expect(bumped.planned.plan.inputs).toHaveLength(2);
    await ledger.block(rob(added).raw);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'sent', txid});
    expect((await ledger.store.openBroadcasts()).map(open => open.status)).toEqual(['sent']);
    await ledger.block(raw);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'confirmed', txid});
    expect(ledger.events(id)).toEqual(['payout.queued', 'payout.sent', 'payout.confirmed']);
  });

  test('the block of the bump goes away and the original comes instead: one settles, the books hold', async () => {
    await ledger.fund(alice, '1.0');
    const {id, txid, raw} = await sent();
    const bumped = await bump(txid, 20);
    await ledger.block(bumped.raw);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'confirmed', txid: bumped.txid});
    expect(await ledger.faults()).toEqual([]);
    await ledger.reorg(1, raw);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'confirmed', txid});
    expect(await ledger.faults()).toEqual([]);
    for (let n = 0; n < 6; n += 1) await ledger.block();
    expect(await ledger.store.payout(id)).toMatchObject({status: 'settled', txid});
    expect(ledger.balance('network_fee')).toBe(0n - parseAmount((await ledger.store.payout(id)).fee!));
    expect(await ledger.faults()).toEqual([]);
  });

  test('a plan that pays anything else than the original is never stored', async () => {
    await ledger.fund(alice, '1.0');
    const {txid} = await sent();
    const rules = await ledger.rules();
    const tampered = ledger.store.reserveBump(
      txid,
      subject => {
        if (subject.kind !== 'bump') throw new Error('a child');
        const good = planReplacement(subject.from, subject.coins, {...rules, asked: 20, estimate: 5});
        const outputs = good.plan.outputs.map((output, vout) =>
          vout === good.changeVout ? output : {...output, ...strangersAddress()},
        );
        return {...good, plan: {...good.plan, outputs}};
      },
      ledger.now,
    );
    await expect(tampered).rejects.toThrow(/something else/);
    expect(await ledger.store.openBroadcasts()).toHaveLength(1);
  });

  test('an unknown transaction and one of somebody else are not found', async () => {
    const unknown = randomBytes(32).toString('hex');
    await expect(bump(unknown, 5)).rejects.toMatchObject({code: 'not_found'});
  });
});
