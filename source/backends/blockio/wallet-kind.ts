import type {Coin} from '../../coins/index.ts';
import type {BlockIoWalletConfig} from '../../config/config.ts';
import type {Multisig} from './multisig.ts';

/** What tells block.io's two kinds of wallet apart. */
export interface WalletKind {
  readonly prepare: 'prepare_transaction' | 'prepare_dtrust_transaction';
  readonly addressType: Multisig['type'];
  readonly required: number;
  /** Ours and block.io's one. */
  readonly keys: number;
}

/**
 * `basic`: one key of ours, one of block.io's, both sign. `dtrust`: block.io adds a key to ours and one to the required
 * signatures that it is asked for; with all of ours required, they sign without it.
 */
export const walletKind = (wallet: BlockIoWalletConfig, coin: Pick<Coin, 'segwit'>): WalletKind =>
  wallet.type === 'basic'
    ? {prepare: 'prepare_transaction', addressType: 'WITNESS_V0', required: 2, keys: 2}
    : {
        prepare: 'prepare_dtrust_transaction',
        addressType: coin.segwit ? 'WITNESS_V0' : 'P2SH',
        required: wallet.keys.length,
        keys: wallet.keys.length + 1,
      };

/** Undefined when it is as the wallet makes them, with all of our keys in it; else what is wrong. */
export const strangeness = (
  {required, publicKeys, type}: Multisig,
  kind: WalletKind,
  ours: readonly string[],
): string | undefined => {
  const keys = publicKeys.map(key => key.toString('hex'));
  if (type !== kind.addressType) return `type ${type} instead of ${kind.addressType}`;
  if (required !== kind.required || keys.length !== kind.keys || new Set(keys).size !== keys.length)
    return `${required} of ${keys.length} keys instead of ${kind.required} of ${kind.keys}`;
  return ours.every(key => keys.includes(key)) ? undefined : 'keys that are not ours';
};
