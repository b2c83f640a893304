import type {Satoshi} from '../primitives/amount.ts';
import type {BlockHash, BlockRef, Outpoint, Txid} from '../primitives/ids.ts';

/** An output that may be ours. Its script hit the watch set, which can be wrong about foreign ones, never about ours. */
export interface CandidateOutput {
  readonly vout: number;
  readonly scriptPubKey: Buffer;
  readonly amount: Satoshi;
}

/**
 * A transaction that may concern us: an output hit a watched script or an input a watched outpoint. Reported from raw
 * bytes; the txid is computed locally. `inputs` are all of its inputs (none for a coinbase), `outputs` the hits only.
 */
export interface RelevantTransaction {
  readonly txid: Txid;
  readonly raw: Buffer;
  readonly coinbase: boolean;
  readonly inputs: readonly Outpoint[];
  readonly outputs: readonly CandidateOutput[];
}

export interface BlockFacts {
  readonly height: number;
  readonly hash: BlockHash;
  readonly previous: BlockHash;
  /** Header time in seconds. */
  readonly time: number;
  /** In block order. Usually empty. */
  readonly transactions: readonly RelevantTransaction[];
}

/** A tracked transaction that the mempool no longer holds. */
export interface GoneTransaction {
  readonly txid: Txid;
  /** The mempool transaction that spends one of its inputs now: it was replaced. Without it, evicted or lost. */
  readonly replacedBy: Txid | undefined;
}

/**
 * What one fetch learned, to be applied as one step. The same facts twice change nothing the second time.
 * `fork` is the highest rung of our ladder that the node's chain shares, when that is below our tip.
 * `connected` goes up from the fork (or from our tip) by previous-hash, without gaps; it may stop short of `tip` when
 * the rest comes with the next step. For a rescan, `connected` holds blocks at heights we hold already, perhaps not all.
 */
export interface ChainFacts {
  readonly tip: BlockRef;
  readonly fork: BlockRef | undefined;
  readonly connected: readonly BlockFacts[];
  readonly seen: readonly RelevantTransaction[];
  /** Only transactions of which two polls agree, or whose replacement was shown. */
  readonly gone: readonly GoneTransaction[];
  /**
   * Strangers' transactions, in no block above the fork as far as is known, that coins which payments of ours spend stem
   * from. Kept, because a block that spends their coins otherwise takes ours away. Found in the branch that is left, or
   * in the mempool.
   */
  readonly ancestors?: readonly RelevantTransaction[];
}
