import type {Coin, Network, ScriptType} from '../../coins/index.ts';
import {writeAccount} from '../../descriptors/index.ts';
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

const HARDENED = 0x8000_0000;

/** The account as `coins.<c>.wallet.descriptor` takes it. */
export const accountDescriptor = ({fingerprint, account}: Pick<KeyLabel, 'fingerprint' | 'account'>): string => {
  const path = account.path.split('/').map(step => Number.parseInt(step, 10) + (step.endsWith('h') ? HARDENED : 0));
  return writeAccount(account.type, {fingerprint: Buffer.from(fingerprint, 'hex'), path}, account.xpub);
};
