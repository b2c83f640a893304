import {afterEach, beforeEach, expect, test} from 'vitest';
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

test('an endpoint that is down, answers 500 and loses an answer gets every event, in order, with one id each', async () => {
  const address = await world.customer('alice');
  await world.receiver.close();
  await world.pay(address, '0.1');
  await until('an attempt in vain', async () => (await world.api.status()).sinks[0]?.state === 'retrying');
  let refused = 0;
  world.receiver.answer = () => ((refused += 1) <= 2 ? 500 : 200);
  await world.receiver.listen();
  await world.mine(3);
  await expectInvariants(world, {balances: {alice: '0.10000000'}});
  expect(refused).toBeGreaterThan(2);
});

test('an engine killed between the answer and its mark delivers again, with the same id', async () => {
  const address = await world.customer('alice');
  let killed: Promise<void> | undefined;
  // The endpoint has the event and says nothing more: the engine dies before it can know.
  world.receiver.answer = () => {
    if (killed !== undefined) return 200;
    killed = world.engine.kill();
    return 'hang';
  };
  await world.pay(address, '0.1');
  await until('the first event', () => killed !== undefined);
  await killed;
  await world.engine.start();
  await until('it to come again', () => world.receiver.accepted.length > 0);
  expect(world.receiver.accepted[0]?.id).toBe(world.receiver.received[0]?.id);
  await world.mine(3);
  await expectInvariants(world, {balances: {alice: '0.10000000'}});
});

test('410 switches the sink off; resumed, it gets what accumulated', async () => {
  const address = await world.customer('alice');
  world.receiver.answer = () => 410;
  await world.pay(address, '0.1');
  await until('the sink to be off', async () => (await world.api.status()).sinks[0]?.state === 'off');
  world.receiver.answer = () => 200;
  await world.mine(3);
  await world.caughtUp();
  expect(world.receiver.accepted).toEqual([]);
  await world.api.post('/v1/sinks/shop/resume', {});
  await expectInvariants(world, {balances: {alice: '0.10000000'}});
});
