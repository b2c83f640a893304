import {afterAll, beforeAll, expect, test} from 'vitest';
import type {Job, Transaction} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
let reused: string;
beforeAll(async () => {
  world = await World.start({bare: true});
  // A wallet with a past: an address paid twice, the first coin spent; a coin of its own change; one more coin.
  reused = await world.node.rpc<string>('getnewaddress', [], 'hot');
  await world.pay(reused, '1.0');
  await world.mine(1);
  await world.node.rpc('sendtoaddress', [await world.outsideAddress(), 0.4], 'hot');
  await world.mine(1);
  await world.pay(reused, '0.25');
  await world.pay(await world.node.rpc<string>('getnewaddress', [], 'hot'), '2.0');
  await world.mine(2);
  await world.init();
  await world.engine.start();
  await world.api.createAccount('treasury');
});
afterAll(() => world?.dispose());

const walletTotal = async () => (await world.node.rpc<number>('getbalance', ['*', 1], 'hot')).toFixed(8);

test('the wallet’s coins become a balance, once, as no deposits, and the books balance', async () => {
  const held = await walletTotal();
  const imported = await world.run('import', 'btc', '--account', 'treasury', '--json');
  expect(imported.code, imported.stderr).toBe(0);
  expect(JSON.parse(imported.stdout)).toMatchObject({account: 'treasury', coins: 3, amount: held, skipped: []});
  expect((await world.api.account('treasury')).balance).toBe(held);
  const {items} = await world.api.get<{items: Transaction[]}>('/v1/btc/transactions?account=treasury');
  expect(new Set(items.map(({kind}) => kind))).toEqual(new Set(['balance_import']));
  expect(await world.api.deposits()).toEqual([]);
  const again = await world.run('import', 'btc', '--account', 'treasury', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({coins: 0, amount: '0.00000000'});
  await world.mine(1);
  await expectInvariants(world, {balances: {treasury: held}});
  await until('nothing to be untracked', async () => {
    await world.mine(1);
    return (await world.api.books()).untracked === '0.00000000';
  });
});

test('a rescan from the beginning finds nothing new, not even what the past spent', async () => {
  const held = await walletTotal();
  const job = await world.api.post<Job>('/v1/btc/rescans', {from: 0});
  const ended = await until('the rescan to end', async () => {
    const now = await world.api.get<Job>(`/v1/btc/jobs/${job.id}`);
    return now.status === 'running' ? undefined : now;
  });
  expect(ended).toMatchObject({status: 'finished', found: 0, changed: 0});
  expect(await world.api.deposits()).toEqual([]);
  await expectInvariants(world, {balances: {treasury: held}});
});

test('imported coins are paid out, and their address takes deposits from now on', async () => {
  const before = Number((await world.api.account('treasury')).balance);
  const paid = await world.api.pay('out', {account: 'treasury', address: await world.outsideAddress(), amount: '2.5'});
  await until('it to go out', async () => (await world.api.payout(paid.body.id)).status === 'sent');
  await world.pay(reused, '0.125');
  await world.mine(3);
  await until('the deposit', async () => (await world.api.deposits())[0]?.status === 'credited');
  expect(await world.api.deposits()).toMatchObject([{account: 'treasury', amount: '0.12500000', address: reused}]);
  await expectInvariants(world, {balances: {treasury: (before - 2.5 + 0.125).toFixed(8)}});
});

test('a reorg that takes an imported coin away takes its money, and gives it back with it', async () => {
  const address = await world.node.rpc<string>('getnewaddress', [], 'hot');
  await world.pay(address, '0.5');
  await world.mine(1);
  await world.caughtUp();
  const before = (await world.api.account('treasury')).balance;
  expect((await world.run('import', 'btc', '--account', 'treasury')).code).toBe(0);
  const after = (Number(before) + 0.5).toFixed(8);
  expect((await world.api.account('treasury')).balance).toBe(after);
  await world.reorg(1, {empty: true});
  await world.caughtUp();
  await until('the money to be gone', async () => (await world.api.account('treasury')).balance === before);
  await expectInvariants(world, {balances: {treasury: before}});
  await world.mine(1);
  await world.caughtUp();
  await until('it to be back', async () => (await world.api.account('treasury')).balance === after);
  await expectInvariants(world, {balances: {treasury: after}});
});

test('an account that is not there, and one of the house, are refused', async () => {
  const nobody = await world.api.request<{code: string}>('POST', '/v1/btc/imports', {account: 'nobody'});
  expect(nobody).toMatchObject({status: 404, body: {code: 'unknown_account'}});
  const house = await world.api.request<{code: string}>('POST', '/v1/btc/imports', {account: 'suspense'});
  expect(house).toMatchObject({status: 422, body: {code: 'house_account'}});
});
