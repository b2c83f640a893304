import type {Satoshi} from '../primitives/amount.ts';

/** What a wallet with one key an address pays to: P2PKH, P2SH-P2WPKH, P2WPKH, P2TR by key (BIP44, 49, 84, 86). */
export const SCRIPT_TYPES = ['legacy', 'nested', 'segwit', 'taproot'] as const;
export type ScriptType = (typeof SCRIPT_TYPES)[number];

/** Version bytes of an extended key that some wallets write instead of BIP32's, to say what its addresses are. */
export interface KeyVersion {
  readonly public: number;
  readonly private: number;
  readonly type: ScriptType;
}

export type NetworkName = 'mainnet' | 'testnet' | 'testnet4' | 'signet' | 'regtest';

/** Address and chain rules of one network of a coin. */
export interface Network {
  readonly name: NetworkName;
  /** What the node's getblockchaininfo says in `chain`. */
  readonly chain: string;
  readonly genesis: string;
  /** The easiest target that its headers may have, in compact form (powLimit); undefined: work is not checked. */
  readonly easiestBits?: number;
  /** Difficulty moves every 2,016 blocks only, by a factor of 4 at most: a header that follows another costs about as much. */
  readonly steadyDifficulty?: boolean;
  /** Prefix of witness addresses; undefined where the network has none. */
  readonly bech32: string | undefined;
  readonly pubKeyHash: number;
  /** Version byte that its nodes write for P2SH. */
  readonly scriptHash: number;
  /** Older version bytes for P2SH that its nodes still read and that are read here too. */
  readonly otherScriptHashes?: readonly number[];
  /**
   * Older version bytes that another coin's addresses of the same network have as well: refused, since nobody can tell
   * which coin was meant.
   */
  readonly ambiguousScriptHashes?: readonly number[];
  /** Prefix of MWEB addresses, which cannot be paid from here and are refused by name. */
  readonly mweb?: string;
  /** Version bytes of extended keys (BIP32). */
  readonly bip32: {readonly public: number; readonly private: number};
  /** Others for the same keys (SLIP-0132), read from what an operator copies out of a wallet. */
  readonly keyVersions?: readonly KeyVersion[];
}

/** How the coin's blocks and transactions differ from Bitcoin's serialization. */
export interface BlockFormat {
  /** A header whose version has bit 8 set is followed by the proof of a merge-mined parent (Namecoin's AuxPoW). */
  readonly auxpow: boolean;
  /** Transactions may have flag 0x08, and a block an extension behind its transactions (LIP-0003, LIP-0004). */
  readonly mweb: boolean;
  /** No output can hold more: MAX_MONEY. */
  readonly maxOutput: Satoshi;
}

/** A coin as data. The rest of the product asks this object and never compares names. */
export interface Coin {
  readonly name: string;
  /** Upper-case unit shown beside amounts. */
  readonly unit: string;
  readonly decimals: number;
  /** Name of the smallest unit in feerates: `sat` gives sat/vB. */
  readonly smallestUnit: string;
  /** Above this an amount is a mistake: the supply, or for a coin without an end what no payment can be (MAX_MONEY). */
  readonly maxSupply: Satoshi;
  /** Confirmations at which a coinbase output can be spent *and* is available here (COINBASE_MATURITY + 1). */
  readonly coinbaseMaturity: number;
  /**
   * Confirmations at which any other deposit can be spent. Above 1 where outputs may stem from elsewhere than a
   * payment: a peg-out of MWEB is immature for 6 blocks (PEGOUT_MATURITY), and its output does not look different.
   */
  readonly depositMaturity: number;
  /** Program that runs a node of it, for error messages. */
  readonly daemon: string;
  /** Expected seconds between blocks, for ETAs. */
  readonly blockTime: number;
  /** How its addresses and wallets are: witness (BIP141) or only legacy ones. */
  readonly segwit: boolean;
  readonly format: BlockFormat;
  /** The hash of a header that must reach its target; undefined where it is not checked (merge-mined or unknown chains). */
  readonly proofOfWork?: 'sha256d' | 'scrypt';
  /** Coin type in the paths of HD wallets on mainnet (SLIP-44); test networks have 1. */
  readonly hdCoinType: number;
  /** Feerates in smallest units per vB where the config says none. */
  readonly fees: {readonly fallback: number; readonly min: number; readonly max: number};
  readonly networks: Partial<Record<NetworkName, Network>>;
  /** Outputs below this are refused by relay policy, by script type. */
  dustLimit(scriptPubKey: Uint8Array): Satoshi;
}
