import {afterAll, afterEach, beforeAll, expect, test} from 'vitest';
import type {Deposit} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterEach(() => expectInvariants(world));
afterAll(() => world?.dispose());

const depositOf = async (txid: string): Promise<Deposit | undefined> =>
  (await world.api.deposits(`?txid=${txid}`)).at(0);

const reaches = (txid: string, status: Deposit['status']) =>
  until(`the deposit of ${txid} to be ${status}`, async () => {
    const deposit = await depositOf(txid);
    return deposit?.status === status ? deposit : undefined;
  });

const eventTypes = async (deposit: Deposit): Promise<string[]> =>
  (await world.api.events())
    .filter(({type, data}) => type.startsWith('deposit.') && (data as Deposit).id === deposit.id)
    .map(({type}) => type)
    .filter(type => type !== 'deposit.confirmations');

/** Replaces an unconfirmed payment of the outside wallet; with `outputs`, by one that pays them instead. */
const replace = async (txid: string, outputs?: Record<string, string>[]): Promise<string> => {
  const options = {fee_rate: 40, ...(outputs === undefined ? {} : {outputs})};
  return (await world.node.rpc<{txid: string}>('bumpfee', [txid, options], 'outside')).txid;
};

test('a deposit is detected in the mempool, credited at 3 confirmations and settled at 8', async () => {
  const address = await world.customer('plain');
  const txid = await world.pay(address, '0.5');
  const seen = await reaches(txid, 'detected');
  expect(seen).toMatchObject({account: 'plain', address, amount: '0.50000000', confirmations: 0, coinbase: false});
  expect(await world.api.account('plain')).toMatchObject({balance: '0.00000000', pending: '0.50000000'});

  const [first] = await world.mine(2);
  const waiting = await until('2 confirmations', async () => {
    const deposit = await depositOf(txid);
    return deposit?.confirmations === 2 ? deposit : undefined;
  });
  expect(waiting).toMatchObject({status: 'detected', block_hash: first});
  await world.mine(1);
  await reaches(txid, 'credited');
  expect(await world.api.account('plain')).toMatchObject({balance: '0.50000000', pending: '0.00000000'});
  await world.mine(5);
  const settled = await reaches(txid, 'settled');
  expect(await eventTypes(settled)).toEqual(['deposit.detected', 'deposit.credited', 'deposit.settled']);
});

test('a deposit replaced by a payment to somebody else is dropped without waiting for a block', async () => {
  const txid = await world.pay(await world.customer('jilted'), '0.2', 2);
  await reaches(txid, 'detected');
  const by = await replace(txid, [{[await world.outsideAddress()]: '0.2'}]);
  const dropped = await reaches(txid, 'dropped');
  expect(dropped).toMatchObject({reason: 'replaced', replaced_by: by});
  await world.mine(3);
  await world.caughtUp();
  expect(await world.api.account('jilted')).toMatchObject({balance: '0.00000000', pending: '0.00000000'});
  expect(await eventTypes(dropped)).toEqual(['deposit.detected', 'deposit.dropped']);
});

test('a deposit replaced by one that still pays us is credited once, under its new txid', async () => {
  const txid = await world.pay(await world.customer('hasty'), '0.3', 2);
  await reaches(txid, 'detected');
  const by = await replace(txid);
  expect(await reaches(txid, 'dropped')).toMatchObject({reason: 'replaced', replaced_by: by});
  await reaches(by, 'detected');
  await world.mine(3);
  await reaches(by, 'credited');
  expect(await world.api.account('hasty')).toMatchObject({balance: '0.30000000', pending: '0.00000000'});
  expect((await depositOf(txid))?.status).toBe('dropped');
});

test('a deposit evicted from the mempool, seen again and mined is credited once', async () => {
  const txid = await world.pay(await world.customer('evicted'), '0.4');
  await reaches(txid, 'detected');
  const raw = await world.node.rpc<string>('getrawtransaction', [txid]);
  await world.node.stop();
  await world.node.start(['-persistmempool=0', '-walletbroadcast=0']);
  const dropped = await until('the deposit to be dropped', async () => {
    const deposit = await depositOf(txid);
    return deposit?.status === 'dropped' ? deposit : undefined;
  });
  expect(dropped.reason).toBe('evicted');
  await world.node.rpc('sendrawtransaction', [raw]);
  await reaches(txid, 'detected');
  await world.mine(3);
  const credited = await reaches(txid, 'credited');
  expect(await world.api.account('evicted')).toMatchObject({balance: '0.40000000', pending: '0.00000000'});
  expect(await eventTypes(credited)).toEqual([
    'deposit.detected',
    'deposit.dropped',
    'deposit.detected',
    'deposit.credited',
  ]);
  await world.node.stop();
  await world.node.start();
});

test('one transaction to three addresses of two accounts is three deposits, exact to the satoshi', async () => {
  const first = await world.customer('twice');
  const second = await world.api.createAddress('twice');
  const other = await world.customer('once');
  const amounts = {[first]: '0.10000001', [second]: '0.00000999', [other]: '0.2'};
  const txid = await world.node.rpc<string>('sendmany', ['', amounts], 'outside');
  await world.mine(3);
  await reaches(txid, 'credited');
  expect((await world.api.deposits(`?txid=${txid}`)).length).toBe(3);
  expect((await world.api.account('twice')).balance).toBe('0.10001000');
  expect((await world.api.account('once')).balance).toBe('0.20000000');
});

test('a coinbase paid to a customer is credited at 101 confirmations, not before', async () => {
  const [hash] = await world.node.mine(1, await world.customer('miner'));
  const {tx} = await world.node.rpc<{tx: string[]}>('getblock', [hash]);
  const txid = tx[0]!;
  await world.mine(99);
  const immature = await until('100 confirmations', async () => {
    const deposit = await depositOf(txid);
    return deposit?.confirmations === 100 ? deposit : undefined;
  });
  expect(immature).toMatchObject({status: 'detected', coinbase: true});
  await expectInvariants(world, {balances: {miner: '0.00000000'}});
  await world.mine(1);
  const credited = await until('the credit', async () => {
    const deposit = await depositOf(txid);
    return deposit !== undefined && deposit.status !== 'detected' ? deposit : undefined;
  });
  expect((await world.api.account('miner')).balance).toBe(credited.amount);
});
