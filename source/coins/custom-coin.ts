import {satoshi} from '../primitives/amount.ts';
import type {Coin, NetworkName} from './coin.ts';
import {dustAt} from './dust.ts';

/** A bitcoind-like coin described by its user, for one network. Units: smallest unit per vB, seconds, whole coins. */
export interface CustomCoin {
  readonly unit: string;
  readonly smallestUnit: string;
  readonly chain: string;
  readonly genesis: string;
  readonly bech32: string | undefined;
  readonly pubKeyHash: number;
  readonly scriptHash: number;
  readonly bip32: {readonly public: number; readonly private: number};
  readonly segwit: boolean;
  readonly hdCoinType: number;
  readonly auxpow: boolean;
  readonly mweb: boolean;
  readonly maxSupply: bigint;
  readonly coinbaseMaturity: number;
  readonly blockTime: number;
  readonly dustRelayFeerate: number;
  readonly fees: Coin['fees'];
}

/** The coin that `params` describe; it has the one network that they are for. */
export const customCoin = (name: string, network: NetworkName, params: CustomCoin): Coin => ({
  name,
  unit: params.unit,
  decimals: 8,
  smallestUnit: params.smallestUnit,
  maxSupply: satoshi(params.maxSupply),
  coinbaseMaturity: params.coinbaseMaturity,
  depositMaturity: params.mweb ? 6 : 1,
  daemon: 'the node',
  blockTime: params.blockTime,
  segwit: params.segwit,
  format: {auxpow: params.auxpow, mweb: params.mweb, maxOutput: satoshi(params.maxSupply)},
  hdCoinType: params.hdCoinType,
  fees: params.fees,
  networks: {
    [network]: {
      name: network,
      chain: params.chain,
      genesis: params.genesis,
      bech32: params.bech32,
      pubKeyHash: params.pubKeyHash,
      scriptHash: params.scriptHash,
      bip32: params.bip32,
    },
  },
  dustLimit: dustAt(params.dustRelayFeerate),
});
