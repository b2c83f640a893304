import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import type {Failover} from '../../source/backends/failover/index.ts';
import type {BlockFacts} from '../../source/chain/facts.ts';
import type {ChainSource} from '../../source/chain/ports.ts';
import {satoshi} from '../../source/primitives/amount.ts';
import {openBitcoind} from '../support/bitcoind.ts';
import {named, openFailover} from '../support/failover.ts';
import {connectNodes, partNodes, startPeer} from '../support/peers.ts';
import type {RegtestNode} from '../support/regtest-node.ts';
import {TrackedNode} from '../support/tracked-node.ts';
import {until} from '../support/until.ts';

// Two real nodes and the real ledger; deposits of 1 and more need both. `peer` can be made to lie about blocks.

const RULES = {probeEvery: 100, probeAgain: 50, patience: 1_000, wellFor: 500};

let world: TrackedNode;
let peer: RegtestNode;
let several: Failover;
/** What the peer says of a block, instead of the truth. */
let lie: ((facts: BlockFacts) => BlockFacts) | undefined;

/** The peer's chain, with what it is told to say. */
const lying = (chain: ChainSource): ChainSource =>
  new Proxy(chain, {
    get(target, key) {
      if (key === 'facts')
        return async function* facts(...asked: Parameters<ChainSource['facts']>) {
          for await (const block of target.facts(...asked)) yield lie ? lie(block) : block;
        };
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });

beforeAll(async () => {
  world = await TrackedNode.start({
    confirmations: 2,
    maxConfirmationCount: 8,
    zmq: false,
    agreement: {above: satoshi(100_000_000n), sources: 2, among: ['own', 'peer']},
    prepare: async node => {
      peer = await startPeer(node);
    },
    through: own => {
      const other = openBitcoind(peer, {wallet: undefined});
      several = openFailover([named('own', own), named('peer', {...other, chain: lying(other.chain)})], RULES);
      return several;
    },
  });
});
beforeEach(() => (lie = undefined));
afterEach(async () => world.expectSound());
afterAll(async () => {
  await world.dispose();
  await peer.dispose();
});

const stateOf = (name: string) => several.several.list().find(one => one.name === name)?.state;
const depositOf = async (txid: string) => (await world.deposits()).find(deposit => deposit.txid === txid);
const untilCredited = async (txid: string) =>
  until('the credit', async () => (await depositOf(txid))?.status === 'credited');
const untilWaits = async (txid: string, words: RegExp) =>
  until(`it to wait: ${words.source}`, async () => words.test((await depositOf(txid))?.waits_for ?? ''));
const balance = async () => Number(await world.balance('alice'));

test('a small deposit is credited without a question, a large one once the other backend says the same', async () => {
  const small = await world.pay(await world.address('alice'), 0.99);
  const large = await world.pay(await world.address('alice'), 1);
  await world.mine(2);
  await untilCredited(small);
  await untilCredited(large);
  expect((await depositOf(large))?.waits_for).toBeUndefined();
  expect(await balance()).toBe(1.99);
  for (const txid of [small, large]) expect(await world.story(txid)).toEqual(['detected', 'credited']);
});

test('while the other backend is away a large one waits, says so, and survives a restart', async () => {
  const before = await balance();
  await peer.freeze();
  await until('the peer to be down', () => stateOf('peer') === 'down');
  const txid = await world.pay(await world.address('alice'), 2);
  await world.mine(2);
  await untilWaits(txid, /1 of 2 backends say that it is in block \d+; peer is down/);
  await world.pause();
  await world.run();
  await world.mine(1);
  await world.caughtUp();
  expect(await depositOf(txid)).toMatchObject({status: 'detected', confirmations: 3});
  expect(await balance()).toBe(before);
  peer.thaw();
  await untilCredited(txid);
  expect(await balance()).toBe(before + 2);
  expect(await world.story(txid)).toEqual(['detected', 'credited']);
});

describe.each<[what: string, lie: (facts: BlockFacts) => BlockFacts, words: RegExp]>([
  ['finds nothing in the block', facts => ({...facts, transactions: []}), /peer finds no output \d+ of /],
  [
    'finds another amount',
    facts => ({
      ...facts,
      transactions: facts.transactions.map(one => ({
        ...one,
        outputs: one.outputs.map(output => ({...output, amount: satoshi(output.amount - 1n)})),
      })),
    }),
    /peer finds another amount/,
  ],
])('a backend that %s', (_, told, words) => {
  test('denies it: no credit however many confirmations, until it says otherwise', async () => {
    const before = await balance();
    lie = told;
    const txid = await world.pay(await world.address('alice'), 3);
    await world.mine(2);
    await untilWaits(txid, words);
    await until('it to be denied', () => world.agree.waiting().some(({isDenied}) => isDenied));
    await world.mine(9);
    await world.caughtUp();
    expect(await depositOf(txid)).toMatchObject({status: 'detected', confirmations: 11});
    expect(await balance()).toBe(before);
    lie = undefined;
    await until('the credit', async () => (await depositOf(txid))?.status === 'settled');
    expect(await balance()).toBe(before + 3);
    expect(await world.story(txid)).toEqual(['detected', 'credited', 'settled']);
  });
});

test('a backend on another branch denies it; what was agreed of a block is void when that block goes', async () => {
  const before = await balance();
  await partNodes(peer, world.node);
  const txid = await world.pay(await world.address('alice'), 4);
  await peer.mine(2);
  await world.mine(2);
  await untilWaits(txid, /peer has another block at \d+, [0-9a-f]{64} instead of/);
  const first = (await depositOf(txid))!.block_hash;
  // The peer's branch becomes the longer one, and the deposit is mined again on top of it.
  await peer.mine(2);
  await connectNodes(peer, world.node);
  await world.caughtUp();
  await until('it to have no block', async () => (await depositOf(txid))?.block_hash === undefined);
  expect(await balance()).toBe(before);
  await world.mine(2);
  await untilCredited(txid);
  expect((await depositOf(txid))?.block_hash).not.toBe(first);
  expect(await balance()).toBe(before + 4);
});
