import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {TrackedNode} from '../support/tracked-node.ts';
import {until} from '../support/until.ts';

// The chain loops against a real node: what the network does, seen through ZMQ and through polling alone.

let world: TrackedNode;
afterEach(async () => {
  await world.expectSound();
  await world.dispose();
});

/** Replaces an unconfirmed payment by one with a higher fee that pays these addresses instead. */
const replace = async (txid: string, outputs: Record<string, number>): Promise<string> => {
  const {node} = world;
  const old = await node.rpc<{vin: {txid: string; vout: number}[]}>('getrawtransaction', [txid, 1]);
  const [input] = old.vin;
  const raw = await node.rpc<string>('createrawtransaction', [[{...input, sequence: 0xffff_fffd}], outputs]);
  const signed = await node.rpc<{hex: string; complete: boolean}>('signrawtransactionwithwallet', [raw], 'outside');
  expect(signed.complete).toBe(true);
  return node.rpc<string>('sendrawtransaction', [signed.hex, 0]);
};

describe.each([
  {backend: 'bitcoind', zmq: true},
  {backend: 'bitcoind', zmq: false},
  {backend: 'electrum', zmq: true},
  {backend: 'esplora', zmq: false},
  {backend: 'esplora-large', zmq: false},
] as const)('through $backend with $zmq ZMQ', ({backend, zmq}) => {
  beforeEach(async () => {
    world = await TrackedNode.start({backend, zmq, confirmations: 3, maxConfirmationCount: 8});
  });

  test('a deposit is detected, counted, credited and settled', async () => {
    const txid = await world.pay(await world.address('alice'), 1.5);
    await world.untilStates('detected 0');
    await world.mine(1);
    await world.untilStates('detected 1');
    await world.mine(2);
    await world.untilStates('credited 3');
    expect(await world.balance('alice')).toBe('1.50000000');
    await world.mine(5);
    await world.untilStates('settled 8');
    expect(await world.story(txid)).toEqual(['detected', 'credited', 'settled']);
    await until('the books', async () => (await world.store.lastBooks())?.height === 113);
    expect(await world.store.lastBooks()).toMatchObject({drift: '0.00000000', chain: '1.50000000', outpoints: 1});
  });

  test('a replaced deposit is dropped at once, and one that still pays us points to its successor', async () => {
    const address = await world.address('alice');
    const first = await world.pay(address, 1, 2);
    await world.untilStates('detected 0');
    const other = await world.node.rpc<string>('getnewaddress', [], 'outside');
    const second = await replace(first, {[address]: 2, [other]: 47.9});
    await world.untilStates('dropped replaced', 'detected 0');
    expect((await world.deposits())[0]).toMatchObject({txid: first, replaced_by: second});
    await replace(second, {[other]: 49});
    await world.untilStates('dropped replaced', 'dropped replaced');
    await world.mine(3);
    await world.caughtUp();
    expect(await world.story()).toEqual(['detected', 'detected', 'dropped replaced', 'dropped replaced']);
    expect(await world.balance('alice')).toBe('0.00000000');
  });

  test('a deposit whose block is taken away goes back, is dropped when credited, and is credited once more', async () => {
    const txid = await world.pay(await world.address('alice'), 1);
    await world.mine(1);
    await world.untilStates('detected 1');
    // Below the threshold: another block without it.
    await world.invalidate(1);
    await world.mineOnly(2);
    await world.untilStates('detected 0');
    await world.mine(3);
    await world.untilStates('credited 3');
    expect(await world.balance('alice')).toBe('1.00000000');
    // Above it.
    await world.invalidate(3);
    await world.mineOnly(4);
    await world.untilStates('detected 0');
    expect(await world.balance('alice')).toBe('0.00000000');
    await world.mine(3);
    await world.untilStates('credited 3');
    expect(await world.story(txid)).toEqual(['detected', 'credited', 'dropped reorged', 'detected', 'credited']);
    expect(await world.balance('alice')).toBe('1.00000000');
  });
});

describe.each(['bitcoind', 'electrum', 'esplora', 'esplora-large'] as const)('the chain loop through %s', backend => {
  /** Who spends a foreign coin in a block no history of ours tells: a lost deposit is only seen to be gone. */
  const seesForeignSpends = backend !== 'electrum';

  beforeEach(async () => {
    world = await TrackedNode.start({
      backend,
      zmq: !backend.startsWith('esplora'),
      confirmations: 3,
      maxConfirmationCount: 15,
    });
  });

  test('keeps a credit that the other branch holds too', async () => {
    const txid = await world.pay(await world.address('alice'), 1);
    await world.mine(6);
    await world.untilStates('credited 6');
    await world.invalidate(6);
    await world.mineOnly(7, [txid]);
    await world.untilStates('credited 7');
    expect(await world.story(txid)).toEqual(['detected', 'credited']);
  });

  test('calls a double spend on the other branch a conflict, ten blocks deep', async () => {
    const address = await world.address('alice');
    const txid = await world.pay(address, 1, 2);
    await world.untilStates('detected 0');
    await world.mine(10);
    await world.untilStates('credited 10');
    await world.invalidate(10);
    const other = await world.node.rpc<string>('getnewaddress', [], 'outside');
    const thief = await replace(txid, {[other]: 49});
    await world.mine(11);
    const lost = seesForeignSpends ? 'dropped conflicted' : 'dropped reorged';
    await world.untilStates(lost);
    if (seesForeignSpends) expect((await world.deposits())[0]).toMatchObject({replaced_by: thief});
    expect(await world.story(txid)).toEqual(['detected', 'credited', lost]);
    expect(await world.balance('alice')).toBe('0.00000000');
  });

  test('refuses a fork deeper than max_confirmation_count until it is accepted', async () => {
    const txid = await world.pay(await world.address('alice'), 1);
    await world.mine(16);
    await world.untilStates('settled 16');
    await world.invalidate(16);
    await world.mineOnly(17);
    await until('the refusal', () => world.track.view().blocked?.reason === 'deep_reorg');
    expect(await world.states()).toEqual(['settled 16']);
    expect(await world.store.payoutsPaused()).toContain('16 blocks deep');
    await world.store.acceptReorg(Date.now());
    // The node gives nothing back to its mempool from more than ten blocks.
    await world.untilStates('dropped reorged');
    expect(await world.story(txid)).toEqual(['detected', 'credited', 'settled', 'dropped reorged']);
    await until('payouts to go on', () => world.track.view().blocked === undefined);
    expect(await world.store.payoutsPaused()).toBeUndefined();
  });

  test('credits a coinbase when it is mature, and drops it with its block', async () => {
    const address = await world.address('alice');
    await world.mine(1, address);
    await world.mine(99);
    await world.untilStates('detected 100');
    await world.mine(1);
    await world.untilStates('settled 101');
    expect(await world.balance('alice')).toBe('50.00000000');
    await world.mine(1, address);
    await world.untilStates('settled 102', 'detected 1');
    await world.invalidate(1);
    await world.mineOnly(2);
    await world.untilStates('settled 103', 'dropped reorged');
  });

  test('counts a transaction that pays two accounts and us thrice by its outpoints', async () => {
    const [alice, bob] = [await world.address('alice'), await world.address('bob')];
    const [again, third] = [await world.address('alice'), await world.address('alice')];
    await world.node.rpc('sendmany', ['', {[alice]: 1, [bob]: 2, [again]: 4, [third]: 8}], 'outside');
    await world.untilStates('detected 0', 'detected 0', 'detected 0', 'detected 0');
    await world.mine(3);
    await world.untilStates('credited 3', 'credited 3', 'credited 3', 'credited 3');
    expect([await world.balance('alice'), await world.balance('bob')]).toEqual(['13.00000000', '2.00000000']);
  });

  test('changes nothing when a killed node comes back with no blocks at all, and goes on when they return', async () => {
    const {node} = world;
    const txid = await world.pay(await world.address('alice'), 1);
    await world.mine(3);
    await world.untilStates('credited 3');
    const blocks = await Promise.all(
      Array.from({length: 108}, async (_, index) =>
        node.rpc<string>('getblock', [await node.rpc<string>('getblockhash', [index + 1]), 0]),
      ),
    );
    const first = await node.rpc<string>('getblockhash', [1]);
    await node.kill();
    await until('the node to be missed', () => world.track.view().state === 'down');
    // A kill costs a regtest node some of its blocks or all: here, all.
    await node.start();
    const left = await node.rpc<number>('getblockcount');
    if (left > 0) await world.invalidate(left);
    await until('it to be seen behind', () => world.track.view().state === 'behind');
    expect(world.track.view().blocked?.reason).toBe('node_behind');
    expect(await world.states()).toEqual(['credited 3']);
    if (left > 0) await node.rpc('reconsiderblock', [first]);
    for (const block of blocks) await node.rpc('submitblock', [block]);
    await until('it to be well again', () => world.track.view().state === 'ok');
    await world.mine(1);
    await world.untilStates('credited 4');
    expect(await world.story(txid)).toEqual(['detected', 'credited']);
  });

  test('finds what happened while it was off, also what was evicted meanwhile', async () => {
    const address = await world.address('alice');
    const evicted = await world.pay(address, 1, 2);
    await world.untilStates('detected 0');
    await world.pause();
    const other = await world.node.rpc<string>('getnewaddress', [], 'outside');
    await replace(evicted, {[other]: 49});
    for (let payment = 0; payment < 20; payment++) await world.pay(address, 0.1);
    await world.mine(10);
    await world.run();
    await world.caughtUp();
    const lost = seesForeignSpends ? 'dropped conflicted' : 'dropped replaced';
    // Absence counts when two looks agree.
    await until('the lost one to be dropped', async () => (await world.states()).includes(lost));
    const states = (await world.states()).toSorted();
    expect(states).toEqual([...Array.from({length: 20}, () => 'credited 10'), lost]);
    expect(await world.balance('alice')).toBe('2.00000000');
    const {items} = await world.store.jobs({limit: 10});
    expect(await world.ended(items[0]!)).toMatchObject({kind: 'catch_up', status: 'finished', found: 20});
  });
});
