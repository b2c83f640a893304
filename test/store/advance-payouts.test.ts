import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {decideBatch} from '../../source/payout/decide-batch.ts';
import {satoshi} from '../../source/primitives/amount.ts';
import {outpointKey} from '../../source/primitives/ids.ts';
import type {PlannedBroadcast} from '../../source/store/payout-store.ts';
import {PayoutLedger, strangersAddress, unsignedBytes} from '../support/payout-ledger.ts';

let ledger: PayoutLedger;
let alice: number;
let id: string;
/** Whether the chain holds less than the books say, as it does when somebody else spent a coin of ours. */
let isRobbed: boolean;
beforeEach(async () => {
  isRobbed = false;
  ledger = new PayoutLedger();
  alice = ledger.addAccount('alice');
  await ledger.fund(alice, '1.0');
  id = (await ledger.accept(ledger.request('alice', '0.4'))).value.id;
});
afterEach(async () => {
  const faults = await ledger.faults();
  if (isRobbed) expect(faults.join()).toMatch(/drift -/);
  else expect(faults).toEqual([]);
  ledger.close();
});

describe('advancePayouts', () => {
  test('anchored: fee and amount leave the books once, events come in order, then it settles', async () => {
    const {raw, txid, broadcast} = await ledger.send();
    await ledger.block(raw);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'confirmed', confirmations: 1, block_height: 2});
    expect(ledger.balance('payouts_due')).toBe(0n);
    expect(ledger.balance('network_fee')).toBe(0n - broadcast.plan.fee);
    for (let n = 0; n < 5; n += 1) await ledger.block();
    expect(await ledger.store.payout(id)).toMatchObject({status: 'settled', confirmations: 6});
    expect(await ledger.store.broadcast(txid)).toMatchObject({status: 'settled', confirmations: 6});
    await ledger.block();
    expect(ledger.events()).toEqual([
      'payout.queued',
      'payout.sent',
      'payout.confirmed',
      ...Array.from({length: 4}, () => 'payout.confirmations'),
      'payout.settled',
    ]);
  });

  test('anchored before the send was noted: sent comes first all the same', async () => {
    const batch = (await ledger.reserve())!;
    const {raw, txid} = unsignedBytes(batch.plan);
    await ledger.store.storeSigned(batch.id, raw, txid, ledger.now);
    await ledger.block(raw);
    expect(ledger.events()).toEqual(['payout.queued', 'payout.sent', 'payout.confirmed']);
    await ledger.store.markSent(batch.id, 'accepted', ledger.now);
    expect((await ledger.store.payout(id)).status).toBe('confirmed');
  });

  test('seen in the mempool while signed or held: it was sent', async () => {
    const batch = (await ledger.reserve())!;
    const {raw, txid} = unsignedBytes(batch.plan);
    await ledger.store.storeSigned(batch.id, raw, txid, ledger.now);
    await ledger.store.holdBroadcast(batch.id, {reason: 'node_auth', words: '401'}, ledger.now);
    await ledger.seen(raw);
    await ledger.seen(raw);
    expect(ledger.events()).toEqual(['payout.queued', 'payout.held', 'payout.sent']);
    expect(await ledger.store.openBroadcasts()).toEqual([{id: batch.id, status: 'sent', inMempool: true}]);
  });

  test.each([1, 5])('its block went away %i deep: posted back, and anchored again', async depth => {
    const {raw} = await ledger.send();
    await ledger.block(raw);
    for (let n = 1; n < depth; n += 1) await ledger.block();
    await ledger.reorg(depth);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'sent', confirmations: 0});
    expect(ledger.balance('payouts_due')).toBe(40_000_000n);
    expect(ledger.balance('network_fee')).toBe(0n);
    await ledger.block(raw);
    expect(ledger.balance('payouts_due')).toBe(0n);
    expect(ledger.events().filter(type => type !== 'payout.confirmations')).toEqual([
      'payout.queued',
      'payout.sent',
      'payout.confirmed',
      'payout.unconfirmed',
      'payout.confirmed',
    ]);
  });

  test('in both branches of a reorg: it only moves, nothing is posted', async () => {
    const {raw} = await ledger.send();
    await ledger.block(raw);
    const postings = ledger.ledger.rows('SELECT * FROM posting').length;
    await ledger.reorg(1, raw);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'confirmed', confirmations: 2});
    expect(ledger.ledger.rows('SELECT * FROM posting').length).toBe(postings);
    expect(ledger.events()).toEqual(['payout.queued', 'payout.sent', 'payout.confirmed', 'payout.confirmations']);
  });

  const rival = (of: {plan: {inputs: Parameters<typeof unsignedBytes>[0]['inputs']}}) => {
    const to = strangersAddress();
    return unsignedBytes({inputs: of.plan.inputs, outputs: [{...to, amount: satoshi(99_990_000n)}]});
  };

  test('conflicted only once a different spender is anchored; its coins stay taken until that is deep', async () => {
    const {broadcast, txid} = await ledger.send();
    const theft = rival(broadcast);
    await ledger.seen(theft.raw);
    expect((await ledger.store.payout(id)).status).toBe('sent');
    await ledger.block(theft.raw);
    isRobbed = true;
    const payout = await ledger.store.payout(id);
    expect(payout).toMatchObject({status: 'conflicted', cancellable: false});
    expect(payout.reason).toContain(theft.txid);
    expect(ledger.balance('payouts_due')).toBe(40_000_000n);
    expect(ledger.ledger.rows('SELECT 1 FROM output WHERE reserved_by IS NOT NULL').length).toBe(1);
    for (let n = 0; n < 5; n += 1) await ledger.block();
    expect(ledger.ledger.rows('SELECT 1 FROM output WHERE reserved_by IS NOT NULL').length).toBe(0);
    expect((await ledger.store.payout(id)).status).toBe('conflicted');
    expect(ledger.events()).toEqual(['payout.queued', 'payout.sent', 'payout.conflicted']);
    expect(await ledger.store.broadcast(txid)).toMatchObject({status: 'conflicted'});
  });

  test('a conflict whose block went away is none, and the payout confirms', async () => {
    const {broadcast, raw} = await ledger.send();
    await ledger.block(rival(broadcast).raw);
    expect((await ledger.store.payout(id)).status).toBe('conflicted');
    await ledger.reorg(1);
    expect((await ledger.store.payout(id)).status).toBe('sent');
    await ledger.block(raw);
    expect(ledger.events()).toEqual([
      'payout.queued',
      'payout.sent',
      'payout.conflicted',
      'payout.sent',
      'payout.confirmed',
    ]);
  });

  test('a conflict whose coins were given back is final, whatever the chain does then', async () => {
    const {broadcast} = await ledger.send();
    const theft = rival(broadcast);
    await ledger.block(theft.raw);
    for (let n = 0; n < 5; n += 1) await ledger.block();
    await ledger.reorg(6);
    await ledger.gone(theft.txid);
    expect((await ledger.store.payout(id)).status).toBe('conflicted');
    expect(await ledger.store.openBroadcasts()).toEqual([]);
    const other = (await ledger.accept(ledger.request('alice', '0.1'))).value.id;
    expect((await ledger.reserve())?.payoutIds).toEqual([other]);
  });

  test('nothing is sent of what the chain has settled or replaced in the meantime', async () => {
    const {id: broadcast, raw} = await ledger.send();
    expect(await ledger.store.countAttempt(broadcast, ledger.now)).toBe(true);
    await ledger.block(raw);
    expect(await ledger.store.countAttempt(broadcast, ledger.now)).toBe(false);
    for (let n = 0; n < 6; n += 1) await ledger.block();
    expect(await ledger.store.countAttempt(broadcast, ledger.now)).toBe(false);
    expect((await ledger.store.payout(id)).status).toBe('settled');
  });

  test('cancelled, it may bring its account back to zero, which lifts the freeze of a reorg at once', async () => {
    await ledger.reorg(1);
    expect(ledger.balance('alice')).toBe(-40_000_000n);
    expect(ledger.ledger.events().at(-1)!.type).toBe('account.frozen');
    await ledger.store.cancelPayout(id, ledger.now);
    expect(ledger.ledger.events().at(-1)).toMatchObject({
      type: 'account.unfrozen',
      data: {name: 'alice', balance: '0.00000000', frozen: false},
    });
  });

  test('a coin spent by a stranger before it was signed gives the payouts back to the queue', async () => {
    const batch = (await ledger.reserve())!;
    await ledger.block(rival(batch).raw);
    isRobbed = true;
    expect((await ledger.store.payout(id)).status).toBe('queued');
    expect(await ledger.reserve()).toBeUndefined();
  });

  test('a signed plan that was given up, kept and sent all the same pays nothing twice by itself', async () => {
    const other = (await ledger.accept(ledger.request('alice', '0.2'))).value.id;
    const kept = unsignedBytes((await ledger.reserve())!.plan);
    await ledger.store.cancelPayout(other, ledger.now);
    expect((await ledger.reserve())?.payoutIds).toEqual([id]);
    await ledger.block(kept.raw);
    isRobbed = true;
    expect(await ledger.store.payout(id)).toMatchObject({
      status: 'held',
      reason: expect.stringMatching(`^perhaps_paid: ${kept.txid} `) as string,
    });
    expect(ledger.events(id).at(-1)).toBe('payout.held');
    await ledger.fund(alice, '1.0');
    expect(await ledger.reserve()).toBeUndefined();
    await ledger.store.releasePayout(id, ledger.now);
    expect((await ledger.reserve())?.payoutIds).toEqual([id]);
  });

  test.each([
    ['seen in the mempool', async (raw: Buffer) => ledger.seen(raw)],
    ['found in a block', async (raw: Buffer) => ledger.block(raw).then(() => (isRobbed = true))],
  ])('what a transaction that is not ours pays of what is queued waits for a person: %s', async (_, comes) => {
    const other = (await ledger.accept(ledger.request('alice', '0.2'))).value.id;
    const kept = unsignedBytes((await ledger.reserve())!.plan);
    await ledger.store.cancelPayout(other, ledger.now);
    const later = (await ledger.accept(ledger.request('alice', '0.15'))).value.id;
    await comes(kept.raw);
    expect(await ledger.store.payout(id)).toMatchObject({
      status: 'held',
      clears: 'person',
      reason: expect.stringMatching(`^perhaps_paid: ${kept.txid}, which is not ours, `) as string,
    });
    expect(ledger.events(id).at(-1)).toBe('payout.held');
    expect((await ledger.store.payout(later)).status).toBe('queued');
    await ledger.fund(alice, '1.0');
    expect((await ledger.reserve())?.payoutIds).toEqual([later]);
  });

  test('a plan of other coins that pays it too is given up while it is unsigned', async () => {
    const other = (await ledger.accept(ledger.request('alice', '0.2'))).value.id;
    const {plan} = (await ledger.reserve())!;
    await ledger.store.cancelPayout(other, ledger.now);
    const later = (await ledger.accept(ledger.request('alice', '0.15'))).value.id;
    await ledger.fund(alice, '1.0');
    const rules = await ledger.rules();
    const taken = new Set(plan.inputs.map(({outpoint}) => outpointKey(outpoint)));
    const again = await ledger.reserve(offer =>
      decideBatch({...offer, coins: offer.coins.filter(({outpoint}) => !taken.has(outpointKey(outpoint)))}, rules),
    );
    expect(again?.payoutIds).toEqual([id, later]);
    await ledger.seen(unsignedBytes(plan).raw);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'held', clears: 'person'});
    expect((await ledger.store.payout(later)).status).toBe('queued');
    expect(await ledger.store.openBroadcasts()).toEqual([]);
  });

  test('what spent the change of a conflicted transaction has lost with it', async () => {
    const first = await ledger.send();
    await ledger.seen(first.raw);
    const child = (await ledger.accept(ledger.request('alice', '0.1'))).value.id;
    const second = await ledger.send();
    expect(second.broadcast.plan.inputs[0]!.outpoint.txid).toBe(first.txid);
    await ledger.block(rival(first.broadcast).raw);
    expect((await ledger.store.payout(child)).status).toBe('conflicted');
    await ledger.reorg(1);
    expect((await ledger.store.payout(child)).status).toBe('sent');
    await ledger.block(first.raw, second.raw);
    expect((await ledger.store.payout(child)).status).toBe('confirmed');
  });
});

describe('a twin, made by hand', () => {
  /** The same payouts in another order, with more fee and so less change. */
  const twinOf = (broadcast: PlannedBroadcast) => {
    const outputs = broadcast.plan.outputs
      .map((output, vout) => ({
        ...output,
        amount: satoshi(output.amount - (vout === broadcast.changeVout ? 5000n : 0n)),
      }))
      .reverse();
    return {outputs, ...unsignedBytes({inputs: broadcast.plan.inputs, outputs})};
  };

  test.each(['unseen', 'seen in the mempool first'])('is adopted when it is anchored, %s', async how => {
    await ledger.accept(ledger.request('alice', '0.2'));
    const {broadcast, txid} = await ledger.send();
    const twin = twinOf(broadcast);
    if (how !== 'unseen') await ledger.seen(twin.raw);
    expect((await ledger.store.payout(id)).txid).toBe(txid);
    await ledger.block(twin.raw);
    const payout = await ledger.store.payout(id);
    expect(payout).toMatchObject({status: 'confirmed', txid: twin.txid});
    expect(twin.outputs[payout.vout!]!.amount).toBe(40_000_000n);
    expect(ledger.balance('network_fee')).toBe(-(broadcast.plan.fee + 5000n));
    expect(ledger.balance('suspense')).toBe(0n);
    for (let n = 0; n < 6; n += 1) await ledger.block();
    expect((await ledger.store.payout(id)).status).toBe('settled');
    expect(ledger.balance('suspense')).toBe(0n);
    expect(ledger.events(id).filter(type => type !== 'payout.confirmations')).toEqual([
      'payout.queued',
      'payout.sent',
      'payout.confirmed',
      'payout.settled',
    ]);
    expect((await ledger.store.broadcast(txid)).status).toBe('abandoned');
    expect(await ledger.store.openBroadcasts()).toEqual([]);
  });

  test.each(['unseen', 'seen in the mempool first'])(
    'of a plan that waits for its signature is paid once, %s',
    async how => {
      const other = (await ledger.accept(ledger.request('alice', '0.2'))).value.id;
      const planned = (await ledger.reserve())!;
      await ledger.store.noteUnsigned(planned.id, {reason: 'awaiting_signature', words: 'a person signs'}, ledger.now);
      const twin = twinOf(planned);
      if (how !== 'unseen') await ledger.seen(twin.raw);
      await ledger.block(twin.raw);
      for (const payout of [id, other]) {
        expect(await ledger.store.payout(payout)).toMatchObject({status: 'confirmed', txid: twin.txid});
        expect(ledger.events(payout)).toEqual(['payout.queued', 'payout.sent', 'payout.confirmed']);
      }
      expect(ledger.balance('network_fee')).toBe(-(planned.plan.fee + 5000n));
      expect(ledger.balance('suspense')).toBe(0n);
      expect(await ledger.store.openBroadcasts()).toEqual([]);
      await ledger.reorg(1);
      expect(await ledger.store.payout(id)).toMatchObject({status: 'sent', txid: twin.txid});
      await ledger.block(twin.raw);
      for (let n = 0; n < 6; n += 1) await ledger.block();
      expect((await ledger.store.payout(id)).status).toBe('settled');
    },
  );

  test('that spends one more coin of ours before those of the plan is known as the plan all the same', async () => {
    const planned = (await ledger.reserve())!;
    const more = {txid: await ledger.fund(alice, '0.001'), vout: 0};
    const {inputs, outputs} = planned.plan;
    const twin = unsignedBytes({inputs: [{...inputs[0]!, outpoint: more}, ...inputs], outputs});
    await ledger.block(twin.raw);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'confirmed', txid: twin.txid});
    expect(ledger.balance('network_fee')).toBe(-(planned.plan.fee + 100_000n));
    expect(await ledger.store.openBroadcasts()).toEqual([]);
  });

  test('of a plan that waits for its signature keeps the payout from being called back while it may be mined', async () => {
    const planned = (await ledger.reserve())!;
    const twin = twinOf(planned);
    await ledger.seen(twin.raw);
    await expect(ledger.store.cancelPayout(id, ledger.now)).rejects.toMatchObject({code: 'already_signed'});
    await ledger.gone(twin.txid);
    expect(await ledger.store.cancelPayout(id, ledger.now)).toMatchObject({status: 'cancelled'});
    expect(ledger.balance('alice')).toBe(100_000_000n);
  });

  test('its change is spendable, and the original confirming after a reorg takes the payouts back', async () => {
    const {broadcast, raw, txid} = await ledger.send();
    const twin = twinOf(broadcast);
    await ledger.block(twin.raw);
    await ledger.reorg(1, raw);
    expect(await ledger.store.payout(id)).toMatchObject({status: 'confirmed', txid});
    expect(ledger.balance('network_fee')).toBe(0n - broadcast.plan.fee);
    expect(await ledger.faults()).toEqual([]);
  });

  test('its change waits for a block: while two members could confirm, nothing is built on one', async () => {
    const {broadcast} = await ledger.send();
    const twin = twinOf(broadcast);
    await ledger.block(twin.raw);
    await ledger.reorg(1);
    await ledger.seen(twin.raw);
    await ledger.accept(ledger.request('alice', '0.1'));
    expect(await ledger.reserve()).toBeUndefined();
    await ledger.block(twin.raw);
    expect((await ledger.reserve())?.plan.inputs[0]!.outpoint.txid).toBe(twin.txid);
  });

  test('that pays somebody else besides is a conflict', async () => {
    const {broadcast} = await ledger.send();
    const change = broadcast.plan.outputs[broadcast.changeVout!]!;
    const outputs = [
      ...broadcast.plan.outputs.filter(output => output !== change),
      {...strangersAddress(), amount: satoshi(change.amount - 5000n)},
    ];
    await ledger.block(unsignedBytes({inputs: broadcast.plan.inputs, outputs}).raw);
    isRobbed = true;
    expect((await ledger.store.payout(id)).status).toBe('conflicted');
  });
});
