import {readFileSync, writeFileSync} from 'node:fs';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start({derive: 'birthday: 106', bare: true});
}, 120_000);
afterAll(() => world?.dispose());

test('a ledger with a birthday begins there, and finds what was paid since', async () => {
  const {descriptors} = await world.node.rpc<{descriptors: {desc: string; internal: boolean}[]}>(
    'listdescriptors',
    [],
    'hot',
  );
  const {desc} = descriptors.find(one => one.desc.startsWith('wpkh(') && !one.internal)!;
  const [first] = await world.node.rpc<string[]>('deriveaddresses', [desc, [0, 0]]);
  await world.pay(first!, '0.75');
  await world.mine(10);
  const {stdout} = await world.run('init');
  expect(stdout).toMatch(/starting at height 105/);
  await world.engine.start();
  await world.caughtUp();
  // Nobody was told of the address: it is nobody's money yet.
  await until('what was paid since', async () => (await world.api.account('suspense')).balance === '0.75000000');
});

test('a birthday above the tip is refused by name', async () => {
  await world.engine.stop();
  const config = readFileSync(world.config.path, 'utf8').replace('sqlite:./data/', 'sqlite:./other/');
  writeFileSync(world.config.path, config.replace('birthday: 106', 'birthday: 99999'));
  const {code, stdout} = await world.run('init');
  expect(stdout).toMatch(/coins\.btc\.wallet\.birthday is block 99999, and the node stands at 115/);
  expect(code).toBe(78);
  // A date: nothing before it is looked at.
  writeFileSync(world.config.path, config.replace('birthday: 106', 'birthday: 2009-01-01'));
  expect((await world.run('init')).stdout).toMatch(/starting at height 0/);
});
