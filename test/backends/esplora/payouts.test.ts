import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest';
import {nodesWords} from '../../../source/backends/esplora/broadcaster.ts';
import type {Esplora} from '../../../source/backends/esplora/index.ts';
import {txidOf} from '../../../source/chain/skim.ts';
import {type Outpoint, parseTxid} from '../../../source/primitives/ids.ts';
import {openEsplora} from '../../support/esplora.ts';
import {forbidden, html, insteadOf, on, silence, unavailable} from '../../support/esplora-server/faults.ts';
import {EsploraServer} from '../../support/esplora-server/index.ts';
import {RegtestNode} from '../../support/regtest-node.ts';

let node: RegtestNode;
let server: EsploraServer;
let backend: Esplora;
beforeAll(async () => {
  node = await RegtestNode.start({zmq: false});
  await node.createWallet('hot');
  server = await EsploraServer.start(node);
  backend = openEsplora(server.url, {timeout: 1_500});
  await node.mine(105, await newAddress());
});
afterEach(() => {
  server.fault = undefined;
});
afterAll(async () => {
  await backend.close();
  await server.close();
  await node.dispose();
});

const newAddress = () => node.rpc<string>('getnewaddress', [], 'hot');
const coins = () => node.rpc<{txid: string; vout: number; amount: number}[]>('listunspent', [], 'hot');
/** Signed and not sent: these coins to one address, less a fee. */
const signed = async (inputs: readonly {txid: string; vout: number; amount: number}[], fee = 0.0001) => {
  const total = inputs.reduce((sum, {amount}) => sum + amount, 0);
  const outputs = [{[await newAddress()]: (total - fee).toFixed(8)}];
  const unsigned = await node.rpc<string>('createrawtransaction', [
    inputs.map(({txid, vout}) => ({txid, vout})),
    outputs,
  ]);
  const {hex} = await node.rpc<{hex: string}>('signrawtransactionwithwallet', [unsigned], 'hot');
  const raw = Buffer.from(hex, 'hex');
  return {raw, txid: txidOf(raw)};
};
const outpointOf = ({txid, vout}: {txid: string; vout: number}): Outpoint => ({txid: parseTxid(txid), vout});

describe('sending', () => {
  test('is accepted, again too, and found where it is', async () => {
    const [coin] = await coins();
    const {raw, txid} = await signed([coin!]);
    expect(await backend.broadcaster.find(txid)).toBe('absent');
    expect(await backend.broadcaster.testAccept(raw)).toEqual({kind: 'acceptable'});
    expect(await backend.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
    expect(await backend.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
    expect(await backend.broadcaster.find(txid)).toBe('mempool');
    // Another one that spends the same, for less.
    const rival = await signed([coin!], 0.00005);
    expect(await backend.broadcaster.send(rival.raw, rival.txid)).toMatchObject({
      kind: 'inputs-unavailable',
      words: expect.stringContaining('insufficient fee') as string,
    });
    await node.mine(1);
    expect(await backend.broadcaster.find(txid)).toBe('anchored');
    expect(await backend.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
    expect(await backend.broadcaster.send(rival.raw, rival.txid)).toMatchObject({kind: 'inputs-unavailable'});
  });

  test('of what the node refuses is a refusal in its words', async () => {
    const [coin] = await coins();
    const cheap = await signed([coin!], 0);
    expect(await backend.broadcaster.send(cheap.raw, cheap.txid)).toMatchObject({
      kind: 'rejected',
      words: expect.stringContaining('min relay fee not met') as string,
    });
    expect(await backend.broadcaster.send(Buffer.of(1, 2), cheap.txid)).toMatchObject({kind: 'rejected'});
  });

  test('without the node’s answer says nothing about what became of it', async () => {
    const [coin] = await coins();
    const {raw, txid} = await signed([coin!]);
    const answers = async () => backend.broadcaster.send(raw, txid);
    for (const fault of [html, silence, unavailable]) {
      server.fault = fault;
      expect((await answers()).kind).toBe('unknown');
    }
    server.fault = forbidden;
    expect((await answers()).kind).toBe('unauthorized');
    server.fault = insteadOf(/^\/tx$/, 'ab'.repeat(32));
    expect(await answers()).toMatchObject({kind: 'unknown', words: expect.stringContaining('another txid') as string});
    server.fault = on(/^\/tx$/, () => ({status: 400, type: 'text/plain', body: 'Invalid \u202etransaction'}));
    expect(await answers()).toMatchObject({kind: 'unknown', words: expect.stringContaining('\\u{202e}') as string});
    server.fault = on(/^\/tx$/, () => ({status: 500, type: 'text/plain', body: 'daemon connection lost'}));
    expect((await answers()).kind).toBe('unknown');
    // It went out, and only its answer was lost: the same bytes again are welcome.
    server.fault = undefined;
    expect(await answers()).toEqual({kind: 'accepted'});
  });

  test.each([
    ['sendrawtransaction RPC error: {"code":-25,"message":"bad-txns-inputs-missingorspent"}', 'inputs-unavailable'],
    ['sendrawtransaction RPC error: {"code":-27,"message":"Transaction already in block chain"}', 'already-known'],
    ['sendrawtransaction RPC error: {"code":-26,"message":"min relay fee not met, 14 < 141"}', 'rejected'],
    ['sendrawtransaction RPC error: {"code":-28,"message":"Loading block index..."}', 'warming-up'],
    ['sendrawtransaction RPC error -26: dust', 'rejected'],
    ['sendrawtransaction RPC error -25: Missing inputs', 'inputs-unavailable'],
    ['sendrawtransaction RPC error: txn-already-in-mempool', 'already-known'],
    ['sendrawtransaction RPC error: {"code":"-26"}', 'rejected'],
    ['Timed out', undefined],
    ['', undefined],
  ])('%s means %s', (text, kind) => {
    expect(nodesWords(text)?.kind).toBe(kind);
  });
});

describe('fees', () => {
  test('are those of the longest wait that is not longer than asked for', async () => {
    expect(await backend.fees.estimate(6)).toBeUndefined();
    server.fault = insteadOf(/fee-estimates/, '{"2": 20.5, "6": 10, "144": 1.1}');
    expect(await backend.fees.estimate(1)).toBe(20.5);
    expect(await backend.fees.estimate(2)).toBe(20.5);
    expect(await backend.fees.estimate(5)).toBe(20.5);
    expect(await backend.fees.estimate(6)).toBe(10);
    expect(await backend.fees.estimate(1000)).toBe(1.1);
    server.fault = on(/fee-estimates/, () => ({status: 404, type: 'text/plain', body: 'not found'}));
    expect(await backend.fees.estimate(6)).toBeUndefined();
  });
});

describe('single coins', () => {
  test('are there until a block spends them', async () => {
    const [spent, kept] = await coins();
    const amount = BigInt(Math.round(kept!.amount * 1e8));
    const asked = [outpointOf(spent!), outpointOf(kept!), {txid: parseTxid('cd'.repeat(32)), vout: 0}];
    const {raw, txid} = await signed([spent!]);
    await backend.broadcaster.send(raw, txid);
    const before = await backend.coins.inspect([...asked, {txid, vout: 0}]);
    expect(before.tip).toBe(await node.rpc('getbestblockhash'));
    expect(before.amounts).toEqual([BigInt(Math.round(spent!.amount * 1e8)), amount, undefined, undefined]);
    await node.mine(1);
    expect((await backend.coins.inspect(asked)).amounts).toEqual([undefined, amount, undefined]);
    const [mined, unknown] = await backend.coins.walletTransactions([txid, parseTxid('cd'.repeat(32))]);
    expect(mined).toMatchObject({raw, coinbase: false, block: {hash: await node.rpc('getbestblockhash')}});
    expect(unknown).toBeUndefined();
  });

  test('are of no tip when the chain moved under the question', async () => {
    const [coin] = await coins();
    let isFirst = true;
    server.fault = async (asked, honest) => {
      if (!asked.path.includes('outspend') || !isFirst) return honest();
      isFirst = false;
      await node.mine(1);
      return honest();
    };
    expect(await backend.coins.inspect([outpointOf(coin!)])).toEqual({tip: undefined, amounts: []});
  });
});

test('what the display is told: the mempool’s size and how quick the answers are', async () => {
  expect(await backend.health.vitals()).toMatchObject({mempool: {transactions: expect.any(Number) as number}});
  expect(backend.health.latencies().length).toBeGreaterThan(0);
  expect(backend.health.notifyChannels()).toEqual([]);
});
