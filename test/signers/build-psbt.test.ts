import {afterAll, beforeAll, expect, test} from 'vitest';
import {btc} from '../../source/coins/btc.ts';
import {addressOf} from '../../source/coins/index.ts';
import {parseWallet, BranchDeriver, type Branch, type WalletKeys} from '../../source/descriptors/index.ts';
import {satoshi} from '../../source/primitives/amount.ts';
import {parseTxid} from '../../source/primitives/ids.ts';
import type {TransactionPlan} from '../../source/payout/ports.ts';
import {verifySigned} from '../../source/payout/verify.ts';
import {createPsbtBuilder} from '../../source/signers/build-psbt.ts';
import {RegtestNode} from '../support/regtest-node.ts';

let node: RegtestNode;
beforeAll(async () => {
  node = await RegtestNode.start({zmq: false});
  await node.createWallet('hot');
  await node.createWallet('outside');
  await node.mine(101, await node.rpc<string>('getnewaddress', [], 'outside'));
}, 60_000);
afterAll(async () => node.dispose());

const network = btc.networks.regtest!;

const keysOf = async (kind: string): Promise<WalletKeys> => {
  const {descriptors} = await node.rpc<{descriptors: {desc: string; internal: boolean}[]}>(
    'listdescriptors',
    [],
    'hot',
  );
  const branch = (internal: boolean) =>
    descriptors.find(one => one.desc.startsWith(kind) && one.internal === internal)!.desc;
  return parseWallet({kind: 'branches', receive: branch(false), change: branch(true)}, {coin: btc, network});
};

/** A ledger that knows the first 20 scripts of each branch, and the transactions that it was told of. */
const ledgerOf = (keys: WalletKeys, raws: ReadonlyMap<string, Buffer>) => {
  const known = new Map<string, {branch: Branch; index: number}>();
  for (const branch of ['receive', 'change'] as const)
    for (let index = 0; index < 20; index++)
      known.set(new BranchDeriver(keys[branch]).at(index).scriptPubKey.toString('hex'), {branch, index});
  return {
    keys,
    scripts: {find: async (scripts: readonly Buffer[]) => scripts.map(script => known.get(script.toString('hex')))},
    previous: {rawTransactions: async (txids: readonly string[]) => txids.map(txid => raws.get(txid))},
  };
};

/** A coin of the wallet, and a plan that pays half of it away and the rest to change 3. */
const fundedPlan = async (keys: WalletKeys): Promise<{plan: TransactionPlan; raws: Map<string, Buffer>}> => {
  const scriptPubKey = new BranchDeriver(keys.receive).at(5).scriptPubKey;
  const txid = await node.rpc<string>('sendtoaddress', [addressOf(scriptPubKey, network), 1], 'outside');
  await node.mine(1);
  const {hex, details} = await node.rpc<{hex: string; details: {vout: number}[]}>('gettransaction', [txid], 'outside');
  const outsideAddress = await node.rpc<string>('getnewaddress', [], 'outside');
  const {scriptPubKey: outside} = await node.rpc<{scriptPubKey: string}>('getaddressinfo', [outsideAddress], 'outside');
  const change = new BranchDeriver(keys.change).at(3).scriptPubKey;
  const plan: TransactionPlan = {
    inputs: [{outpoint: {txid: parseTxid(txid), vout: details[0]!.vout}, amount: satoshi(100_000_000n), scriptPubKey}],
    outputs: [
      {address: outsideAddress, scriptPubKey: Buffer.from(outside, 'hex'), amount: satoshi(50_000_000n)},
      {address: addressOf(change, network)!, scriptPubKey: change, amount: satoshi(49_999_000n)},
    ],
    fee: satoshi(1000n),
  };
  return {plan, raws: new Map([[txid, Buffer.from(hex, 'hex')]])};
};

interface Decoded {
  readonly fee: number;
  readonly tx: {version: number; locktime: number; vin: {sequence: number}[]};
  readonly inputs: Record<string, unknown>[];
  readonly outputs: Record<string, unknown>[];
}

test.each([
  ['pkh(', ['non_witness_utxo', 'bip32_derivs']],
  ['sh(wpkh(', ['witness_utxo', 'non_witness_utxo', 'redeem_script', 'bip32_derivs']],
  ['wpkh(', ['witness_utxo', 'non_witness_utxo', 'bip32_derivs']],
  ['tr(', ['witness_utxo', 'taproot_bip32_derivs', 'taproot_internal_key']],
])('a signer that only has the keys of %s…) signs the PSBT, and what comes back is the plan', async (kind, fields) => {
  const keys = await keysOf(kind);
  const {plan, raws} = await fundedPlan(keys);
  const build = createPsbtBuilder(ledgerOf(keys, raws));
  const psbt = (await build(plan)).toString('base64');
  expect((await build(plan)).toString('base64')).toBe(psbt);

  const decoded = await node.rpc<Decoded>('decodepsbt', [psbt]);
  expect(decoded.tx).toMatchObject({version: 2, locktime: 0, vin: [{sequence: 0xffff_fffd}]});
  expect(Object.keys(decoded.inputs[0]!).sort()).toEqual(fields.toSorted());
  expect(decoded.outputs[0]).toEqual({});
  const path = JSON.stringify(decoded.outputs[1]);
  expect(path).toContain('/1/3"');
  expect(JSON.stringify(decoded.inputs[0])).toContain('/0/5"');

  const signed = await node.rpc<{complete: boolean; hex: string}>('walletprocesspsbt', [psbt], 'hot');
  expect(signed.complete).toBe(true);
  const raw = Buffer.from(signed.hex, 'hex');
  expect(verifySigned(plan, raw, {minRate: 1, maxRate: 200, plannedSize: 300})).toMatchObject({kind: 'as-planned'});
  const [accepted] = await node.rpc<{allowed: boolean}[]>('testmempoolaccept', [[signed.hex]]);
  expect(accepted!.allowed).toBe(true);
});

test('a legacy coin whose transaction is not known is refused by name; a witness coin does without', async () => {
  const legacy = await keysOf('pkh(');
  const {plan} = await fundedPlan(legacy);
  await expect(createPsbtBuilder(ledgerOf(legacy, new Map()))(plan)).rejects.toMatchObject({code: 'psbt_impossible'});
  const segwit = await keysOf('wpkh(');
  const funded = await fundedPlan(segwit);
  const psbt = (await createPsbtBuilder(ledgerOf(segwit, new Map()))(funded.plan)).toString('base64');
  expect((await node.rpc<{complete: boolean}>('walletprocesspsbt', [psbt], 'hot')).complete).toBe(true);
});

test('keys that do not make the scripts of the plan are refused', async () => {
  const keys = await keysOf('wpkh(');
  const {plan, raws} = await fundedPlan(keys);
  const ledger = ledgerOf(keys, raws);
  const others = await keysOf('tr(');
  await expect(createPsbtBuilder({...ledger, keys: others})(plan)).rejects.toMatchObject({code: 'wallet_mismatch'});
});
