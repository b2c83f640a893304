import type {ChainFacts} from '../chain/facts.ts';
import type {Actor, Books, Deposit, DepositQuery, Page} from '../contract/index.ts';
import type {Satoshi} from '../primitives/amount.ts';
import type {PreviousTransactions} from '../payout/ports.ts';
import type {BlockHash, BlockRef, Outpoint, Txid} from '../primitives/ids.ts';

export interface TrackPolicy {
  readonly confirmations: number;
  readonly maxConfirmationCount: number;
  /** Confirmations at which a coinbase can be credited (101). */
  readonly coinbaseMaturity: number;
  /** Undefined: what the followed chain says is enough. */
  readonly agreement?: AgreementPolicy | undefined;
}

/** Deposits of `above` and more are credited once `sources` of the backends `among` have been heard to say the same. */
export interface AgreementPolicy {
  readonly above: Satoshi;
  readonly sources: number;
  /** By their names; what others said, that are not in the config any more, does not count. */
  readonly among: readonly string[];
}

/** What one application of facts did, for logs, jobs and waking other loops. */
export interface TrackResult {
  readonly known: number;
  readonly found: number;
  readonly changed: number;
  /** Outpoints that became ours: the watch set must hold them before the next skim. */
  readonly watch: readonly Outpoint[];
  /** The fork is deeper than `maxConfirmationCount`: nothing was written; payouts stop until it is accepted. */
  readonly refusedDeepFork: boolean;
}

/** A transaction of ours (deposit or payout) that is not anchored, with all its inputs. */
export interface UnanchoredTransaction {
  readonly txid: Txid;
  readonly inputs: readonly Outpoint[];
  /** Whether we believe the mempool holds it (`mempool`) or know it does not (`gone`). */
  readonly state: 'mempool' | 'gone';
}

/** One of our anchored unspent outputs. */
export interface Owned {
  readonly outpoint: Outpoint;
  readonly amount: Satoshi;
  /** A broadcast holds it, so that the wallet may have it locked. */
  readonly isReserved: boolean;
}

/** Coins of ours that the node does not hold as we do, at one tip. Counts only while that is our tip. */
export interface Inspection {
  readonly tip: BlockHash;
  readonly differing: readonly {readonly outpoint: Outpoint; readonly found: bigint | undefined}[];
}

export interface ChainStore extends PreviousTransactions {
  /** Highest rung of the ladder; undefined only before init wrote the start. */
  ladderTop(): Promise<BlockRef | undefined>;
  ladderBottom(): Promise<BlockRef | undefined>;
  rungs(heights: readonly number[]): Promise<(BlockHash | undefined)[]>;
  /**
   * Adds rungs right below the bottom, given upwards without gaps, of the chain that our bottom belongs to (the caller
   * has compared it). Lets a fork or a rescan reach below the start height. Rungs already held are left alone.
   */
  extendLadder(rungs: readonly BlockRef[]): Promise<void>;
  /** Scripts and outpoints the skim must look for, in no order. Outpoints spent and settled long ago are left out. */
  watchedScripts(): Iterable<Buffer>;
  watchedOutpoints(): Iterable<Outpoint>;
  unanchoredTransactions(): Promise<UnanchoredTransaction[]>;
  /** In which block each of these is anchored, by its height; undefined for what is not, or is not ours. */
  anchoredAt(txids: readonly Txid[]): Promise<(number | undefined)[]>;
  /** How many of the blocks from one height to another hold something of ours, as far as the ledger knows. */
  blocksOfOurs(from: number, to: number): Promise<number>;
  /**
   * ms; when the oldest of the transactions was first seen whose inputs a block may still spend otherwise, be it coins of
   * others. Undefined when there is none.
   */
  contestedSince(): Promise<number | undefined>;
  /** Everything that our transactions in blocks of this height and above spend: what another branch may spend otherwise. */
  inputsFrom(height: number): Promise<Outpoint[]>;
  /**
   * Strangers' transactions that the ledger does not know and that coins of ours, spent by payments of ours, stem from:
   * parents of our transactions in the blocks from this height up; without one, of those in no block. Mostly none.
   */
  unknownAncestors(height?: number): Promise<Txid[]>;
  /**
   * Throws `stale_facts` (backoff) when the blocks do not attach to the ladder as it is: fetch again. Blocks of other
   * hashes at heights we hold are only taken with `facts.fork`, so that a rescan never disconnects anything.
   *
   * Applies facts in one transaction: ladder, transactions, outputs, deposits, payouts they anchor or unanchor,
   * postings and events together, or none. The same facts twice change nothing. With `job`, its checkpoint and
   * counters move in the same transaction.
   */
  track(
    facts: ChainFacts,
    policy: TrackPolicy,
    now: number,
    job?: {id: string; atHeight: number},
  ): Promise<TrackResult>;
  /** Lets the next track go through a fork of any depth. */
  acceptReorg(now: number, by?: Actor): Promise<void>;

  deposits(query: DepositQuery): Promise<Page<Deposit>>;
  deposit(id: string): Promise<Deposit>;

  /**
   * Balances against outputs at the ladder's tip, less what the node does not hold of them. Writes `books.drift` or `books.balanced` when the answer changed.
   */
  checkBooks(untracked: bigint | undefined, now: number, inspection?: Inspection): Promise<Books>;
  /** Our anchored unspent outputs, in slices by an opaque position; from the beginning again after the last. */
  unspentOutpoints(after: number, limit: number): Promise<{outpoints: Owned[]; next: number}>;
  /** The last answer of `checkBooks`. */
  lastBooks(): Promise<Books | undefined>;
  /** Sums every posting and compares with the balances; lists what does not hold, in words. Changes nothing. */
  auditBooks(): Promise<{books: Books; faults: string[]}>;
  /** Sum of our anchored outputs that nothing known spends, in a block or in the mempool. */
  unspentTotal(): Promise<bigint>;
  /** Which of these outpoints are outputs of ours. */
  ownOutpoints(outpoints: readonly Outpoint[]): Promise<boolean[]>;
}
