import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from 'vitest';
import {PayoutWorld, round} from '../support/payout-world.ts';

// An attacker pays a coin to himself, and from there to us; when we have paid out from it, he has the first of these
// payments double spent in another branch. Nothing of ours says so: neither the deposit nor the payments lost a coin.

let world: PayoutWorld;
beforeAll(async () => {
  world = await PayoutWorld.start();
});
afterAll(() => world.dispose());
beforeEach(() => world.reset());
afterEach(async () => {
  Reflect.deleteProperty(world.backend.chain, 'transactionsIn');
  await world.mine();
  expect(await world.faults()).toEqual([]);
});

interface Coin {
  readonly txid: string;
  readonly vout: number;
  readonly amount: number;
}

/** Pays all of a coin but `fee` to an address, signed and not sent. */
const payFrom = async ({txid, vout, amount}: Coin, address: string, fee: number): Promise<string> => {
  const outputs = [{[address]: (amount - fee).toFixed(8)}];
  const raw = await world.node.rpc<string>('createrawtransaction', [[{txid, vout}], outputs]);
  const signed = await world.node.rpc<{hex: string; complete: boolean}>(
    'signrawtransactionwithwallet',
    [raw],
    'outside',
  );
  expect(signed.complete).toBe(true);
  return signed.hex;
};
const send = async (hex: string): Promise<string> => world.node.rpc<string>('sendrawtransaction', [hex]);
const mineOnly = async (...transactions: string[]): Promise<string> =>
  (await world.node.rpc<{hash: string}>('generateblock', [await world.outside(), transactions])).hash;

/** The attacker's coin goes to himself in one block, to alice in the next; she pays twice, the second from change. */
const attack = async () => {
  const coins = await world.node.rpc<Coin[]>('listunspent', [1], 'outside');
  const coin = coins.toSorted((one, other) => other.amount - one.amount)[0];
  const thief = await payFrom(coin!, await world.outside(), 0.01);
  const first = await send(await payFrom(coin!, await world.outside(), 0.0001));
  const block = await mineOnly(first);
  const back = {txid: first, vout: 0, amount: coin!.amount - 0.0001};
  await mineOnly(await send(await payFrom(back, await world.receiving(), 0.0001)));
  await world.look();
  const addresses = [await world.outside(), await world.outside()];
  const ids: string[] = [];
  for (const [index, address] of addresses.entries()) {
    ids.push((await world.accept(`0.${index + 1}`, address)).id);
    await round(world.loop());
    await world.look();
  }
  expect(await world.mempool()).toHaveLength(2);
  return {thief, block, addresses, ids};
};

const statuses = async (ids: readonly string[]) => Promise.all(ids.map(async id => world.status(id)));
const received = async (addresses: readonly string[]) =>
  Promise.all(addresses.map(async address => world.node.rpc<number>('getreceivedbyaddress', [address, 1], 'outside')));

/** Eight blocks later: each is paid again, once. */
const payAgain = async (ids: readonly string[], addresses: readonly string[]) => {
  for (const id of ids)
    await expect(world.store.repayPayout(id, 8, Date.now())).rejects.toMatchObject({code: 'conflict_not_deep'});
  await world.mine(8);
  // More than was taken back from alice, which froze her.
  await world.fund('60');
  for (const id of ids) await world.store.repayPayout(id, 8, Date.now());
  await round(world.loop());
  await world.mine();
  expect(await statuses(ids)).toEqual(['confirmed', 'confirmed']);
  expect(await received(addresses)).toEqual([0.1, 0.2]);
  expect((await world.store.account('alice')).balance).toBe('59.70000000');
};

test('double spent in the branch that comes: both payments are conflicted, and paid again once', async () => {
  const {thief, block, addresses, ids} = await attack();
  await world.node.rpc('invalidateblock', [block]);
  await mineOnly(thief);
  await world.node.mine(2);
  await world.look();
  expect(await statuses(ids)).toEqual(['conflicted', 'conflicted']);
  expect(await world.mempool()).toEqual([]);
  await payAgain(ids, addresses);
});

test('the same when the payments were in the branch that goes, and an engine that starts finds the other one', async () => {
  const {thief, block, addresses, ids} = await attack();
  await world.mine();
  expect(await statuses(ids)).toEqual(['confirmed', 'confirmed']);
  await world.node.rpc('invalidateblock', [block]);
  await mineOnly(thief);
  await world.node.mine(3);
  await world.reopen();
  expect(await statuses(ids)).toEqual(['conflicted', 'conflicted']);
  for (const id of ids)
    expect(await world.story(id)).toEqual(['queued', 'sent', 'confirmed', 'unconfirmed', 'conflicted']);
  await payAgain(ids, addresses);
});

test('double spent later, by a source that has no branch that was left: known from the mempool, also after a restart', async () => {
  Object.assign(world.backend.chain, {transactionsIn: undefined});
  const {thief, block, addresses, ids} = await attack();
  await world.node.rpc('invalidateblock', [block]);
  for (let blocks = 0; blocks < 3; blocks += 1) await mineOnly();
  await world.look();
  expect(await statuses(ids)).toEqual(['sent', 'sent']);
  expect(await world.mempool()).toHaveLength(4);
  await world.reopen();
  await mineOnly(thief);
  await world.look();
  expect(await statuses(ids)).toEqual(['conflicted', 'conflicted']);
  await payAgain(ids, addresses);
});

test('a branch that goes and comes again with everything in it ends as if nothing had been', async () => {
  const {block, addresses, ids} = await attack();
  await world.node.rpc('invalidateblock', [block]);
  await world.node.mine(3);
  await world.look();
  expect(await statuses(ids)).toEqual(['confirmed', 'confirmed']);
  expect(await received(addresses)).toEqual([0.1, 0.2]);
  expect((await world.store.unanchoredTransactions()).length).toBe(0);
});
