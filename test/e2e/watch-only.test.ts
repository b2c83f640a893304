import {readFileSync, writeFileSync} from 'node:fs';
import {afterAll, afterEach, beforeAll, expect, test} from 'vitest';
import type {Payout} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {TPUB} from '../support/keys.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start({derive: 'gap_limit: 5'});
}, 120_000);
afterEach(() => expectInvariants(world), 60_000);
afterAll(() => world?.dispose());

/** Address of the `hot` wallet's own descriptor by index, as the node derives it. */
const nodesAddress = async (index: number, internal = false): Promise<string> => {
  const {descriptors} = await world.node.rpc<{descriptors: {desc: string; internal: boolean}[]}>(
    'listdescriptors',
    [false],
    'hot',
  );
  const {desc} = descriptors.find(one => one.desc.startsWith('wpkh(') && one.internal === internal)!;
  return (await world.node.rpc<string[]>('deriveaddresses', [desc, [index, index]]))[0]!;
};

test('addresses are derived in order, without the node, and money to them is credited', async () => {
  const first = await world.customer('alice');
  expect(first).toBe(await nodesAddress(0));
  await world.node.stop();
  expect(await world.api.createAddress('alice')).toMatch(/^bcrt1q/);
  await world.node.start();
  for (const wallet of ['hot', 'outside'])
    if (!(await world.node.rpc<string[]>('listwallets')).includes(wallet)) await world.node.rpc('loadwallet', [wallet]);
  await world.pay(first, '0.5');
  await world.mine(3);
  await until('alice to be credited', async () => (await world.api.account('alice')).balance === '0.50000000');
});

test('a payout is held, and says that nobody signs; cancelled, its money is back', async () => {
  const {body} = await world.api.pay('one', {account: 'alice', address: await world.outsideAddress(), amount: '0.1'});
  const held = await until('the payout to be held', async () => {
    const payout: Payout = await world.api.payout(body.id);
    return payout.status === 'held' ? payout : undefined;
  });
  expect(held).toMatchObject({
    reason: 'no_signer: no signer is configured: name one in coins.btc.wallet.signer',
    clears: 'itself',
    cancellable: true,
  });
  await world.api.post(`/v1/btc/payouts/${body.id}/cancel`);
  expect((await world.api.account('alice')).balance).toBe('0.50000000');
});

test('money to an address that nobody was told of goes to suspense, and the address is skipped', async () => {
  await world.pay(await nodesAddress(3), '0.25');
  await world.mine(3);
  await until('suspense to hold it', async () => (await world.api.account('suspense')).balance === '0.25000000');
  expect(await world.api.createAddress('alice')).toBe(await nodesAddress(2));
  expect(await world.api.createAddress('alice')).toBe(await nodesAddress(4));
});

test('more unpaid addresses in a row than the gap limit are warned of, in the log, the status and by check', async () => {
  for (let i = 0; i < 6; i++) await world.api.createAddress('alice');
  expect(world.engine.logs()).toMatch(/addresses in a row were handed out and not paid/);
  const check = await world.run('check');
  expect(check.stdout).toMatch(
    /btc addresses.*in a row were handed out and not paid; other wallet software looks 5 ahead/,
  );
  expect(check.stdout).toMatch(/derived from its own descriptors .*; signed by nobody, so that payouts are held/);
});

test('another wallet on the same ledger is refused by name, and nothing is handed out', async () => {
  await world.engine.stop();
  const right = readFileSync(world.config.path, 'utf8');
  writeFileSync(world.config.path, right.replace(/^ {4}wallet: .*$/m, `    wallet: {xpub: ${TPUB}, type: segwit}`));
  const check = await world.run('check', '--json');
  expect(check.code).toBe(78);
  expect(check.stdout).toContain('wallet_mismatch');
  expect((await world.run('init')).stdout).toContain('this ledger belongs to the wallet with fingerprints');
  const address = await world.run('address', 'new', 'btc', '--account', 'alice', '--json');
  expect(`${address.stdout}${address.stderr}`).toContain(
    'the btc ledger was made with another wallet than the one in coins.btc.wallet',
  );
  await world.engine.start();
  await until('the engine to say so', async () => JSON.stringify(await world.api.status()).includes('wrong_wallet'));
  await world.engine.stop();
  writeFileSync(world.config.path, right);
  await world.engine.start();
});
