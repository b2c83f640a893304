import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {openBitcoind} from '../support/bitcoind.ts';
import type {ChainSource, Narrowing} from '../../source/chain/ports.ts';
import {WatchSet} from '../../source/chain/watch-set.ts';
import {btc} from '../../source/coins/btc.ts';
import {scriptOf} from '../../source/coins/index.ts';
import type {Job, ScanMethod} from '../../source/contract/index.ts';
import {createRescan, type Rescan} from '../../source/loops/rescan.ts';
import {systemClock} from '../../source/primitives/clock.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {TrackedNode} from '../support/tracked-node.ts';
import {until} from '../support/until.ts';

const POLICY = {confirmations: 3, maxConfirmationCount: 15, coinbaseMaturity: 101};

/** What a rescan asked of its source. */
interface Asked {
  readonly narrowed: {readonly method: Narrowing; readonly from: number; readonly to: number}[];
  readonly read: number[];
}

describe('a rescan', () => {
  let world: TrackedNode;
  let backend: ReturnType<typeof openBitcoind>;
  let asked: Asked;
  /** The real source, whose questions are noted; some of them it may be kept from answering. */
  let chain: ChainSource;
  let unavailable: Set<Narrowing>;
  /** Where two payments stand that nobody noticed, of which one is spent by now. */
  let kept: number;
  let spent: number;
  let spentAt: number;

  beforeAll(async () => {
    world = await TrackedNode.start({zmq: false});
    const {node} = world;
    const unnoticed = async (): Promise<string> => {
      const address = await node.rpc<string>('getnewaddress', [], 'hot');
      const scriptPubKey = scriptOf(address, btc, btc.networks.regtest!);
      await world.store.addAddress({account: 'alice', address, scriptPubKey, label: undefined}, Date.now());
      return address;
    };
    const height = async () => node.rpc<number>('getblockcount');
    await world.mine(400);
    await world.pay(await unnoticed(), 3);
    await world.mine(1);
    kept = await height();
    await world.mine(100);
    const other = await unnoticed();
    await world.pay(other, 2);
    await world.mine(1);
    spent = await height();
    await world.mine(50);
    const [coin] = await node.rpc<{txid: string; vout: number}[]>('listunspent', [1, 9999, [other]], 'hot');
    const outside = await node.rpc<string>('getnewaddress', [], 'outside');
    const inputs = [{txid: coin!.txid, vout: coin!.vout}];
    const unsigned = await node.rpc<string>('createrawtransaction', [inputs, [{[outside]: 1.999}]]);
    const {hex} = await node.rpc<{hex: string}>('signrawtransactionwithwallet', [unsigned], 'hot');
    await node.rpc('sendrawtransaction', [hex]);
    await world.mine(1);
    spentAt = await height();
    await world.mine(60);
    await world.caughtUp();
    backend = openBitcoind(node);
    await until('the index', async () => (await backend.chain.surveyScan!({from: 0, to: 100}))!.narrows.length === 3);
  });
  afterAll(async () => {
    await backend.close();
    // One coin went by hand, which the books say; nothing else is wrong with them.
    expect((await world.store.auditBooks()).faults).toEqual(['the books differ from the chain by -2.00000000']);
    await world.dispose();
  });

  beforeEach(() => {
    asked = {narrowed: [], read: []};
    unavailable = new Set();
    const real = backend.chain;
    chain = Object.assign(Object.create(real) as ChainSource, {
      tip: () => real.tip(),
      hashesAt: (heights: readonly number[]) => real.hashesAt(heights),
      timesAt: (heights: readonly number[]) => real.timesAt(heights),
      surveyScan: (range: {from: number; to: number}) => real.surveyScan!(range),
      narrow: async (...[method, refs, scripts, signal]: Parameters<NonNullable<ChainSource['narrow']>>) => {
        asked.narrowed.push({method, from: refs[0]!.height, to: refs.at(-1)!.height});
        return unavailable.has(method) ? undefined : real.narrow!(method, refs, scripts, signal);
      },
      facts: (...[refs, watch, signal]: Parameters<ChainSource['facts']>) => {
        asked.read.push(...refs.map(({height}) => height));
        return real.facts(refs, watch, signal);
      },
    });
  });
  const open = (): Rescan => {
    const {store} = world;
    const watch = new WatchSet();
    for (const script of store.watchedScripts()) watch.addScript(script);
    const common = {coin: btc, network: btc.networks.regtest!, clock: systemClock, log: silentLog};
    return createRescan({...common, chain, store, policy: POLICY, watch});
  };
  const rounds = async (rescan: Rescan, {id}: Job): Promise<Job> => {
    const controller = new AbortController();
    return until('the rescan to end', async () => {
      await rescan.loop.round({signal: controller.signal, progress: () => undefined});
      const job = await world.store.job(id);
      return job.status === 'running' ? undefined : job;
    });
  };
  const scan = async (method: ScanMethod | undefined, from = 0): Promise<Job> => {
    const rescan = open();
    return rounds(rescan, await rescan.start(from, method));
  };

  test('finds the same by each method that finds everything, and reads only what it must', async () => {
    const tip = await world.node.rpc<number>('getblockcount');
    const first = await scan('filters');
    expect(first).toMatchObject({status: 'finished', method: 'filters', at_height: tip, found: 3, changed: 0});
    expect(await world.balance('alice')).toBe('5.00000000');
    expect(asked.read).toEqual([kept, spent, spentAt]);
    for (const [method, read] of [
      ['scanblocks', 3],
      ['filters', 3],
      ['blocks', tip],
    ] as const) {
      asked.read.length = 0;
      expect(await scan(method)).toMatchObject({
        status: 'finished',
        method,
        at_height: tip,
        known: 3,
        found: 0,
        changed: 0,
      });
      expect(asked.read).toHaveLength(read);
    }
    expect(await world.story()).toEqual(['detected', 'credited', 'settled', 'detected', 'credited', 'settled']);
  });

  test('says before it begins what each method costs, and takes the cheapest that finds everything', async () => {
    const rescan = open();
    const {plans, method, scripts, from_height, to_height} = await rescan.estimate(0);
    expect({from_height, scripts}).toEqual({from_height: 0, scripts: 2});
    expect(to_height).toBe(await world.node.rpc<number>('getblockcount'));
    expect(plans.map(plan => plan.method).toSorted()).toEqual(['blocks', 'coins', 'filters', 'scanblocks']);
    const job = await rescan.start(0);
    expect(job.method).toBe(method);
    expect(job.estimate?.seconds).toBe(plans.find(plan => plan.method === method)!.seconds);
    await rounds(rescan, job);
  });

  test('killed on its way goes on above its checkpoint, and looks at nothing below it again', async () => {
    const rescan = open();
    const job = await rescan.start(0, 'scanblocks');
    const tip = (await world.store.ladderTop())!;
    const nothing = {tip, fork: undefined, connected: [], seen: [], gone: []};
    await world.store.track(nothing, POLICY, Date.now(), {id: job.id, atHeight: spent - 1});
    // Another engine, which knows only what is in the ledger.
    expect(await rounds(open(), job)).toMatchObject({status: 'finished', method: 'scanblocks', known: 2});
    expect(Math.min(...asked.narrowed.map(({from}) => from))).toBe(spent);
    expect(new Set(asked.narrowed.map(({method}) => method))).toEqual(new Set(['scanblocks']));
    expect(asked.read).toEqual([spent, spentAt]);
  });

  test('is ended in the middle of what it reads, and what it has applied is not read again', async () => {
    const rescan = open();
    const job = await rescan.start(0, 'blocks');
    const controller = new AbortController();
    const facts = chain.facts.bind(chain);
    chain.facts = async function* (refs, watch, signal) {
      for await (const block of facts(refs, watch, signal)) {
        if (block.height === 550) controller.abort();
        yield block;
      }
    };
    await rescan.loop.round({signal: controller.signal, progress: () => undefined});
    const {at_height: at} = await world.store.job(job.id);
    expect(at).toBe(500);
    chain.facts = facts;
    asked.read.length = 0;
    expect(await rounds(open(), job)).toMatchObject({status: 'finished', known: 3});
    expect(Math.min(...asked.read)).toBe(at + 1);
  });

  test('goes on another way when the node has no time for the one that was planned', async () => {
    // As large as on the main network, so that reading all of them is the last resort.
    chain.surveyScan = async range => ({...(await backend.chain.surveyScan!(range))!, blockBytes: 1e6});
    unavailable.add('scanblocks');
    expect(await scan('scanblocks')).toMatchObject({status: 'finished', known: 3});
    expect(asked.narrowed.map(({method}) => method)).toContain('filters');
    expect(asked.read).toEqual([kept, spent, spentAt]);
    unavailable.add('filters');
    asked.read.length = 0;
    expect(await scan('scanblocks')).toMatchObject({status: 'finished', known: 3});
    expect(asked.read.length).toBe(await world.node.rpc<number>('getblockcount'));
  });

  test('by coins reads only the blocks of what is unspent, and waits when the node has no time for it', async () => {
    unavailable.add('coins');
    const rescan = open();
    const job = await rescan.start(0, 'coins');
    const waiting = await rescan.loop.round({signal: new AbortController().signal, progress: () => undefined});
    expect(waiting.waitingFor).toContain('coins');
    unavailable.clear();
    expect(await rounds(rescan, job)).toMatchObject({status: 'finished', method: 'coins', known: 1});
    expect(asked.read).toEqual([kept]);
  });

  test('reads in full what a block may have spent otherwise since', async () => {
    const {node} = world;
    await world.pay(await world.address('bob'), 1);
    await until('it to be seen', async () => (await world.states()).some(state => state.startsWith('detected')));
    const time = Math.floor(Date.now() / 1000);
    await scan('filters');
    // Two hours of slack, and all these blocks are younger: there is nothing that could be left out.
    const tip = await node.rpc<number>('getblockcount');
    const old = await chain.timesAt(Array.from({length: tip}, (_, index) => index + 1));
    const since = old.findIndex(blockTime => blockTime !== undefined && blockTime >= time - 2 * 60 * 60) + 1;
    expect(asked.read).toEqual(
      expect.arrayContaining(Array.from({length: tip - since + 1}, (_, index) => since + index)),
    );
    await world.mine(1);
    await world.caughtUp();
    asked.read.length = 0;
    await scan('filters');
    expect(asked.read.length).toBeLessThan(10);
  });

  test('by a method that the node does not have is refused in words that help', async () => {
    chain.surveyScan = async range => ({...(await backend.chain.surveyScan!(range))!, narrows: []});
    await expect(open().start(0, 'scanblocks')).rejects.toMatchObject({
      code: 'bad_method',
      field: 'method',
      message: expect.stringMatching(/-blockfilterindex=1/) as unknown,
    });
    await expect(open().start(0, 'histories')).rejects.toMatchObject({code: 'bad_method'});
    chain.surveyScan = async () => undefined;
    await expect(open().start(0, 'filters')).rejects.toMatchObject({code: 'bad_method'});
    expect(await scan(undefined)).toMatchObject({status: 'finished', method: 'blocks'});
  });
});
