import {BIP32Factory} from 'bip32';
import {crypto, Psbt, Transaction} from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import {describe, expect, test} from 'vitest';
import {coins, type ScriptType} from '../../../source/coins/index.ts';
import {BranchDeriver, parseWallet} from '../../../source/descriptors/index.ts';
import type {TransactionPlan} from '../../../source/payout/ports.ts';
import {satoshi} from '../../../source/primitives/amount.ts';
import type {Txid} from '../../../source/primitives/ids.ts';
import {createPsbtBuilder} from '../../../source/signers/build-psbt.ts';
import {collectSignatures} from '../../../source/signers/psbt/collect-signatures.ts';
import {
  outlineDifference,
  outlineOf,
  readSubmission,
  type Submission,
} from '../../../source/signers/psbt/read-submission.ts';
import {TPRV, TPUB} from '../../support/keys.ts';

const btc = coins.get('btc')!;
const network = btc.networks.regtest!;
const account = BIP32Factory(ecc).fromBase58(TPRV, {wif: 0xef, bip32: network.bip32});

/** Two coins of the wallet at indexes 0 and 1, one output to a stranger. Signed with SIGHASH_ALL unless said. */
const unsignedOf = async (type: ScriptType): Promise<Buffer> => {
  const keys = parseWallet({kind: 'key', xpub: TPUB, type, origin: undefined}, {coin: btc, network});
  const receive = new BranchDeriver(keys.receive);
  const funding = new Transaction();
  funding.addInput(Buffer.alloc(32, 7), 0);
  for (const index of [0, 1]) funding.addOutput(receive.at(index).scriptPubKey, 100_000n);
  const txid = funding.getId() as Txid;
  const plan: TransactionPlan = {
    inputs: [0, 1].map(index => ({
      outpoint: {txid, vout: index},
      amount: satoshi(100_000n),
      scriptPubKey: receive.at(index).scriptPubKey,
    })),
    outputs: [
      {address: 'outside', scriptPubKey: Buffer.from(`0014${'11'.repeat(20)}`, 'hex'), amount: satoshi(199_000n)},
    ],
    fee: satoshi(1000n),
  };
  const scripts = {
    find: async (all: readonly Buffer[]) =>
      all.map((_, index) => (index < 2 ? {branch: 'receive' as const, index} : undefined)),
  };
  const previous = {
    rawTransactions: async (txids: readonly Txid[]) => txids.map(() => Buffer.from(funding.toBuffer())),
  };
  return createPsbtBuilder({keys, scripts, previous})(plan);
};

const signInput = (psbt: Psbt, index: number, sighash?: number): Psbt => {
  const key = account.derive(0).derive(index);
  const internal = psbt.data.inputs[index]!.tapInternalKey;
  const signer = internal === undefined ? key : key.tweak(crypto.taggedHash('TapTweak', internal));
  if (sighash !== undefined) psbt.updateInput(index, {sighashType: sighash});
  return psbt.signInput(index, signer, sighash === undefined ? undefined : [sighash]);
};
const given = (psbt: Psbt): Submission => ({kind: 'psbt', psbt});

describe.each<ScriptType>(['legacy', 'nested', 'segwit', 'taproot'])('signatures of a %s wallet', type => {
  test('come in parts, are combined whatever their order, and make the planned transaction', async () => {
    const unsigned = await unsignedOf(type);
    const second = signInput(Psbt.fromBuffer(unsigned), 1);
    const half = collectSignatures(unsigned, [given(second)]);
    expect(half).toMatchObject({inputs: 2, missing: [0], faults: [], raw: undefined});
    const first = signInput(Psbt.fromBuffer(unsigned), 0);
    const whole = collectSignatures(unsigned, [given(second), given(first), given(second)]);
    expect(whole).toMatchObject({missing: [], faults: []});
    expect(outlineOf({kind: 'transaction', transaction: Transaction.fromBuffer(whole.raw!)})).toBe(
      outlineOf(readSubmission(unsigned)!),
    );
  });

  test('are found in finished inputs and in a finished transaction too', async () => {
    const unsigned = await unsignedOf(type);
    const both = signInput(signInput(Psbt.fromBuffer(unsigned), 0), 1);
    const final = both.clone().finalizeAllInputs();
    const transaction = final.clone().extractTransaction(true);
    const wanted = collectSignatures(unsigned, [given(both)]).raw!;
    expect(collectSignatures(unsigned, [given(final)]).raw).toEqual(wanted);
    expect(collectSignatures(unsigned, [{kind: 'transaction', transaction}]).raw).toEqual(wanted);
  });

  test('of another input, or that leave the transaction open to others, are refused', async () => {
    const unsigned = await unsignedOf(type);
    const open = signInput(Psbt.fromBuffer(unsigned), 0, Transaction.SIGHASH_NONE);
    expect(collectSignatures(unsigned, [given(open)])).toMatchObject({
      missing: [0, 1],
      faults: [expect.stringMatching(/^input 1 of 2: its signature does not cover the whole transaction/)],
    });
    const swapped = signInput(Psbt.fromBuffer(unsigned), 1);
    const [input0, input1] = swapped.data.inputs as [
      (typeof swapped.data.inputs)[number],
      (typeof swapped.data.inputs)[number],
    ];
    if (input1.tapKeySig) input0.tapKeySig = input1.tapKeySig;
    else
      input0.partialSig = [{pubkey: input0.bip32Derivation![0]!.pubkey, signature: input1.partialSig![0]!.signature}];
    const found = collectSignatures(unsigned, [given(swapped)]);
    expect(found).toMatchObject({missing: [0], faults: ['input 1 of 2: its signature is wrong']});
  });
});

test('a PSBT is read in binary, base64 and hex, and anything else is none', async () => {
  const unsigned = await unsignedOf('segwit');
  const outline = outlineOf(readSubmission(unsigned)!);
  for (const text of [unsigned.toString('base64'), `${unsigned.toString('hex')}\n`])
    expect(outlineOf(readSubmission(Buffer.from(text))!)).toBe(outline);
  const bad = ['', 'psbt', unsigned.toString('base64').slice(0, 50), unsigned.subarray(0, 40), Buffer.alloc(5000, 1)];
  for (const garbage of bad) expect(readSubmission(Buffer.from(garbage as string))).toBeUndefined();
});

test('what differs is named', async () => {
  const outline = outlineOf(readSubmission(await unsignedOf('segwit'))!);
  const other = Psbt.fromBuffer(await unsignedOf('segwit')).setLocktime(500);
  expect(outlineDifference(outline, outlineOf(given(other)))).toBe('its version or locktime is not the planned one');
  expect(outlineDifference(outline, outlineOf(readSubmission(await unsignedOf('taproot'))!))).toBe(
    'it spends other coins than planned',
  );
});
