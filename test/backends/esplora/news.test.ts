import type {AddressInfo} from 'node:net';
import {afterAll, afterEach, beforeAll, describe, expect, test, vi} from 'vitest';
import {WebSocketServer} from 'ws';
import {planScan} from '../../../source/backends/esplora/scan-plan.ts';
import {ScriptRounds} from '../../../source/backends/esplora/script-rounds.ts';
import {WatchedScripts} from '../../../source/backends/esplora/watched-scripts.ts';
import {WebsocketChannel} from '../../../source/backends/esplora/websocket-channel.ts';
import type {Esplora} from '../../../source/backends/esplora/index.ts';
import type {Hint} from '../../../source/chain/ports.ts';
import {parseTxid} from '../../../source/primitives/ids.ts';
import {silentLog} from '../../../source/primitives/log.ts';
import {openEsplora, type EsploraOpenOptions} from '../../support/esplora.ts';
import {changed} from '../../support/esplora-server/faults.ts';
import {EsploraServer, type EsploraServerOptions} from '../../support/esplora-server/index.ts';
import {RegtestNode} from '../../support/regtest-node.ts';
import {until} from '../../support/until.ts';

let node: RegtestNode;
beforeAll(async () => {
  node = await RegtestNode.start({zmq: false});
  await node.createWallet('hot');
  await node.mine(110, await node.rpc<string>('getnewaddress', [], 'hot'));
});
afterAll(() => node.dispose());

let server: EsploraServer | undefined;
let backend: Esplora | undefined;
const stop = new Map<Esplora, AbortController>();
afterEach(async () => {
  if (backend) stop.get(backend)?.abort();
  await backend?.close();
  await server?.close();
  [server, backend] = [undefined, undefined];
});

/** A server with a mempool too large to be read, and a backend that listens to it. */
const open = async (
  {large = true, ...options}: EsploraServerOptions & {large?: boolean},
  more: EsploraOpenOptions = {},
) => {
  server = await EsploraServer.start(node, options);
  if (large) server.fault = changed<object>(/^\/mempool$/, size => ({...size, count: 1_000_000}));
  backend = openEsplora(server.url, more);
  return {server, source: backend.chain, health: backend.health};
};
const listen = (): Hint[] => {
  const hints: Hint[] = [];
  const controller = new AbortController();
  stop.set(backend!, controller);
  backend!.chain.listen(hint => hints.push(hint), controller.signal);
  return hints;
};
const address = async (): Promise<string> => {
  const fresh = await node.rpc<string>('getnewaddress', [], 'hot');
  const {scriptPubKey} = await node.rpc<{scriptPubKey: string}>('getaddressinfo', [fresh], 'hot');
  backend!.chain.watchScript!(Buffer.from(scriptPubKey, 'hex'));
  return fresh;
};
const pay = async (to: string, amount = 0.1) =>
  parseTxid(await node.rpc<string>('sendtoaddress', {address: to, amount, fee_rate: 5}, 'hot'));
/** By one that pays nobody of ours. */
const replace = async (txid: string) => {
  const {vin} = await node.rpc<{vin: {txid: string; vout: number}[]}>('getrawtransaction', [txid, 1]);
  const outputs = [{[await node.rpc<string>('getnewaddress', [], 'hot')]: 0.05}];
  const unsigned = await node.rpc<string>('createrawtransaction', [
    vin.map(({txid: of, vout}) => ({txid: of, vout})),
    outputs,
  ]);
  const {hex} = await node.rpc<{hex: string}>('signrawtransactionwithwallet', [unsigned], 'hot');
  const by = await node.rpc<string>('sendrawtransaction', [hex, 0, 0]);
  return {spent: {txid: parseTxid(vin[0]!.txid), vout: vin[0]!.vout}, by};
};
const named = (hints: readonly Hint[], kind: Hint['kind']) =>
  hints.flatMap(hint => (hint.kind === kind && 'txid' in hint ? [hint.txid] : []));

describe('a mempool that is too large to be read', () => {
  test('is asked about script by script; its absences count when each was asked about', async () => {
    const {source} = await open({});
    const to = await address();
    const other = await address();
    const before = await pay(to);
    await pay(await node.rpc<string>('getnewaddress', [], 'hot'));
    expect(await source.mempool()).toEqual({loaded: false, txids: new Set()});
    const hints = listen();
    await until('every script to be asked about', async () => (await source.mempool()).loaded);
    expect(await source.mempool()).toEqual({loaded: true, txids: new Set([before])});
    expect(server!.requests).not.toContain('/mempool/txids');
    const after = await pay(other);
    await until('news', () => named(hints, 'mempool-added').includes(after));
    expect((await source.mempoolTransactions([after]))[0]).toBeDefined();
    const {spent, by: thief} = await replace(after);
    await until('it to be missed', () => named(hints, 'mempool-removed').includes(after));
    expect((await source.mempool()).txids).toEqual(new Set([before]));
    expect(await source.mempoolSpenders([spent])).toEqual([thief]);
    // One that is mined stays in view until its block was followed: it has not just vanished.
    await node.mine(1);
    await until('a hint at its block', () => hints.some(({kind}) => kind === 'block'));
    expect((await source.mempool()).txids).toEqual(new Set([before]));
    await source.tip();
    expect((await source.mempool()).txids).toEqual(new Set());
  });

  test('is asked about what somebody else told of, until that is gone', async () => {
    const {source} = await open({});
    await address();
    await source.mempool();
    const hints = listen();
    // On no list: a script of ours in a transaction that is replaced before the list is asked for looks the same.
    const txid = await pay(await node.rpc<string>('getnewaddress', [], 'hot'));
    expect((await source.mempoolTransactions([txid]))[0]).toBeDefined();
    expect((await source.mempool()).txids).toEqual(new Set([txid]));
    await replace(txid);
    await until('it to be missed', () => named(hints, 'mempool-removed').includes(txid), {timeout: 20_000});
    expect((await source.mempool()).txids).toEqual(new Set());
    await node.mine(1);
  });

  test('with more of one script than the server lists loses none from view', async () => {
    const {source} = await open({mempoolPage: 10});
    const to = await address();
    await source.mempool();
    const hints = listen();
    const first = await pay(to);
    await until('the first', () => named(hints, 'mempool-added').includes(first));
    for (let payment = 0; payment < 14; payment++) await pay(to);
    await until('a list that is cut short', async () => (await source.mempool()).txids.size >= 10);
    expect(named(hints, 'mempool-removed')).toEqual([]);
    await node.mine(1);
  });

  test('is read whole again when it is small', async () => {
    const {source} = await open({});
    await source.mempool();
    server!.fault = undefined;
    expect(await backend!.health.vitals()).toMatchObject({mempool: {transactions: 0}});
    expect(await source.mempool()).toEqual({loaded: true, txids: new Set()});
    expect(server!.requests).toContain('/mempool/txids');
  });
});

describe('the websocket', () => {
  const websocket = async (options: EsploraServerOptions & {large?: boolean} = {}) => {
    const opened = await open(options);
    await backend!.close();
    backend = openEsplora(opened.server.url, {websocket: opened.server.websocketUrl});
    return {source: backend.chain, health: backend.health, server: opened.server};
  };

  test('names transactions of our scripts, and those that they replaced; tells of blocks', async () => {
    const {health} = await websocket({large: false});
    const to = await address();
    const hints = listen();
    await until('it to stand', () => health.notifyChannels()[0]?.state === 'ok');
    expect(hints[0]).toEqual({kind: 'everything'});
    const paid: string[] = [];
    // What is in the mempool already when a script is told of is not named: again, until one came later.
    const isTold = async () => {
      if (named(hints, 'mempool-added').some(txid => paid.includes(txid))) return true;
      paid.push(await pay(to, 0.01));
      return false;
    };
    await until('it to be told of the script', isTold, {every: 250});
    const txid = await pay(to);
    await until('its name', () => named(hints, 'mempool-added').includes(txid));
    await node.rpc('bumpfee', [txid], 'hot');
    await until('the replaced one', () => named(hints, 'mempool-removed').includes(txid));
    hints.length = 0;
    await node.mine(1);
    await until('the block', () => hints.some(({kind}) => kind === 'block'));
    // Transactions come by polling too, which must not be rare: the whole mempool is looked at.
    expect(health.notifyChannels()[0]).toMatchObject({reliable: false, lastAt: expect.any(Number) as number});
  });

  test('that takes few scripts is told of the newest; all the others are asked about', async () => {
    const {health, source} = await websocket({mostTracked: 2});
    const all = [await address(), await address(), await address(), await address()];
    await source.mempool();
    const hints = listen();
    await until('it to stand', () => health.notifyChannels()[0]?.state === 'ok');
    await until('every script to be asked about', async () => (await source.mempool()).loaded);
    const txid = await pay(all[0]!);
    await until('its name', () => named(hints, 'mempool-added').includes(txid));
    expect(health.notifyChannels()[0]?.reliable).toBe(true);
    await node.mine(1);
  });

  test('that ends is connected again, and whatever was missed is looked at', async () => {
    const {server, health} = await websocket();
    const hints = listen();
    await until('it to stand', () => health.notifyChannels()[0]?.state === 'ok');
    hints.length = 0;
    server.dropWebsockets();
    await until('it to be missed', () => health.notifyChannels()[0]?.state === 'lost');
    await until('it to stand again', () => health.notifyChannels()[0]?.state === 'ok');
    expect(hints[0]).toEqual({kind: 'everything'});
  });

  test('that nobody serves is lost, and no more', async () => {
    server = await EsploraServer.start(node);
    backend = openEsplora(server.url, {websocket: 'ws://127.0.0.1:1/ws'});
    listen();
    expect(backend.health.notifyChannels()).toMatchObject([{state: 'lost', reliable: false}]);
    expect((await backend.chain.tip()).chain).toBe('regtest');
  });
});

describe('the scripts to ask about', () => {
  const rounds = (count: number) => {
    const scripts = new WatchedScripts();
    for (let index = 0; index < count; index++) scripts.add(Buffer.from(`script ${index}`));
    let now = 0;
    const clock = {now: () => now, monotonic: () => now};
    const all = new ScriptRounds(scripts, clock);
    all.beginAnew();
    return {scripts, all, pass: (milliseconds: number) => (now += milliseconds)};
  };

  test('are all of them in turn, newest first, and the newest every second time', () => {
    const {scripts, all, pass} = rounds(200);
    const asked: number[] = [];
    const index = new Map(scripts.from(0).map((script, at) => [script, at]));
    while (all.passes === 0) {
      const script = all.next();
      pass(100);
      if (script === undefined) continue;
      asked.push(index.get(script)!);
      all.asked(script, false);
    }
    expect(new Set(asked).size).toBe(200);
    expect(Math.min(...asked.slice(0, 20))).toBeGreaterThan(170);
    expect(asked.length).toBeLessThan(450);
    expect(asked.filter(at => at === 199).length).toBeGreaterThan(2);
  });

  test('are not asked about twice within two seconds, and none is left out when asking fails', () => {
    const {all, pass} = rounds(3);
    const first = [all.next()!, all.next()!, all.next()!];
    expect(new Set(first).size).toBe(3);
    expect(all.next()).toBeUndefined();
    all.asked(first[0]!, false);
    all.asked(first[1]!, false);
    all.failed(first[2]!);
    expect(all.passes).toBe(0);
    expect(all.next()).toBe(first[2]);
    all.asked(first[2]!, false);
    all.next();
    expect(all.passes).toBe(1);
    expect(all.next()).toBeUndefined();
    pass(2_000);
    expect(all.next()).toBeDefined();
  });
});

test('blocks are looked at in the cheaper way, and few of them always whole', () => {
  const question = {blockSize: 1_500_000, requestsPerSecond: 5, bytesPerSecond: 2_000_000};
  const method = (blocks: number, scripts: number, more: Partial<typeof question> = {}) =>
    planScan({...question, ...more, blocks, scripts}).method;
  expect(method(10, 1)).toBe('blocks');
  expect(method(1_000, 100)).toBe('histories');
  expect(method(1_000, 10_000)).toBe('blocks');
  // Known already.
  expect(method(100_000, 0)).toBe('histories');
  expect(method(100_000, Infinity)).toBe('blocks');
  // A slow line makes bytes dear, one's own server makes questions cheap.
  expect(method(1_000, 10_000, {bytesPerSecond: 200_000})).toBe('histories');
  expect(method(1_000, 10_000, {requestsPerSecond: 1_000})).toBe('histories');
  expect(planScan({...question, blocks: 100, scripts: 1_000}).costs).toEqual({
    blocks: {requests: 100, bytes: 150_000_000, seconds: 75},
    histories: {requests: 1_200, bytes: 1_500_000, seconds: 240},
  });
});

test('what a rescan would cost is said for both ways, the one that would be taken first', async () => {
  const {source} = await open({large: false});
  const methods = async (scripts: number) =>
    (await source.scanPlans!({from: 1, to: 110}, scripts)).map(({method}) => method);
  expect(await methods(10)).toEqual(['histories', 'blocks']);
  expect(await methods(10_000)).toEqual(['blocks', 'histories']);
  const [blocks] = await source.scanPlans!({from: 1, to: 110}, 10_000);
  expect(blocks).toMatchObject({complete: true, requests: 110, blocks: 110, seconds: 0.11});
  // As its blocks are here, and not as anywhere else.
  expect(blocks!.bytes).toBeLessThan(100_000);
});

test('a websocket that stays open and says nothing, not even farewell, is given up for another one', async () => {
  const frozen = new WebSocketServer({host: '127.0.0.1', port: 0});
  let connections = 0;
  frozen.on('connection', socket => {
    connections += 1;
    socket.pause();
  });
  let now = 0;
  const clock = {now: () => now, monotonic: () => now};
  const ended = new AbortController();
  vi.useFakeTimers({toFake: ['setInterval', 'clearInterval']});
  try {
    await until('it to listen', () => frozen.address() !== null);
    const url = `ws://127.0.0.1:${(frozen.address() as AddressInfo).port}`;
    const channel = new WebsocketChannel(url, new WatchedScripts(), {clock, log: silentLog});
    const running = channel.run(() => {}, ended.signal);
    await until('it to connect', () => channel.state(false).state === 'quiet');
    now += 60_000;
    vi.advanceTimersByTime(60_000);
    await until('another connection', () => connections === 2);
    ended.abort();
    await running;
  } finally {
    vi.useRealTimers();
    for (const socket of frozen.clients) socket.terminate();
    frozen.close();
  }
});
