import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest';
import type {Failover, FailoverRules, Source} from '../../../source/backends/failover/index.ts';
import type {BackendEvent} from '../../../source/contract/index.ts';
import {parseBlockHash, parseTxid} from '../../../source/primitives/ids.ts';
import {openBitcoind} from '../../support/bitcoind.ts';
import {named, openFailover} from '../../support/failover.ts';
import {connectNodes, partNodes, startPeer} from '../../support/peers.ts';
import {RegtestNode} from '../../support/regtest-node.ts';
import {TrackedNode} from '../../support/tracked-node.ts';
import {until} from '../../support/until.ts';

// Real nodes: `first` is preferred and has no wallet; `own`, the second, is the one that mines and pays.

const QUICK = {
  probeEvery: 100,
  probeAgain: 50,
  patience: 1_000,
  lagPatience: 2_000,
  wellFor: 1_500,
  longestWellFor: 2_000,
  forgiveAfter: 2_000,
  behindBlocks: 3,
  anchorDepth: 100,
} satisfies Partial<FailoverRules>;

let world: TrackedNode;
let several: Failover;

/** Its own deadline is none of these tests' business: what waits for it waits for longer than `until` does. */
const sourceOf = (name: string, node: RegtestNode): Source =>
  named(name, openBitcoind(node, {wallet: undefined, timeout: 600_000}));

/** Does this right before the source is asked for block hashes, once. */
const beforeHashes = ({chain}: Source, act: () => Promise<void>): void => {
  const hashesAt = chain.hashesAt.bind(chain);
  chain.hashesAt = async heights => {
    chain.hashesAt = hashesAt;
    await act();
    return chain.hashesAt(heights);
  };
};

/** `arrange` makes the sources of the world's own node, which mines and pays, and of others that it has prepared. */
const start = async (
  prepare: (node: RegtestNode) => Promise<void>,
  arrange: (own: Source) => readonly Source[],
): Promise<void> => {
  world = await TrackedNode.start({
    confirmations: 3,
    maxConfirmationCount: 8,
    zmq: false,
    prepare,
    through: own => {
      several = openFailover(arrange(named('own', own)), QUICK);
      return several;
    },
  });
};

/** The id of a deposit that is made and seen while the preferred node stands still. */
const paidWhileFrozen = async (freeze: () => Promise<void>): Promise<string> => {
  await freeze();
  const txid = await world.pay(await world.address('bob'), 0.5);
  await untilSpeaks('own');
  await until('the deposit', async () => (await world.story(txid)).join() === 'detected');
  return txid;
};

const viewOf = (name: string) => several.several.list().find(one => one.name === name)!;
const untilSpeaks = async (name: string) => until(`${name} to speak`, () => viewOf(name).speaks);
const untilStands = async (name: string, state: string) =>
  until(`${name} to be ${state}`, () => viewOf(name).state === state);

/** `down first > own` for each event about backends after this many. */
const told = async (after = 0): Promise<string[]> =>
  (await world.events())
    .filter(({type}) => type.startsWith('backend.'))
    .slice(after)
    .map(({type, data}) => {
      const {backend, speaks} = data as BackendEvent;
      return [type.slice('backend.'.length), backend, ...(speaks === undefined ? [] : ['>', speaks])].join(' ');
    });

const untilTold = async (after: number, ...events: string[]): Promise<void> => {
  await until(`${events.join(', ')} to be told`, async () => (await told(after)).length >= events.length);
  expect(await told(after)).toEqual(events);
};

describe('a preferred node without a wallet, and the one that has it', () => {
  let first: RegtestNode;
  let preferred: Source;
  let before = 0;
  beforeAll(async () => {
    await start(
      async node => {
        first = await startPeer(node);
      },
      own => {
        preferred = sourceOf('first', first);
        return [preferred, own];
      },
    );
    await world.caughtUp();
  });
  afterEach(async () => {
    // Each begins with the preferred one speaking.
    await untilSpeaks('first');
    await until('the last switch to be told', async () => ((await told()).at(-1) ?? 'up first').startsWith('up first'));
    before = (await told()).length;
    await world.expectSound();
  });
  afterAll(async () => {
    await world.dispose();
    await first.dispose();
  });

  test('killed while a deposit comes: it is found through the other, once, and the word goes back later', async () => {
    expect(viewOf('first').speaks).toBe(true);
    const address = await world.address('alice');
    const one = await world.pay(address, 1);
    await world.untilStates('detected 0');

    await first.kill();
    const two = await world.pay(address, 2);
    await world.untilStates('detected 0', 'detected 0');
    expect(viewOf('own').speaks).toBe(true);
    // What it was being asked when it died ended otherwise.
    await until('it to be known as down', () => {
      const {state, reason} = viewOf('first');
      return state === 'down' && reason?.includes('nothing listens there') === true;
    });
    await world.mine(3);
    await world.untilStates('credited 3', 'credited 3');
    expect(await world.balance('alice')).toBe('3.00000000');
    await untilTold(before, 'down first > own');

    await first.start();
    await connectNodes(first, world.node);
    await untilSpeaks('first');
    await untilTold(before, 'down first > own', 'up first > first');
    await world.mine(5);
    await world.untilStates('settled 8', 'settled 8');
    for (const txid of [one, two]) expect(await world.story(txid)).toEqual(['detected', 'credited', 'settled']);
    expect(await world.balance('alice')).toBe('3.00000000');
  });

  test('it stands still without a word: the other one is asked before its own deadline', async () => {
    const txid = await paidWhileFrozen(async () => first.freeze());
    first.thaw();
    await world.mine(3);
    await until('the credit', async () => (await world.story(txid)).join() === 'detected,credited');
  });

  test('it stands still between its tip and the hash of a block: the other one is asked as soon', async () => {
    const frozen = Promise.withResolvers<void>();
    const txid = await paidWhileFrozen(async () => {
      beforeHashes(preferred, async () => first.freeze().then(frozen.resolve));
      // A block is news: the block by which chains are told apart moves on with it.
      await world.mine(1);
      await frozen.promise;
    });
    first.thaw();
    await world.mine(3);
    await until('the credit', async () => (await world.story(txid)).join() === 'detected,credited');
  });

  test('it stands still while it is asked what belongs to no look: the other one answers, or nobody waits', async () => {
    const txid = parseTxid(await world.pay(await world.address('bob'), 0.125));
    const raw = Buffer.from(await world.node.rpc<string>('getrawtransaction', [txid]), 'hex');
    const refs = [{height: 1, hash: parseBlockHash(await world.node.rpc<string>('getblockhash', [1]))}];
    await untilSpeaks('first');
    await first.freeze();
    const {broadcaster, chain, coins, fees, health} = several;
    const [accept, sent, place, fee, coin, vitals, narrowed] = await Promise.allSettled([
      broadcaster.testAccept(raw),
      broadcaster.send(raw, txid),
      broadcaster.find(txid),
      fees.estimate(6),
      coins!.inspect([{txid, vout: 0}]),
      health.vitals(),
      chain.narrow!('coins', refs, [Buffer.from('51', 'hex')], new AbortController().signal),
    ]);
    expect(viewOf('own').speaks || viewOf('first').state === 'down').toBe(true);
    expect(accept).toMatchObject({value: {kind: expect.not.stringMatching('unknown') as string}});
    expect(sent).toMatchObject({value: {kind: 'accepted'}});
    expect(place).toMatchObject({value: 'mempool'});
    expect(fee.status).toBe('fulfilled');
    for (const unanswered of [coin, vitals, narrowed])
      expect(unanswered).toMatchObject({
        reason: {code: 'stale_facts', message: expect.stringMatching(/first is not asked any more/) as string},
      });
    first.thaw();
    await world.mine(1);
    await world.caughtUp();
  });

  test('it stands still while blocks are read from it: the reading ends when it is given up', async () => {
    const {chain} = preferred;
    const facts = chain.facts.bind(chain);
    const asked = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    chain.facts = async function* reading(_refs, _watch, signal) {
      asked.resolve();
      signal?.addEventListener('abort', () => ended.resolve());
      await ended.promise;
      yield* [];
    };
    await world.mine(1);
    await asked.promise;
    await first.freeze();
    await ended.promise;
    chain.facts = facts;
    await untilSpeaks('own');
    first.thaw();
    await world.caughtUp();
  });

  test('what it says does not fit together: the other one is asked, and it is tried again later', async () => {
    several.chain.distrust!('its blocks do not follow each other');
    expect(viewOf('first').speaks).toBe(true);
    await untilSpeaks('own');
    expect(viewOf('first').reason).toMatch(
      /what first says does not fit together: its blocks do not follow each other/,
    );
    // The rest is waited for after each test.
  });

  test('one that comes and goes does not take the word with it', async () => {
    await first.freeze();
    await untilSpeaks('own');
    for (let times = 0; times < 3; times += 1) {
      first.thaw();
      await untilStands('first', 'ok');
      await first.freeze();
      await untilStands('first', 'down');
      expect(viewOf('own').speaks).toBe(true);
    }
    first.thaw();
    await untilSpeaks('first');
    await untilTold(before, 'down first > own', 'up first > first');
  });

  test('one that falls behind is left for one that has its tip and more, and spoken to again when it has caught up', async () => {
    await partNodes(first, world.node);
    const txid = await world.pay(await world.address('alice'), 1);
    await world.mine(QUICK.behindBlocks);
    await untilSpeaks('own');
    expect(viewOf('first')).toMatchObject({state: 'behind', reason: expect.stringMatching(/3 blocks ahead/)});
    await until('the credit', async () => (await world.story(txid)).join() === 'detected,credited');
    await connectNodes(first, world.node);
    await untilSpeaks('first');
    await world.caughtUp();
    expect(await world.story(txid)).toEqual(['detected', 'credited']);
  });

  test('a shorter branch is not taken from the one that is left: nothing is reversed', async () => {
    await partNodes(first, world.node);
    // A lone block of its own, while the others go on without it.
    await first.mine(1);
    const txid = await world.pay(await world.address('alice'), 0.25);
    await world.mine(4);
    await untilSpeaks('own');
    await until('the credit', async () => (await world.story(txid)).join() === 'detected,credited');
    const balance = await world.balance('alice');

    await world.node.freeze();
    await untilSpeaks('first');
    await until('the loop to say so', () => world.track.view().state === 'behind');
    expect(world.track.view().reason).toMatch(/nothing is reversed, payouts wait/);
    expect(await world.story(txid)).toEqual(['detected', 'credited']);
    expect(await world.balance('alice')).toBe(balance);

    world.node.thaw();
    await untilSpeaks('own');
    await connectNodes(first, world.node);
    await world.caughtUp();
    expect(await world.story(txid)).toEqual(['detected', 'credited']);
  });
});

test('a node of another chain is refused by name and never speaks, also when it is the only one that ever answered', async () => {
  let other: RegtestNode | undefined;
  await start(
    async () => {
      other = await RegtestNode.start({zmq: false});
      await other.mine(130);
    },
    own => [own, sourceOf('other', other!)],
  );
  try {
    await untilStands('other', 'wrong_chain');
    expect(viewOf('other').reason).toMatch(/another block at 5 than own, too deep for any reorganisation/);
    await world.node.freeze();
    await untilStands('own', 'down');
    await until('the loop to say so', () => world.track.view().state === 'down');
    expect(viewOf('other')).toMatchObject({speaks: false, state: 'wrong_chain'});
    world.node.thaw();
    await untilStands('own', 'ok');
    // With nobody else to ask it speaks on, and is well again when nothing more is said against it.
    several.chain.distrust!('its blocks do not follow each other');
    await untilStands('own', 'down');
    await untilStands('own', 'ok');
    // Deep enough for the ledger to know for itself which chain it follows.
    await world.mine(QUICK.anchorDepth);
    await world.caughtUp();

    await world.pause();
    await world.node.freeze();
    await world.run();
    await untilStands('other', 'wrong_chain');
    expect(viewOf('other').reason).toMatch(/another block at 105 than the ledger/);
    await until('the loop to say so', () => world.track.view().state === 'down');
    expect(viewOf('other').speaks).toBe(false);
    world.node.thaw();
    await world.mine(1);
    await world.caughtUp();
    await world.expectSound();
  } finally {
    await world.dispose();
    await other?.dispose();
  }
});
