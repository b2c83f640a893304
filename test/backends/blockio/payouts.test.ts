import {readFileSync, rmSync} from 'node:fs';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {readHalfSigned} from '../../../source/backends/blockio/cosigned.ts';
import {readSigningKey} from '../../../source/backends/blockio/signing-key.ts';
import {scriptOf} from '../../../source/coins/index.ts';
import type {BlockIoWalletConfig} from '../../../source/config/config.ts';
import type {SignAnswer, TransactionPlan} from '../../../source/payout/ports.ts';
import {verifySigned} from '../../../source/payout/verify.ts';
import {parseAmount} from '../../../source/primitives/amount.ts';
import {parseTxid, type Txid} from '../../../source/primitives/ids.ts';
import {btc, regtest} from '../../support/bitcoind.ts';
import {BlockIoServer, type Reply} from '../../support/blockio-server.ts';
import {DTRUST, openPinnedBlockIo, type OpenBlockIo, type OpenOptions} from '../../support/blockio.ts';
import {planOf} from '../../support/plan.ts';
import {RegtestNode} from '../../support/regtest-node.ts';

let node: RegtestNode;
let server: BlockIoServer;
let backend: OpenBlockIo;
const opened: OpenBlockIo[] = [];

beforeAll(async () => {
  node = await RegtestNode.start({zmq: false});
  await node.createWallet('outside');
  await mine(120);
  server = await BlockIoServer.start(node);
});
beforeEach(async () => {
  server.reset();
  backend = await open();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.network.close();
});
afterAll(async () => {
  await server?.close();
  await node?.dispose();
});

const open = async (options: OpenOptions = {}): Promise<OpenBlockIo> => {
  const one = await openPinnedBlockIo(server, {node, ...options});
  opened.push(one);
  return one;
};
const outside = () => node.rpc<string>('getnewaddress', [], 'outside');
const mine = async (blocks: number) => node.rpc('generatetoaddress', [blocks, await outside()]);

/** Confirmed coins at fresh addresses of the account. */
const coins = async (count: number, of = backend, amount = '0.01'): Promise<TransactionPlan['inputs']> => {
  const inputs: TransactionPlan['inputs'][number][] = [];
  for (let made = 0; made < count; made += 1) {
    const address = await of.wallet.addresses.newAddress();
    const txid = await node.rpc<string>('sendtoaddress', [address, amount], 'outside');
    const scriptPubKey = scriptOf(address, btc, regtest);
    const {decoded} = await node.rpc<{decoded: {vout: {scriptPubKey: {hex: string}}[]}}>(
      'gettransaction',
      [txid, true, true],
      'outside',
    );
    const vout = decoded.vout.findIndex(output => output.scriptPubKey.hex === scriptPubKey.toString('hex'));
    inputs.push({outpoint: {txid: parseTxid(txid), vout}, amount: parseAmount(amount), scriptPubKey});
  }
  await mine(1);
  return inputs;
};

/** Pays somebody, and the rest to a change address of ours. */
const planned = async (count = 1, of = backend): Promise<TransactionPlan> => {
  const inputs = await coins(count, of);
  const payments = [
    {address: await outside(), amount: 600_000n},
    {address: await of.wallet.addresses.newChangeAddress()},
  ];
  return planOf(inputs, payments, 2_000n);
};

const signed = async (plan: TransactionPlan, of = backend): Promise<{raw: Buffer; txid: Txid}> => {
  const answer = await of.wallet.signer.sign(plan);
  if (answer.kind !== 'signed') throw new Error(`not signed: ${answer.words}`);
  const verdict = verifySigned(plan, answer.raw, {minRate: 1, maxRate: 200, plannedSize: sizeOf(plan, of)});
  if (verdict.kind !== 'as-planned') throw new Error(verdict.words);
  return {raw: answer.raw, txid: verdict.txid};
};

/** As the engine plans it: what the wallet says of its inputs, and the usual for the rest. */
const sizeOf = ({inputs, outputs}: TransactionPlan, {wallet}: OpenBlockIo): number =>
  inputs.reduce((size, {scriptPubKey}) => size + wallet.inputSize(scriptPubKey)!.expected, 0) +
  outputs.reduce((size, {scriptPubKey}) => size + 9 + scriptPubKey.length, 10 + 1);

const mempool = () => node.rpc<string[]>('getrawmempool');

test('a payout is signed here, co-signed and sent by block.io, and is what was planned', async () => {
  const plan = await planned();
  const {raw, txid} = await signed(plan);
  expect(readHalfSigned(raw)).toMatchObject({signatures: [{input_index: 0}]});
  expect(await backend.network.broadcaster.testAccept(raw)).toEqual({kind: 'acceptable'});
  expect(await backend.network.broadcaster.find(txid)).toBe('absent');

  expect(await backend.network.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  expect(await mempool()).toEqual([txid]);
  const {vout} = await node.rpc<{vout: {value: number; scriptPubKey: {address: string}}[]}>('getrawtransaction', [
    txid,
    true,
  ]);
  expect(vout.map(({value, scriptPubKey}) => [scriptPubKey.address, BigInt(Math.round(value * 1e8))])).toEqual(
    plan.outputs.map(({address, amount}) => [address, amount]),
  );
  expect(await backend.network.broadcaster.find(txid)).toBe('mempool');
  await mine(1);
});

test('the same plan gives the same bytes, and bytes that are out already are not submitted again', async () => {
  const plan = await planned();
  const {raw, txid} = await signed(plan);
  expect((await signed(plan)).raw).toEqual(raw);
  await backend.network.broadcaster.send(raw, txid);
  expect(await backend.network.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  expect(server.asked('submit_transaction').length).toBe(1);
  await mine(1);
});

test('a submission whose answer is lost is found in the network', async () => {
  backend = await open({timeout: 2_000});
  const {raw, txid} = await signed(await planned());
  server.reply['submit_transaction'] = {with: 'silence', afterwards: true};
  expect(await backend.network.broadcaster.send(raw, txid)).toMatchObject({kind: 'unknown'});
  expect(await mempool()).toEqual([txid]);
  expect(await backend.network.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  expect(server.asked('submit_transaction').length).toBe(1);
  await mine(1);
});

test('coins of many addresses are signed, though block.io tells the keys of those that it would choose', async () => {
  const plan = await planned(4);
  const {raw, txid} = await signed(plan);
  expect(readHalfSigned(raw)?.signatures.length).toBe(4);
  expect(await backend.network.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  // Known keys are not asked for again.
  const asked = server.asked('prepare_transaction').length;
  await signed(plan);
  expect(server.asked('prepare_transaction').length).toBe(asked);
  await mine(1);
});

test('a coin of which nine tenths leave nothing for a fee is signed too', async () => {
  const inputs = await coins(1, backend, '0.00005000');
  const plan = planOf(inputs, [{address: await outside(), amount: 4_000n}], 1_000n);
  const {raw, txid} = await signed(plan);
  expect(await backend.network.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  await mine(1);
});

test('a wallet known by its PIN is the same after the PIN has opened its key', async () => {
  const plan = await planned();
  const before = await (await open()).wallet.addresses.walletFingerprints();
  const fresh = await open();
  await signed(plan, fresh);
  expect(await fresh.wallet.addresses.walletFingerprints()).toEqual(before);
});

test('the backup of the key signs like the PIN', async () => {
  const plan = await planned();
  const withKey = await open({wallet: {type: 'basic', pin: undefined, key: server.userKey.toString('hex')}});
  expect((await signed(plan, withKey)).raw).toEqual((await signed(plan)).raw);
});

test('a dtrust payout is complete without block.io, and goes out by the node alone', async () => {
  const own = await open({wallet: DTRUST});
  const plan = await planned(2, own);
  const {raw, txid} = await signed(plan, own);
  expect(readHalfSigned(raw)).toBeUndefined();
  expect(await own.network.broadcaster.testAccept(raw)).toEqual({kind: 'acceptable'});
  expect(await own.network.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  expect(await mempool()).toEqual([txid]);
  expect(server.asked('submit_transaction')).toEqual([]);
  // The keys of an address came with it, and are kept; where the file is lost, they are asked for, and kept again.
  expect((await signed(plan, await open({wallet: DTRUST}))).raw).toEqual(raw);
  expect(server.asked('prepare_dtrust_transaction')).toEqual([]);
  await mine(1);
  const again = await planned(2, own);
  rmSync(DTRUST.scripts);
  const restarted = await open({wallet: DTRUST});
  expect((await signed(again, restarted)).raw).toEqual((await signed(again, own)).raw);
  expect(server.asked('prepare_dtrust_transaction').length).toBeGreaterThan(0);
  expect(readFileSync(DTRUST.scripts, 'utf8').match(/^bcrt1\S+ WITNESS_V0 2 /gm)?.length).toBe(2);
});

test('the same with the scripts of a coin without witnesses, whose addresses are those of btc on regtest', async () => {
  server.network = 'DOGETEST';
  const own = await open({wallet: DTRUST, coin: {...btc, name: 'doge', segwit: false}});
  const plan = await planned(2, own);
  expect(plan.inputs[0]!.scriptPubKey.subarray(0, 2).toString('hex')).toBe('a914');
  const {raw, txid} = await signed(plan, own);
  expect(await own.network.broadcaster.testAccept(raw)).toEqual({kind: 'acceptable'});
  expect(await own.network.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  expect(await mempool()).toEqual([txid]);
  await mine(1);
});

type Data = Record<string, unknown>;
const change = (data: Data, key: string, by: (items: Data[]) => Data[]): Data => ({
  ...data,
  [key]: by(data[key] as Data[]),
});

test.each<[what: string, (data: Data) => Data]>([
  [
    'pays somebody else',
    data =>
      change(data, 'outputs', ([first, ...rest]) => [
        {...first, receiving_address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'},
        ...rest,
      ]),
  ],
  [
    'pays another amount',
    data => change(data, 'outputs', ([first, ...rest]) => [{...first, output_value: '0.00900000'}, ...rest]),
  ],
  ['leaves no change, all of it fee', data => change(data, 'outputs', ([first]) => [first!])],
  [
    'spends other coins',
    data => change(data, 'inputs', inputs => inputs.map(one => ({...one, previous_txid: 'ab'.repeat(32)}))),
  ],
])('a prepared transaction that %s changes nothing of what is signed', async (_what, lie) => {
  const plan = await planned();
  server.twist['prepare_transaction'] = lie;
  const fooled = await open();
  const {raw, txid} = await signed(plan, fooled);
  expect(await fooled.network.broadcaster.send(raw, txid)).toEqual({kind: 'accepted'});
  const {vout} = await node.rpc<{vout: {scriptPubKey: {address: string}}[]}>('getrawtransaction', [txid, true]);
  expect(vout.map(({scriptPubKey}) => scriptPubKey.address)).toEqual(plan.outputs.map(({address}) => address));
  await mine(1);
});

const stranger = readSigningKey('d4'.repeat(32)).publicKey.toString('hex');
const keys = (by: (keys: string[]) => string[]) => (data: Data) =>
  change(data, 'input_address_data', items =>
    items.map(one => ({...one, public_keys: by(one['public_keys'] as string[])})),
  );

test.each<[what: string, method: string, (data: Data) => Data, SignAnswer['kind'], words: RegExp]>([
  [
    'names a stranger’s key',
    'prepare_transaction',
    keys(([theirs]) => [theirs!, stranger]),
    'wallet-missing',
    /do not make this address/,
  ],
  [
    'names the keys in another order',
    'prepare_transaction',
    keys(all => all.toReversed()),
    'wallet-missing',
    /do not make this address/,
  ],
  [
    'names no points of the curve',
    'prepare_transaction',
    keys(() => [`02${'ff'.repeat(32)}`, `03${'ff'.repeat(32)}`]),
    'wallet-missing',
    /do not make this address/,
  ],
  [
    'asks for one signature',
    'prepare_transaction',
    data => change(data, 'input_address_data', items => items.map(one => ({...one, required_signatures: 1}))),
    'wallet-missing',
    /do not make this address/,
  ],
  [
    'names another type',
    'prepare_transaction',
    data => change(data, 'input_address_data', items => items.map(one => ({...one, address_type: 'P2SH'}))),
    'wallet-missing',
    /do not make this address/,
  ],
  [
    'tells no keys',
    'prepare_transaction',
    data => change(data, 'input_address_data', () => []),
    'wallet-missing',
    /does not tell the keys/,
  ],
  [
    'wants a fee of its own',
    'prepare_transaction',
    data => change(data, 'outputs', items => [...items, {...items[0], output_category: 'blockio-fee'}]),
    'wallet-missing',
    /takes a fee of 0\.00/,
  ],
  [
    'sends a key that the PIN does not open',
    'prepare_transaction',
    data => ({...data, user_key: {...(data['user_key'] as Data), public_key: stranger}}),
    'locked',
    /PIN/,
  ],
  [
    'is of another network',
    'prepare_transaction',
    data => ({...data, network: 'LTC'}),
    'wallet-missing',
    /is for LTC at/,
  ],
  [
    'has amounts that are no text',
    'prepare_transaction',
    data => change(data, 'outputs', items => items.map(one => ({...one, output_value: 0.01}))),
    'unavailable',
    /output_value/,
  ],
])('nothing is signed when a prepared transaction %s', async (_what, method, lie, kind, words) => {
  const plan = await planned();
  server.twist[method] = lie;
  const answer = await (await open()).wallet.signer.sign(plan);
  expect(answer).toMatchObject({kind, words: expect.stringMatching(words) as string});
});

test('nothing is signed for a coin that is not the account’s', async () => {
  const plan = await planned();
  const [input] = plan.inputs;
  const foreign = {...plan, inputs: [{...input!, scriptPubKey: scriptOf(await outside(), btc, regtest)}]};
  expect(await backend.wallet.signer.sign(foreign)).toMatchObject({
    kind: 'refused',
    words: expect.stringMatching(/not on your account/) as string,
  });
  // Said again without being asked again: a batch is tried in halves.
  const asked = server.asked('prepare_transaction').length;
  expect(await backend.wallet.signer.sign(foreign)).toMatchObject({kind: 'refused'});
  expect(server.asked('prepare_transaction').length).toBe(asked);
});

test('nothing is signed with a key that is not the address’s', async () => {
  const plan = await planned();
  const wallet: BlockIoWalletConfig = {type: 'basic', pin: undefined, key: 'c3'.repeat(32)};
  const answer = await (await open({wallet})).wallet.signer.sign(plan);
  expect(answer).toMatchObject({kind: 'wallet-missing', words: expect.stringMatching(/another signing key/) as string});
  // Also where block.io does not say whose key it is.
  server.twist['prepare_transaction'] = ({user_key: _none, ...data}) => data;
  const unsaid = await (await open({wallet})).wallet.signer.sign(plan);
  expect(unsaid).toMatchObject({
    kind: 'wallet-missing',
    words: expect.stringMatching(/keys that are not ours/) as string,
  });
});

const fail = (words: string): Reply => ({
  status: 404,
  body: JSON.stringify({status: 'fail', data: {error_message: words}}),
});

describe('what block.io says to a submission', () => {
  test.each<[what: string, reply: Reply, kind: string]>([
    ['a refusal', fail('Network fee is too low.'), 'rejected'],
    ['spent inputs', fail('Some inputs are already spent.'), 'inputs-unavailable'],
    ['that it has it', fail('Transaction is already in the mempool.'), 'accepted'],
    ['that something is in use, which says nothing of having it', fail('Address already in use.'), 'rejected'],
    [
      'a fault of its own in the words of a refusal',
      {status: 500, body: JSON.stringify({status: 'fail', data: {error_message: 'Internal error.'}})},
      'unknown',
    ],
    ['a bad key', fail('API Key invalid or you have not enabled API access for this machine.'), 'unauthorized'],
    ['a rate limit', {status: 429, body: 'slow down', contentType: 'text/plain'}, 'unknown'],
    ['a fault of its own', {status: 503, body: '', contentType: 'text/html'}, 'unknown'],
    ['garbage', {status: 200, body: 'ok'}, 'unknown'],
    [
      'another txid',
      {status: 200, body: JSON.stringify({status: 'success', data: {network: 'BTCTEST', txid: 'ab'.repeat(32)}})},
      'unknown',
    ],
    ['no txid', {status: 200, body: JSON.stringify({status: 'success', data: {network: 'BTCTEST'}})}, 'unknown'],
  ])('%s: %#', async (_what, reply, kind) => {
    plan ??= await planned();
    const {raw, txid} = await signed(plan);
    server.reply['submit_transaction'] = {with: reply};
    expect(await backend.network.broadcaster.send(raw, txid)).toMatchObject({kind});
  });
  let plan: TransactionPlan | undefined;
});

test('a changed signature is refused by block.io, and nothing goes out', async () => {
  const {raw, txid} = await signed(await planned());
  const spoilt = Buffer.from(raw);
  const at = spoilt.indexOf(Buffer.from(readHalfSigned(raw)!.signatures[0]!.signature, 'hex'));
  spoilt[at + 40]! ^= 1;
  expect(await backend.network.broadcaster.send(spoilt, txid)).toMatchObject({
    kind: 'rejected',
    words: expect.stringContaining('invalid') as string,
  });
  expect(await mempool()).toEqual([]);
});

test('a node that is away leaves the outcome unknown, and block.io unasked', async () => {
  const {raw, txid} = await signed(await planned());
  await node.stop();
  try {
    expect(await backend.network.broadcaster.send(raw, txid)).toMatchObject({kind: 'unknown'});
    expect(server.asked('submit_transaction')).toEqual([]);
  } finally {
    await node.start();
  }
});
