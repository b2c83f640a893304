import {Transaction} from 'bitcoinjs-lib';
import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import type {Bitcoind} from '../../source/backends/bitcoind/index.ts';
import {txidOf} from '../../source/chain/skim.ts';
import type {SignAnswer, Signer} from '../../source/payout/ports.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {outpointKey, parseTxid, txidFromWire} from '../../source/primitives/ids.ts';
import {createNodeSigner} from '../../source/signers/node.ts';
import {openBackend, openBitcoind} from '../support/bitcoind.ts';
import {planInputs, planOf} from '../support/plan.ts';
import {RegtestNode} from '../support/regtest-node.ts';

const signed = (answer: SignAnswer): Buffer => {
  if (answer.kind !== 'signed') throw new Error(`not signed: ${JSON.stringify(answer)}`);
  return answer.raw;
};

describe("a signer in the node's wallet", () => {
  let node: RegtestNode;
  let backend: Bitcoind;
  let signer: Signer;
  const newAddress = (wallet = 'hot') => node.rpc<string>('getnewaddress', [], wallet);
  const locked = async () => (await node.rpc<{txid: string}[]>('listlockunspent', [], 'hot')).length;

  beforeAll(async () => {
    node = await RegtestNode.start({zmq: false});
    await node.createWallet('hot');
    await node.mine(1, await newAddress());
    await node.mine(110, await newAddress());
    await node.mine(101);
    backend = openBitcoind(node);
    signer = createNodeSigner(backend.wallet, silentLog);
  });
  beforeEach(async () => {
    await node.rpc('lockunspent', [true], 'hot');
  });
  afterAll(async () => {
    await backend.close();
    await node.dispose();
  });

  test('signs exactly the plan: inputs, outputs in order, replaceable, no locktime', async () => {
    const inputs = await planInputs(node, 3);
    const plan = planOf(inputs, [
      {address: await newAddress(), amount: 1n * 10n ** 8n},
      {address: 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry', amount: 12_345_678n},
      {address: await newAddress()},
    ]);
    const transaction = Transaction.fromBuffer(signed(await signer.sign(plan)));
    expect(transaction.ins.map(({hash, index}) => outpointKey({txid: txidFromWire(hash), vout: index}))).toEqual(
      inputs.map(({outpoint}) => outpointKey(outpoint)),
    );
    expect(transaction.ins.map(({sequence}) => sequence)).toEqual([0xffff_fffd, 0xffff_fffd, 0xffff_fffd]);
    expect(transaction.outs.map(({value}) => value)).toEqual(plan.outputs.map(({amount}) => amount));
    expect(transaction.outs.map(({script}) => Buffer.from(script).toString('hex'))).toEqual(
      plan.outputs.map(({scriptPubKey}) => scriptPubKey.toString('hex')),
    );
    expect(transaction.locktime).toBe(0);
  });

  test('gives the same bytes again, also later, also for locked coins', async () => {
    const inputs = await planInputs(node, 2);
    const plan = planOf(inputs, [{address: await newAddress()}]);
    await signer.lock(inputs.map(({outpoint}) => outpoint));
    const first = signed(await signer.sign(plan));
    await node.mine(1);
    expect(signed(await signer.sign(plan)).equals(first)).toBe(true);
  });

  test('signs two thousand outputs', async () => {
    const inputs = await planInputs(node, 40);
    const script = (index: number) => `0014${index.toString(16).padStart(40, '0')}`;
    const decoded = await node.batch<{address: string}>(
      Array.from({length: 1999}, (_, index) => ['decodescript', [script(index)]] as const),
    );
    const payments = decoded.map(({address}) => ({address, amount: 10_000n}));
    const plan = planOf(inputs, [...payments, {address: await newAddress()}], 300_000n);
    const raw = signed(await signer.sign(plan));
    expect(Transaction.fromBuffer(raw).outs.length).toBe(2000);
    expect(await backend.broadcaster.testAccept(raw)).toEqual({kind: 'acceptable'});
  });

  test('locks and unlocks coins; repeating it is harmless', async () => {
    const outpoints = (await planInputs(node, 3)).map(({outpoint}) => outpoint);
    await signer.lock(outpoints.slice(0, 1));
    await signer.lock(outpoints);
    await signer.lock(outpoints);
    expect(await locked()).toBe(3);
    await signer.unlock(outpoints.slice(0, 2));
    await signer.unlock(outpoints);
    await signer.unlock(outpoints);
    await signer.unlock([]);
    expect(await locked()).toBe(0);
  });

  test('locks what can be locked when one coin is not there', async () => {
    const outpoints = (await planInputs(node, 2)).map(({outpoint}) => outpoint);
    const stranger = {txid: parseTxid('ab'.repeat(32)), vout: 0};
    await signer.lock([outpoints[0]!, stranger, outpoints[1]!]);
    expect(await locked()).toBe(2);
  });

  test('refuses a coin that is not of this wallet, and an address that is none', async () => {
    const [own] = await planInputs(node, 1);
    const stranger = {...own!, outpoint: {txid: parseTxid('ab'.repeat(32)), vout: 0}};
    expect(await signer.sign(planOf([stranger], [{address: await newAddress()}]))).toMatchObject({kind: 'refused'});
    const plan = planOf([own!], [{address: await newAddress()}]);
    const bad = {...plan, outputs: [{...plan.outputs[0]!, address: 'nonsense'}]};
    expect(await signer.sign(bad)).toMatchObject({kind: 'refused', words: expect.stringContaining('nonsense')});
  });

  test('loads its wallet when it is not loaded, and names one that is missing', async () => {
    const plan = planOf(await planInputs(node, 1), [{address: await newAddress()}]);
    await node.rpc('unloadwallet', ['hot']);
    expect(await signer.sign(plan)).toMatchObject({kind: 'signed'});
    const missing = openBitcoind(node, {wallet: 'nope'});
    expect(await createNodeSigner(missing.wallet, silentLog).sign(plan)).toMatchObject({kind: 'wallet-missing'});
    await missing.close();
  });

  test('says that the wallet is locked, and signs when it is not', async () => {
    await node.createWallet('safe');
    await node.rpc('encryptwallet', ['secret'], 'safe');
    await node.mine(1, await newAddress('safe'));
    await node.mine(100);
    const safe = openBitcoind(node, {wallet: 'safe'});
    const safeSigner = createNodeSigner(safe.wallet, silentLog);
    const plan = planOf(await planInputs(node, 1, 'safe'), [{address: await newAddress()}]);
    const answer = await safeSigner.sign(plan);
    expect(answer).toMatchObject({kind: 'locked'});
    expect((answer as {words: string}).words).toContain('walletpassphrase');
    await node.rpc('walletpassphrase', ['secret', 60], 'safe');
    expect(await safeSigner.sign(plan)).toMatchObject({kind: 'signed'});
    await safe.close();
  });

  test('is unavailable without a node, and unauthorized with a wrong password', async () => {
    const plan = planOf(await planInputs(node, 1), [{address: await newAddress()}]);
    const nowhere = openBackend({url: 'http://127.0.0.1:1'});
    expect(await createNodeSigner(nowhere.wallet, silentLog).sign(plan)).toMatchObject({kind: 'unavailable'});
    await nowhere.close();
    const wrong = openBackend({url: node.url});
    expect(await createNodeSigner(wrong.wallet, silentLog).sign(plan)).toMatchObject({kind: 'unauthorized'});
    await wrong.close();
  });

  test('signs what the network accepts', async () => {
    const plan = planOf(await planInputs(node, 2), [{address: await newAddress()}]);
    const raw = signed(await signer.sign(plan));
    expect(await backend.broadcaster.send(raw, txidOf(raw))).toEqual({kind: 'accepted'});
  });

  test('locks coins so that they outlive a restart, even kill -9', async () => {
    const outpoints = (await planInputs(node, 3)).map(({outpoint}) => outpoint);
    await signer.lock(outpoints.slice(0, 1));
    await signer.lock(outpoints);
    await signer.lock(outpoints);
    // Last of all: a killed regtest node may lose its whole chain, but not its locks.
    await node.kill();
    await node.start();
    expect(await locked()).toBe(3);
  });
});
