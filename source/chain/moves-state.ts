import type {DropReason} from '../contract/index.ts';
import type {Satoshi} from '../primitives/amount.ts';
import type {BlockHash, Outpoint, OutpointKey, Txid} from '../primitives/ids.ts';
import type {BlockFacts, RelevantTransaction} from './facts.ts';

/** What the ledger knew of a transaction before the step. */
export interface KnownTransaction {
  readonly state: 'mempool' | 'anchored' | 'gone';
  readonly coinbase: boolean;
  readonly height: number | null;
  readonly hash: BlockHash | null;
  /** Of one that is gone: why, and what took its coins. */
  readonly reason?: DropReason | null;
  readonly replacedBy?: Txid | null;
}

export interface OwnAddress {
  readonly id: number;
  /** Null for a change address. */
  readonly accountId: number | null;
  readonly purpose: 'receive' | 'change';
  /** Of an imported one: what blocks up to this height paid it was spent, or imported, before it was ours. */
  readonly fromHeight?: number | null;
}

/** Everything of the ledger that the facts touch, loaded before anything is decided. */
export interface MovesState {
  /** Transactions named by the facts, rivals and disconnected ones. */
  readonly known: ReadonlyMap<Txid, KnownTransaction>;
  /** Those whose rung goes, with all their inputs. */
  readonly disconnected: ReadonlyMap<Txid, readonly Outpoint[]>;
  /** Candidate scripts that are ours, by `scriptKey`. */
  readonly addresses: ReadonlyMap<string, OwnAddress>;
  /** Inputs of the facts that spend outputs which the ledger held before. */
  readonly ownOutpoints: ReadonlySet<OutpointKey>;
  /**
   * Tracked unanchored transactions by the outpoints they spend, for inputs of the facts; those that are gone too while a
   * payment of ours is built on them.
   */
  readonly rivals: ReadonlyMap<OutpointKey, readonly Txid[]>;
  /** Tracked unanchored transactions by those that they spend from, for rivals, disconnected ones and their descendants. */
  readonly children: ReadonlyMap<Txid, readonly Txid[]>;
}

export const scriptKey = (scriptPubKey: Buffer): string => scriptPubKey.toString('latin1');

export interface OwnOutput {
  readonly vout: number;
  readonly amount: Satoshi;
  readonly address: OwnAddress;
}

/** Where a transaction is after the step. */
export type Whereabouts =
  | {readonly kind: 'anchored'; readonly height: number; readonly hash: BlockHash}
  /** Shown by the mempool, or believed to be there because its block went away. */
  | {readonly kind: 'mempool'}
  | {readonly kind: 'gone'; readonly reason: DropReason; readonly replacedBy: Txid | undefined};

/** A transaction in a block of the step. */
export interface Anchoring {
  readonly block: BlockFacts;
  readonly transaction: RelevantTransaction;
}
