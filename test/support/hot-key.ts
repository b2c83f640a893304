import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {btc} from '../../source/coins/btc.ts';
import type {Coin, Network, ScriptType} from '../../source/coins/index.ts';
import {descriptorChecksum, parseWallet} from '../../source/descriptors/index.ts';
import {signerBranches, type SignerBranches} from '../../source/signers/key/account.ts';
import {createKeyFile, readKeyFile} from '../../source/signers/key/key-file.ts';
import {seedOf} from '../../source/signers/key/mnemonic.ts';
import {accountDescriptor, sealNewKey} from '../../source/signers/key/new-key.ts';
import type {RegtestNode} from './regtest-node.ts';

/** Published test vector of BIP39 and BIP84. */
export const ABANDON = `${'abandon '.repeat(11)}about`;
export const PASSPHRASE = 'correct horse battery staple';

export interface HotKeyOptions {
  readonly directory: string;
  readonly type?: ScriptType;
  readonly coin?: Coin;
  readonly network?: Network;
  readonly mnemonic?: string;
  /** Beginning of the names of its files. */
  readonly name?: string;
}

export interface HotKey {
  readonly file: string;
  readonly passphraseFile: string;
  /** For `coins.<c>.wallet.descriptor`. */
  readonly descriptor: string;
  readonly branches: SignerBranches;
}

/** An encrypted key as `key import` makes it, and a file with its passphrase. */
export const makeHotKey = async ({
  directory,
  type = 'segwit',
  coin = btc,
  network = btc.networks.regtest!,
  mnemonic = ABANDON,
  name = type,
}: HotKeyOptions): Promise<HotKey> => {
  const file = join(directory, `${name}.key`);
  const passphraseFile = join(directory, `${name}.pass`);
  const seed = await seedOf(mnemonic);
  createKeyFile(file, sealNewKey(seed, Buffer.from(PASSPHRASE), {coin, network, type, account: 0}, new Date()));
  writeFileSync(passphraseFile, `${PASSPHRASE}\n`, {mode: 0o600});
  const descriptor = accountDescriptor(readKeyFile(file));
  const branches = signerBranches(parseWallet({kind: 'descriptor', descriptor}, {coin, network}));
  return {file, passphraseFile, descriptor, branches};
};

/** Makes a wallet of the node that knows the public half of the key: it tells of its coins, and can sign for none. */
export const watchOnly = async (node: RegtestNode, name: string, {descriptor}: HotKey): Promise<void> => {
  const {subversion} = await node.rpc<{subversion: string}>('getnetworkinfo');
  // Litecoin Core 0.21 has no wallets of descriptors only: there the same descriptors are taken into one without keys.
  const isLegacy = subversion.startsWith('/LitecoinCore:');
  await node.rpc('createwallet', [name, true, true, '', false, !isLegacy, true]);
  const single = descriptor.split('#')[0]!;
  const branches = ['0', '1'].map(branch => {
    const body = single.replace('<0;1>', branch);
    const how = isLegacy ? {watchonly: true} : {active: true};
    const desc = `${body}#${descriptorChecksum(body)}`;
    return Object.assign(how, {desc, timestamp: 'now', internal: branch === '1', range: [0, 50]});
  });
  await node.rpc(isLegacy ? 'importmulti' : 'importdescriptors', [branches], name);
};
