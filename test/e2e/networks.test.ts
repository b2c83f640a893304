import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {Deposit, Job, Payout} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {systemProgram} from '../support/system-program.ts';
import {until} from '../support/until.ts';
import {World, type WorldOptions} from '../support/world.ts';

const LITECOIND = systemProgram('litecoind', 'litecoind') !== undefined;

/** What money does is the same on every network and by every road to it. */
const NETWORKS: readonly {name: string; isThere: boolean; options: WorldOptions}[] = [
  {name: 'bitcoind', isThere: true, options: {}},
  {name: 'Bitcoin Knots', isThere: (process.env['KNOTSD'] ?? '') !== '', options: {daemon: 'knots'}},
  {name: 'litecoind', isThere: LITECOIND, options: {daemon: 'litecoind'}},
  {name: 'litecoind and a key of the engine', isThere: LITECOIND, options: {daemon: 'litecoind', key: 'segwit'}},
  {name: 'Esplora', isThere: true, options: {server: 'esplora', key: 'segwit', zmq: false}},
  {name: 'Electrum', isThere: true, options: {server: 'electrum', key: 'segwit', zmq: false}},
  {name: 'block.io, co-signing', isThere: true, options: {server: 'blockio, basic', zmq: false}},
  {name: 'block.io, dtrust', isThere: true, options: {server: 'blockio, dtrust', zmq: false}},
];

describe.each(NETWORKS.filter(({isThere}) => isThere))('$name', ({options}) => {
  let world: World;
  beforeAll(async () => {
    world = await World.start(options);
  });
  afterAll(() => world?.dispose());

  const deposit = async (txid: string): Promise<Deposit> => (await world.api.deposits(`?txid=${txid}`))[0]!;
  const depositReaches = (txid: string, status: Deposit['status']) =>
    until(`the deposit of ${txid} to be ${status}`, async () => (await deposit(txid))?.status === status);
  const payoutReaches = (id: string, status: Payout['status']) =>
    until(`payout ${id} to be ${status}`, async () => {
      const payout = await world.api.payout(id);
      return payout.status === status ? payout : undefined;
    });

  test('deposit: seen in the mempool, credited at 3 confirmations, settled at 8', async () => {
    const txid = await world.pay(await world.customer('alice'), '1.5');
    await depositReaches(txid, 'detected');
    expect((await deposit(txid)).confirmations).toBe(0);
    await world.mine(3);
    await depositReaches(txid, 'credited');
    await world.mine(5);
    await depositReaches(txid, 'settled');
    await expectInvariants(world, {balances: {alice: '1.50000000'}});
  });

  test('reorg: a credit is reversed with its blocks, and comes back with them', async () => {
    const txid = await world.pay(await world.customer('bob'), '0.5');
    await world.mine(4);
    await depositReaches(txid, 'credited');
    await world.reorg(4, {empty: true});
    await world.caughtUp();
    await until('the reversal', async () => (await world.api.account('bob')).balance === '0.00000000');
    await expectInvariants(world);
    await world.mine(3);
    await depositReaches(txid, 'credited');
    await expectInvariants(world, {balances: {bob: '0.50000000'}});
  });

  test('payouts: sent together, their fee shared to the satoshi, confirmed and settled', async () => {
    const addresses = await Promise.all([1, 2, 3].map(() => world.outsideAddress()));
    const answers = await Promise.all(
      addresses.map((address, index) => world.api.pay(`pay-${index}`, {account: 'alice', address, amount: '0.25'})),
    );
    const sent = await Promise.all(answers.map(({body}) => payoutReaches(body.id, 'sent')));
    for (const [index, address] of addresses.entries())
      expect(await world.node.rpc<number>('getreceivedbyaddress', [address, 0], 'outside'), `payout ${index}`).toBe(
        0.25,
      );
    await world.mine(1);
    for (const {id} of sent) await payoutReaches(id, 'confirmed');
    await world.mine(7);
    for (const {id} of sent) await payoutReaches(id, 'settled');
    await expectInvariants(world, {balances: {alice: '0.75000000'}});
  });

  test('restart: what came and went while the engine was killed is found at its start', async () => {
    const address = await world.customer('carol');
    const {body} = await world.api.pay('last', {
      account: 'alice',
      address: await world.outsideAddress(),
      amount: '0.1',
    });
    await world.engine.kill();
    const txids: string[] = [];
    for (let block = 0; block < 5; block += 1) {
      txids.push(await world.pay(address, '0.01'));
      await world.mine(1);
    }
    await world.engine.start();
    await world.caughtUp();
    await depositReaches(txids[0]!, 'credited');
    await payoutReaches(body.id, 'sent');
    await world.mine(3);
    await payoutReaches(body.id, 'confirmed');
    await depositReaches(txids.at(-1)!, 'credited');
    await expectInvariants(world, {balances: {alice: '0.65000000', carol: '0.05000000'}});
  });

  test('node: gone and back, and nothing is lost or asked for', async () => {
    const address = await world.customer('dave');
    await world.node.stop();
    await until('it to be called down', async () => (await world.api.status()).coins[0]?.backend.state === 'down');
    const {body} = await world.api.pay('late', {account: 'carol', address: 'x', amount: '0.01'});
    expect(body.code).toBe('bad_address');
    await world.node.start();
    const txid = await world.pay(address, '0.2');
    await world.mine(3);
    await depositReaches(txid, 'credited');
    await expectInvariants(world, {balances: {dave: '0.20000000'}});
  });

  test('rescan: of what is known finds nothing new and changes nothing', async () => {
    await world.caughtUp();
    // A busy machine may find its node away and back; that is no news of the chain.
    const news = async () => (await world.api.events()).filter(({type}) => !type.startsWith('backend.'));
    const events = await news();
    const started = await world.api.request<Job>('POST', `/v1/${world.config.coin}/rescans`, {});
    expect(started.status).toBe(202);
    const job = await until('the rescan to finish', async () => {
      const now = await world.api.get<Job>(`/v1/${world.config.coin}/jobs/${started.body.id}`);
      return now.status === 'running' ? undefined : now;
    });
    expect(job).toMatchObject({status: 'finished', found: 0, changed: 0});
    expect(await news()).toEqual(events);
  });
});
