import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {parseAmount, satoshi, sum} from '../../source/primitives/amount.ts';
import {decideBatch, holdAll} from '../../source/payout/decide-batch.ts';
import {PayoutLedger, strangersAddress, unsignedBytes} from '../support/payout-ledger.ts';

let ledger: PayoutLedger;
let alice: number;
beforeEach(async () => {
  ledger = new PayoutLedger();
  alice = ledger.addAccount('alice');
});
afterEach(async () => {
  expect(await ledger.faults()).toEqual([]);
  ledger.close();
});
const accepted = async (amount: string, more = {}) =>
  (await ledger.accept(ledger.request('alice', amount, more))).value;

describe('reserveBatch', () => {
  test('reserves inputs and payouts together, with outputs and fee shares', async () => {
    await ledger.fund(alice, '1.0');
    const [one, two] = [await accepted('0.1'), await accepted('0.2')];
    const batch = await ledger.reserve();
    expect(batch?.payoutIds).toEqual([one.id, two.id]);
    const paid = await Promise.all([one, two].map(({id}) => ledger.store.payout(id)));
    expect(paid.map(({status}) => status)).toEqual(['reserved', 'reserved']);
    expect(sum(paid.map(({fee}) => parseAmount(fee!)))).toBe(batch!.plan.fee);
    for (const {vout, amount} of paid) expect(batch!.plan.outputs[vout!]!.amount).toBe(parseAmount(amount));
    expect(await ledger.store.plannedBroadcast(batch!.id)).toEqual(batch);
    expect(await ledger.reserve()).toBeUndefined();
  });

  test('one coin never goes to two families: the database refuses it', async () => {
    const txid = await ledger.fund(alice, '1.0');
    await accepted('0.1');
    await ledger.reserve();
    expect(() =>
      ledger.ledger.run(
        `INSERT INTO broadcast_input (broadcast_id, position, txid, vout, amount, holds)
         VALUES (1, 7, ?, 0, 100000000, 1)`,
        txid,
      ),
    ).toThrow(/UNIQUE/);
  });

  test('money in suspense, uncredited or spent is not spendable', async () => {
    await ledger.fund(alice, '1.0');
    await accepted('0.1');
    ledger.ledger.run("UPDATE deposit SET status = 'detected'");
    expect(await ledger.reserve()).toBeUndefined();
    ledger.ledger.run("UPDATE deposit SET status = 'credited', account_id = 4");
    expect(await ledger.reserve()).toBeUndefined();
    ledger.ledger.run(`UPDATE deposit SET account_id = ${alice}`);
    ledger.ledger.run("UPDATE output SET spent_by = 'x'");
    expect(await ledger.reserve()).toBeUndefined();
    ledger.ledger.run('UPDATE output SET spent_by = NULL, coinbase = 1');
    expect(await ledger.reserve()).toBeUndefined();
    ledger.ledger.run('UPDATE output SET coinbase = 0');
    expect(await ledger.reserve()).toBeDefined();
  });

  test('what the coins do not cover is held with the exact amount, told once, and goes when it is added', async () => {
    await ledger.fund(alice, '1.0');
    const {id} = await accepted('1.0');
    expect(await ledger.reserve()).toBeUndefined();
    await ledger.reserve();
    const held = await ledger.store.payout(id);
    expect(held).toMatchObject({status: 'held', held_from: 'queued', clears: 'itself', cancellable: true});
    expect(ledger.events(id)).toEqual(['payout.queued', 'payout.held']);
    const missing = /add (\S+) BTC/.exec(held.reason!)![1]!;
    await ledger.fund(ledger.addAccount('house'), missing);
    expect((await ledger.reserve())?.payoutIds).toEqual([id]);
  });

  test('two payouts to one address go in two transactions', async () => {
    await ledger.fund(alice, '1.0');
    await ledger.fund(alice, '1.0');
    const to = strangersAddress();
    const [one, two] = [await accepted('0.1', to), await accepted('0.1', to)];
    expect((await ledger.reserve())?.payoutIds).toEqual([one.id]);
    expect((await ledger.reserve())?.payoutIds).toEqual([two.id]);
  });

  test('payouts of an account that was frozen meanwhile are held for a person, and a release overrides that', async () => {
    await ledger.fund(alice, '1.0');
    const {id} = await accepted('0.1');
    ledger.ledger.run("UPDATE account SET frozen = 'operator' WHERE name = 'alice'");
    expect(await ledger.reserve()).toBeUndefined();
    expect(await ledger.store.payout(id)).toMatchObject({status: 'held', clears: 'person'});
    await ledger.store.releasePayout(id, ledger.now);
    expect((await ledger.reserve())?.payoutIds).toEqual([id]);
  });

  test('payouts that no coin covers, more than are looked at together, block nothing behind them', async () => {
    await ledger.fund(alice, '1.0');
    const away = await ledger.fund(alice, '300.0');
    await Promise.all(Array.from({length: 120}, () => accepted('2.0')));
    ledger.ledger.run("UPDATE output SET spent_by = 'x' WHERE txid = ?", away);
    const small = await accepted('0.1');
    expect((await ledger.reserve(undefined, 50))?.payoutIds).toEqual([small.id]);
  });

  test('our own unconfirmed change is spendable once tracking sees it, and waited for until then', async () => {
    await ledger.fund(alice, '1.0');
    await accepted('0.1');
    const sent = await ledger.send();
    const {id} = await accepted('0.1');
    expect(await ledger.reserve()).toBeUndefined();
    expect((await ledger.store.payout(id)).status).toBe('queued');
    await ledger.seen(sent.raw);
    const next = await ledger.reserve();
    expect(next?.plan.inputs.map(input => input.outpoint.txid)).toEqual([sent.txid]);
    expect(next?.spendsUnconfirmed).toBe(true);
  });

  test('a chain of unconfirmed change ends before the node would refuse it', async () => {
    await ledger.fund(alice, '1.0');
    let length = 0;
    for (; length < 30; length += 1) {
      await accepted('0.001');
      const batch = await ledger.reserve();
      if (!batch) break;
      const {raw, txid} = unsignedBytes(batch.plan);
      await ledger.store.storeSigned(batch.id, raw, txid, ledger.now);
      await ledger.store.markSent(batch.id, 'accepted', ledger.now);
      await ledger.seen(raw);
    }
    expect(length).toBe(20);
  });

  test('change of a transaction that left the mempool is not spendable', async () => {
    await ledger.fund(alice, '1.0');
    await accepted('0.1');
    const sent = await ledger.send();
    await ledger.seen(sent.raw);
    await ledger.gone(sent.txid);
    await accepted('0.1');
    expect(await ledger.reserve()).toBeUndefined();
  });

  test('a plan that pays anything but what was asked is never stored', async () => {
    await ledger.fund(alice, '1.0');
    await accepted('0.1');
    const good = await ledger.rules();
    const tampered = ledger.reserve(offer => {
      const decision = decideBatch(offer, good);
      const {plan, changeVout} = decision.batch!;
      const outputs = plan.outputs.map((output, vout) => ({
        ...output,
        amount: satoshi(output.amount + (vout === changeVout ? -1n : 1n)),
      }));
      return {...decision, batch: {...decision.batch!, plan: {...plan, outputs}}};
    });
    await expect(tampered).rejects.toThrow(/another script or amount/);
    expect((await ledger.store.queue()).queued).toBe(1);
  });
});

describe('what follows a reservation', () => {
  const sendable = async () => {
    await ledger.fund(alice, '1.0');
    const payout = await accepted('0.1');
    const batch = (await ledger.reserve())!;
    return {payout, batch, ...unsignedBytes(batch.plan)};
  };

  test('bytes, txid and attempt are stored before a send, and the application hears of the send once', async () => {
    const {payout, batch, raw, txid} = await sendable();
    await ledger.store.storeSigned(batch.id, raw, txid, ledger.now);
    expect(await ledger.store.payout(payout.id)).toMatchObject({status: 'signed', txid, cancellable: false});
    await ledger.store.countAttempt(batch.id, ledger.now);
    await ledger.store.markSent(batch.id, 'accepted', ledger.now);
    await ledger.store.markSent(batch.id, 'accepted', ledger.now);
    expect(ledger.events(payout.id)).toEqual(['payout.queued', 'payout.sent']);
    expect(await ledger.store.broadcast(txid)).toMatchObject({attempts: 1, status: 'sent', payouts: 1});
    expect((await ledger.store.payouts({limit: 10, txid})).items.length).toBe(1);
  });

  test('a cancel before the bytes are stored gives the money back and the bytes are refused', async () => {
    const {payout, batch, raw, txid} = await sendable();
    const other = await accepted('0.05');
    expect((await ledger.store.cancelPayout(payout.id, ledger.now)).status).toBe('cancelled');
    expect(ledger.balance('alice')).toBe(95_000_000n);
    await expect(ledger.store.storeSigned(batch.id, raw, txid, ledger.now)).rejects.toMatchObject({
      code: 'wrong_state',
    });
    await ledger.store.cancelPayout(payout.id, ledger.now);
    expect(ledger.balance('alice')).toBe(95_000_000n);
    expect((await ledger.reserve())?.payoutIds).toEqual([other.id]);
  });

  test('a cancel after the bytes are stored is refused', async () => {
    const {payout, batch, raw, txid} = await sendable();
    await ledger.store.storeSigned(batch.id, raw, txid, ledger.now);
    await expect(ledger.store.cancelPayout(payout.id, ledger.now)).rejects.toMatchObject({code: 'already_signed'});
    await ledger.store.holdBroadcast(batch.id, {reason: 'refused_by_node', words: 'no'}, ledger.now);
    await expect(ledger.store.cancelPayout(payout.id, ledger.now)).rejects.toMatchObject({code: 'already_signed'});
    expect(ledger.balance('alice')).toBe(90_000_000n);
  });

  test('abandoned before signing: inputs are free, payouts due again, only the bad one held', async () => {
    const {payout, batch} = await sendable();
    const hold = {reason: 'refused_by_node', words: 'dust'} as const;
    await ledger.store.abandonBroadcast(batch.id, hold, ledger.now, new Set([payout.id]));
    expect(await ledger.store.payout(payout.id)).toMatchObject({
      status: 'held',
      held_from: 'reserved',
      reason: 'refused_by_node: dust',
    });
    expect(await ledger.store.queue()).toEqual({queued: 0, held: 1, refused: 1});
    expect(await ledger.reserve()).toBeUndefined();
    const rules = await ledger.rules();
    const again = await ledger.store.reserveBatch(10, offer => decideBatch(offer, rules), ledger.now, 'refused');
    expect(again?.payoutIds).toEqual([payout.id]);
  });

  test('a hold after signing keeps inputs and bytes; a later send goes on from there', async () => {
    const {payout, batch, raw, txid} = await sendable();
    await ledger.store.storeSigned(batch.id, raw, txid, ledger.now);
    await ledger.store.holdBroadcast(batch.id, {reason: 'node_auth', words: '401'}, ledger.now);
    expect(await ledger.store.payout(payout.id)).toMatchObject({status: 'held', held_from: 'signed', txid});
    await expect(ledger.store.abandonBroadcast(batch.id, undefined, ledger.now)).rejects.toMatchObject({
      code: 'wrong_state',
    });
    await expect(ledger.store.releasePayout(payout.id, ledger.now)).rejects.toMatchObject({code: 'wrong_state'});
    expect((await ledger.store.plannedBroadcast(batch.id))?.raw).toEqual(raw);
    await ledger.store.markSent(batch.id, 'accepted', ledger.now);
    expect(ledger.events(payout.id)).toEqual(['payout.queued', 'payout.held', 'payout.sent']);
  });

  test('holding the queue for a reason of the node tells each payout once', async () => {
    await ledger.fund(alice, '1.0');
    const {id} = await accepted('0.1');
    const stop = () => ledger.reserve(offer => holdAll(offer, 'node_behind', 'at 5 of 9'));
    await stop();
    await stop();
    expect(ledger.events(id)).toEqual(['payout.queued', 'payout.held']);
    expect((await ledger.reserve())?.payoutIds).toEqual([id]);
  });

  test('lists are newest first and page by cursor', async () => {
    await ledger.fund(alice, '1.0');
    for (let n = 0; n < 5; n += 1) await accepted('0.01');
    const first = await ledger.store.payouts({limit: 3, account: 'alice'});
    const rest = await ledger.store.payouts({limit: 3, account: 'alice', cursor: first.next!});
    expect([...first.items, ...rest.items].map(({id}) => id)).toEqual(['5', '4', '3', '2', '1']);
    expect(rest.next).toBeNull();
    await expect(ledger.store.payout('99')).rejects.toMatchObject({code: 'not_found'});
    await expect(ledger.store.broadcast('99')).rejects.toMatchObject({code: 'not_found'});
  });
});
