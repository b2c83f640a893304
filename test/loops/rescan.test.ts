import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {btc} from '../../source/coins/btc.ts';
import {scriptOf} from '../../source/coins/index.ts';
import {TrackedNode} from '../support/tracked-node.ts';

let world: TrackedNode;
afterEach(async () => {
  await world.expectSound();
  await world.dispose();
});

describe('a rescan', () => {
  beforeEach(async () => {
    world = await TrackedNode.start({zmq: false});
  });

  /** An address that the engine does not look for, as if its notification and its polling had failed. */
  const unnoticed = async (): Promise<string> => {
    const address = await world.node.rpc<string>('getnewaddress', [], 'hot');
    const scriptPubKey = scriptOf(address, btc, btc.networks.regtest!);
    await world.store.addAddress({account: 'alice', address, scriptPubKey, label: undefined}, Date.now());
    return address;
  };

  test('finds what was missed, and nothing more the second time', async () => {
    const address = await unnoticed();
    await world.pay(address, 3);
    await world.mine(1);
    await world.pay(await unnoticed(), 1);
    await world.mine(4);
    await world.caughtUp();
    expect(await world.states()).toEqual([]);
    // The engine starts afresh and knows the scripts from its ledger.
    await world.pause();
    await world.run();
    await world.caughtUp();
    expect(await world.states()).toEqual([]);

    const job = await world.ended(await world.rescan.start());
    expect(job).toMatchObject({status: 'finished', known: 0, found: 2, changed: 0, at_height: 110});
    expect(await world.states()).toEqual(['credited 5', 'credited 4']);
    expect(await world.balance('alice')).toBe('4.00000000');

    const events = (await world.events()).length;
    const second = await world.ended(await world.rescan.start(105));
    expect(second).toMatchObject({status: 'finished', known: 2, found: 0, changed: 0});
    expect((await world.events()).length).toBe(events);
    expect(await world.balance('alice')).toBe('4.00000000');
  });

  test('reaches below the height at which the ledger starts', async () => {
    const address = await unnoticed();
    const {node} = world;
    // A ledger made after the payment: its ladder begins above it.
    await world.pay(address, 2);
    await world.mine(30);
    await world.caughtUp();
    await world.pause();
    await world.run();
    await world.caughtUp();
    const job = await world.ended(await world.rescan.start(0));
    expect(job).toMatchObject({status: 'finished', from_height: 0, found: 1});
    expect(await world.states()).toEqual(['settled 30']);
    expect((await world.store.ladderBottom())?.hash).toBe(await node.rpc('getblockhash', [0]));
  });

  test('from a date starts at the first block of that day', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000 * 2).toISOString().slice(0, 10);
    expect(await world.rescan.start(tomorrow).then(async job => world.ended(job))).toMatchObject({from_height: 105});
    const old = await world.rescan.start('2011-01-01');
    expect(await world.ended(old)).toMatchObject({from_height: 0, status: 'finished'});
  });

  test.each([
    [106, 'it cannot be rescanned from 106'],
    ['106', 'it cannot be rescanned from 106'],
    ['2024-13-45', '2024-13-45 is not a date'],
  ])('refuses %s', async (from, words) => {
    const refusal: unknown = await world.rescan.start(from).catch((error: unknown) => error);
    expect(refusal).toMatchObject({code: 'bad_height', field: 'from'});
    expect(String(refusal)).toContain(words);
  });

  test('runs one at a time, can be cancelled, and goes on above its checkpoint after a restart', async () => {
    await world.mine(600);
    await world.caughtUp();
    const job = await world.rescan.start(0);
    await expect(world.rescan.start(0)).rejects.toMatchObject({code: 'already_running'});
    const cancelled = await world.rescan.cancel(job.id);
    expect(cancelled.status).toBe('cancelled');
    await expect(world.rescan.cancel(job.id)).rejects.toMatchObject({code: 'wrong_state'});

    // Left running by an engine that died at block 400.
    const left = await world.store.createJob('rescan', 0, 705, Date.now());
    const tip = (await world.store.ladderTop())!;
    const policy = {confirmations: 3, maxConfirmationCount: 15, coinbaseMaturity: 101};
    const nothing = {tip, fork: undefined, connected: [], seen: [], gone: []};
    await world.store.track(nothing, policy, Date.now(), {id: left.id, atHeight: 400});
    await world.pause();
    await world.run();
    expect(await world.ended(left)).toMatchObject({status: 'finished', at_height: 705});
  });
});

test('a rescan below what the node has pruned fails and names the lowest height that can be had', async () => {
  world = await TrackedNode.start({zmq: false, args: ['-txindex=0', '-blockfilterindex=0', '-prune=1', '-fastprune']});
  await world.mine(600);
  await world.caughtUp();
  await world.node.rpc('pruneblockchain', [400]);
  const {pruneheight} = await world.node.rpc<{pruneheight: number}>('getblockchaininfo');
  const job = await world.ended(await world.rescan.start(1));
  expect(job.status).toBe('failed');
  expect(job.error).toContain(`blocks below ${pruneheight}`);
});
