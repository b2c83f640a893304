import type {Satoshi} from '../primitives/amount.ts';

export type NetworkName = 'mainnet' | 'testnet' | 'testnet4' | 'signet' | 'regtest';

/** Address and chain rules of one network of a coin. */
export interface Network {
  readonly name: NetworkName;
  /** What the node's getblockchaininfo says in `chain`. */
  readonly chain: string;
  readonly genesis: string;
  readonly bech32: string;
  readonly pubKeyHash: number;
  readonly scriptHash: number;
}

/** A coin as data. The rest of the product asks this object and never compares names. */
export interface Coin {
  readonly name: string;
  /** Upper-case unit shown beside amounts. */
  readonly unit: string;
  readonly decimals: number;
  /** Name of the smallest unit in feerates: `sat` gives sat/vB. */
  readonly smallestUnit: string;
  readonly maxSupply: Satoshi;
  /** Confirmations at which a coinbase output can be spent *and* is available here (COINBASE_MATURITY + 1). */
  readonly coinbaseMaturity: number;
  /** Expected seconds between blocks, for ETAs. */
  readonly blockTime: number;
  readonly networks: Partial<Record<NetworkName, Network>>;
  /** Outputs below this are refused by relay policy, by script type (Bitcoin Core GetDustThreshold at 3 sat/vB). */
  dustLimit(scriptPubKey: Uint8Array): Satoshi;
}
