import {createHash} from 'node:crypto';
import {Transaction} from 'bitcoinjs-lib';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import type {NetworkSide} from '../../../source/payout/sides.ts';
import type {BlockFacts} from '../../../source/chain/facts.ts';
import type {Hint} from '../../../source/chain/ports.ts';
import {WatchSet} from '../../../source/chain/watch-set.ts';
import {parseBlockHash} from '../../../source/primitives/ids.ts';
import {openElectrum} from '../../support/electrum.ts';
import {ElectrumServer} from '../../support/electrum-server/index.ts';
import {scriptHash} from '../../support/electrum-server/chain-index.ts';
import type {Lies} from '../../support/electrum-server/lies.ts';
import {RegtestNode} from '../../support/regtest-node.ts';
import {until} from '../../support/until.ts';

let node: RegtestNode;
let server: ElectrumServer;
let backend: NetworkSide;
let script: Buffer;
/** Of a real deposit to the script, in a block with others. */
let deposit: {txid: string; height: number};

beforeAll(async () => {
  node = await RegtestNode.start();
  await node.createWallet('hot');
  await node.mine(110, await node.rpc<string>('getnewaddress', [], 'hot'));
  server = await ElectrumServer.start({node});
  const address = await node.rpc<string>('getnewaddress', [], 'hot');
  script = Buffer.from(
    (await node.rpc<{scriptPubKey: string}>('getaddressinfo', [address], 'hot')).scriptPubKey,
    'hex',
  );
  const txid = await node.rpc<string>('sendtoaddress', [address, 1], 'hot');
  for (let other = 0; other < 4; other++)
    await node.rpc('sendtoaddress', [await node.rpc<string>('getnewaddress', [], 'hot'), 1], 'hot');
  await node.mine(1);
  await server.sync();
  deposit = {txid, height: 111};
});
afterAll(async () => {
  await server.close();
  await node.dispose();
});
beforeEach(() => {
  backend = openElectrum(server.url, {timeout: 1_000, limits: {inFlight: 200, batch: 50, message: 2_000_000}});
});
afterEach(async () => {
  server.lies = {};
  await backend.close();
});

const factsAt = async (height = deposit.height): Promise<BlockFacts> => {
  const hash = parseBlockHash(await node.rpc<string>('getblockhash', [height]));
  const watch = new WatchSet();
  watch.addScript(script);
  backend.chain.watchScript!(script);
  const found: BlockFacts[] = [];
  for await (const block of backend.chain.facts([{height, hash}], watch)) found.push(block);
  return found[0]!;
};

const branch = () => ({...server.index.branch(deposit.txid, deposit.height)!, block_height: deposit.height});

/** A payment to the script that nobody ever made. */
const invented = (): Transaction => {
  const transaction = new Transaction();
  transaction.addInput(createHash('sha256').update('nobody').digest(), 0);
  transaction.addOutput(script, 5_000_000_000n);
  return transaction;
};

const lie = {code: 'bad_backend_answer', field: 'coins.btc.backend.url'};
const says = (words: RegExp) => ({...lie, message: expect.stringMatching(words) as string});

test('the truth is told', async () => {
  expect((await factsAt()).transactions).toMatchObject([{txid: deposit.txid, outputs: [{amount: 100_000_000n}]}]);
});

describe('a server cannot invent a deposit', () => {
  const made = () => {
    const transaction = invented();
    const txid = transaction.getId();
    return {
      txid,
      invented: [{script: scriptHash(script), txid, height: deposit.height}],
      raws: new Map([[txid, transaction.toHex()]]),
    };
  };

  test('without any proof', async () => {
    server.lies = made();
    await expect(factsAt()).rejects.toMatchObject(says(/says what cannot be: transaction \w+ is in block 111/));
  });

  test('with the proof of another', async () => {
    const {txid, ...lies} = made();
    server.lies = {...lies, proofs: new Map([[txid, branch()]])};
    await expect(factsAt()).rejects.toMatchObject(says(/cannot prove it/));
  });

  test('with the txid of a real one', async () => {
    server.lies = {raws: new Map([[deposit.txid, invented().toHex()]])};
    await expect(factsAt()).rejects.toMatchObject(says(/other bytes as transaction/));
  });

  test('with bytes that could be two hashes of the tree', async () => {
    const short = new Transaction();
    short.addInput(createHash('sha256').update('nobody').digest(), 0);
    short.addOutput(Buffer.from('51024e73', 'hex'), 1n);
    expect(short.byteLength()).toBe(64);
    const txid = short.getId();
    server.lies = {
      invented: [{script: scriptHash(script), txid, height: deposit.height}],
      raws: new Map([[txid, short.toHex()]]),
    };
    await expect(factsAt()).rejects.toMatchObject(says(/of 64 bytes, can be part of a forged proof/));
  });

  test('with a header that commits to it and has not the work', async () => {
    const {txid, ...lies} = made();
    const header = Buffer.from(server.index.tip.header, 'hex');
    Buffer.from(txid, 'hex').reverse().copy(header, 36);
    // Every other nonce is work enough on regtest: one that is not.
    while (hashOf(header).at(-1)! < 0x80) header.writeUInt32LE(header.readUInt32LE(76) + 1, 76);
    server.lies = {...lies, headers: new Map([[deposit.height, header.toString('hex')]])};
    await expect(backend.chain.tip()).rejects.toMatchObject(says(/of header 111, its hash does not reach/));
  });

  const hashOf = (header: Buffer) => createHash('sha256').update(createHash('sha256').update(header).digest()).digest();
});

describe('a server cannot move a deposit', () => {
  test('into another block', async () => {
    await node.mine(1);
    await server.sync();
    const rows = [{script: scriptHash(script), txid: deposit.txid, height: 112}];
    server.lies = {invented: rows};
    await expect(factsAt(112)).rejects.toMatchObject(says(/cannot prove it/));
    await backend.close();
    backend = openElectrum(server.url);
    server.lies = {invented: rows, proofs: new Map([[deposit.txid, {...branch(), block_height: 112}]])};
    await expect(factsAt(112)).rejects.toMatchObject(says(/cannot prove it/));
  });

  test('to a place that its branch is too short for, or that is not its own', async () => {
    const {merkle, pos, block_height: height} = branch();
    const proof = (change: Partial<ReturnType<typeof branch>>): Lies => ({
      proofs: new Map([[deposit.txid, {merkle, pos, block_height: height, ...change}]]),
    });
    for (const change of [
      {pos: pos + 2 ** merkle.length},
      {pos: pos ^ 1},
      {merkle: merkle.slice(1)},
      {merkle: [...merkle, 'ab'.repeat(32)]},
      {merkle: ['ab'.repeat(32), ...merkle.slice(1)]},
      {block_height: 110},
    ]) {
      server.lies = proof(change);
      await expect(factsAt(), JSON.stringify(change)).rejects.toMatchObject(says(/cannot prove it/));
    }
  });
});

test('what is withheld is missing, and announced when it is told late', async () => {
  server.lies = {withheld: new Set([deposit.txid])};
  const hints: Hint[] = [];
  backend.chain.listen(hint => hints.push(hint), AbortSignal.timeout(60_000));
  expect((await factsAt()).transactions).toEqual([]);
  server.lies = {};
  server.tellScripts();
  await until('the hint', () => hints.some(({kind}) => kind === 'anchored'));
  expect(hints.find(({kind}) => kind === 'anchored')).toEqual({
    kind: 'anchored',
    at: new Map([[deposit.height, [deposit.txid]]]),
  });
  expect((await factsAt()).transactions).toHaveLength(1);
});

test('another chain is called by its name, and one that is unknown by its first block', async () => {
  const header = '02000000'.padEnd(72, '0') + server.index.blocks[0]!.header.slice(72);
  server.lies = {headers: new Map([[0, header]]), genesis: 'ab'.repeat(32)};
  await expect(backend.chain.tip()).rejects.toMatchObject(says(/its chain begins with/));
  server.lies = {
    headers: new Map([[0, header]]),
    errors: new Map([['server.features', {code: -32_601, message: 'no'}]]),
  };
  await backend.close();
  backend = openElectrum(server.url);
  expect((await backend.chain.tip()).chain).toMatch(/^that begins with [0-9a-f]{64}$/);
});

describe('a server that', () => {
  const tip = async () => backend.chain.tip();
  const headers = new Set(['blockchain.headers.subscribe']);

  test.each<[string, Lies, object]>([
    ['is silent', {silent: headers}, {code: 'backend_timeout', field: 'coins.btc.backend.timeout'}],
    ['hangs up', {hangsUp: headers}, {code: 'backend_down', field: 'coins.btc.backend.url'}],
    ['answers garbage', {garbage: headers}, {...lie, message: expect.stringMatching(/does not speak the Electrum/)}],
    ['never ends', {endless: headers}, {code: 'bad_backend_answer', field: 'coins.btc.backend.limits.message_mb'}],
    [
      'is asked too much',
      {errors: new Map([['blockchain.headers.subscribe', {code: -101, message: 'excessive resource usage'}]])},
      {code: 'backend_overloaded', field: 'coins.btc.backend.limits'},
    ],
    [
      'is still starting',
      {errors: new Map([['blockchain.headers.subscribe', {code: 2, message: 'Loading block index...'}]])},
      {code: 'backend_warming_up'},
    ],
  ])('%s is told of with what to do, and asked again', async (_, lies, expected) => {
    server.lies = lies;
    await expect(tip()).rejects.toMatchObject(expected);
    server.lies = {};
    await until('an answer', async () => (await tip()).height >= 111);
  });

  test('is slow is asked for less at once, and keeps what it has told', async () => {
    await backend.close();
    backend = openElectrum(server.url, {timeout: 500, limits: {inFlight: 400, batch: 1, message: 1_000_000}});
    server.slowness = 8;
    server.asked.clear();
    try {
      for (let index = 0; index < 120; index += 1)
        backend.chain.watchScript!(Buffer.from(`0014${String(index).padStart(40, '0')}`, 'hex'));
      await until('it to know them all', async () => (await backend.chain.mempool()).loaded, {every: 10});
      expect(server.asked.get('server.version')).toBe(1);
    } finally {
      server.slowness = 0;
    }
  });

  test('gives headers one by one is not walked along for hours', async () => {
    server.lies = {mostHeaders: 1};
    const heights = Array.from({length: 100}, (_, index) => index + 1);
    await expect(backend.chain.hashesAt(heights)).rejects.toMatchObject({
      code: 'bad_backend_answer',
      message: expect.stringMatching(/1 headers where it has 100/) as string,
    });
    server.lies = {};
    expect(await backend.chain.hashesAt(heights)).not.toContain(undefined);
  });

  test('lists no history as long as ours says so, and nothing is believed to be all', async () => {
    const message = 'history too large';
    server.lies = {errors: new Map([['blockchain.scripthash.get_history', {code: 1, message}]])};
    const words = expect.stringMatching(/lists no history as long as that of one of our addresses/) as string;
    await expect(factsAt()).rejects.toMatchObject({code: 'backend_refused', message: words});
    await expect(backend.chain.mempool()).rejects.toMatchObject({code: 'backend_refused'});
  });

  test('does not tell of a script in time is starting, and the mempool is not called empty', async () => {
    server.lies = {silent: new Set(['blockchain.scripthash.subscribe'])};
    backend.chain.watchScript!(script);
    await expect(backend.chain.mempool()).rejects.toMatchObject({
      code: expect.stringMatching(/^backend_(warming_up|timeout)$/) as string,
    });
  });
});
