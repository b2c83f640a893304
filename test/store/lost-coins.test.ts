import {randomBytes} from 'node:crypto';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {parseAmount, satoshi} from '../../source/primitives/amount.ts';
import type {Txid} from '../../source/primitives/ids.ts';
import {PayoutLedger, strangersAddress, unsignedBytes} from '../support/payout-ledger.ts';

// A payment built on a coin whose own transaction loses to another branch: it can never confirm, and nothing of the
// payment itself says so.

let ledger: PayoutLedger;
let deposit: {raw: Buffer; txid: Txid};
let thief: {raw: Buffer; txid: Txid};
let id: string;
let sent: Awaited<ReturnType<PayoutLedger['send']>>;
beforeEach(async () => {
  ledger = new PayoutLedger();
  const alice = ledger.addAccount('alice');
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
});

test('a thief whose block goes and comes again is a conflict again', async () => {
  await ledger.reorg(1, thief.raw);
  await ledger.reorg(2);
  expect(await status()).toBe('sent');
  expect(await ledger.store.missingParents(sent.id)).toMatchObject([{txid: deposit.txid}]);
  await ledger.block(thief.raw);
  expect(await status()).toBe('conflicted');
});
