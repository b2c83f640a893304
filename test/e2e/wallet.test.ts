import {existsSync, renameSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, expect, test} from 'vitest';
import type {Deposit, Payout} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

// The chain needs no wallet: without the node's, or with another in its place, nothing is paid and no address is given,
// and deposits are tracked as ever.

let world: World;
let address: string;
beforeAll(async () => {
  world = await World.start();
  address = await world.fundedCustomer('alice', '2');
});
afterAll(() => world?.dispose());
afterEach(() => expectInvariants(world));

const folder = (): string => {
  const base = join(world.node.dataDirectory, 'regtest');
  return existsSync(join(base, 'wallets')) ? join(base, 'wallets') : base;
};
/** Until it is put back, a call that needs it cannot load it. */
const take = async () => {
  await world.node.rpc('unloadwallet', ['hot']);
  renameSync(join(folder(), 'hot'), join(folder(), 'kept'));
};
const putBack = () => renameSync(join(folder(), 'kept'), join(folder(), 'hot'));

/** Nothing else, and at least this. */
const healthSays = async (...patterns: RegExp[]) => {
  let last = '';
  const isSaid = async () => {
    const {status, reasons} = (await world.api.health()).body;
    last = `${status}: ${reasons.join(', ')}`;
    return (
      status === (patterns.length === 0 ? 'ok' : 'degraded') &&
      reasons.length === patterns.length &&
      patterns.every((pattern, index) => pattern.test(reasons[index]!))
    );
  };
  await until('the health view to say so', isSaid).catch(() => expect(last).toEqual(patterns));
};

const credited = async (amount: string) => {
  const txid = await world.pay(address, amount);
  const find = async () => (await world.api.all<Deposit>('/v1/btc/deposits')).find(one => one.txid === txid);
  await until('the deposit to be seen', find);
  await world.mine(3);
  await until('the deposit to be credited', async () => (await find())?.status === 'credited');
};

const payoutIs = async (id: string, status: Payout['status']) =>
  until(`payout ${id} to be ${status}`, async () => {
    const payout = await world.api.payout(id);
    return payout.status === status ? payout : undefined;
  });

const pay = async (key: string) =>
  (await world.api.pay(key, {account: 'alice', address: await world.outsideAddress(), amount: '0.1'})).body.id;

test('without its wallet the node is followed: payouts and addresses wait, deposits are credited', async () => {
  await take();
  // As after a restart: nobody has looked at the wallet of this node yet.
  await world.node.stop();
  await world.node.start();
  await healthSays(
    /^btc wallet: .*has no wallet "hot".*; payouts and new addresses wait for it, deposits are tracked$/,
  );
  const id = await pay('no-wallet');
  expect((await payoutIs(id, 'held')).reason).toMatch(/^wallet_missing: .*has no wallet "hot"/);
  const asked = await world.api.request<{code: string; detail: string}>('POST', '/v1/btc/accounts/alice/addresses', {});
  expect(asked).toMatchObject({status: 503, body: {code: 'backend_unavailable'}});
  expect(asked.body.detail).toMatch(/has no wallet "hot"/);
  await credited('0.3');
  // Applications are not told that the node is down.
  const told = (await world.api.events()).filter(({type}) => type.startsWith('backend.'));
  expect(told.at(-1)?.type ?? 'backend.up').toBe('backend.up');
  const [coin] = (await world.api.status()).coins;
  expect(coin).toMatchObject({backend: {state: 'wrong_wallet'}});
  expect(coin!.payouts_paused).toMatch(/has no wallet "hot"/);
  // An engine that starts now does so too.
  await world.engine.kill();
  await world.engine.start();
  await credited('0.2');
  expect((await world.run('check')).code).toBe(69);
  putBack();
  await healthSays();
  await payoutIs(id, 'sent');
  await world.mine(1);
  await payoutIs(id, 'confirmed');
});

test('a fresh wallet of the same name is refused by name, and deposits are credited', async () => {
  await take();
  await world.node.createWallet('hot');
  await world.node.stop();
  await world.node.start();
  await healthSays(/^btc wallet: the wallet is not the one that the btc ledger was initialised with: load that one; /);
  const id = await pay('wrong-wallet');
  expect((await payoutIs(id, 'held')).reason).toMatch(/^wallet_missing: the wallet is not the one/);
  const asked = await world.api.request<{code: string}>('POST', '/v1/btc/accounts/alice/addresses', {});
  expect(asked).toMatchObject({status: 503, body: {code: 'wallet_mismatch'}});
  await credited('0.4');
  // Its coins are not the ledger's, and nothing of the ledger's could be paid from them.
  await world.pay(await world.node.rpc<string>('getnewaddress', [], 'hot'), '5');
  await world.mine(1);
  await world.caughtUp();
  const imported = await world.run('import', 'btc', '--account', 'alice');
  expect(imported.code).toBe(78);
  expect(imported.stderr).toMatch(/the wallet is not the one that the btc ledger was initialised with/);
  const check = await world.run('check');
  expect(check.code).toBe(78);
  expect(check.stdout).toMatch(/is not the one that the btc ledger was made with/);
  await world.node.rpc('unloadwallet', ['hot']);
  renameSync(join(folder(), 'hot'), join(folder(), 'fresh'));
  putBack();
  await healthSays();
  await payoutIs(id, 'sent');
  await world.mine(1);
});
