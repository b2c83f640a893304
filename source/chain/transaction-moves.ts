import type {DropReason} from '../contract/index.ts';
import type {Satoshi} from '../primitives/amount.ts';
import {outpointKey, type BlockHash, type Outpoint, type OutpointKey, type Txid} from '../primitives/ids.ts';
import type {BlockFacts, GoneTransaction, RelevantTransaction} from './facts.ts';

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

/** One transaction of ours that the step is about. */
export interface TransactionMove {
  readonly txid: Txid;
  readonly before: KnownTransaction | undefined;
  readonly coinbase: boolean;
  /** Its block was disconnected and the step anchors it nowhere else. */
  readonly unanchored: boolean;
  /** The mempool showed it in this step. */
  readonly sighted: boolean;
  readonly after: Whereabouts;
  /** As reported; undefined when only its fate is. */
  readonly reported: RelevantTransaction | undefined;
  readonly inputs: readonly Outpoint[];
  /** Its outputs that pay us, of those reported. */
  readonly outputs: readonly OwnOutput[];
  /** Its inputs that spend outputs of ours, of those reported. */
  readonly spends: readonly Outpoint[];
}

interface Anchoring {
  readonly block: BlockFacts;
  readonly transaction: RelevantTransaction;
}

/**
 * Decides for every transaction that the facts touch where it is after the whole step. Pure. An anchored spender is
 * the strongest evidence, then what the mempool shows, then what is gone from it. A transaction that left one branch
 * and is anchored in the other has not moved out of the chain at all.
 */
export const planMoves = (
  state: MovesState,
  blocks: readonly BlockFacts[],
  seen: readonly RelevantTransaction[],
  gone: readonly GoneTransaction[],
): TransactionMove[] => {
  const anchored = anchoringsOf(blocks);
  const ours = new OurTransactions(state, anchored, seen);
  const evidence = new Evidence(state, anchored);
  const shown = new Map<Txid, RelevantTransaction>();
  for (const transaction of seen) if (evidence.mayBeInMempool(transaction)) shown.set(transaction.txid, transaction);
  for (const {transaction} of anchored.values()) evidence.addSpender(transaction, 'conflicted', shown);
  for (const transaction of shown.values()) evidence.addSpender(transaction, 'replaced', shown);
  for (const {txid, replacedBy} of gone)
    if (!shown.has(txid)) evidence.addAbsent(txid, replacedBy === undefined ? 'evicted' : 'replaced', replacedBy);

  const moves: TransactionMove[] = [];
  for (const {block, transaction} of anchored.values())
    ours.add(
      moves,
      transaction,
      {kind: 'anchored', height: block.height, hash: block.hash},
      {
        sighted: false,
        // Foreign as it is, whether it stays in the chain decides what becomes of ours.
        isRival: evidence.isRival(transaction.txid),
      },
    );
  for (const transaction of shown.values())
    ours.add(moves, transaction, {kind: 'mempool'}, {sighted: true, isRival: false});
  for (const [txid, fate] of evidence.losses) moves.push(ours.unreported(txid, fate));
  for (const txid of state.disconnected.keys()) {
    if (anchored.has(txid) || shown.has(txid) || evidence.losses.has(txid)) continue;
    // A coinbase never returns to a mempool.
    const isLost = state.known.get(txid)?.coinbase === true;
    moves.push(ours.unreported(txid, isLost ? REORGED : {kind: 'mempool'}));
  }
  return moves;
};

const REORGED: Whereabouts = {kind: 'gone', reason: 'reorged', replacedBy: undefined};

const anchoringsOf = (blocks: readonly BlockFacts[]): Map<Txid, Anchoring> => {
  const anchored = new Map<Txid, Anchoring>();
  for (const block of blocks)
    for (const transaction of block.transactions) anchored.set(transaction.txid, {block, transaction});
  return anchored;
};

/** Who spends what, and which tracked transactions cannot be in the mempool any more because of it. */
class Evidence {
  readonly losses = new Map<Txid, Whereabouts & {kind: 'gone'}>();
  readonly #state: MovesState;
  readonly #anchored: ReadonlyMap<Txid, Anchoring>;
  readonly #spentInBlocks = new Map<OutpointKey, Txid>();
  readonly #disconnectedSpenders = new Map<OutpointKey, Txid>();

  constructor(state: MovesState, anchored: ReadonlyMap<Txid, Anchoring>) {
    this.#state = state;
    this.#anchored = anchored;
    for (const {transaction} of anchored.values())
      for (const input of transaction.inputs) this.#spentInBlocks.set(outpointKey(input), transaction.txid);
    for (const [txid, inputs] of state.disconnected)
      if (!anchored.has(txid)) for (const input of inputs) this.#disconnectedSpenders.set(outpointKey(input), txid);
  }

  /** A report from the mempool that blocks of this step or earlier ones have overtaken says nothing. */
  mayBeInMempool({txid, inputs}: RelevantTransaction): boolean {
    if (this.#anchored.has(txid) || (this.#isAnchoredElsewhere(txid) && !this.#state.disconnected.has(txid)))
      return false;
    return inputs.every(input => !this.#spentInBlocks.has(outpointKey(input)));
  }

  addSpender(spender: RelevantTransaction, reason: 'conflicted' | 'replaced', shown: ReadonlyMap<Txid, unknown>): void {
    for (const input of spender.inputs) {
      const key = outpointKey(input);
      const rivals = [...(this.#state.rivals.get(key) ?? [])];
      const disconnected = this.#disconnectedSpenders.get(key);
      if (disconnected !== undefined) rivals.push(disconnected);
      for (const rival of rivals) {
        // Two rivals both shown: the mempool changed between two answers, and the next look tells which one stays.
        const isUndecided = reason === 'replaced' && shown.has(rival);
        if (rival === spender.txid || this.#anchored.has(rival) || isUndecided) continue;
        if (!this.losses.has(rival)) this.losses.set(rival, {kind: 'gone', reason, replacedBy: spender.txid});
      }
    }
  }

  /** Anchored, and ours lost a coin to it. */
  isRival(txid: Txid): boolean {
    for (const {reason, replacedBy} of this.losses.values())
      if (reason === 'conflicted' && replacedBy === txid) return true;
    return false;
  }

  addAbsent(txid: Txid, reason: 'evicted' | 'replaced', replacedBy: Txid | undefined): void {
    if (this.#anchored.has(txid) || this.losses.has(txid)) return;
    const isTracked = this.#state.disconnected.has(txid) || this.#state.known.get(txid)?.state === 'mempool';
    if (isTracked) this.losses.set(txid, {kind: 'gone', reason, replacedBy});
  }

  #isAnchoredElsewhere(txid: Txid): boolean {
    return this.#state.known.get(txid)?.state === 'anchored';
  }
}

/** Tells our transactions from those that only hit a fingerprint or compete with one of ours. */
class OurTransactions {
  readonly #state: MovesState;
  readonly #anchored: ReadonlyMap<Txid, Anchoring>;
  readonly #outputs = new Map<Txid, OwnOutput[]>();
  readonly #created = new Set<OutpointKey>();

  constructor(state: MovesState, anchored: ReadonlyMap<Txid, Anchoring>, seen: readonly RelevantTransaction[]) {
    this.#state = state;
    this.#anchored = anchored;
    // All outputs before any input: a mempool lists children before their parents.
    for (const {block, transaction} of anchored.values()) this.#findOutputs(transaction, block.height);
    for (const transaction of seen) this.#findOutputs(transaction);
  }

  #findOutputs({txid, outputs}: RelevantTransaction, height = Number.POSITIVE_INFINITY): void {
    const own: OwnOutput[] = [];
    for (const {vout, amount, scriptPubKey} of outputs) {
      const address = this.#state.addresses.get(scriptKey(scriptPubKey));
      if (!address || height <= (address.fromHeight ?? -1)) continue;
      own.push({vout, amount, address});
      this.#created.add(outpointKey({txid, vout}));
    }
    if (own.length > 0) this.#outputs.set(txid, own);
  }

  add(
    moves: TransactionMove[],
    reported: RelevantTransaction,
    after: Whereabouts,
    {sighted, isRival}: {readonly sighted: boolean; readonly isRival: boolean},
  ): void {
    const {txid, inputs, coinbase} = reported;
    const before = this.#state.known.get(txid);
    const outputs = this.#outputs.get(txid) ?? [];
    const spends = inputs.filter(input => {
      const key = outpointKey(input);
      return this.#state.ownOutpoints.has(key) || this.#created.has(key);
    });
    if (!before && !isRival && outputs.length === 0 && spends.length === 0) return;
    const unanchored = this.#isUnanchored(txid);
    moves.push({txid, before, coinbase, unanchored, sighted, after, reported, inputs, outputs, spends});
  }

  unreported(txid: Txid, after: Whereabouts): TransactionMove {
    const before = this.#state.known.get(txid);
    const inputs = this.#state.disconnected.get(txid) ?? [];
    const unanchored = this.#isUnanchored(txid);
    const coinbase = before?.coinbase ?? false;
    return {
      txid,
      before,
      coinbase,
      unanchored,
      sighted: false,
      after,
      reported: undefined,
      inputs,
      outputs: [],
      spends: [],
    };
  }

  #isUnanchored(txid: Txid): boolean {
    return this.#state.disconnected.has(txid) && !this.#anchored.has(txid);
  }
}
