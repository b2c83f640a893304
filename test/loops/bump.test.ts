import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {BROADCAST_STEPS, type Broadcasting, type BroadcastParts} from '../../source/loops/broadcast.ts';
import type {BroadcastDetail} from '../../source/contract/index.ts';
import {parseAmount} from '../../source/primitives/amount.ts';
import {PayoutWorld, round} from '../support/payout-world.ts';

let world: PayoutWorld;
beforeAll(async () => {
  world = await PayoutWorld.start();
});
afterAll(() => world.dispose());
beforeEach(() => world.reset());
afterEach(async () => {
  await world.mine();
  expect(await world.faults()).toEqual([]);
});

/** The node learns feerates from the blocks of the tests before: here it never does. */
const loopOf = (more: Partial<BroadcastParts> = {}): Broadcasting =>
  world.loop({fees: {estimate: async () => undefined}, ...more});

/** Payouts in one transaction, which tracking has seen in the mempool. */
const sent = async (...amounts: string[]) => {
  const addresses = await Promise.all(amounts.map(() => world.outside()));
  const ids: string[] = [];
  for (const [index, amount] of amounts.entries()) ids.push((await world.accept(amount, addresses[index])).id);
  await round(loopOf());
  await world.look();
  const {txid} = await world.store.payout(ids[0]!);
  return {ids, addresses, txid: txid!};
};

/** Asks for it and lets the loop do it. */
const bump = async (txid: string, rate?: number, loop: Broadcasting = loopOf()): Promise<BroadcastDetail> => {
  const asked = loop.bump(txid, rate);
  const [answer] = await Promise.allSettled([asked, round(loop)]);
  if (answer.status === 'rejected') throw answer.reason;
  return world.store.broadcast(answer.value);
};

const mempoolFee = async (
  txid: string,
): Promise<{fee: bigint; ancestors: bigint; vsize: number; ancestorSize: number}> => {
  const entry = await world.node.rpc<{
    vsize: number;
    ancestorsize: number;
    fees: {base: number; ancestor: number};
  }>('getmempoolentry', [txid]);
  const satoshis = (amount: number) => parseAmount(amount.toFixed(8));
  return {
    fee: satoshis(entry.fees.base),
    ancestors: satoshis(entry.fees.ancestor),
    vsize: entry.vsize,
    ancestorSize: entry.ancestorsize,
  };
};

const outputsOf = async (txid: string): Promise<Record<string, number>> => {
  const {vout} = await world.node.rpc<{vout: {value: number; scriptPubKey: {address: string}}[]}>('getrawtransaction', [
    txid,
    true,
  ]);
  return Object.fromEntries(vout.map(({value, scriptPubKey}) => [scriptPubKey.address, value]));
};

describe('a replacement', () => {
  test('pays the same payouts from its change, is in the mempool instead, and settles once', async () => {
    await world.fund('1.0');
    const {ids, addresses, txid} = await sent('0.1', '0.2');
    const bumped = await bump(txid, 20);
    expect(bumped).toMatchObject({kind: 'bump', status: 'sent', payouts: 2, amount: '0.30000000'});
    expect(bumped.txid).not.toBe(txid);
    expect(await world.mempool()).toEqual([bumped.txid]);
    const paid = await outputsOf(bumped.txid!);
    expect(addresses.map(address => paid[address])).toEqual([0.1, 0.2]);
    const {fee, vsize} = await mempoolFee(bumped.txid!);
    expect(Number(fee) / vsize).toBeGreaterThanOrEqual(20);
    expect(Number(fee) / vsize).toBeLessThan(21);
    const payouts = await Promise.all(ids.map(id => world.store.payout(id)));
    expect(payouts.map(payout => payout.txid)).toEqual([bumped.txid, bumped.txid]);
    expect(payouts.reduce((total, payout) => total + parseAmount(payout.fee!), 0n)).toBe(fee);
    expect(await world.store.broadcast(txid)).toMatchObject({
      status: 'sent',
      payouts: 2,
      reason: `replaced: ${bumped.txid} pays a higher fee`,
    });
    // Only the newest is sent again.
    await round(loopOf());
    expect((await world.store.openBroadcasts()).map(({id}) => id)).toEqual([bumped.id]);
    await world.mine(8);
    for (const id of ids) expect(await world.story(id)).toEqual(['queued', 'sent', 'confirmed', 'settled']);
    expect(await world.store.broadcast(txid)).toMatchObject({status: 'abandoned'});
    expect((await world.store.account('network_fee')).balance).toBe(`-${(Number(fee) / 1e8).toFixed(8)}`);
  });

  test('the original confirms after the bump: settled once, at its own fee, and what the bump added is free', async () => {
    await world.fund('0.30001', '1.0');
    const {ids, txid} = await sent('1.29');
    const before = await world.store.broadcast(txid);
    await world.fundApart('0.5');
    // So much that the change does not pay it.
    const bumped = await bump(txid, 190);
    expect(bumped.txid).not.toBe(txid);
    const raw = before.raw!;
    await world.node.rpc('generateblock', [await world.outside(), [raw]]);
    await world.look();
    expect(await world.store.payout(ids[0]!)).toMatchObject({status: 'confirmed', txid, fee: before.fee});
    await world.mine(8);
    expect(await world.story(ids[0]!)).toEqual(['queued', 'sent', 'confirmed', 'settled']);
    expect(await world.store.broadcast(bumped.txid!)).toMatchObject({status: 'abandoned'});
    expect(await world.faults()).toEqual([]);
    // Every coin that is left can be spent.
    const {id} = await world.accept('0.4');
    await round(loopOf());
    expect(await world.status(id)).toBe('sent');
  });

  test('a bump of a bump, asked for by the first one’s name', async () => {
    await world.fund('1.0');
    const {ids, txid} = await sent('0.1');
    const first = await bump(txid, 10);
    await world.look();
    const second = await bump(txid, 30);
    expect(await world.mempool()).toEqual([second.txid]);
    expect(second.family.map(member => member.txid)).toEqual([txid, first.txid, second.txid]);
    await world.mine(8);
    expect(await world.story(ids[0]!)).toEqual(['queued', 'sent', 'confirmed', 'settled']);
  });

  test('more coins are added where the change does not pay it', async () => {
    await world.fund('0.30001');
    const {txid} = await sent('0.3');
    await world.fundApart('0.5');
    const bumped = await bump(txid, 50);
    expect(bumped.inputs).toHaveLength(2);
    expect(bumped.change).toBeDefined();
    expect((await mempoolFee(bumped.txid!)).fee).toBe(parseAmount(bumped.fee));
  });

  test('without a feerate it pays more than before', async () => {
    await world.fund('1.0');
    const {txid} = await sent('0.1');
    const before = await world.store.broadcast(txid);
    const bumped = await bump(txid);
    expect(bumped.feerate).toBeGreaterThanOrEqual(before.feerate + 0.9);
  });

  test('refusals are named and change nothing', async () => {
    await world.fund('0.30001');
    const {ids, txid} = await sent('0.3');
    await expect(bump(txid, 1)).rejects.toMatchObject({code: 'nothing_to_gain', field: 'fee_rate'});
    await expect(bump(txid, 201)).rejects.toMatchObject({code: 'fee_above_cap', field: 'fee_rate'});
    await expect(bump(txid, 100)).rejects.toMatchObject({code: 'coins_short'});
    await expect(bump('ab'.repeat(32), 5)).rejects.toMatchObject({code: 'not_found'});
    const refusing: Partial<BroadcastParts> = {
      broadcaster: {
        ...world.backend.broadcaster,
        testAccept: async () => ({kind: 'rejected', words: 'no'}),
        send: (raw, id) => world.backend.broadcaster.send(raw, id),
        find: id => world.backend.broadcaster.find(id),
      },
    };
    await world.fundApart('0.5');
    await expect(bump(txid, 20, loopOf(refusing))).rejects.toMatchObject({code: 'bump_refused'});
    expect(await world.mempool()).toContain(txid);
    // The coin that it would have brought is free, that of the original is not.
    const second = await world.accept('0.4');
    await round(loopOf());
    expect(await world.status(second.id)).toBe('sent');
    await world.mine();
    await expect(bump(txid, 20)).rejects.toMatchObject({code: 'already_confirmed'});
    expect(await world.story(ids[0]!)).toEqual(['queued', 'sent', 'confirmed']);
  });

  test('what is signed and not taken yet is not bumped; nothing is bumped while payouts are paused', async () => {
    await world.fund('1.0');
    const {id} = await world.accept('0.1');
    const mute: Partial<BroadcastParts> = {
      broadcaster: {
        testAccept: raw => world.backend.broadcaster.testAccept(raw),
        find: txid => world.backend.broadcaster.find(txid),
        send: async () => ({kind: 'unknown', words: 'timeout'}),
      },
    };
    await round(loopOf(mute));
    const {txid} = await world.store.payout(id);
    await expect(bump(txid!, 20, loopOf(mute))).rejects.toMatchObject({code: 'not_sent'});
    await world.store.pausePayouts('test', Date.now());
    await expect(bump(txid!, 20)).rejects.toMatchObject({code: 'payouts_paused'});
    await round(loopOf());
    expect(await world.mempool()).toEqual([]);
    await world.store.resumePayouts(undefined, Date.now());
    await round(loopOf());
    expect(await world.mempool()).toEqual([txid]);
  });

  test.each(BROADCAST_STEPS.filter(step => step !== 'gather' && step !== 'change-stored'))(
    'killed at `%s`: one of the two, paid once',
    async name => {
      await world.fund('1.0');
      const {ids, txid} = await sent('0.1', '0.2');
      const dying = loopOf({
        step: async at => {
          if (at === name) throw new Error('killed');
        },
      });
      const asked = dying.bump(txid, 20);
      asked.catch(() => undefined);
      await expect(round(dying)).rejects.toThrow('killed');
      await world.reopen();
      for (let n = 0; n < 3; n += 1) {
        await round(loopOf());
        await world.look();
      }
      const [found, ...others] = await world.mempool();
      expect(others).toEqual([]);
      const isBumped = ['stored', 'counted', 'sent', 'marked'].includes(name);
      expect(found === txid).toBe(!isBumped);
      for (const id of ids) expect((await world.store.payout(id)).txid).toBe(found);
      await world.mine(8);
      for (const id of ids) expect(await world.story(id)).toEqual(['queued', 'sent', 'confirmed', 'settled']);
      expect((await world.store.account('alice')).balance).toBe('0.70000000');
    },
  );
});

describe('a broadcast whose change is spent', () => {
  const chain = async () => {
    await world.fund('1.0');
    const first = await sent('0.1');
    const second = await sent('0.2');
    expect((await world.store.broadcast(second.txid)).inputs.map(input => input.txid)).toEqual([first.txid]);
    return {first, second};
  };

  test('is not replaced: a child lifts the whole chain, without payouts, its fee from the house', async () => {
    const {first, second} = await chain();
    const child = await bump(first.txid, 25);
    expect(child).toMatchObject({kind: 'child', status: 'sent', payouts: 0, amount: '0.00000000'});
    expect(child.inputs.map(input => input.txid)).toEqual([second.txid]);
    expect(new Set(await world.mempool())).toEqual(new Set([first.txid, second.txid, child.txid]));
    const {ancestors, ancestorSize} = await mempoolFee(child.txid!);
    expect(Number(ancestors) / ancestorSize).toBeGreaterThanOrEqual(25);
    expect(Number(ancestors) / ancestorSize).toBeLessThan(26);
    const again = await world.mempool();
    await world.look();
    await round(loopOf());
    expect(await world.mempool()).toHaveLength(again.length);
    await world.mine();
    expect((await world.store.account('network_fee')).balance).toBe(`-${(Number(ancestors) / 1e8).toFixed(8)}`);
    expect(await world.faults()).toEqual([]);
    await world.mine(7);
    for (const id of [...first.ids, ...second.ids])
      expect(await world.story(id)).toEqual(['queued', 'sent', 'confirmed', 'settled']);
    expect(await world.store.broadcast(child.txid!)).toMatchObject({status: 'settled'});
    // The child's change is spent like any other.
    const {id} = await world.accept('0.6');
    await round(loopOf());
    expect(await world.status(id)).toBe('sent');
  });

  test('lifted twice: the child gets a child of its own, or is replaced by its own name', async () => {
    const {first} = await chain();
    const child = await bump(first.txid, 10);
    await world.look();
    const replaced = await bump(child.txid!, 40);
    expect(replaced).toMatchObject({kind: 'bump', payouts: 0});
    await world.look();
    await expect(bump(first.txid, 5)).rejects.toMatchObject({code: 'nothing_to_gain'});
    await world.mine(8);
    expect(await world.store.broadcast(replaced.txid!)).toMatchObject({status: 'settled'});
  });

  test.each(['reserved', 'signed', 'stored', 'sent', 'marked'] as const)(
    'killed at `%s` while making the child: everybody is paid once and the books hold',
    async name => {
      const {first, second} = await chain();
      const dying = loopOf({
        step: async at => {
          if (at === name) throw new Error('killed');
        },
      });
      dying.bump(first.txid, 25).catch(() => undefined);
      await expect(round(dying)).rejects.toThrow('killed');
      await world.reopen();
      for (let n = 0; n < 3; n += 1) {
        await round(loopOf());
        await world.look();
      }
      expect(await world.mempool()).toHaveLength(name === 'reserved' || name === 'signed' ? 2 : 3);
      await world.mine(8);
      for (const id of [...first.ids, ...second.ids])
        expect(await world.story(id)).toEqual(['queued', 'sent', 'confirmed', 'settled']);
      expect((await world.store.account('alice')).balance).toBe('0.70000000');
    },
  );
});
