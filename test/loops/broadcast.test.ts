import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {BROADCAST_STEPS, type BroadcastParts} from '../../source/loops/broadcast.ts';
import type {AcceptAnswer, Broadcaster, Signer} from '../../source/payout/ports.ts';
import {scriptOf} from '../../source/coins/index.ts';
import {parseAmount} from '../../source/primitives/amount.ts';
import {createNodeSigner} from '../../source/signers/node.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {btc, regtest} from '../support/bitcoind.ts';
import {PayoutWorld, round} from '../support/payout-world.ts';

let world: PayoutWorld;
beforeAll(async () => {
  world = await PayoutWorld.start();
});
afterAll(() => world.dispose());
beforeEach(() => world.reset());
/** Set by tests in which somebody else takes a coin of ours. */
let isRobbed = false;
afterEach(async () => {
  await world.mine();
  if (!isRobbed) expect(await world.faults()).toEqual([]);
  isRobbed = false;
});

const paidTo = async (txid: string, address: string): Promise<number[]> => {
  const {vout} = await world.node.rpc<{vout: {value: number; scriptPubKey: {address: string}}[]}>('getrawtransaction', [
    txid,
    true,
  ]);
  return vout.filter(output => output.scriptPubKey.address === address).map(output => output.value);
};

describe('the broadcast loop', () => {
  test('a payout goes out, confirms and settles, and the books hold at every step', async () => {
    await world.fund('1.0');
    const address = await world.outside();
    const {id} = await world.accept('0.3', address);
    await round(world.loop());
    const {txid, status} = await world.store.payout(id);
    expect(status).toBe('sent');
    expect(await world.mempool()).toEqual([txid]);
    expect(await paidTo(txid!, address)).toEqual([0.3]);
    await world.look();
    expect(await world.faults()).toEqual([]);
    await world.mine();
    expect(await world.status(id)).toBe('confirmed');
    expect(await world.faults()).toEqual([]);
    await world.mine(7);
    expect(await world.status(id)).toBe('settled');
    expect(await world.story(id)).toEqual(['queued', 'sent', 'confirmed', 'settled']);
    const fee = parseAmount((await world.store.payout(id)).fee!);
    expect((await world.store.account('network_fee')).balance).toBe(`-0.0000${String(fee).padStart(4, '0')}`);
  });

  test('a burst is one transaction, and what comes while it is signed is the next, from its change', async () => {
    await world.fund('1.0');
    const loop = world.loop();
    const early = await Promise.all(Array.from({length: 30}, () => world.accept('0.001')));
    await round(loop);
    const late = await world.accept('0.002');
    await round(loop);
    expect(await world.status(late.id)).toBe('queued');
    await world.look();
    await round(loop);
    const txids = new Set(await Promise.all(early.map(async ({id}) => (await world.store.payout(id)).txid)));
    expect(txids.size).toBe(1);
    expect(await world.mempool()).toHaveLength(2);
    expect(await world.status(late.id)).toBe('sent');
  });

  test('one bad payout in a batch of ten: nine go out in one transaction, the bad one is held', async () => {
    await world.fund('1.0', '1.0');
    const payouts = [];
    for (let n = 0; n < 10; n += 1) payouts.push(await world.accept(n === 6 ? '0.00000200' : '0.01'));
    await round(world.loop());
    const after = await Promise.all(payouts.map(({id}) => world.store.payout(id)));
    expect(after.map(({status}) => status)).toEqual(after.map((_, n) => (n === 6 ? 'held' : 'sent')));
    expect(after[6]!.reason).toMatch(/^refused_by_node: .*dust/);
    expect(await world.mempool()).toHaveLength(1);
    await round(world.loop());
    expect(await world.story(payouts[6]!.id)).toEqual(['queued', 'held']);
    expect((await world.store.cancelPayout(payouts[6]!.id, Date.now())).status).toBe('cancelled');
  });

  test('a payout to a change address of ours goes out, with other change', async () => {
    await world.fund('1.0');
    const address = await world.backend.addresses.newChangeAddress();
    await world.store.addChangeAddress(address, scriptOf(address, btc, regtest), Date.now());
    const {id} = await world.accept('0.1', address);
    await round(world.loop());
    const payout = await world.store.payout(id);
    expect(payout.status).toBe('sent');
    expect(await paidTo(payout.txid!, address)).toEqual([0.1]);
  });

  test('two payouts to one address go out in two transactions, one to our own address comes back as a deposit', async () => {
    await world.fund('1.0', '1.0');
    const address = await world.outside();
    const both = [await world.accept('0.1', address), await world.accept('0.1', address)];
    await round(world.loop());
    const txids = await Promise.all(both.map(async ({id}) => (await world.store.payout(id)).txid!));
    expect(new Set(txids).size).toBe(2);
    for (const txid of txids) expect(await paidTo(txid, address)).toEqual([0.1]);
    await world.mine();
    const own = (await world.store.addresses({limit: 1, account: 'alice'})).items[0]!.address;
    const before = (await world.store.account('alice')).balance;
    await world.accept('0.1', own);
    await round(world.loop());
    await world.mine();
    expect((await world.store.account('alice')).balance).toBe(before);
    expect((await world.store.deposits({limit: 10, address: own})).items).toHaveLength(2);
  });

  test.each(BROADCAST_STEPS)('killed at `%s`: one transaction, the same bytes, one debit', async name => {
    await world.fund('1.0');
    const ids = [(await world.accept('0.1')).id, (await world.accept('0.2')).id];
    const sent: string[] = [];
    const broadcaster: Broadcaster = {
      testAccept: raw => world.backend.broadcaster.testAccept(raw),
      find: txid => world.backend.broadcaster.find(txid),
      send: (raw, txid) => {
        sent.push(raw.toString('hex'));
        return world.backend.broadcaster.send(raw, txid);
      },
    };
    let isReached = false;
    const dying = world.loop({
      broadcaster,
      step: async at => {
        isReached ||= at === name;
        if (at === name) throw new Error('killed');
      },
    });
    await expect(round(dying)).rejects.toThrow('killed');
    expect(isReached).toBe(true);
    await world.reopen();
    for (let n = 0; n < 3; n += 1) {
      await round(world.loop({broadcaster}));
      await world.look();
    }
    expect(await world.mempool()).toHaveLength(1);
    expect(new Set(sent).size).toBe(1);
    await world.mine();
    for (const id of ids) expect(await world.story(id)).toEqual(['queued', 'sent', 'confirmed']);
    expect((await world.store.account('alice')).balance).toBe('0.70000000');
    expect((await world.store.broadcasts({limit: 10})).items).toHaveLength(1);
  });

  test('the node accepts and the answer is lost: the same bytes again, one transaction', async () => {
    await world.fund('1.0');
    const {id} = await world.accept('0.1');
    const sent = new Set<string>();
    const broadcaster: Broadcaster = {
      testAccept: raw => world.backend.broadcaster.testAccept(raw),
      find: txid => world.backend.broadcaster.find(txid),
      send: async (raw, txid) => {
        sent.add(raw.toString('hex'));
        await world.backend.broadcaster.send(raw, txid);
        return {kind: 'unknown', words: 'socket hang up'};
      },
    };
    await round(world.loop({broadcaster}));
    expect(await world.status(id)).toBe('signed');
    await round(world.loop({broadcaster}));
    expect(sent.size).toBe(1);
    await round(world.loop());
    expect(await world.status(id)).toBe('sent');
    expect(await world.mempool()).toHaveLength(1);
    const [broadcast] = (await world.store.broadcasts({limit: 10})).items;
    expect(broadcast!.attempts).toBe(3);
  });

  test('a node that lost its mempool gets the same bytes again', async () => {
    await world.fund('1.0');
    const {id} = await world.accept('0.1');
    await round(world.loop());
    const {txid} = await world.store.payout(id);
    await world.look();
    await world.node.stop();
    await world.node.start(['-persistmempool=0', '-walletbroadcast=0']);
    try {
      expect(await world.mempool()).toEqual([]);
      await world.look();
      await round(world.loop());
      expect(await world.mempool()).toEqual([txid]);
      expect(await world.story(id)).toEqual(['queued', 'sent']);
    } finally {
      await world.node.stop();
      await world.node.start();
    }
  });

  test.each(['signed', 'sent'])(
    'one that is %s and the network does not want yet keeps nothing behind it',
    async how => {
      await world.fund('1.0', '0.5');
      const {id} = await world.accept('0.9');
      const real = world.backend.broadcaster;
      let unwanted: string | undefined;
      const broadcaster: Broadcaster = {
        testAccept: raw => real.testAccept(raw),
        find: async () => 'absent',
        send: async (raw, txid) => {
          unwanted ??= txid;
          if (txid !== unwanted) return real.send(raw, txid);
          return {kind: 'inputs-unavailable', words: 'bad-txns-inputs-missingorspent'};
        },
      };
      const loop = world.loop({broadcaster});
      await round(loop);
      if (how === 'sent') await world.store.markSent('1', 'accepted', Date.now());
      expect(await world.status(id)).toBe(how);
      const held = await world.accept('0.6');
      await round(loop);
      expect(await world.status(held.id)).toBe('held');
      await world.fund('1.0');
      for (let n = 0; n < 3; n += 1) await round(loop);
      expect(await world.status(held.id)).toBe('sent');
      expect(await world.status(id)).toBe(how);
    },
  );

  test('node away: payouts are accepted and wait, and go out when it is back', async () => {
    await world.fund('1.0');
    const loop = world.loop();
    const first = await world.accept('0.1');
    await round(loop);
    await world.mine();
    const address = await world.outside();
    await world.node.stop();
    const second = await world.accept('0.1', address);
    await expect(round(loop)).rejects.toMatchObject({code: expect.stringMatching(/^backend_/)});
    expect(await world.status(second.id)).toBe('queued');
    await world.node.start();
    await world.look();
    await round(loop);
    expect(await world.status(second.id)).toBe('sent');
    expect(await world.status(first.id)).toBe('confirmed');
  });

  test.each([1, 6])('a reorg of %i takes it out of the chain and it confirms again', async depth => {
    await world.fund('1.0');
    const {id} = await world.accept('0.1');
    await round(world.loop());
    await world.mine(depth);
    const height = await world.node.rpc<number>('getblockcount');
    await world.node.rpc('invalidateblock', [await world.node.rpc('getblockhash', [height - depth + 1])]);
    for (let n = 0; n <= depth; n += 1) await world.node.rpc('generateblock', [await world.outside(), []]);
    await world.look();
    expect(await world.status(id)).toBe('sent');
    expect(await world.faults()).toEqual([]);
    await round(world.loop());
    await world.mine();
    expect(await world.story(id)).toEqual(['queued', 'sent', 'confirmed', 'unconfirmed', 'confirmed']);
  });

  test('a coin spent by hand is a conflict only once that is in a block', async () => {
    await world.fund('1.0');
    const {id} = await world.accept('0.1');
    const stored: {raw: Buffer | undefined} = {raw: undefined};
    const mute: Broadcaster = {
      testAccept: raw => world.backend.broadcaster.testAccept(raw),
      find: txid => world.backend.broadcaster.find(txid),
      send: async raw => {
        stored.raw = raw;
        return {kind: 'unknown', words: 'timeout'};
      },
    };
    await round(world.loop({broadcaster: mute}));
    await world.node.rpc('lockunspent', [true], 'hot');
    await world.node.rpc('sendall', [[await world.outside()], null, 'unset', 10], 'hot');
    isRobbed = true;
    await world.look();
    await round(world.loop());
    expect(await world.status(id)).toBe('signed');
    await world.mine();
    await round(world.loop());
    expect(await world.status(id)).toBe('conflicted');
    expect(await world.story(id)).toEqual(['queued', 'conflicted']);
    await expect(world.store.cancelPayout(id, Date.now())).rejects.toMatchObject({code: 'already_signed'});
    expect((await world.store.account('alice')).balance).toBe('0.90000000');
  });

  test('what the coins do not cover is held with the exact amount, and goes by itself when it is added', async () => {
    await world.fund('1.0');
    const {id} = await world.accept('1.0');
    const loop = world.loop();
    await round(loop);
    const {reason} = await world.store.payout(id);
    const missing = /^coins_short: add (\S+) BTC/.exec(reason!)![1]!;
    await world.fund(missing);
    await round(loop);
    expect(await world.status(id)).toBe('sent');
  });

  test('cancelled while it is being signed: the bytes are thrown away, the others go', async () => {
    await world.fund('1.0');
    const [one, two] = [await world.accept('0.1'), await world.accept('0.2')];
    const real = createNodeSigner(world.backend.wallet, silentLog);
    let isFirst = true;
    const signer: Signer = {
      lock: outpoints => real.lock(outpoints),
      unlock: outpoints => real.unlock(outpoints),
      sign: async plan => {
        if (isFirst) await world.store.cancelPayout(one.id, Date.now());
        isFirst = false;
        return real.sign(plan);
      },
    };
    await round(world.loop({signer}));
    expect(await world.status(one.id)).toBe('cancelled');
    expect(await world.status(two.id)).toBe('sent');
    expect(await world.mempool()).toHaveLength(1);
    await expect(world.store.cancelPayout(two.id, Date.now())).rejects.toMatchObject({code: 'already_signed'});
    expect((await world.store.account('alice')).balance).toBe('0.80000000');
  });

  test('a signer that pays somebody else is found out, and nothing is stored or sent', async () => {
    await world.fund('1.0');
    const {id} = await world.accept('0.1');
    const real = createNodeSigner(world.backend.wallet, silentLog);
    const thief = await world.outside();
    const {scriptPubKey} = await world.node.rpc<{scriptPubKey: string}>('validateaddress', [thief]);
    const signer: Signer = {
      lock: outpoints => real.lock(outpoints),
      unlock: outpoints => real.unlock(outpoints),
      sign: plan =>
        real.sign({
          ...plan,
          outputs: plan.outputs.map((output, vout) =>
            vout === 0 ? {...output, address: thief, scriptPubKey: Buffer.from(scriptPubKey, 'hex')} : output,
          ),
        }),
    };
    await round(world.loop({signer}));
    expect((await world.store.payout(id)).reason).toMatch(/refused_by_node: the signer changed it: output 0/);
    expect(await world.mempool()).toEqual([]);
    expect(await world.store.openBroadcasts()).toEqual([]);
  });

  test.each<[what: string, answer: AcceptAnswer, reason: RegExp]>([
    ['refuses', {kind: 'rejected', words: 'min relay fee not met'}, /^perhaps_paid: it was signed, and not sent: min/],
    ['finds no coins for', {kind: 'inputs-unavailable', words: 'missing inputs'}, /^perhaps_paid: .*missing inputs\./],
  ])(
    'what the node %s although somebody else has signed it is not planned anew by itself',
    async (_, answer, reason) => {
      await world.fund('1.0', '1.0');
      const {id} = await world.accept('0.1');
      const elsewhere: Signer = Object.assign(createNodeSigner(world.backend.wallet, silentLog), {isPatient: true});
      const broadcaster: Broadcaster = {
        testAccept: async () => answer,
        find: txid => world.backend.broadcaster.find(txid),
        send: () => expect.unreachable('it is not sent'),
      };
      await round(world.loop({signer: elsewhere, broadcaster}));
      expect(await world.store.payout(id)).toMatchObject({status: 'held', clears: 'person'});
      expect((await world.store.payout(id)).reason).toMatch(reason);
      await round(world.loop({signer: elsewhere}));
      expect(await world.status(id)).toBe('held');
      expect(await world.mempool()).toEqual([]);
      await world.store.releasePayout(id, Date.now());
      await round(world.loop({signer: elsewhere}));
      expect(await world.status(id)).toBe('sent');
    },
  );

  const stopped = (more: Partial<BroadcastParts>) => world.loop({period: 60_000, ...more});

  test('while the node is behind nothing is signed or sent, and payouts say why', async () => {
    await world.fund('1.0');
    const {id} = await world.accept('0.1');
    let now = 0;
    const clock = {now: () => Date.now(), monotonic: () => now};
    let isBehind = true;
    const loop = stopped({
      clock,
      blocked: () => (isBehind ? {reason: 'node_behind', words: 'at 5 of 9'} : undefined),
    });
    await round(loop);
    expect(await world.status(id)).toBe('queued');
    now += 3000;
    await round(loop);
    expect((await world.store.payout(id)).reason).toBe('node_behind: at 5 of 9');
    isBehind = false;
    now += 60_000;
    await round(loop);
    expect(await world.story(id)).toEqual(['queued', 'held', 'sent']);
  });

  test('an estimate above max_rate holds payouts until it falls', async () => {
    await world.fund('1.0');
    const {id} = await world.accept('0.1');
    await round(world.loop({fees: {estimate: async () => 300}}));
    expect((await world.store.payout(id)).reason).toMatch(/^fee_above_cap: .*300/);
    await round(world.loop({fees: {estimate: async () => 20}}));
    expect(await world.status(id)).toBe('sent');
    const [broadcast] = (await world.store.broadcasts({limit: 1})).items;
    expect(broadcast!.feerate).toBe(20);
  });

  // Last: the wallet stays encrypted.
  test('a locked wallet holds payouts without any coin, and they go when it is unlocked', async () => {
    await world.fund('1.0');
    await world.node.rpc('encryptwallet', ['secret'], 'hot');
    const {id} = await world.accept('0.1');
    const loop = world.loop();
    await round(loop);
    expect(await world.store.payout(id)).toMatchObject({status: 'held', clears: 'itself'});
    expect((await world.store.payout(id)).reason).toMatch(/^wallet_locked: /);
    expect(await world.store.openBroadcasts()).toEqual([]);
    await world.node.rpc('walletpassphrase', ['secret', 60], 'hot');
    await round(loop);
    expect(await world.status(id)).toBe('sent');
    expect(await world.story(id)).toEqual(['queued', 'held', 'sent']);
  });
});
