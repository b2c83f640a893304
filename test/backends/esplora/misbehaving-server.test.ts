import {createHash} from 'node:crypto';
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest';
import type {Esplora} from '../../../source/backends/esplora/index.ts';
import {WatchSet} from '../../../source/chain/watch-set.ts';
import type {BlockFacts} from '../../../source/chain/facts.ts';
import {EngineError} from '../../../source/primitives/errors.ts';
import {type BlockRef, parseBlockHash, parseTxid} from '../../../source/primitives/ids.ts';
import {openEsplora} from '../../support/esplora.ts';
import {
  atFirst,
  changed,
  empty,
  endless,
  type Fault,
  forbidden,
  garbage,
  hangUp,
  html,
  htmlNotFound,
  insteadOf,
  on,
  redirect,
  silence,
  tooManyRequests,
  truncated,
  unavailable,
} from '../../support/esplora-server/faults.ts';
import {EsploraServer} from '../../support/esplora-server/index.ts';
import {RegtestNode} from '../../support/regtest-node.ts';
import {until} from '../../support/until.ts';

let node: RegtestNode;
let server: EsploraServer;
let backend: Esplora;
/** Blocks 1 to 103: one pays `script` in block 102, another spends it in 103. */
let refs: BlockRef[];
let script: Buffer;
let paid: string;
const stranger = parseTxid('cd'.repeat(32));

beforeAll(async () => {
  node = await RegtestNode.start({zmq: false});
  await node.createWallet('hot');
  server = await EsploraServer.start(node, {hidesSizes: true});
  backend = openEsplora(server.url, {timeout: 1_500});
  const [address, other] = [await newAddress(), await newAddress()];
  const info = await node.rpc<{scriptPubKey: string}>('getaddressinfo', [address], 'hot');
  script = Buffer.from(info.scriptPubKey, 'hex');
  await node.mine(101, other);
  paid = await node.rpc<string>('sendtoaddress', {address, amount: 1}, 'hot');
  await node.rpc('sendtoaddress', {address: other, amount: 2}, 'hot');
  await node.mine(1, other);
  await node.rpc('sendtoaddress', {address: other, amount: 3}, 'hot');
  await node.mine(1, other);
  const hashes = await node.batch<string>(
    Array.from({length: 103}, (_, index) => ['getblockhash', [index + 1]] as const),
  );
  refs = hashes.map((hash, index) => ({height: index + 1, hash: parseBlockHash(hash)}));
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
const failure = async (asked: Promise<unknown>): Promise<EngineError> => {
  const error = await asked.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(EngineError);
  // Whatever a server says may be repaired; a loop that asks again must not take the engine down.
  expect((error as EngineError).retry).not.toBe('never');
  return error as EngineError;
};
/** A backend that knows nothing yet. */
const fresh = (options: Parameters<typeof openEsplora>[1] = {}) =>
  openEsplora(server.url, {timeout: 1_500, ...options});
const withFresh = async <Result>(
  use: (one: Esplora) => Promise<Result>,
  options: Parameters<typeof openEsplora>[1] = {},
): Promise<Result> => {
  const one = fresh(options);
  try {
    return await use(one);
  } finally {
    await one.close();
  }
};

describe('a server that answers badly', () => {
  test.each<[string, Fault, string, RegExp]>([
    ['a web page', html, 'bad_backend_answer', /is no Esplora API .*: correct coins\.btc\.backend\.url/],
    ['a web page that was not found', htmlNotFound, 'bad_backend_answer', /is no Esplora API/],
    ['garbage', garbage, 'bad_backend_answer', /something else than expected/],
    ['nothing', empty, 'bad_backend_answer', /something else than expected/],
    ['half of it', truncated, 'bad_backend_answer', /something else than expected/],
    ['that we are barred', forbidden, 'backend_auth', /refuses us \(HTTP 403\)/],
    ['a redirect', redirect, 'bad_backend_answer', /sends us to https:\/\/elsewhere\.example/],
    ['a hang-up', hangUp, 'backend_down', /closed the connection/],
    ['an answer without end', endless, 'bad_backend_answer', /more than 4000000 bytes/],
    ['that its node is away', unavailable, 'backend_overloaded', /what is behind it does not answer \(HTTP 503\)/],
    ['silence', silence, 'backend_timeout', /within 1\.5 s \(coins\.btc\.backend\.timeout\)/],
  ])('%s', async (_name, fault, code, words) => {
    server.fault = fault;
    const error = await failure(backend.chain.tip());
    expect(error.message).toContain(`127.0.0.1:${server.port}`);
    expect(error.message).toMatch(words);
    expect(error.code).toBe(code);
    server.fault = undefined;
    expect((await backend.chain.tip()).height).toBe(103);
  });

  test('nobody there is said with the key to correct', async () => {
    const other = openEsplora('http://127.0.0.1:1/api');
    const error = await failure(other.chain.tip());
    expect(error).toMatchObject({code: 'backend_down', field: 'coins.btc.backend.url'});
    await other.close();
  });

  test('JSON of other shapes is refused by its field', async () => {
    const spoil = async (path: RegExp, change: (value: never) => unknown) => {
      server.fault = changed(path, change);
      return (await withFresh(one => failure(one.chain.tip()))).message;
    };
    expect(await spoil(/^\/block\//, () => ({}))).toContain('in id');
    expect(await spoil(/^\/block\//, (block: object) => ({...block, bits: -1}))).toContain('in bits');
    expect(await spoil(/^\/block\//, (block: object) => ({...block, nonce: 0xffff_ffff}))).toContain(
      'whose fields hash to',
    );
    server.fault = changed(/^\/mempool/, () => ({count: '3'}));
    expect((await failure(backend.chain.mempool())).message).toContain('in count');
    server.fault = on(/^\/mempool\/txids/, insteadOf(/./, '["zz"]'));
    expect((await failure(withFresh(one => one.chain.mempool()))).message).toContain('no txid');
    server.fault = changed(/^\/blocks\/\d/, (page: object[]) => page.slice(0, 4));
    const heights = refs.slice(0, 30).map(({height}) => height);
    expect((await failure(withFresh(one => one.chain.hashesAt(heights)))).message).toContain('fewer blocks');
    server.fault = changed(/^\/fee-estimates/, () => ({6: -1}));
    expect((await failure(backend.fees.estimate(6))).message).toContain('fee-estimates');
  });
});

describe('a server that is asked too often', () => {
  test('is asked again when it says so, and loses nothing', async () => {
    server.fault = atFirst(1, tooManyRequests('1'));
    const begun = performance.now();
    expect(await backend.chain.genesis()).toBe(await node.rpc('getblockhash', [0]));
    await withFresh(async one => {
      server.fault = atFirst(1, tooManyRequests('1'));
      expect((await one.chain.tip()).height).toBe(103);
    });
    expect(performance.now() - begun).toBeGreaterThan(900);
  });

  test('is left alone for as long as it says, and whoever asks meanwhile is told at once', async () => {
    await withFresh(async one => {
      server.fault = tooManyRequests('3600');
      expect((await failure(one.chain.tip())).message).toMatch(/wants not to be asked for another 3\d{3} s/);
      const before = server.requests.length;
      const error = await failure(one.chain.tip());
      expect(error).toMatchObject({code: 'backend_overloaded', field: 'coins.btc.backend.requests_per_second'});
      expect(server.requests).toHaveLength(before);
    });
  });

  test('gives up within the deadline when it never says when', async () => {
    await withFresh(async one => {
      server.fault = tooManyRequests();
      expect((await failure(one.chain.genesis())).message).toContain('we ask too often (HTTP 429)');
    });
  });

  test('is not waited for when we end, however long it wants to be left alone', async () => {
    // Longer than any test.
    const one = fresh({timeout: 600_000});
    server.fault = tooManyRequests('500');
    const before = server.requests.length;
    const asked = failure(one.chain.genesis());
    await until('it to be asked', () => server.requests.length > before);
    await one.close();
    expect((await asked).code).toBe('aborted');
    // Nor by who comes later.
    expect((await failure(one.chain.genesis())).code).toBe('aborted');
  });

  test('gets no more requests a second, nor at once, than the config allows', async () => {
    let underWay = 0;
    let most = 0;
    await withFresh(
      async one => {
        server.fault = async (_, honest) => {
          most = Math.max(most, ++underWay);
          const answer = await honest();
          await new Promise(resolve => setTimeout(resolve, 30));
          underWay -= 1;
          return answer;
        };
        const begun = performance.now();
        const before = one.spent().requests;
        await one.chain.mempoolTransactions(Array.from({length: 60}, (_, index) => parseTxid(hashOf(index))));
        const seconds = (performance.now() - begun) / 1000;
        // A second's worth may go at once, the rest at its pace.
        expect((one.spent().requests - before - 20) / seconds).toBeLessThan(21);
        expect(most).toBe(3);
      },
      {requestsPerSecond: 20, parallel: 3},
    );
  });

  test('answers an urgent question between those of a long scan', async () => {
    await withFresh(
      async one => {
        const watch = watched(one);
        const scan = one.chain.facts(refs, watch)[Symbol.asyncIterator]();
        await scan.next();
        const rest = (async () => {
          while ((await scan.next()).done !== true);
        })();
        // Of all that is asked from now on, fewer than what the scan still has to ask.
        const before = server.requests.length;
        await one.fees.estimate(6);
        const asked = server.requests.slice(before);
        expect(asked).toContain('/fee-estimates');
        expect(asked.length).toBeLessThan(refs.length / 2);
        await scan.return?.();
        await rest.catch(() => undefined);
      },
      {requestsPerSecond: 10, parallel: 2, method: 'blocks'},
    );
  });
});

const hashOf = (index: number): string => createHash('sha256').update(`${index}`).digest('hex');
const watched = (one: Esplora): WatchSet => {
  const watch = new WatchSet();
  watch.addScript(script);
  one.chain.watchScript!(script);
  return watch;
};
const factsBy = async (method: 'blocks' | 'histories', some: readonly BlockRef[] = refs): Promise<BlockFacts[]> =>
  withFresh(
    async one => {
      const blocks: BlockFacts[] = [];
      for await (const block of one.chain.facts(some, watched(one))) blocks.push(block);
      return blocks;
    },
    {method},
  );

describe('a server that lies', () => {
  test('and an honest one is believed, either way', async () => {
    for (const method of ['blocks', 'histories'] as const)
      expect((await factsBy(method)).flatMap(({transactions}) => transactions.map(({txid}) => txid))).toContain(paid);
  });

  test('and of blocks that are small all is read, where the histories name something', async () => {
    const other = await EsploraServer.start(node);
    const one = openEsplora(other.url, {method: 'histories'});
    const found: string[] = [];
    for await (const {transactions} of one.chain.facts(refs, watched(one)))
      found.push(...transactions.map(({txid}) => txid));
    expect(found).toContain(paid);
    expect(other.requests.filter(path => path.endsWith('/raw') && path.startsWith('/block/')).length).toBeLessThan(10);
    expect(other.requests.filter(path => path.endsWith('/merkle-proof'))).toEqual([]);
    await one.close();
    await other.close();
  });

  test('cannot show another block, nor one with a transaction more, less or changed', async () => {
    const blockOf = (height: number) => server.index.blocks.get(refs[height - 1]!.hash)!;
    const spoilt = async (raw: Buffer) => {
      server.fault = insteadOf(new RegExp(`^/block/${refs[101]!.hash}/raw`), raw);
      return (await failure(factsBy('blocks', refs.slice(100, 103)))).message;
    };
    const {raw} = blockOf(102);
    expect(await spoilt(blockOf(101).raw)).toContain('another block than');
    const invented = Buffer.from(raw);
    // The last byte of the script that the coinbase pays: another payee, and another txid.
    invented[invented.indexOf(script)]! ^= 0xff;
    expect(await spoilt(invented)).toMatch(/shows transactions in block .* that its header does not commit to/);
    const fewer = Buffer.concat([raw.subarray(0, 80), Buffer.from([0])]);
    expect(await spoilt(fewer)).toContain('does not commit to');
    expect(await spoilt(raw.subarray(0, -3))).toContain('truncated');
    expect(await spoilt(Buffer.alloc(0))).toContain('truncated');
  });

  test('cannot make us believe a transaction that is not in its block', async () => {
    // In the mempool, and said to be in a block.
    const unconfirmed = await node.rpc<string>('sendtoaddress', {address: await newAddress(), amount: 0.5}, 'hot');
    const block = refs[49]!;
    const claim = {txid: unconfirmed, status: {confirmed: true, block_height: block.height, block_hash: block.hash}};
    const honestProof = {block_height: block.height, merkle: [], pos: 0};
    const claimed: Fault = changed(/\/txs\/chain/, (all: object[]) => [...all, claim]);
    server.fault = claimed;
    expect((await failure(factsBy('histories'))).message).toContain('does not have a proof of transaction');
    server.fault = async (asked, honest) =>
      asked.path === `/tx/${unconfirmed}/merkle-proof`
        ? insteadOf(/./, JSON.stringify(honestProof))(asked, honest)
        : claimed(asked, honest);
    const error = await failure(factsBy('histories'));
    expect(error.message).toMatch(/shows transaction .* which does not hold it: it is broken or lies/);
    expect(error.code).toBe('bad_backend_answer');
    await node.mine(1);
  });

  test('cannot forge a proof or the bytes of a transaction', async () => {
    server.fault = changed(/\/merkle-proof/, (proof: {merkle: string[]}) => ({
      ...proof,
      merkle: proof.merkle.map(() => 'ab'.repeat(32)),
    }));
    expect((await failure(factsBy('histories'))).message).toContain('which does not hold it');
    server.fault = changed(/\/merkle-proof/, (proof: {pos: number}) => ({...proof, pos: proof.pos + 100}));
    expect((await failure(factsBy('histories'))).message).toContain('which does not hold it');
    server.fault = insteadOf(/^\/tx\/[0-9a-f]+\/raw/, server.index.transactions.get(paid)!.raw.subarray(0, -1));
    expect((await failure(factsBy('histories'))).message).toContain('truncated');
    const other = [...server.index.transactions.values()].find(({txid}) => txid !== paid);
    server.fault = insteadOf(new RegExp(`^/tx/${paid}/raw`), other!.raw);
    expect((await failure(factsBy('histories'))).message).toContain(`another transaction than ${paid}`);
  });

  test('cannot show a tip that nobody worked for', async () => {
    const {chain} = server.index;
    const header = Buffer.from(chain.at(-1)!.raw.subarray(0, 80));
    const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
    let hash = '';
    // On regtest every second header has its work: one that does not.
    for (let nonce = 0; !/^[89a-f]/.test(hash); nonce++) {
      header.writeUInt32LE(nonce, 76);
      hash = sha256(sha256(header)).reverse().toString('hex');
    }
    const honest = await withFresh(one => one.chain.tip());
    server.fault = async (asked, answer) => {
      if (asked.path === '/blocks/tip/hash') return {status: 200, type: 'text/plain', body: hash};
      if (asked.path !== `/block/${hash}`) return answer();
      const fields = JSON.parse(String((await server.honestly(`/block/${honest.hash}`)).body)) as object;
      const body = JSON.stringify({...fields, id: hash, nonce: header.readUInt32LE(76)});
      return {status: 200, type: 'application/json', body};
    };
    expect((await failure(withFresh(one => one.chain.tip()))).message).toMatch(
      /shows a block .* its hash does not reach its own target/,
    );
  });

  test('cannot keep us for ever by lists that never end', async () => {
    const made = (first: number, count: number) =>
      Array.from({length: count}, (_, index) => ({
        txid: hashOf(first + index),
        status: {confirmed: true, block_height: 100, block_hash: refs[99]!.hash},
      }));
    // In turn the same two pages.
    let pages = 0;
    server.fault = changed(/\/txs\/chain/, () => made(25 * (pages++ % 2), 25));
    expect((await failure(factsBy('histories'))).message).toContain('a page that was given before');
    expect(pages).toBe(3);
    server.fault = changed(/\/txs\/chain/, () => made(10_000 * pages++, 10_000));
    expect((await failure(factsBy('histories'))).message).toContain('more than 100000 transactions of one address');
  });

  test('on another chain is found out by its genesis block', async () => {
    const other = 'ab'.repeat(32);
    server.fault = on(/^\/block-height\/0$/, () => ({status: 200, type: 'text/plain', body: other}));
    await withFresh(async one => {
      expect(await one.chain.genesis()).toBe(other);
      expect((await one.chain.tip()).chain).toMatch(/^of genesis abab/);
    });
  });

  test('that stands still is behind, and its next blocks are followed', async () => {
    const old = server.index.chain[100]!;
    server.fault = on(/^\/blocks\/tip\/hash$/, () => ({status: 200, type: 'text/plain', body: old.hash}));
    await withFresh(async one => {
      expect(await one.chain.tip()).toMatchObject({height: 100, hash: old.hash});
      expect(await one.chain.hashesAt([100, 101])).toEqual([old.hash, undefined]);
      server.fault = undefined;
      await until('its tip', async () => (await one.chain.tip()).height > 100);
      expect(await one.chain.hashesAt([101])).toEqual([refs[100]!.hash]);
    });
  });

  test('that calls everything spent, or unknown, invents nothing', async () => {
    server.fault = changed(/outspend/, () => ({spent: true, txid: stranger, status: {confirmed: false}}));
    // Its word counts only for what is gone already.
    expect(await backend.chain.mempoolSpenders([{txid: parseTxid(paid), vout: 0}])).toEqual([stranger]);
    server.fault = on(/raw/, htmlNotFound);
    await failure(backend.chain.mempoolTransactions([stranger]));
    server.fault = undefined;
    expect(await backend.chain.mempoolTransactions([stranger])).toEqual([undefined]);
  });
});
