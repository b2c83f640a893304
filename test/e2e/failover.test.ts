import {rmSync} from 'node:fs';
import {afterEach, expect, test} from 'vitest';
import type {BackendEvent, Deposit} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {connectNodes, untilSameTip} from '../support/peers.ts';
import {RegtestNode} from '../support/regtest-node.ts';
import {until} from '../support/until.ts';
import {World, type WorldOptions} from '../support/world.ts';

// The real engine with two real nodes: `own` has the wallets and mines, `peer` only tells of the network.

let world: World;
let peer: RegtestNode;
afterEach(async () => {
  await world.dispose();
  await peer.dispose();
});

const start = async (place: 'before' | 'after', options: WorldOptions = {}): Promise<void> => {
  peer = await RegtestNode.start({zmq: false});
  const backend = `{name: peer, type: bitcoind, url: "${peer.url}", auth: {cookie: ${JSON.stringify(peer.cookiePath)}}}`;
  world = await World.start({...options, bare: true, beside: {[place]: [backend]}});
  await connectNodes(peer, world.node);
  await world.init();
  await world.engine.start();
  await untilSpeaks(place === 'before' ? 'peer' : 'own');
};

const backend = async () => (await world.api.status()).coins[0]!.backend;
const untilSpeaks = async (name: string) =>
  until(`${name} to speak`, async () => {
    const {name: speaker, state} = await backend();
    return speaker === name && state === 'ok';
  });
const sourceOf = async (name: string) => (await backend()).sources.find(source => source.name === name)!;
const depositOf = async (txid: string): Promise<Deposit | undefined> =>
  (await world.api.get<{items: Deposit[]}>(`/v1/btc/deposits?txid=${txid}`)).items[0];
const untilDeposit = async (txid: string, status: Deposit['status']) =>
  until(`the deposit to be ${status}`, async () => (await depositOf(txid))?.status === status);

const told = async (): Promise<string[]> =>
  (await world.api.events())
    .filter(({type}) => type.startsWith('backend.'))
    .map(({type, data}) => `${type} ${(data as BackendEvent).backend} > ${(data as BackendEvent).speaks ?? '-'}`);

test('the preferred node is killed while a deposit and a payout are under way: nothing is lost, nothing is done twice', async () => {
  await start('before', {broadcastPeriod: '100ms'});
  const checked = await world.run('check');
  expect(checked.code, checked.stderr).toBe(0);
  expect(checked.stdout).toMatch(/btc node peer.*answers, at height 105/);
  expect(checked.stdout).toMatch(/btc node own.*answers, at height 105/);
  await world.fundedCustomer('alice', '2');
  const address = await world.customer('bob');
  await untilSameTip(peer, world.node);

  const txid = await world.pay(address, '0.5');
  const {body} = await world.api.pay('one', {account: 'alice', address: await world.outsideAddress(), amount: '0.4'});
  await peer.kill();
  await untilDeposit(txid, 'detected');
  await until('the payout to be sent', async () => (await world.api.payout(body.id)).status === 'sent');
  await untilSpeaks('own');
  expect(await sourceOf('peer')).toMatchObject({state: 'down', speaks: false, type: 'bitcoind'});
  await until('the switch to be told', async () => (await told()).includes('backend.down peer > own'));
  const status = await world.api.status();
  expect(status.alerts.map(({text}) => text).join('\n')).toMatch(/BTC backend peer down: .*; own speaks/);
  expect(status.engine.state).toBe('degraded');
  await world.mine(3);
  await untilDeposit(txid, 'credited');
  expect((await world.run('check')).code).toBe(69);

  await peer.start();
  await connectNodes(peer, world.node);
  await untilSpeaks('peer');
  await until('the switch back to be told', async () => (await told()).includes('backend.up peer > peer'));
  await world.mine(5);
  await until('the payout to settle', async () => (await world.api.payout(body.id)).status === 'settled');
  expect(await told()).toEqual(['backend.down peer > own', 'backend.up peer > peer']);
  await untilSameTip(peer, world.node);
  await expectInvariants(world, {balances: {alice: '1.60000000', bob: '0.50000000'}});
}, 180_000);

test('the node with the wallet stands still: deposits go on but for large ones, addresses and payouts wait and say so', async () => {
  await start('after', {broadcastPeriod: '100ms', agreement: '{above: "0.4"}'});
  await world.fundedCustomer('alice', '2');
  const address = await world.customer('bob');
  // Another miner and payer: the world's own node is about to go.
  await peer.createWallet('payer');
  const coinbase = await peer.rpc<string>('getnewaddress', [], 'payer');
  await peer.mine(1, coinbase);
  await peer.mine(101);
  await untilSameTip(peer, world.node);
  await world.caughtUp();

  await world.node.freeze();
  await untilSpeaks('peer');
  const txid = await peer.rpc<string>('sendtoaddress', {address, amount: 0.3, fee_rate: 5}, 'payer');
  const large = await peer.rpc<string>('sendtoaddress', {address, amount: 0.5, fee_rate: 5}, 'payer');
  await untilDeposit(large, 'detected');
  await peer.mine(3);
  await untilDeposit(txid, 'credited');
  const waiting = /1 of 2 backends say that it is in block \d+; own is down/;
  await until('the large one to wait', async () => waiting.test((await depositOf(large))?.waits_for ?? ''));
  expect(await depositOf(large)).toMatchObject({status: 'detected', confirmations: 3});
  const coin = await until('the status to say so', async () => {
    const [found] = (await world.api.status()).coins;
    return found?.agreement?.waiting === 1 ? found : undefined;
  });
  expect(coin.agreement).toEqual({above: '0.40000000', sources: 2, waiting: 1, denied: []});
  expect((await world.api.status()).alerts.map(({id}) => id)).toContain('btc:agreement');
  expect((await world.api.request('POST', '/v1/btc/accounts/bob/addresses', {})).status).toBe(503);
  const {body} = await world.api.pay('one', {account: 'alice', address, amount: '0.4'});
  await until('the loop to say what it waits for', async () => {
    const loop = (await world.api.status()).loops.find(({name}) => name === 'broadcast');
    return /bitcoind at .* did not answer/.test(loop?.detail ?? '');
  });
  expect((await world.api.payout(body.id)).status).not.toBe('sent');

  world.node.thaw();
  await untilDeposit(large, 'credited');
  await until('the payout to be sent', async () => (await world.api.payout(body.id)).status === 'sent');
  await peer.mine(8);
  await until('the payout to settle', async () => (await world.api.payout(body.id)).status === 'settled');
  await untilSameTip(peer, world.node);
  await expectInvariants(world);
}, 180_000);

test('init needs the preferred backend, and says of another one that it is away', async () => {
  await start('after');
  await world.engine.stop();
  const forget = () => rmSync(world.config.ledger, {force: true});
  forget();
  await peer.stop();
  const without = await world.run('init');
  expect(without.code, without.stdout).toBe(0);
  expect(without.stdout).toMatch(/btc node peer.*does not answer now, and is asked again when the engine runs/);
  forget();
  await world.node.stop();
  await peer.start();
  expect((await world.run('init')).code).toBe(69);
  await world.node.start();
}, 120_000);
