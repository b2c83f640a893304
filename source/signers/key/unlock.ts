import {EngineError} from '../../primitives/errors.ts';
import {AccountSecret, type KeyNetwork, pathText, type SignerBranches} from './account.ts';
import {type SealedKey, unseal} from './sealed-key.ts';

/** Whose key is wanted. */
export interface WantedKey {
  readonly coin: string;
  readonly network: KeyNetwork;
  readonly branches: SignerBranches;
}

/** The wallet's keys from a sealed seed. Throws `wrong_passphrase`; `wrong_key` when the wallet is of another key. */
export const unlock = (sealed: SealedKey, passphrase: Uint8Array, wanted: WantedKey): AccountSecret => {
  requireSameKey(sealed, wanted);
  const seed = unseal(sealed, passphrase);
  try {
    return AccountSecret.fromSeed(seed, wanted.network, wanted.branches);
  } finally {
    seed.fill(0);
  }
};

/** What can be compared without the passphrase. Throws `wrong_key`. */
export const requireSameKey = (
  sealed: Pick<SealedKey, 'coin' | 'network' | 'fingerprint' | 'account'>,
  {coin, network, branches}: WantedKey,
): void => {
  const refuse = (words: string) => new EngineError('wrong_key', words);
  if (sealed.coin !== coin || sealed.network !== network.name)
    throw refuse(`the key is for ${sealed.coin} ${sealed.network}, and the config says ${coin} ${network.name}`);
  for (const {fingerprint, path, xpub} of Object.values(branches)) {
    if (fingerprint !== sealed.fingerprint)
      throw refuse(
        `the wallet's descriptor is of the key ${fingerprint}, and the key file holds ${sealed.fingerprint}`,
      );
    if (pathText(path) === sealed.account.path && xpub !== sealed.account.xpub)
      throw refuse(`the wallet's descriptor has another xpub at ${sealed.account.path} than the key file`);
  }
};
