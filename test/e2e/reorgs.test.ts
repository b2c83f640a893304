import {afterEach, beforeEach, expect, test} from 'vitest';
import type {Deposit, Payout} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(async () => {
  await world?.dispose();
});

const deposit = async (txid: string): Promise<Deposit> => (await world.api.deposits(`?txid=${txid}`))[0]!;
const typesOf = async (prefix: string, id: string) =>
  (await world.api.events())
    .filter(({type, data}) => type.startsWith(prefix) && (data as Deposit | Payout).id === id)
    .map(({type}) => type)
    .filter(type => !type.endsWith('confirmations'));

test('a reorg of 1 block that mines the deposit again costs it nothing', async () => {
  const txid = await world.pay(await world.customer('alice'), '0.5');
  await world.mine(1);
  await until('a confirmation', async () => (await deposit(txid)).confirmations === 1);
  await world.reorg(1);
  await world.caughtUp();
  expect(await deposit(txid)).toMatchObject({status: 'detected', confirmations: 2});
  await world.mine(1);
  await until('the credit', async () => (await deposit(txid)).status === 'credited');
  expect((await typesOf('deposit', (await deposit(txid)).id)).filter(type => type === 'deposit.credited').length).toBe(
    1,
  );
  await expectInvariants(world, {balances: {alice: '0.50000000'}});
});

test('a reorg of 6 blocks without the deposit reverses its credit, and credits it again once it is mined', async () => {
  const txid = await world.pay(await world.customer('alice'), '0.5');
  await world.mine(6);
  await until('the credit', async () => (await deposit(txid)).status === 'credited');
  await world.reorg(6, {empty: true});
  await world.caughtUp();
  await until('the reversal', async () => (await world.api.account('alice')).balance === '0.00000000');
  expect((await world.api.account('alice')).pending).toBe('0.50000000');
  await expectInvariants(world, {balances: {alice: '0.00000000'}});

  await world.mine(3);
  await until('the new credit', async () => (await deposit(txid)).status === 'credited');
  const types = await typesOf('deposit', (await deposit(txid)).id);
  expect(types.filter(type => type === 'deposit.credited').length).toBe(2);
  expect(types.filter(type => type === 'deposit.dropped').length).toBe(1);
  await expectInvariants(world, {balances: {alice: '0.50000000'}});
});

test('a deposit double-spent on the other branch is reversed for good, and a spent balance freezes the account', async () => {
  const txid = await world.pay(await world.customer('thief'), '0.5', 2);
  // The coin that the payout takes, since it fits better: the thief's stays as it is.
  await world.fundedCustomer('honest', '0.41');
  await until('the credit', async () => (await deposit(txid)).status === 'credited');
  const paid = await world.api.pay('spend', {account: 'thief', address: await world.outsideAddress(), amount: '0.4'});
  expect(paid.status).toBe(201);
  await until('the payout to be sent', async () => (await world.api.payout(paid.body.id)).status === 'sent');

  const height = await world.node.rpc<number>('getblockcount');
  const {blockhash} = await world.node.rpc<{blockhash: string}>('gettransaction', [txid], 'outside');
  const {height: at} = await world.node.rpc<{height: number}>('getblockheader', [blockhash]);
  await world.node.rpc('invalidateblock', [blockhash]);
  const options = {fee_rate: 60, outputs: [{[await world.outsideAddress()]: '0.5'}]};
  await world.node.rpc('bumpfee', [txid, options], 'outside');
  await world.mine(height - at + 2);
  await world.caughtUp();
  await until('the drop', async () => (await deposit(txid)).status === 'dropped');
  expect(await world.api.account('thief')).toMatchObject({balance: '-0.40000000', frozen: true});
  await expectInvariants(world, {balances: {honest: '0.41000000'}});
});

test('a payout whose block goes away is unconfirmed, and confirmed again in the next', async () => {
  await world.fundedCustomer('alice', '1');
  const {body} = await world.api.pay('one', {account: 'alice', address: await world.outsideAddress(), amount: '0.4'});
  await until('it to be sent', async () => (await world.api.payout(body.id)).status === 'sent');
  await world.mine(1);
  await until('it to be confirmed', async () => (await world.api.payout(body.id)).status === 'confirmed');
  await world.reorg(1, {empty: true});
  await until('it to be unconfirmed', async () => (await world.api.payout(body.id)).status === 'sent');
  await expectInvariants(world);
  await world.mine(8);
  const settled = await until('it to be settled', async () => {
    const payout = await world.api.payout(body.id);
    return payout.status === 'settled' ? payout : undefined;
  });
  expect(await typesOf('payout', settled.id)).toEqual([
    'payout.queued',
    'payout.sent',
    'payout.confirmed',
    'payout.unconfirmed',
    'payout.confirmed',
    'payout.settled',
  ]);
  await expectInvariants(world, {balances: {alice: '0.60000000'}});
});

test('a fork deeper than max_confirmation_count reverses nothing and stops payouts until it is accepted', async () => {
  const txid = await world.pay(await world.customer('alice'), '0.5');
  await world.mine(10);
  await until('the deposit to settle', async () => (await deposit(txid)).status === 'settled');
  await world.reorg(10, {empty: true});
  const paused = await until('payouts to stop', async () => (await world.api.status()).coins[0]?.payouts_paused);
  expect(paused).toMatch(/accept/);
  expect((await world.api.account('alice')).balance).toBe('0.50000000');
  await world.api.post('/v1/btc/chain/accept-reorg', {});
  await world.mine(3);
  await world.caughtUp();
  await expectInvariants(world, {balances: {alice: '0.50000000'}});
});
