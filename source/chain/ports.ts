import type {ScanMethod, ScanPlan} from '../contract/index.ts';
import type {BlockHash, BlockRef, Outpoint, Txid} from '../primitives/ids.ts';
import type {BlockFacts} from './facts.ts';
import type {WatchSet} from './watch-set.ts';

export interface NodeTip extends BlockRef {
  /** Chain name and genesis as the node says; compared with what was pinned at init. */
  readonly chain: string;
  /** Header time of the tip, seconds. */
  readonly time: number;
  readonly syncing: boolean;
  /** Lowest height whose raw block can be had, when pruned. */
  readonly prunedBelow: number | undefined;
}

export interface RawBlock extends BlockRef {
  readonly raw: Buffer;
}

export interface MempoolView {
  /** Whether the node has its whole mempool: right after a start its absences prove nothing. */
  readonly loaded: boolean;
  /** Every txid now in the mempool, or all of those that pay or spend a watched script. */
  readonly txids: ReadonlySet<Txid>;
}

/** A wish to look, never a fact. `added`/`removed` name mempool transactions when the channel knows them. */
export type Hint =
  | {readonly kind: 'mempool-added'; readonly txid: Txid}
  | {readonly kind: 'mempool-removed'; readonly txid: Txid}
  | {readonly kind: 'block'}
  /** What was told of these heights of the best chain was not all of it: to be asked again. */
  | {readonly kind: 'blocks'; readonly heights: readonly number[]}
  /** These are in the blocks at these heights of the best chain: where the ledger lacks one, it is to be asked again. */
  | {readonly kind: 'anchored'; readonly at: ReadonlyMap<number, readonly Txid[]>}
  /** Notifications were lost or the channel (re)connected: look at everything. */
  | {readonly kind: 'everything'};

/** A wallet tells of a transaction again when its block comes: mempool and chain may both have it. */
export const hintsAbout = (txid: Txid): Hint[] => [{kind: 'mempool-added', txid}, {kind: 'block'}];

/** A way to learn which blocks are worth reading. */
export type Narrowing = Exclude<ScanMethod, 'blocks' | 'histories'>;

/** What the planner of rescans knows of a source. */
export interface ScanSurvey {
  readonly narrows: readonly Narrowing[];
  /** Raw bytes of a block, on average. */
  readonly blockBytes: number;
  /** Raw bytes of blocks that are read and looked through in a second. */
  readonly bytesPerSecond: number;
  /** Raw bytes of the whole chain, about. */
  readonly chainBytes: number;
}

/**
 * Chain data of one network. Reports, never concludes. Errors are EngineErrors: `backend_down`, `backend_warming_up`,
 * `backend_auth`, `backend_timeout`, `backend_overloaded`, `block_pruned`, `bad_backend_answer`.
 */
export interface ChainSource {
  /**
   * Several nodes may answer in turn without a word about it, as behind the name of a public server, and differ for a
   * while: of such a source only a branch is taken that is longer than what is held.
   */
  readonly mayChangeNode?: boolean;
  /**
   * Called before each look of the chain loop by sources that are made of several. From here until the next call one of
   * them answers; `changed` when it is another than before: what was learned of its mempool and its identity counts no
   * more.
   */
  beginLook?(): 'same' | 'changed';
  /**
   * Tells such a source of a block of the ledger's own chain that no reorganisation reaches: who has another one at its
   * height is on another chain.
   */
  landmark?(block: BlockRef): void;
  /** Tells such a source that what it says now does not fit together, look after look: another one is to answer. */
  distrust?(words: string): void;
  tip(): Promise<NodeTip>;
  /** Genesis hash, for the identity check. */
  genesis(): Promise<BlockHash>;
  /** Hashes in the node's best chain; undefined above its tip. One batch. */
  hashesAt(heights: readonly number[]): Promise<(BlockHash | undefined)[]>;
  /**
   * What these blocks of the best chain hold for `watch`, in the order asked, yielded as it arrives; outpoints that it
   * finds are added to `watch`, so that their spends are found in the same pass. Blocks that are asked for in a row are
   * checked to follow each other: `stale_facts` when they do not. Ends by throwing when `signal` is aborted.
   * `onProgress` is called, with words for people at times, where much is asked before the first block can be told.
   */
  facts(
    refs: readonly BlockRef[],
    watch: WatchSet,
    signal?: AbortSignal,
    onProgress?: (words?: string) => void,
  ): AsyncIterable<BlockFacts>;
  /**
   * Tells of a script to be reported on: each one known at the start, later ones as soon as they are ours. For sources
   * that ask by script; those that read whole blocks go by the watch set alone and have none.
   */
  watchScript?(scriptPubKey: Buffer): void;
  /**
   * What a scan of blocks like these costs here, and how it may be cut short. Undefined, or absent, where there is one way
   * only: `facts` of all of them.
   */
  surveyScan?(range: {readonly from: number; readonly to: number}): Promise<ScanSurvey | undefined>;
  /**
   * Of a source that chooses for itself how `facts` looks at a long row of blocks: what each way would cost now for so many
   * scripts, the one that it would take first.
   */
  scanPlans?(range: {readonly from: number; readonly to: number}, scripts: number): Promise<readonly ScanPlan[]>;
  /**
   * Which of these blocks of the best chain, asked for in a row, may pay to one of the scripts or spend from one: some
   * too many, never one too few (but for `coins`, whose blocks are those of coins that are unspent now). In order.
   * Undefined when this way cannot be had just now: the node does as much for somebody else, or its index is not there.
   */
  narrow?(
    method: Narrowing,
    refs: readonly BlockRef[],
    scripts: readonly Buffer[],
    signal: AbortSignal,
  ): Promise<readonly BlockRef[] | undefined>;
  /** Header time in seconds of best-chain blocks, for `rescan --from DATE`. */
  timesAt(heights: readonly number[]): Promise<(number | undefined)[]>;
  /**
   * Raw bytes of transactions that one of these blocks holds, also of a branch that was left. Undefined for those that
   * none holds or that cannot be had; absent where only the best chain is known. Order as asked.
   */
  transactionsIn?(blocks: readonly BlockHash[], txids: readonly Txid[]): Promise<(Buffer | undefined)[]>;
  mempool(): Promise<MempoolView>;
  /** Raw bytes of mempool transactions; undefined for those it does not hold now. Order as asked. */
  mempoolTransactions(txids: readonly Txid[]): Promise<(Buffer | undefined)[]>;
  /** For each outpoint the mempool transaction that spends it (RPC gettxspendingprevout), as far as it can be known. */
  mempoolSpenders(outpoints: readonly Outpoint[]): Promise<(Txid | undefined)[]>;
  /** Starts the notification channels. Each hint only wakes a loop; lost ones are announced as `everything`. */
  listen(onHint: (hint: Hint) => void, signal: AbortSignal): void;
}

/** One script of a wallet that the engine derives: which branch, which index. */
export interface Derived {
  readonly branch: 'receive' | 'change';
  readonly index: number;
}

export interface DerivedScript {
  readonly scriptPubKey: Buffer;
  readonly address: string;
}

/** Which script came from which index, kept in the ledger. Needs no network. */
export interface DerivedScripts {
  /**
   * The next index to hand out, durable before it is told: two calls never get the same one, also over a crash, after
   * which it may be one that nobody was told. Skips what strangers have paid already. Needs the lease. Throws
   * `wallet_mismatch` when the ledger holds another script for an index.
   */
  next(branch: Derived['branch'], derive: (index: number) => DerivedScript): Promise<number>;
  /** Where these scripts come from; undefined for those of no branch. Order as asked. */
  find(scripts: readonly Buffer[]): Promise<(Derived | undefined)[]>;
  /**
   * Keeps the scripts up to `count` beyond the last one that was handed out or paid. Returns those that are new, to be
   * watched: what comes to them belongs to nobody yet, and goes to `suspense`. Needs the lease.
   */
  lookAhead(branch: Derived['branch'], count: number, derive: (index: number) => DerivedScript): Promise<Buffer[]>;
  /** How many were handed out since the last one that was paid: other wallet software gives up after so many. */
  unusedInARow(branch: Derived['branch']): Promise<number>;
}

export interface AddressSource {
  /** A fresh receive address of the pinned wallet, checked to be its own. */
  newAddress(): Promise<string>;
  /** A fresh change address of the pinned wallet. */
  newChangeAddress(): Promise<string>;
  /**
   * Of a wallet that the engine derives itself: the scripts that it may be paid on before they are handed out; those new
   * since the last call, to be watched from now on. Needs the lease.
   */
  lookAhead?(): Promise<Buffer[]>;
  /** Fingerprints of the wallet's descriptors, sorted. Pinned at init. */
  walletFingerprints(): Promise<string[]>;
  /** Every coin of the wallet at one confirmation or more, for `untracked`. */
  walletCoins(): Promise<{outpoint: Outpoint; amount: bigint; scriptPubKey?: Buffer | undefined}[]>;
  /**
   * Sum of the same coins, immature ones included, at a price that does not grow with their number. Undefined when
   * nobody can tell: a wallet that is nothing but keys holds no list of its coins.
   */
  walletTotal(): Promise<bigint | undefined>;
}

/** What the node holds of single coins. `tip`: the block that all answers belong to; undefined when it moved meanwhile. */
export interface Inspected {
  readonly tip: BlockHash | undefined;
  /** In the order asked; undefined for what is spent or does not exist, by anchored transactions only. */
  readonly amounts: readonly (bigint | undefined)[];
}

export interface WalletTransaction {
  readonly raw: Buffer;
  readonly coinbase: boolean;
  /** Undefined while it is in no block. */
  readonly block: BlockRef | undefined;
}

/** Single coins, for reconciliation and import. Not every backend can tell. */
export interface CoinSource {
  /** The amounts of these outpoints in the node's set of unspent outputs. */
  inspect(outpoints: readonly Outpoint[]): Promise<Inspected>;
  /** Transactions of the wallet, checked to be the ones asked for; undefined for those it does not know. */
  walletTransactions(txids: readonly Txid[]): Promise<(WalletTransaction | undefined)[]>;
}

/** What the health display knows; gathered from calls that were made anyway, plus one cheap call a round. */
export interface BackendVitals {
  readonly version: string | undefined;
  readonly peers: number | undefined;
  readonly mempool: {transactions: number; bytes: number} | undefined;
  /** sat/vB */
  readonly feeFloor: number | undefined;
}

export interface BackendHealth {
  /** Asks the node once. */
  vitals(): Promise<BackendVitals>;
  /** Milliseconds of the slowest answer in each of the last seconds that had one, newest last. */
  latencies(): readonly number[];
  /** `reliable`: its loss is noticed and it tells of everything, so that polling may be rare while it stands. */
  notifyChannels(): readonly {
    channel: string;
    state: 'ok' | 'quiet' | 'lost';
    lastAt: number | undefined;
    reliable: boolean;
  }[];
}

/** One of several sources of a coin as it stands now. */
export interface SourceView {
  readonly name: string;
  /** `bitcoind`, `electrum`. */
  readonly type: string;
  readonly state: 'connecting' | 'ok' | 'behind' | 'syncing' | 'warming_up' | 'down' | 'wrong_chain';
  /** What is wrong, in words; null while nothing is. */
  readonly reason: string | null;
  readonly tip: (BlockRef & {readonly time: number}) | undefined;
  /** ms; how long its last answer about its tip took. */
  readonly latency: number | undefined;
  /** ms since 1970. */
  readonly lastSeenAt: number | undefined;
  /** ms since 1970; since when it is in this state. */
  readonly since: number;
  /** It is the one that is asked. */
  readonly speaks: boolean;
}

/** Several sources behind one set of ports, of which one speaks at a time. */
export interface SeveralSources {
  /** In order of preference. */
  list(): readonly SourceView[];
  /** The chain of each by its name, whoever speaks. */
  chainOf(name: string): ChainSource;
  /** The name of the one whose node has the wallet; undefined when none has. */
  readonly ofWallet: string | undefined;
}
