import {afterAll, beforeAll, expect, test} from 'vitest';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world?.dispose();
});

test('coins on the wallet that are not ours are untracked and no drift', async () => {
  const address = await world.customer('alice');
  await world.pay(address, '0.5');
  await world.mine(1);
  await until('the books without strangers', async () => (await world.api.books()).untracked === '0.00000000');
  const strange = (await world.node.rpc('getnewaddress', [], 'hot')) as string;
  await world.pay(strange, '0.25');
  await world.mine(3);
  await until('the strange coins to be told', async () => {
    // Asked again at the next tip only, and not more often than is cheap.
    await world.mine(1);
    return (await world.api.books()).untracked === '0.25000000';
  });
  expect(await world.api.books()).toMatchObject({drift: '0.00000000', chain: '0.50000000'});
  expect(await world.run('check')).toMatchObject({code: 0});
  expect((await world.api.account('alice')).balance).toBe('0.50000000');
});
