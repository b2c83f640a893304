import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {EngineError} from '../../source/primitives/errors.ts';
import type {BlockHash} from '../../source/primitives/ids.ts';
import {scriptOfPayee} from '../support/ledger-world.ts';
import {LoopWorld} from '../support/loop-world.ts';

// The chain loop against a node that fails, lies and moves under it, round by round on a clock of the test.

let world: LoopWorld;
beforeEach(() => {
  world = new LoopWorld();
});
afterEach(async () => {
  expect(await world.faults()).toEqual([]);
  world.close();
});

const down = () => new EngineError('backend_down', 'the node is out of reach', {retry: 'backoff'});

describe('the mempool', () => {
  test('is looked at by name as soon as a hint comes', async () => {
    world.hintsHealthy = true;
    await world.pass(100);
    const before = {...world.chain.calls};
    world.pay('a', [['alice', 5n]]);
    await world.round();
    expect(world.story()).toEqual(['detected a:0 0']);
    // One question and no look at the tip: this is what somebody waits for.
    expect(world.chain.calls['mempoolTransactions']).toBe((before['mempoolTransactions'] ?? 0) + 1);
    expect(world.chain.calls['tip']).toBe(before['tip']);
    await world.pass(120_000);
    expect(world.chain.calls['mempoolTransactions']).toBe((before['mempoolTransactions'] ?? 0) + 1);
  });

  test('is polled in full when hints are lost, and seldom when they are not', async () => {
    world.hintsHealthy = true;
    await world.pass(120_000);
    expect(world.chain.calls['mempool']).toBeLessThan(8);
    expect(world.chain.calls['tip']).toBeLessThan(40);
    world.hintsHealthy = false;
    await world.pass(10_000);
    const a = world.transaction('a', [['alice', 5n]]);
    world.chain.mempoolNow.set(a.txid, a);
    await world.pass(1_000);
    expect(world.story()).toEqual(['detected a:0 0']);
  });

  test('is polled half as often by a channel that stands and has said nothing yet', async () => {
    const looksIn = async (milliseconds: number): Promise<number> => {
      const before = world.chain.calls['mempool'] ?? 0;
      await world.pass(milliseconds);
      return world.chain.calls['mempool']! - before;
    };
    await looksIn(5_000);
    const silent = await looksIn(60_000);
    world.hintsQuiet = true;
    await looksIn(5_000);
    expect(await looksIn(60_000)).toBeLessThanOrEqual(silent / 2 + 1);
    const a = world.transaction('a', [['alice', 5n]]);
    world.chain.mempoolNow.set(a.txid, a);
    await world.pass(2_000);
    expect(world.story()).toEqual(['detected a:0 0']);
  });

  test('must miss a transaction twice, loaded, before it counts as evicted', async () => {
    const a = world.pay('a', [['alice', 5n]]);
    await world.pass(1_000);
    world.story();
    world.chain.mempoolLoaded = false;
    world.chain.mempoolNow.clear();
    await world.pass(10_000);
    expect(world.story()).toEqual([]);
    world.chain.mempoolLoaded = true;
    await world.untilAsked('mempool');
    expect(world.story()).toEqual([]);
    // Back before the second look: the first one counts no more.
    world.chain.mempoolNow.set(a.txid, a);
    await world.untilAsked('mempool');
    world.chain.mempoolNow.clear();
    await world.untilAsked('mempool');
    expect(world.story()).toEqual([]);
    await world.untilAsked('mempool');
    expect(world.story()).toEqual(['dropped a:0 (evicted)']);
  });

  test('is looked at soon after a hint that one of ours left it', async () => {
    world.hintsHealthy = true;
    const a = world.pay('a', [['alice', 5n]]);
    await world.pass(1_000);
    world.chain.evict(a.txid);
    await world.pass(2_500);
    expect(world.story()).toEqual(['detected a:0 0', 'dropped a:0 (evicted)']);
  });

  test('shows who spends our coins, also when it lists the child first', async () => {
    const parent = world.transaction('parent', [['alice', 5n]]);
    const child = world.transaction('child', [['nobody', 5n]], [{txid: parent.txid, vout: 0}]);
    world.chain.mempoolNow.set(child.txid, child);
    world.chain.mempoolNow.set(parent.txid, parent);
    await world.pass(1_000);
    expect(world.ledger.rows('SELECT spent_by FROM output')).toEqual([{spent_by: child.txid}]);
  });

  test('is not followed for ever where a server makes up who spends what', async () => {
    const {chain} = world;
    const spenders = chain.mempoolSpenders.bind(chain);
    let made = 0;
    chain.mempoolSpenders = async ([outpoint, ...others]) => {
      const child = world.transaction(`child ${made++}`, [['alice', 1n]], [outpoint!]);
      chain.mempoolNow.set(child.txid, child);
      return [child.txid, ...others.map(() => undefined)];
    };
    world.pay('a', [['alice', 5n]]);
    await world.pass(1_000);
    expect(made).toBeLessThan(1_000);
    chain.mempoolSpenders = spenders;
    chain.mempoolNow.clear();
    await world.pass(10_000);
    expect(world.ledger.rows("SELECT count(*) AS live FROM deposit WHERE status <> 'dropped'")).toEqual([{live: 0n}]);
  });
});

describe('a step that fails', () => {
  test('loses nothing that only it had seen', async () => {
    let failure: Error | undefined;
    world.close();
    world = new LoopWorld({failTrack: () => failure});
    world.hintsHealthy = true;
    await world.pass(1_000);
    world.pay('a', [['alice', 5n]]);
    failure = new EngineError('database_fault', 'locked', {retry: 'backoff'});
    await expect(world.round()).rejects.toMatchObject({code: 'database_fault'});
    failure = undefined;
    // Long before the mempool would be looked at by itself.
    await world.pass(1_000);
    expect(world.story()).toEqual(['detected a:0 0']);
  });

  test('because the chain moved under it is repeated', async () => {
    await world.pass(100);
    const {chain} = world;
    chain.mineMany(3);
    const facts = chain.facts.bind(chain);
    // Between the hashes and the blocks, the top two are replaced.
    chain.facts = async function* (refs, watch) {
      chain.facts = facts;
      chain.reorg(2, [[], [], []]);
      yield* facts(refs, watch);
    };
    await world.pass(3_000);
    expect((await world.store.ladderTop())?.hash).toBe(chain.tipNow.hash);
  });
});

test('heights that are to be asked again are, once the ladder holds them, and nothing of them is told twice', async () => {
  await world.pass(100);
  const {chain} = world;
  const facts = chain.facts.bind(chain);
  // A source that knows of the block before it knows what is in it.
  chain.facts = async function* (refs, watch) {
    for await (const block of facts(refs, watch)) yield {...block, transactions: []};
  };
  chain.mine([chain.transaction([], [{script: scriptOfPayee('alice'), amount: 5n}])]);
  await world.pass(1_000);
  expect(world.story()).toEqual([]);
  chain.facts = facts;
  const {height} = chain.tipNow;
  chain.hint({kind: 'blocks', heights: [height + 7, height]});
  await world.pass(100);
  expect(world.story()).toEqual(['detected undefined:0 1']);
  chain.hint({kind: 'blocks', heights: [height]});
  await world.pass(100);
  expect(world.story()).toEqual([]);
});

test('a block is asked for again when it is said to hold what the ledger lacks, and only then', async () => {
  await world.pass(100);
  const {chain} = world;
  const facts = chain.facts.bind(chain);
  const asked: number[] = [];
  let isBlind = true;
  chain.facts = async function* (refs, watch) {
    for await (const block of facts(refs, watch)) {
      asked.push(block.height);
      yield isBlind ? {...block, transactions: []} : block;
    }
  };
  const paid = chain.transaction([], [{script: scriptOfPayee('alice'), amount: 5n}]);
  chain.mine([paid]);
  await world.pass(1_000);
  isBlind = false;
  asked.length = 0;
  const {height} = chain.tipNow;
  chain.hint({kind: 'anchored', at: new Map([[height, [paid.txid]]])});
  await world.pass(100);
  expect(world.story()).toEqual(['detected undefined:0 1']);
  expect(asked).toEqual([height]);
  // It has this one now, and what is above the ladder comes with its block.
  const next = chain.transaction([], [{script: scriptOfPayee('alice'), amount: 6n}]);
  chain.hint({
    kind: 'anchored',
    at: new Map([
      [height, [paid.txid]],
      [height + 1, [next.txid]],
    ]),
  });
  await world.pass(100);
  expect(asked).toEqual([height]);
});

describe('a node', () => {
  test('that is away for a moment is not told of; one that stays away is, once, and when it is back', async () => {
    await world.pass(1_000);
    world.chain.fault = down();
    await world.pass(1_500);
    world.chain.fault = undefined;
    await world.pass(10_000);
    expect(world.backendEvents).toEqual([]);
    world.chain.fault = down();
    await world.pass(60_000);
    expect(world.track.view()).toMatchObject({state: 'down', reason: 'the node is out of reach'});
    world.chain.fault = undefined;
    await world.pass(60_000);
    expect(world.backendEvents).toEqual(['backend.down: the node is out of reach', 'backend.up']);
    expect(world.track.view()).toMatchObject({state: 'ok', blocked: undefined});
  });

  test('that an engine before this one called down is called up when it answers', async () => {
    world.close();
    world = new LoopWorld({lastBackendEvent: 'backend.down'});
    await world.pass(10_000);
    expect(world.backendEvents).toEqual(['backend.up']);
  });

  test('that lost blocks changes nothing, stops payouts, and is told of', async () => {
    world.pay('a', [['alice', 5n]]);
    world.chain.mineMany(4);
    await world.pass(1_000);
    const before = world.dump();
    world.story();
    const lost = world.chain.disconnect(4, {killed: true});
    await world.pass(10_000);
    expect(world.track.view()).toMatchObject({state: 'behind', blocked: {reason: 'node_behind'}});
    expect(world.dump()).toEqual(before);
    expect(world.backendEvents).toHaveLength(1);
    world.chain.blocksNow.push(...lost);
    await world.pass(10_000);
    expect(world.track.view().state).toBe('ok');
    expect(world.dump()).toEqual(before);
    expect(world.backendEvents.at(-1)).toBe('backend.up');
  });

  test('on another chain is refused by name, and whoever knows the wallet is told of every connection', async () => {
    await world.pass(5_000);
    expect(world.track.view().state).toBe('ok');
    expect(world.connections).toBe(1);
    // Another node answers after a restart.
    world.chain.fault = down();
    await world.pass(1_500);
    world.chain.fault = undefined;
    const genesis = world.chain.genesis.bind(world.chain);
    world.chain.genesis = async () => 'ff'.repeat(32) as BlockHash;
    await world.pass(2_000);
    expect(world.track.view().state).toBe('wrong_chain');
    expect(world.connections).toBe(1);
    world.chain.genesis = genesis;
    await world.pass(2_000);
    expect(world.track.view().state).toBe('ok');
    expect(world.connections).toBe(2);
  });

  test('that may be several, which differ for a while, reverses nothing until a branch is longer', async () => {
    Object.assign(world.chain, {mayChangeNode: true});
    const a = world.pay('a', [['alice', 5n]]);
    world.chain.mine([a]);
    world.chain.mine();
    await world.pass(2_000);
    const ours = [...world.chain.blocksNow];
    world.story();
    for (const branch of [[[]], [[], []]]) {
      world.chain.reorg(2, branch);
      await world.pass(2_000);
      expect(world.track.view()).toMatchObject({
        state: 'behind',
        reason: expect.stringMatching(/no longer than the ledger’s, which ends at 2: nothing is reversed/) as string,
        blocked: {reason: 'node_behind'},
      });
      world.chain.blocksNow = [...ours];
      await world.pass(2_000);
      expect(world.track.view()).toMatchObject({state: 'ok', blocked: undefined});
    }
    expect(world.story()).toEqual([]);
    world.chain.reorg(2, [[], [], []]);
    await world.pass(2_000);
    expect(world.story()).not.toEqual([]);
    expect((await world.store.ladderTop())?.hash).toBe(world.chain.tipNow.hash);
  });

  test('whose answers never fit together is said so, and payouts wait; one whose chain moves for a while is not', async () => {
    await world.pass(1_000);
    const distrusted: string[] = [];
    Object.assign(world.chain, {distrust: (words: string) => distrusted.push(words)});
    world.chain.fault = new EngineError('stale_facts', 'the proof is of another block', {retry: 'backoff'});
    await world.pass(30_000);
    expect(world.track.view()).toMatchObject({state: 'ok', blocked: undefined});
    expect(distrusted).toEqual([]);
    await world.pass(60_000);
    expect(new Set(distrusted)).toEqual(new Set(['the proof is of another block']));
    expect(world.track.view()).toMatchObject({
      state: 'stalled',
      reason: expect.stringMatching(/does not fit together, look after look: the proof is of another block/) as string,
      blocked: {reason: 'node_behind'},
    });
    expect(world.backendEvents).toEqual([expect.stringMatching(/^backend.down: .*does not fit together/)]);
    world.chain.fault = undefined;
    world.chain.mine();
    await world.pass(5_000);
    expect(world.track.view()).toMatchObject({state: 'ok', blocked: undefined});
    expect(world.backendEvents.slice(1)).toEqual(['backend.up']);
  });

  test('that thinks long over an answer does not make the loop look stalled', async () => {
    const tip = world.chain.tip.bind(world.chain);
    vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance']});
    try {
      world.chain.tip = async () => new Promise(resolve => setTimeout(() => resolve(tip()), 600_000));
      const signs = vi.fn();
      const round = world.round(signs);
      await vi.advanceTimersByTimeAsync(599_000);
      expect(signs.mock.calls.length).toBeGreaterThan(100);
      await vi.advanceTimersByTimeAsync(600_000);
      await round;
    } finally {
      vi.useRealTimers();
    }
  });

  test('that pruned what we need is said to have, and by how much', async () => {
    await world.pass(1_000);
    world.chain.mineMany(20);
    world.chain.prunedBelow = 15;
    await world.pass(5_000);
    expect(world.track.view()).toMatchObject({state: 'stalled', blocked: {reason: 'node_behind'}});
    expect(world.track.view().reason).toContain('pruned the blocks below 15, the ledger ends at 0');
    world.chain.prunedBelow = undefined;
    await world.pass(2_000);
    expect((await world.store.ladderTop())?.height).toBe(20);
  });
});

test('a gap of many blocks is a job whose checkpoint moves with the ladder', async () => {
  for (let payment = 0; payment < 30; payment++) {
    world.pay(`p${payment}`, [['alice', 1n]]);
    world.chain.mineMany(30);
  }
  await world.pass(1_000);
  const {items} = await world.store.jobs({limit: 10});
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({kind: 'catch_up', status: 'finished', from_height: 1, at_height: 900, found: 30});
  expect(world.balance('alice')).toBe(30n);
});

test('a fork below the first block of a young ledger is followed', async () => {
  world.close();
  world = new LoopWorld({startHeight: 50});
  const bottom = (await world.store.ladderTop())!;
  expect(bottom.height).toBe(50);
  world.chain.reorg(3, [[], [], [], []]);
  world.pay('a', [['alice', 5n]]);
  world.chain.mine();
  await world.pass(3_000);
  expect((await world.store.ladderTop())?.hash).toBe(world.chain.tipNow.hash);
  expect(world.story()).toEqual(['detected a:0 1']);
  // And from now on any fork of allowed depth, also one that begins below the start.
  world.chain.reorg(
    6,
    Array.from({length: 7}, () => []),
  );
  await world.pass(3_000);
  expect((await world.store.ladderTop())?.hash).toBe(world.chain.tipNow.hash);
});
