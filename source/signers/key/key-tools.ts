import type {CoinConfig, KeySignerConfig} from '../../config/config.ts';
import {parseWallet} from '../../descriptors/index.ts';
import type {ScriptType} from '../../coins/index.ts';
import type {KeyDescription} from '../../contract/index.ts';
import {type Stats, statSync} from 'node:fs';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import {signerBranches} from './account.ts';
import {createKeyFile, readKeyFile, replaceKeyFile} from './key-file.ts';
import {seedOf} from './mnemonic.ts';
import {accountDescriptor, sealNewKey} from './new-key.ts';
import {openPassphrase} from './passphrase-source.ts';
import {readPassphrase} from './read-passphrase.ts';
import {type KeyLabel, seal, unseal} from './sealed-key.ts';
import {requireSameKey} from './unlock.ts';

// What the verbs do with a key file, in the process of the verb.

export {newMnemonic, readMnemonic} from './mnemonic.ts';

/** Shorter ones are guessed faster than scrypt can slow that down. */
const SHORTEST = 12;

/** Throws `weak_passphrase`. */
export const requireStrong = (passphrase: Uint8Array): void => {
  if (passphrase.length < SHORTEST)
    throw new EngineError(
      'weak_passphrase',
      `the passphrase has ${passphrase.length} bytes; expected ${SHORTEST} or more, such as five random words`,
    );
};

/** Throws `key_exists`, `unwritable_file`: said before anything is asked. */
export const requireNoKey = ({file}: KeySignerConfig): void => {
  let found: Stats | undefined;
  try {
    found = statSync(file, {throwIfNoEntry: false});
  } catch (error) {
    throw new EngineError('unwritable_file', `the key file ${file} cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (found !== undefined)
    throw new EngineError('key_exists', `${file} is there already, and a key is never overwritten`);
};

export interface KeyRequest {
  /** As `readMnemonic` returns it. */
  readonly mnemonic: string;
  /** Wiped here. */
  readonly passphrase: Buffer;
  readonly type: ScriptType;
  /** BIP44 */
  readonly accountNumber: number;
}

/** Makes the key file. Throws `key_exists`, `weak_passphrase`, `unwritable_file`. */
export const createKey = async (
  config: CoinConfig,
  signer: KeySignerConfig,
  {mnemonic, passphrase, type, accountNumber}: KeyRequest,
): Promise<KeyDescription> => {
  const {definition: coin} = config;
  const seed = await seedOf(mnemonic);
  try {
    requireStrong(passphrase);
    const wanted = {coin, network: coin.networks[config.network]!, type, account: accountNumber};
    createKeyFile(signer.file, sealNewKey(seed, passphrase, wanted, new Date()));
  } finally {
    seed.fill(0);
    passphrase.fill(0);
  }
  return describeKey(config, signer);
};

/** Reads what stands beside the seed, without any passphrase. Throws what `readKeyFile` does. */
export const describeKey = (config: CoinConfig, {file}: KeySignerConfig): KeyDescription => {
  const label = readKeyFile(file);
  const {coin, network, fingerprint, account, createdAt} = label;
  return {
    coin,
    network,
    file,
    fingerprint,
    type: account.type,
    path: account.path,
    descriptor: accountDescriptor(label),
    created_at: createdAt,
    configured: isConfigured(config, label),
  };
};

const isConfigured = ({coin, definition, network: name, wallet}: CoinConfig, label: KeyLabel): boolean | null => {
  if (wallet === undefined || wallet.keys.kind === 'none') return null;
  const network = definition.networks[name]!;
  try {
    const branches = signerBranches(parseWallet(wallet.keys, {coin: definition, network}));
    requireSameKey(label, {coin, network, branches});
    return Object.values(branches).every(({xpub}) => xpub === label.account.xpub);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'wrong_key') return false;
    throw error;
  }
};

/** Seals the same seed anew. Both are wiped. Throws `wrong_passphrase`, and then nothing was changed. */
export const changePassphrase = ({file}: KeySignerConfig, old: Buffer, next: Buffer): void => {
  const sealed = readKeyFile(file);
  let seed: Buffer | undefined;
  try {
    requireStrong(next);
    seed = unseal(sealed, old);
    const {coin, network, fingerprint, account, createdAt} = sealed;
    const renewed = seal(seed, next, {coin, network, fingerprint, account, createdAt});
    // What cannot be opened must not replace what can.
    unseal(renewed, next).fill(0);
    replaceKeyFile(file, renewed);
  } finally {
    for (const secret of [seed, old, next]) secret?.fill(0);
  }
};

/** From where the config says. The caller wipes it. Throws what keeps it from being read. */
export const configuredPassphrase = ({passphrase}: KeySignerConfig): Buffer => {
  const opened = openPassphrase(passphrase, process.env);
  try {
    return readPassphrase(opened.fd);
  } finally {
    opened.close();
  }
};
