import {createHash} from 'node:crypto';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {Bitcoind} from '../../../source/backends/bitcoind/index.ts';
import type {Narrowing} from '../../../source/chain/ports.ts';
import type {BlockRef} from '../../../source/primitives/ids.ts';
import {openBackend, openBitcoind} from '../../support/bitcoind.ts';
import {FakeRpcServer, refusal, results} from '../../support/fake-rpc-server.ts';
import {RegtestNode} from '../../support/regtest-node.ts';
import {systemProgram} from '../../support/system-program.ts';
import {until} from '../../support/until.ts';

/** A different one for each name. */
const strangersScript = (name: string): Buffer =>
  Buffer.concat([Buffer.from('0014', 'hex'), createHash('sha256').update(name).digest().subarray(0, 20)]);
const signal = new AbortController().signal;
const litecoind = systemProgram('litecoind', 'litecoind');
const refsOf = async ({chain}: Bitcoind, from: number, to: number): Promise<BlockRef[]> => {
  const heights = Array.from({length: to - from + 1}, (_, index) => from + index);
  const hashes = await chain.hashesAt(heights);
  return heights.map((height, index) => ({height, hash: hashes[index]!}));
};
const scriptOf = async (node: RegtestNode, address: string): Promise<Buffer> => {
  const {scriptPubKey} = await node.rpc<{scriptPubKey: string}>('getaddressinfo', [address], 'hot');
  return Buffer.from(scriptPubKey, 'hex');
};

/** Two hundred blocks; in two of them money comes to the address, in another one it is spent. */
const makeWorld = async (node: RegtestNode): Promise<{script: Buffer; received: number[]; spent: number}> => {
  await node.createWallet('hot');
  await node.mine(110, await node.rpc<string>('getnewaddress', [], 'hot'));
  const address = await node.rpc<string>('getnewaddress', [], 'hot');
  const script = await scriptOf(node, address);
  const receive = async (): Promise<number> => {
    await node.rpc('sendtoaddress', [address, 1], 'hot');
    await node.mine(1);
    return node.rpc<number>('getblockcount');
  };
  const first = await receive();
  await node.mine(40);
  const second = await receive();
  await node.mine(20);
  const coins = await node.rpc<{txid: string; vout: number}[]>('listunspent', [1, 9999, [address]], 'hot');
  const [spent] = coins;
  const outside = await node.rpc<string>('getnewaddress', [], 'hot');
  const unsigned = await node.rpc<string>('createrawtransaction', [
    [{txid: spent!.txid, vout: spent!.vout}],
    [{[outside]: 0.999}],
  ]);
  const {hex} = await node.rpc<{hex: string}>('signrawtransactionwithwallet', [unsigned], 'hot');
  await node.rpc('sendrawtransaction', [hex]);
  await node.mine(1);
  const spentAt = await node.rpc<number>('getblockcount');
  await node.mine(200 - spentAt);
  return {script, received: [first, second], spent: spentAt};
};

describe('a node with block filters', () => {
  let node: RegtestNode;
  let backend: Bitcoind;
  let world: Awaited<ReturnType<typeof makeWorld>>;
  beforeAll(async () => {
    node = await RegtestNode.start({zmq: false});
    world = await makeWorld(node);
    backend = openBitcoind(node);
    await until('its index', async () => (await survey()).narrows.length === 3);
  });
  afterAll(async () => {
    await backend.close();
    await node.dispose();
  });
  const survey = async () => (await backend.chain.surveyScan!({from: 0, to: 200}))!;
  const narrow = async (method: Narrowing, scripts: readonly Buffer[], from = 0, to = 200) =>
    (await backend.chain.narrow!(method, await refsOf(backend, from, to), scripts, signal))?.map(({height}) => height);

  test('says what there is, and how large its blocks are', async () => {
    const {narrows, blockBytes, chainBytes} = await survey();
    expect(narrows).toEqual(['scanblocks', 'filters', 'coins']);
    const hash = await node.rpc<string>('getblockhash', [50]);
    const {size} = await node.rpc<{size: number}>('getblock', [hash]);
    expect(blockBytes).toBeGreaterThan(size * 0.7);
    expect(blockBytes).toBeLessThan(size * 2);
    expect(chainBytes).toBeGreaterThan(200 * 200);
  });

  test.each(['scanblocks', 'filters'] as const)(
    '%s finds the blocks that receive and the one that spends',
    async method => {
      const {script, received, spent} = world;
      const all = [...received, spent];
      expect(await narrow(method, [script])).toEqual(all);
      expect(await narrow(method, [script], received[0]! + 1, spent - 1)).toEqual([received[1]]);
      expect(await narrow(method, [script], spent + 1)).toEqual([]);
      expect(await narrow(method, [])).toEqual([]);
      // False positives may come on top of them, others may not be left out.
      const many = Array.from({length: 2_000}, (_, index) => strangersScript(`stranger ${index}`));
      expect(await narrow(method, [...many, script])).toEqual(expect.arrayContaining(all));
    },
  );

  test('both leave out the same blocks, whatever is looked for', async () => {
    for (let round = 0; round < 5; round++) {
      const hundreds = Array.from({length: 400}, (_, index) => strangersScript(`${round} ${index}`));
      expect(await narrow('filters', hundreds)).toEqual(await narrow('scanblocks', hundreds));
    }
  });

  test('coins finds only the blocks of what is still there', async () => {
    const unspent = await node.rpc<{height?: number; txid: string}[]>('listunspent', [1, 9999], 'hot');
    const txids = new Set(unspent.map(({txid}) => txid));
    const heights = await narrow('coins', [world.script]);
    expect(heights).toHaveLength(1);
    const block = await node.rpc<{tx: string[]}>('getblock', [await node.rpc<string>('getblockhash', [heights![0]])]);
    expect(block.tx.some(txid => txids.has(txid))).toBe(true);
    expect(world.received).toContain(heights![0]);
  });

  test('a scan that somebody else runs is not waited for', async () => {
    // So many that it takes the node seconds.
    const many = Array.from({length: 30_000}, (_, index) => `raw(${strangersScript(`busy ${index}`).toString('hex')})`);
    const running = node.rpc('scanblocks', ['start', many, 0, 200]).catch((error: unknown) => error);
    try {
      await until('it to run', async () => (await node.rpc('scanblocks', ['status'])) !== null, {every: 5});
      expect(await narrow('scanblocks', [world.script])).toBeUndefined();
      expect(await narrow('filters', [world.script])).toEqual([...world.received, world.spent]);
      // It is theirs: it goes on.
      expect(await node.rpc('scanblocks', ['status'])).not.toBeNull();
    } finally {
      await node.rpc('scanblocks', ['abort']);
      await running;
    }
  });

  test('a scan that is called off ends in the node too', async () => {
    const called = new AbortController();
    const many = Array.from({length: 15_000}, (_, index) => strangersScript(`off ${index}`));
    const scan = backend.chain.narrow!('scanblocks', await refsOf(backend, 0, 200), many, called.signal);
    scan.catch(() => undefined);
    await until('it to run', async () => (await node.rpc('scanblocks', ['status'])) !== null, {every: 5});
    called.abort();
    await expect(scan).rejects.toMatchObject({code: 'aborted'});
    await until('the node to be free', async () => (await node.rpc('scanblocks', ['status'])) === null);
  });
});

test('a node without block filters offers none, and says so when asked all the same', async () => {
  const node = await RegtestNode.start({zmq: false, args: ['-blockfilterindex=0']});
  const backend = openBitcoind(node);
  try {
    await node.mine(5);
    expect((await backend.chain.surveyScan!({from: 0, to: 5}))?.narrows).toEqual(['coins']);
    const refs = await refsOf(backend, 0, 5);
    for (const method of ['scanblocks', 'filters'] as const)
      expect(await backend.chain.narrow!(method, refs, [strangersScript('alice')], signal)).toBeUndefined();
  } finally {
    await backend.close();
    await node.dispose();
  }
});

test.skipIf(!litecoind)('Litecoin Core has filters to be fetched, and no scan of its own', async () => {
  const node = await RegtestNode.start({zmq: false, daemon: 'litecoind'});
  const backend = openBitcoind(node);
  try {
    const {script, received, spent} = await makeWorld(node);
    await until('its index', async () =>
      (await backend.chain.surveyScan!({from: 0, to: 200}))!.narrows.includes('filters'),
    );
    expect((await backend.chain.surveyScan!({from: 0, to: 200}))?.narrows).toEqual(['filters', 'coins']);
    const found = await backend.chain.narrow!('filters', await refsOf(backend, 0, 200), [script], signal);
    expect(found?.map(({height}) => height)).toEqual([...received, spent]);
    expect(await backend.chain.narrow!('scanblocks', await refsOf(backend, 0, 200), [script], signal)).toBeUndefined();
  } finally {
    await backend.close();
    await node.dispose();
  }
});

test('a broken filter, and one that is kept from us, are told apart', async () => {
  const fake = await FakeRpcServer.start(results(() => ({filter: '05', header: ''})));
  const backend = openBackend({url: fake.url});
  const refs = [{height: 1, hash: 'ab'.repeat(32)}] as unknown as BlockRef[];
  const ask = async () => backend.chain.narrow!('filters', refs, [strangersScript('alice')], signal);
  try {
    await expect(ask()).rejects.toMatchObject({code: 'bad_backend_answer'});
    fake.answer = (response, calls) =>
      refusal(-1, 'Index is not enabled for filtertype basic')(response, calls, undefined as never);
    expect(await ask()).toBeUndefined();
    fake.answer = response => response.writeHead(403).end();
    expect(await ask()).toBeUndefined();
  } finally {
    await backend.close();
    await fake.close();
  }
});
