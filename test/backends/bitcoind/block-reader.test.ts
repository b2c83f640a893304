import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {BlockReader} from '../../../source/backends/bitcoind/block-reader.ts';
import {RpcClient} from '../../../source/backends/bitcoind/rpc-client.ts';
import type {BlockFacts} from '../../../source/chain/facts.ts';
import {WatchSet} from '../../../source/chain/watch-set.ts';
import {btc} from '../../../source/coins/btc.ts';
import {systemClock} from '../../../source/primitives/clock.ts';
import type {BlockHash, BlockRef} from '../../../source/primitives/ids.ts';
import {type FakeAnswer, FakeRpcServer, raw, results} from '../../support/fake-rpc-server.ts';
import {scriptOfPayee} from '../../support/ledger-world.ts';
import {SimulatedChain, type SimulatedTransaction} from '../../support/simulated-chain.ts';
import {until} from '../../support/until.ts';

const BLOCKS = 400;
const foreign = {script: scriptOfPayee('nobody'), amount: 7n};

/** In every block a payment to alice, a spend of one of the block before and a spend of one of the very same block. */
const makeChain = (): {chain: SimulatedChain; expected: string[][]} => {
  const chain = new SimulatedChain(btc.networks.regtest!.genesis as BlockHash);
  const expected: string[][] = [];
  let before: SimulatedTransaction | undefined;
  for (let block = 0; block < BLOCKS; block++) {
    const paid = chain.transaction([], [foreign, {script: scriptOfPayee('alice'), amount: 5n}]);
    const quick = chain.transaction([], [{script: scriptOfPayee('alice'), amount: BigInt(block + 1)}]);
    const spent = chain.transaction([{txid: quick.txid, vout: 0}], [foreign]);
    const later = before && chain.transaction([{txid: before.txid, vout: 1}], [foreign]);
    const ours = [...(later ? [later] : []), paid, quick, spent];
    chain.mine([chain.transaction([], [foreign]), ...ours]);
    expected.push(ours.map(({txid}) => txid));
    before = paid;
  }
  return {chain, expected};
};

describe('a reader of blocks', () => {
  const {chain, expected} = makeChain();
  const refs: BlockRef[] = chain.blocksNow.slice(1).map(({height, hash}) => ({height, hash}));
  const honest = results(({params}) => chain.rawBlock(params[0] as BlockHash).toString('hex'));
  let fake: FakeRpcServer;
  let rpc: RpcClient;
  let reader: BlockReader;
  let watch: WatchSet;
  beforeAll(async () => {
    fake = await FakeRpcServer.start(honest);
  });
  beforeEach(() => {
    fake.answer = honest;
    const auth = {kind: 'password', user: 'u', password: 'p'} as const;
    const config = {type: 'bitcoind', url: fake.url, auth, wallet: 'hot', timeout: 15_000, notify: []} as const;
    rpc = new RpcClient(config, btc, systemClock);
    watch = new WatchSet();
    watch.addScript(scriptOfPayee('alice'));
  });
  afterEach(async () => {
    await reader.close();
    await rpc.close();
  });
  afterAll(() => fake.close());

  const open = (worthAThread: number) => (reader = new BlockReader(rpc, btc.format, {worthAThread}));
  const read = async (asked: readonly BlockRef[], signal?: AbortSignal): Promise<BlockFacts[]> => {
    const facts: BlockFacts[] = [];
    for await (const block of reader.read(asked, watch, signal)) facts.push(block);
    return facts;
  };
  const txids = (facts: readonly BlockFacts[]) => facts.map(({transactions}) => transactions.map(({txid}) => txid));
  /** Reads a block or two, which starts the thread, until it listens. */
  const withThread = async () => {
    open(0);
    await until('the thread', async () => {
      await read(refs.slice(0, 2));
      return reader.hasThread;
    });
  };

  test('finds the same with a thread as without one, spends of what it has just found included', async () => {
    open(Number.POSITIVE_INFINITY);
    const alone = await read(refs);
    expect(reader.hasThread).toBe(false);
    expect(txids(alone)).toEqual(expected);
    watch = new WatchSet();
    watch.addScript(scriptOfPayee('alice'));
    await withThread();
    watch = new WatchSet();
    watch.addScript(scriptOfPayee('alice'));
    expect(await read(refs)).toEqual(alone);
    expect(reader.hasThread).toBe(true);
    // What it found is watched by everybody.
    expect(watch.size.outpoints).toBe(2 * BLOCKS);
  });

  test.each([false, true])('skims in the order asked, in whichever answers come, thread: %s', async hasThread => {
    if (hasThread) await withThread();
    else open(Number.POSITIVE_INFINITY);
    let held: (() => void) | undefined;
    let swapped = 0;
    fake.answer = (response, calls, request) => {
      const answer = () => honest(response, calls, request);
      const isLast = calls.at(-1)!.params[0] === refs.at(-1)!.hash;
      if (held === undefined && !isLast) {
        held = answer;
        return;
      }
      answer();
      if (held !== undefined) swapped += 1;
      response.once('close', held ?? (() => undefined));
      held = undefined;
    };
    expect(txids(await read(refs))).toEqual(expected);
    expect(swapped).toBeGreaterThan(1);
  });

  test('loses nothing when the thread takes over in the middle', async () => {
    for (let run = 0; run < 5; run++) {
      watch = new WatchSet();
      watch.addScript(scriptOfPayee('alice'));
      open(0);
      expect(txids(await read(refs))).toEqual(expected);
      await reader.close();
    }
  });

  test('looks for scripts that are added while the thread is at work', async () => {
    await withThread();
    const bob = scriptOfPayee('bob');
    const payment = chain.transaction([], [{script: bob, amount: 1n}]);
    const last = chain.mine([payment]);
    const facts: BlockFacts[] = [];
    for await (const block of reader.read(refs.slice(0, 100), watch, undefined)) {
      // So many that the table grows.
      if (facts.length === 50) for (let index = 0; index < 3_000; index++) watch.addScript(Buffer.from(`any ${index}`));
      if (facts.length === 51) watch.addScript(bob);
      facts.push(block);
    }
    expect(txids(facts)).toEqual(expected.slice(0, 100));
    expect(txids(await read([last]))).toEqual([[payment.txid]]);
  });

  test.each([false, true])('says what is wrong in the same words, thread: %s', async hasThread => {
    if (hasThread) await withThread();
    else open(Number.POSITIVE_INFINITY);
    const fault = async (answer: FakeAnswer, asked = refs.slice(0, 20)) => {
      fake.answer = answer;
      return read(asked).then(
        () => 'fine',
        (error: {code: string; message: string}) => `${error.code}: ${error.message}`,
      );
    };
    const hexOf = (hash: unknown) => chain.rawBlock(hash as BlockHash).toString('hex');
    expect(await fault(raw(200, 'application/json', '[]'))).toMatch(/^bad_backend_answer: .*0 replies to/);
    expect(await fault(raw(503, 'text/html', 'Work queue depth exceeded'))).toMatch(/^backend_overloaded: /);
    expect(await fault(results(() => 7))).toMatch(/^bad_backend_answer: .*not hex/);
    expect(await fault(results(({params}) => hexOf(params[0]).slice(0, -2)))).toMatch(
      /^bad_backend_answer: .*truncated/,
    );
    expect(await fault(results(() => hexOf(refs[0]!.hash)))).toMatch(/^bad_backend_answer: .*another block/);
    expect(await fault(honest, [refs[0]!, {...refs[2]!, height: 2}])).toMatch(/^stale_facts: /);
    const pruned: FakeAnswer = (response, calls) => {
      const error = {code: -1, message: 'Block not available (pruned data)'};
      const body = JSON.stringify(calls.map(({id}) => ({result: null, error, id})));
      response.writeHead(200, {'content-type': 'application/json'}).end(body);
    };
    expect(await fault(pruned)).toMatch(/^block_pruned: /);
    fake.answer = honest;
    expect(txids(await read(refs.slice(0, 20)))).toEqual(expected.slice(0, 20));
    expect(reader.hasThread).toBe(hasThread);
  });

  test('ends when it is called off or closed, with the thread at work', async () => {
    await withThread();
    const calledOff = new AbortController();
    const reading = read(refs, calledOff.signal);
    calledOff.abort();
    await expect(reading).rejects.toMatchObject({code: 'aborted'});
    // What the thread had not answered yet is lost; what it had not been given is read without it.
    const outcome = read(refs).then(
      facts => facts.length,
      (error: {code: string}) => error.code,
    );
    await reader.close();
    expect([BLOCKS, 'stale_facts']).toContain(await outcome);
  });
});
