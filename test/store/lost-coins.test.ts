import {randomBytes} from 'node:crypto';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {parseAmount, satoshi} from '../../source/primitives/amount.ts';
import type {Txid} from '../../source/primitives/ids.ts';
import {PayoutLedger, relevant, strangersAddress, unsignedBytes} from '../support/payout-ledger.ts';

// A payment built on a coin whose own transaction loses to another branch: it can never confirm, and nothing of the
// payment itself says so.

let ledger: PayoutLedger;
let alice: number;
let deposit: {raw: Buffer; txid: Txid};
let thief: {raw: Buffer; txid: Txid};
let id: string;
let sent: Awaited<ReturnType<PayoutLedger['send']>>;
beforeEach(async () => {
  ledger = new PayoutLedger();
  alice = ledger.addAccount('alice');
  const own = strangersAddress();
  ledger.ledger.addAddress(own.address, own.scriptPubKey, alice);
  const outpoint = {txid: randomBytes(32).toString('hex') as Txid, vout: 0};
  const inputs = [{outpoint, amount: satoshi(0n), scriptPubKey: own.scriptPubKey}];
  deposit = unsignedBytes({inputs, outputs: [{...own, amount: parseAmount('1')}]});
  thief = unsignedBytes({inputs, outputs: [{...strangersAddress(), amount: parseAmount('0.9')}]});
  await ledger.block(deposit.raw);
  id = (await ledger.accept(ledger.request('alice', '0.4'))).value.id;
  sent = await ledger.send();
  await ledger.seen(sent.raw);
});
afterEach(async () => {
  expect((await ledger.faults()).filter(fault => !fault.startsWith('account alice'))).toEqual([]);
  ledger.close();
});

const status = async () => (await ledger.store.payout(id)).status;

test('the other branch spends the coin’s own coin: a conflict, until that branch is gone', async () => {
  await ledger.reorg(1, thief.raw);
  expect(await ledger.chain.deposits({limit: 1})).toMatchObject({items: [{status: 'dropped', reason: 'conflicted'}]});
  expect(await ledger.store.payout(id)).toMatchObject({status: 'conflicted', cancellable: false});
  expect((await ledger.store.payout(id)).reason).toContain(deposit.txid);
  await ledger.reorg(2, deposit.raw);
  expect(await status()).toBe('sent');
  await ledger.block(sent.raw);
  expect(await status()).toBe('confirmed');
});

test.each(['evicted', 'replaced'])('the same when the coin’s transaction was %s long before', async how => {
  await ledger.reorg(1);
  if (how === 'replaced') await ledger.seen(thief.raw);
  else await ledger.gone(deposit.txid);
  await ledger.gone(sent.txid);
  expect(await status()).toBe('sent');
  await ledger.block(thief.raw);
  expect(await status()).toBe('conflicted');
  for (let n = 0; n < 6; n += 1) await ledger.block();
  expect(ledger.ledger.rows('SELECT 1 FROM output WHERE reserved_by IS NOT NULL')).toEqual([]);
  expect(ledger.ledger.rows('SELECT 1 FROM unconfirmed_input')).toEqual([]);
  expect(await ledger.chain.contestedSince()).toBeUndefined();
});

test('a thief whose block goes and comes again is a conflict again', async () => {
  await ledger.reorg(1, thief.raw);
  await ledger.reorg(2);
  expect(await status()).toBe('sent');
  expect(await ledger.store.missingParents(sent.id)).toMatchObject([{txid: deposit.txid}]);
  await ledger.block(thief.raw);
  expect(await status()).toBe('conflicted');
});

/** Pays `amount` to a script with a coin of somebody's, as a stranger's wallet would. */
const payWith = (outpoint: {txid: Txid; vout: number}, to: {address: string; scriptPubKey: Buffer}, amount: string) =>
  unsignedBytes({
    inputs: [{outpoint, amount: satoshi(0n), scriptPubKey: to.scriptPubKey}],
    outputs: [{...to, amount: parseAmount(amount)}],
  });

const addressOf = (account: string): {address: string; scriptPubKey: Buffer} => {
  const own = strangersAddress();
  ledger.ledger.addAddress(own.address, own.scriptPubKey, ledger.addAccount(account));
  return own;
};

const pay = async (amount: string) => {
  const {value} = await ledger.accept(ledger.request('alice', amount));
  const payment = await ledger.send();
  await ledger.seen(payment.raw);
  return {...payment, payout: value.id};
};

const statuses = async (...ids: string[]) => Promise.all(ids.map(async id => (await ledger.store.payout(id)).status));

const deeply = async () => {
  for (let n = 0; n < 6; n += 1) await ledger.block();
};

describe('a chain of payments', () => {
  test('on change of the first is lost with it, given back with it, and paid again once', async () => {
    const second = await pay('0.2');
    const third = await pay('0.1');
    expect(second.broadcast.plan.inputs).toMatchObject([{outpoint: {txid: sent.txid}}]);
    expect(third.broadcast.plan.inputs).toMatchObject([{outpoint: {txid: second.txid}}]);
    const all = [id, second.payout, third.payout];
    await ledger.reorg(1, thief.raw);
    expect(await statuses(...all)).toEqual(['conflicted', 'conflicted', 'conflicted']);
    await ledger.reorg(2, deposit.raw);
    expect(await statuses(...all)).toEqual(['sent', 'sent', 'sent']);
    await ledger.reorg(3, thief.raw);
    expect(await statuses(...all)).toEqual(['conflicted', 'conflicted', 'conflicted']);
    await expect(ledger.store.repayPayout(third.payout, 6, ledger.now)).rejects.toMatchObject({
      code: 'conflict_not_deep',
    });
    await deeply();
    // What was taken back from alice froze her.
    await ledger.fund(alice, '5');
    for (const payout of all) await ledger.store.repayPayout(payout, 6, ledger.now);
    const again = await ledger.send();
    expect(again.broadcast.payoutIds).toEqual(all);
    await ledger.block(again.raw);
    expect(await statuses(...all)).toEqual(['confirmed', 'confirmed', 'confirmed']);
    expect(ledger.balance('payouts_due')).toBe(0n);
    expect(await ledger.store.openBroadcasts()).toEqual([]);
  });

  test('on what was given up does not have it sent again', async () => {
    const second = await pay('0.2');
    for (const {txid} of [sent, second]) await ledger.gone(txid);
    const missing = async () => (await ledger.store.missingParents(second.id)).map(({txid}) => txid);
    expect(await missing()).toEqual([sent.txid]);
    const becomes = ledger.ledger.connection.sqlite.prepare('UPDATE broadcast SET status = ? WHERE txid = ?');
    becomes.run('abandoned', sent.txid);
    expect(await missing()).toEqual([]);
    becomes.run('sent', sent.txid);
  });

  test('in the blocks that go is lost with them', async () => {
    const second = await pay('0.2');
    await ledger.block(sent.raw);
    await ledger.block(second.raw);
    await ledger.reorg(3, thief.raw);
    expect(await statuses(id, second.payout)).toEqual(['conflicted', 'conflicted']);
  });

  test('on what a stranger paid back from a payment of ours is lost with that payment', async () => {
    const back = payWith({txid: sent.txid, vout: sent.broadcast.changeVout === 0 ? 1 : 0}, addressOf('bob'), '0.39');
    await ledger.block(sent.raw, back.raw);
    expect(ledger.balance('bob')).toBe(parseAmount('0.39'));
    // More than the change holds: the coin that came back is needed.
    const second = await pay('0.6');
    expect(second.broadcast.plan.inputs.map(({outpoint}) => outpoint.txid)).toContain(back.txid);
    await ledger.reorg(2, thief.raw);
    expect(await statuses(id, second.payout)).toEqual(['conflicted', 'conflicted']);
    expect(ledger.balance('bob')).toBe(0n);
    const {items} = await ledger.chain.deposits({limit: 10});
    expect(items.map(({status, reason, replaced_by: by}) => [status, reason, by])).toEqual([
      ['dropped', 'conflicted', thief.txid],
      ['dropped', 'conflicted', thief.txid],
    ]);
  });
});

describe('a coin whose grandparent is a stranger’s', () => {
  const grandparentsCoin = {txid: randomBytes(32).toString('hex') as Txid, vout: 0};
  let grandparent: ReturnType<typeof payWith>;
  let child: ReturnType<typeof payWith>;
  let robber: ReturnType<typeof payWith>;
  let payment: Awaited<ReturnType<typeof pay>>;
  beforeEach(async () => {
    grandparent = payWith(grandparentsCoin, strangersAddress(), '3');
    child = payWith({txid: grandparent.txid, vout: 0}, addressOf('carol'), '2.9');
    robber = payWith(grandparentsCoin, strangersAddress(), '2.8');
    await ledger.block(child.raw);
    payment = await pay('0.5');
    expect(payment.broadcast.plan.inputs.map(({outpoint}) => outpoint.txid)).toContain(child.txid);
  });
  const ancestors = () => [{...relevant(grandparent.raw), outputs: []}];

  test('is asked for in the branch that is left, and lost with the grandparent in the other one', async () => {
    expect(await ledger.chain.unknownAncestors()).toEqual([]);
    expect(await ledger.chain.unknownAncestors(ledger.height)).toEqual([grandparent.txid]);
    await ledger.reorg(1, robber.raw);
    expect(await statuses(payment.payout)).toEqual(['sent']);
    await ledger.reorg(2, child.raw);
    await ledger.reorg(3, {raw: robber.raw, ancestors: ancestors()});
    expect(await statuses(payment.payout)).toEqual(['conflicted']);
    await ledger.reorg(4);
    expect(await statuses(payment.payout)).toEqual(['sent']);
    // Whoever has it again needs them in this order.
    expect((await ledger.store.missingParents(payment.id)).map(({txid}) => txid)).toEqual([
      grandparent.txid,
      child.txid,
    ]);
    await ledger.block(robber.raw);
    expect(await statuses(payment.payout)).toEqual(['conflicted']);
    await deeply();
    expect(await ledger.store.repayPayout(payment.payout, 6, ledger.now)).toMatchObject({status: 'queued'});
  });

  test('is asked for in the mempool, and lost when a later block takes the grandparent’s coin', async () => {
    await ledger.reorg(1);
    expect(await ledger.chain.unknownAncestors()).toEqual([grandparent.txid]);
    await ledger.learn(...ancestors());
    expect(await ledger.chain.unknownAncestors()).toEqual([grandparentsCoin.txid]);
    for (const {txid} of [grandparent, child, payment]) await ledger.gone(txid);
    expect(await statuses(payment.payout)).toEqual(['sent']);
    await ledger.block(robber.raw);
    expect(await statuses(payment.payout)).toEqual(['conflicted']);
  });

  test('comes back with the grandparent, of which nothing is kept waiting', async () => {
    await ledger.reorg(1);
    await ledger.learn(...ancestors());
    await ledger.block(grandparent.raw, child.raw, payment.raw);
    expect(await statuses(payment.payout)).toEqual(['confirmed']);
    expect(await ledger.chain.unanchoredTransactions()).toMatchObject([{txid: sent.txid}]);
    expect(ledger.ledger.rows('SELECT DISTINCT txid FROM unconfirmed_input')).toEqual([{txid: sent.txid}]);
  });
});
