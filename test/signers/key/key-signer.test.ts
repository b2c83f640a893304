import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {ScriptType} from '../../../source/coins/index.ts';
import type {SignAnswer, TransactionPlan} from '../../../source/payout/ports.ts';
import {systemClock} from '../../../source/primitives/clock.ts';
import {silentLog} from '../../../source/primitives/log.ts';
import {createKeySigner, type KeySigner} from '../../../source/signers/key/key-signer.ts';
import {regtest} from '../../support/bitcoind.ts';
import {type HotKey, makeHotKey, watchOnly} from '../../support/hot-key.ts';
import {RegtestNode} from '../../support/regtest-node.ts';

let node: RegtestNode;
let directory: string;
const signers: KeySigner[] = [];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'keys-'));
  node = await RegtestNode.start({zmq: false});
  await node.createWallet('outside');
  await node.rpc('generatetoaddress', [110, await node.rpc('getnewaddress', [], 'outside')]);
});
afterAll(async () => {
  for (const signer of signers) await signer.close();
  await node?.dispose();
  rmSync(directory, {recursive: true, force: true});
});

/** The PSBT stands in for the plan it would be made of. */
const NO_PLAN = {} as TransactionPlan;

const signerOf = (key: HotKey, psbt: () => string): KeySigner => {
  const signer = createKeySigner({
    coin: 'btc',
    network: regtest,
    file: key.file,
    passphrase: {kind: 'file', path: key.passphraseFile},
    branches: key.branches,
    limits: {maxRate: 100, perTransaction: undefined, perDay: undefined},
    toPsbt: async () => Buffer.from(psbt(), 'base64'),
    clock: systemClock,
    log: silentLog,
  });
  signers.push(signer);
  return signer;
};

const raw = (answer: SignAnswer): string => {
  if (answer.kind !== 'signed') throw new Error(`not signed: ${JSON.stringify(answer)}`);
  return answer.raw.toString('hex');
};

const TYPES: readonly [ScriptType, string][] = [
  ['segwit', 'bech32'],
  ['nested', 'p2sh-segwit'],
  ['legacy', 'legacy'],
  ['taproot', 'bech32m'],
];

describe.each(TYPES)('%s', (type, addressType) => {
  test('the network takes what it signs, and it signs the same bytes again', async () => {
    const key = await makeHotKey({directory, type});
    await watchOnly(node, type, key);
    for (let paid = 0; paid < 3; paid += 1) {
      const address = await node.rpc<string>('getnewaddress', ['', addressType], type);
      await node.rpc('sendtoaddress', [address, 0.5], 'outside');
    }
    const miner = await node.rpc<string>('getnewaddress', [], 'outside');
    await node.rpc('generatetoaddress', [1, miner]);
    const funded = await node.rpc<{psbt: string}>(
      'walletcreatefundedpsbt',
      [[], [{[miner]: 1.2}], 0, {fee_rate: 5, change_type: addressType}],
      type,
    );
    const signer = signerOf(key, () => funded.psbt);
    expect(await signer.prepare()).toMatchObject({kind: 'ready'});
    const signed = raw(await signer.sign(NO_PLAN));
    expect(raw(await signer.sign(NO_PLAN))).toBe(signed);
    const again = signerOf(key, () => funded.psbt);
    expect(raw(await again.sign(NO_PLAN))).toBe(signed);
    expect(await node.rpc('testmempoolaccept', [[signed]])).toMatchObject([{allowed: true}]);
    const txid = await node.rpc<string>('sendrawtransaction', [signed]);
    const [block] = await node.rpc<string[]>('generatetoaddress', [1, miner]);
    expect((await node.rpc<{tx: string[]}>('getblock', [block])).tx).toContain(txid);
  });
});
