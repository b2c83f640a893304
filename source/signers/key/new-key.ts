import type {Coin, Network, ScriptType} from '../../coins/index.ts';
import {readStep, writeAccount} from '../../descriptors/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import {accountPath, pathText, publicKeyAt} from './account.ts';
import {type KeyLabel, seal, type SealedKey} from './sealed-key.ts';

/** What a new key is for. */
export interface NewKey {
  readonly coin: Coin;
  readonly network: Network;
  readonly type: ScriptType;
  /** BIP44 account number. */
  readonly account: number;
}

/** A seed with its account's label, encrypted. The caller wipes `seed` and `passphrase`. */
export const sealNewKey = (
  seed: Uint8Array,
  passphrase: Uint8Array,
  {coin, network, type, account}: NewKey,
  createdAt: Date,
): SealedKey => {
  const path = accountPath(type, coin, network, account);
  const {fingerprint, xpub} = publicKeyAt(seed, network, path);
  return seal(seed, passphrase, {
    coin: coin.name,
    network: network.name,
    fingerprint,
    account: {type, path: pathText(path), xpub},
    createdAt: createdAt.toISOString(),
  });
};

/** The account as `coins.<c>.wallet.descriptor` takes it. Throws `bad_key_file`. */
export const accountDescriptor = ({fingerprint, account}: Pick<KeyLabel, 'fingerprint' | 'account'>): string => {
  const path = account.path.split('/').map(step => {
    const number = readStep(step);
    if (number !== undefined) return number;
    throw new EngineError(
      'bad_key_file',
      `the key file has the step ${step} in its path; expected numbers below 2147483648`,
    );
  });
  return writeAccount(account.type, {fingerprint: Buffer.from(fingerprint, 'hex'), path}, account.xpub);
};
