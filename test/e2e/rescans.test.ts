import {afterEach, beforeEach, expect, test} from 'vitest';
import type {Job} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start({zmq: false});
});
afterEach(async () => {
  await world?.dispose();
});

test('deposits and blocks of the time the engine was off are found at its start', async () => {
  const addresses = [await world.customer('alice'), await world.customer('bob')];
  expect((await world.engine.stop()).code).toBe(0);
  for (let block = 0; block < 10; block += 1) {
    for (const address of addresses) await world.pay(address, '0.05');
    await world.mine(1);
  }
  const waiting = await world.pay(addresses[0]!, '0.07');
  await world.engine.start();
  await world.caughtUp();
  await until('the one in the mempool', async () => (await world.api.deposits(`?txid=${waiting}`)).length === 1);
  await world.mine(3);
  await world.caughtUp();
  await expectInvariants(world, {balances: {alice: '0.57000000', bob: '0.50000000'}});
});

test('a payout mined while the engine was off is confirmed at its start, and a reorg of that time is followed', async () => {
  await world.fundedCustomer('alice', '1');
  const {body} = await world.api.pay('one', {account: 'alice', address: await world.outsideAddress(), amount: '0.3'});
  await until('it to be sent', async () => (await world.api.payout(body.id)).status === 'sent');
  await world.engine.stop();
  await world.mine(2);
  await world.reorg(2);
  await world.mine(1);
  await world.engine.start();
  await world.caughtUp();
  expect(await world.api.payout(body.id)).toMatchObject({status: 'confirmed', confirmations: 4});
  await expectInvariants(world, {balances: {alice: '0.70000000'}});
});

test('a rescan of what is known finds nothing new and changes nothing, by verb and by API', async () => {
  await world.fundedCustomer('alice', '1', 5);
  await world.mine(3);
  await world.caughtUp();
  // A busy machine may find its node away and back; that is no news of the chain.
  const news = async () => (await world.api.events()).filter(({type}) => !type.startsWith('backend.'));
  const events = await news();
  const rescan = await world.run('rescan', '--json');
  expect(rescan.code, rescan.stderr).toBe(0);

  const started = await world.api.request<Job>('POST', '/v1/btc/rescans', {});
  expect(started.status).toBe(202);
  const job = await until('the rescan to finish', async () => {
    const now = await world.api.get<Job>(`/v1/btc/jobs/${started.body.id}`);
    return now.status === 'running' ? undefined : now;
  });
  expect(job).toMatchObject({status: 'finished', found: 0, changed: 0});
  expect(job.known).toBeGreaterThanOrEqual(5);
  expect(await news()).toEqual(events);
  await expectInvariants(world, {balances: {alice: '1.00000000'}});
});

test('rescan works without a running engine', async () => {
  const address = await world.customer('alice');
  await world.engine.stop();
  await world.pay(address, '0.4');
  await world.mine(4);
  const rescan = await world.run('rescan', '--json');
  expect(rescan.code, rescan.stderr).toBe(0);
  const deposits = await world.run('deposits', 'btc', '--json');
  expect(deposits.code, deposits.stderr).toBe(0);
  expect(JSON.parse(deposits.stdout)).toMatchObject({items: [{amount: '0.40000000', status: 'credited'}]});
  await world.engine.start();
  await expectInvariants(world, {balances: {alice: '0.40000000'}});
});
