import {afterAll, afterEach, beforeAll, expect, test} from 'vitest';
import type {Bitcoind} from '../../../source/backends/bitcoind/index.ts';
import {broadcastKind, nodesWords, refusalKind} from '../../../source/backends/electrum/fault-table.ts';
import type {TransactionPlan} from '../../../source/payout/ports.ts';
import type {NetworkSide} from '../../../source/payout/sides.ts';
import {openBitcoind} from '../../support/bitcoind.ts';
import {openElectrum} from '../../support/electrum.ts';
import {ElectrumServer} from '../../support/electrum-server/index.ts';
import {planInputs, planOf, signPlan} from '../../support/plan.ts';
import {RegtestNode} from '../../support/regtest-node.ts';

let node: RegtestNode;
let server: ElectrumServer;
let backend: NetworkSide;
let bitcoind: Bitcoind;
const newAddress = () => node.rpc<string>('getnewaddress', [], 'hot');
const sign = async (plan: TransactionPlan) => signPlan(bitcoind, plan);
const some = async (fee?: bigint) => sign(planOf(await planInputs(node, 1), [{address: await newAddress()}], fee));
const mine = async () => {
  await node.mine(1);
  await server.sync();
};

beforeAll(async () => {
  node = await RegtestNode.start();
  await node.createWallet('hot');
  await node.mine(130, await newAddress());
  bitcoind = openBitcoind(node);
  server = await ElectrumServer.start({node});
  backend = openElectrum(server.url, {timeout: 2_000});
});
afterEach(() => {
  server.lies = {};
});
afterAll(async () => {
  await backend.close();
  await bitcoind.close();
  await server.close();
  await node.dispose();
});

test('a transaction is absent, then in the mempool, then anchored; sending it again is accepted each time', async () => {
  const {raw, txid} = await some();
  const {broadcaster} = backend;
  expect(await broadcaster.find(txid)).toBe('absent');
  expect(await broadcaster.testAccept(raw)).toEqual({kind: 'acceptable'});
  expect(await broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  expect(await broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  expect(await broadcaster.find(txid)).toBe('mempool');
  await mine();
  expect(await broadcaster.find(txid)).toBe('anchored');
  expect(await broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
});

test('one whose input another has spent: its inputs are unavailable, in the mempool and in a block', async () => {
  const inputs = await planInputs(node, 1);
  const loser = await sign(planOf(inputs, [{address: await newAddress()}], 1_000n));
  const winner = await sign(planOf(inputs, [{address: await newAddress()}], 50_000n));
  expect(await backend.broadcaster.send(winner.raw, winner.txid)).toEqual({kind: 'accepted'});
  expect(await backend.broadcaster.send(loser.raw, loser.txid)).toMatchObject({kind: 'inputs-unavailable'});
  await mine();
  expect(await backend.broadcaster.send(loser.raw, loser.txid)).toEqual({
    kind: 'inputs-unavailable',
    words: 'bad-txns-inputs-missingorspent',
  });
  expect(await backend.broadcaster.find(loser.txid)).toBe('absent');
});

test('what policy refuses is rejected with the words of the node, and without the transaction in them', async () => {
  const {raw, txid} = await some(0n);
  expect(await backend.broadcaster.send(raw, txid)).toEqual({
    kind: 'rejected',
    words: expect.stringMatching(/^min relay fee not met, 0 < \d+$/) as string,
  });
  expect(await backend.broadcaster.send(Buffer.from('00', 'hex'), txid)).toMatchObject({
    kind: 'rejected',
    words: expect.stringMatching(/^TX decode failed/) as string,
  });
});

test('silence, a lost connection, other words and another txid conclude nothing', async () => {
  const {raw, txid} = await some();
  const method = 'blockchain.transaction.broadcast';
  const send = async () => backend.broadcaster.send(raw, txid);
  server.lies = {silent: new Set([method])};
  expect(await send()).toMatchObject({kind: 'unknown', words: expect.stringMatching(/did not answer/) as string});
  server.lies = {hangsUp: new Set([method])};
  expect(await send()).toMatchObject({kind: 'unknown'});
  server.lies = {errors: new Map([[method, {code: 1, message: 'the moon is full'}]])};
  await expect.poll(send).toMatchObject({kind: 'unknown', words: expect.stringMatching(/the moon is full/) as string});
  const {raw: other, txid: othersTxid} = await some();
  server.lies = {};
  expect(await backend.broadcaster.send(other, txid)).toMatchObject({
    kind: 'unknown',
    words: expect.stringMatching(new RegExp(othersTxid)) as string,
  });
});

test('fees and vitals are those of the node', async () => {
  expect(await backend.fees.estimate(6)).toBeUndefined();
  const {relayfee} = await node.rpc<{relayfee: number}>('getnetworkinfo');
  expect(await backend.health.vitals()).toEqual({
    version: 'TestServer 1.0',
    peers: undefined,
    mempool: undefined,
    feeFloor: Math.round(relayfee * 1e8) / 1000,
  });
  expect(backend.health.notifyChannels()).toEqual([
    {channel: server.url, state: 'ok', lastAt: expect.any(Number) as number, reliable: true},
  ]);
});

const HEX = '02000000000101ca2bd8db7984d8337bde89395eb75e203d354f43e41d82285255';

test.each([
  // ElectrumX, electrs, Blockstream's electrs, Fulcrum: one answer of the node, in their wrappings.
  [1, `the transaction was rejected by network rules.\n\ntxn-mempool-conflict\n[${HEX}]`, 'inputs-unavailable'],
  [1, 'bad-txns-inputs-missingorspent', 'inputs-unavailable'],
  [2, 'daemon error: Missing inputs', 'inputs-unavailable'],
  [1, 'sendrawtransaction RPC error: {"code":-25,"message":"bad-txns-inputs-missingorspent"}', 'inputs-unavailable'],
  [1, 'the transaction was rejected by network rules.\n\n258: txn-mempool-conflict', 'inputs-unavailable'],
  [1, 'insufficient fee, rejecting replacement ab; new feerate 0.00001 BTC/kvB <= old feerate', 'inputs-unavailable'],
  [2, 'Transaction already in block chain', 'already-known'],
  [
    1,
    'the transaction was rejected by network rules.\n\nTransaction outputs already in utxo set\n[00]',
    'already-known',
  ],
  [1, 'txn-already-in-mempool', 'already-known'],
  [1, `the transaction was rejected by network rules.\n\ndust\n[${HEX}]`, 'rejected'],
  [1, '64: dust', 'rejected'],
  [1, 'the transaction was rejected by network rules.\n\nsomething that nobody knows yet', 'rejected'],
  [1, 'mandatory-script-verify-flag-failed (Signature must be zero)', 'rejected'],
  [1, 'too-long-mempool-chain, too many unconfirmed ancestors [limit: 25]', 'rejected'],
  [-101, 'excessive resource usage', 'overloaded'],
  [1, 'server busy - request timed out', 'overloaded'],
  [-32_601, 'unknown method', 'unsupported'],
  [2, 'Loading block index…', 'warming-up'],
  [1, 'the moon is full', 'other'],
])('a broadcast that ends with %i %j is %s', (code, message, kind) => {
  expect(broadcastKind(code, message)).toBe(kind);
  expect(nodesWords(message)).not.toContain(HEX);
});

test.each([
  ['No such mempool or blockchain transaction. Use gettransaction for wallet transactions.', 'not-found'],
  ["daemon error: DaemonError({'code': -5, 'message': 'No such mempool or blockchain transaction.'})", 'not-found'],
  ['tx ab not in block at height 7', 'not-found'],
  ['history too large', 'history-too-long'],
  ['excessive resource usage', 'overloaded'],
  ['something else', 'other'],
])('%j is %s', (message, kind) => {
  expect(refusalKind(1, message)).toBe(kind);
});
