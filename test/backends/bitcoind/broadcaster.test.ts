import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {Bitcoind} from '../../../source/backends/bitcoind/index.ts';
import type {TransactionPlan} from '../../../source/payout/ports.ts';
import {openBackend, openBitcoind} from '../../support/bitcoind.ts';
import {planInputs, planOf, signPlan} from '../../support/plan.ts';
import {RegtestNode} from '../../support/regtest-node.ts';

describe('a broadcaster', () => {
  let node: RegtestNode;
  let backend: Bitcoind;
  const newAddress = () => node.rpc<string>('getnewaddress', [], 'hot');
  const sign = async (plan: TransactionPlan) => signPlan(backend, plan);
  const some = async (fee?: bigint) => sign(planOf(await planInputs(node, 1), [{address: await newAddress()}], fee));

  beforeAll(async () => {
    node = await RegtestNode.start({zmq: false});
    await node.createWallet('hot');
    await node.mine(130, await newAddress());
    backend = openBitcoind(node);
  });
  afterAll(async () => {
    await backend.close();
    await node.dispose();
  });

  test('finds and sends a transaction: absent, mempool, anchored; sending it again is accepted', async () => {
    const {raw, txid} = await some();
    const {broadcaster} = backend;
    expect(await broadcaster.find(txid)).toBe('absent');
    expect(await broadcaster.testAccept(raw)).toEqual({kind: 'acceptable'});
    expect(await broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
    expect(await broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
    expect(await broadcaster.testAccept(raw)).toEqual({kind: 'acceptable'});
    expect(await broadcaster.find(txid)).toBe('mempool');
    await node.mine(1);
    expect(await broadcaster.find(txid)).toBe('anchored');
    expect(await broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  });

  test('mined with all of its outputs spent: the words of a conflict, but find knows better', async () => {
    const {raw, txid} = await some();
    await backend.broadcaster.send(raw, txid);
    await node.mine(1);
    const [input] = await planInputs(node, 1000).then(all => all.filter(({outpoint}) => outpoint.txid === txid));
    const spender = await sign(planOf([input!], [{address: await newAddress()}]));
    await backend.broadcaster.send(spender.raw, spender.txid);
    await node.mine(1);
    expect(await backend.broadcaster.send(raw, txid)).toMatchObject({kind: 'inputs-unavailable'});
    expect(await backend.broadcaster.find(txid)).toBe('anchored');
  });

  test('its input spent by another: unavailable inputs, in the mempool and in a block', async () => {
    const inputs = await planInputs(node, 1);
    const loser = await sign(planOf(inputs, [{address: await newAddress()}], 1_000n));
    const winner = await sign(planOf(inputs, [{address: await newAddress()}], 50_000n));
    expect(await backend.broadcaster.send(winner.raw, winner.txid)).toEqual({kind: 'accepted'});
    expect(await backend.broadcaster.testAccept(loser.raw)).toMatchObject({kind: 'inputs-unavailable'});
    expect(await backend.broadcaster.send(loser.raw, loser.txid)).toMatchObject({kind: 'inputs-unavailable'});
    await node.mine(1);
    expect(await backend.broadcaster.testAccept(loser.raw)).toMatchObject({kind: 'inputs-unavailable'});
    expect(await backend.broadcaster.send(loser.raw, loser.txid)).toMatchObject({kind: 'inputs-unavailable'});
    expect(await backend.broadcaster.find(loser.txid)).toBe('absent');
  });

  test.each([
    ['no fee', 0n, /min relay fee/],
    ['an absurd fee', 100_000_000n, /fee/i],
  ])('%s is rejected with the words of the node', async (_name, fee, words) => {
    const {raw, txid} = await some(fee);
    expect(await backend.broadcaster.testAccept(raw)).toMatchObject({
      kind: 'rejected',
      words: expect.stringMatching(words),
    });
    expect(await backend.broadcaster.send(raw, txid)).toMatchObject({
      kind: 'rejected',
      words: expect.stringMatching(words),
    });
  });

  test('dust, a broken signature and undecodable bytes are rejected', async () => {
    const dusty = await sign(
      planOf(await planInputs(node, 1), [{address: await newAddress(), amount: 100n}, {address: await newAddress()}]),
    );
    expect(await backend.broadcaster.send(dusty.raw, dusty.txid)).toMatchObject({
      kind: 'rejected',
      words: expect.stringContaining('dust'),
    });
    const broken = await some();
    broken.raw[broken.raw.length - 50]! ^= 1;
    expect(await backend.broadcaster.send(broken.raw, broken.txid)).toMatchObject({kind: 'rejected'});
    const {txid} = await some();
    expect(await backend.broadcaster.send(Buffer.of(1, 2), txid)).toMatchObject({kind: 'rejected'});
    expect(await backend.broadcaster.testAccept(Buffer.of(1, 2))).toMatchObject({kind: 'rejected'});
  });

  test('finds what the wallet does not know through the transaction index, and without either says absent', async () => {
    await node.createWallet('stranger');
    const other = openBitcoind(node, {wallet: 'stranger'});
    const {raw, txid} = await some();
    await backend.broadcaster.send(raw, txid);
    expect(await other.broadcaster.find(txid)).toBe('mempool');
    await node.mine(1);
    expect(await other.broadcaster.find(txid)).toBe('anchored');
    await other.close();
  });

  test('without a node or with a wrong password: unknown, unauthorized, and never an exception', async () => {
    const {raw, txid} = await some();
    const nowhere = openBackend({url: 'http://127.0.0.1:1'});
    expect(await nowhere.broadcaster.send(raw, txid)).toMatchObject({kind: 'unknown'});
    expect(await nowhere.broadcaster.testAccept(raw)).toMatchObject({kind: 'unknown'});
    await nowhere.close();
    const wrong = openBackend({url: node.url});
    expect(await wrong.broadcaster.send(raw, txid)).toMatchObject({kind: 'unauthorized'});
    await wrong.close();
    await node.freeze();
    const impatient = openBitcoind(node, {timeout: 300});
    expect(await impatient.broadcaster.send(raw, txid)).toMatchObject({kind: 'unknown'});
    await impatient.close();
    node.thaw();
    expect(await backend.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  });
});
