import {outpointKey, type Outpoint, type OutpointKey, type Txid} from '../primitives/ids.ts';
import {ConflictEvidence} from './conflict-evidence.ts';
import type {BlockFacts, GoneTransaction, RelevantTransaction} from './facts.ts';
import {
  scriptKey,
  type Anchoring,
  type KnownTransaction,
  type MovesState,
  type OwnOutput,
  type Whereabouts,
} from './moves-state.ts';

export {scriptKey} from './moves-state.ts';
export type {KnownTransaction, MovesState, OwnAddress, OwnOutput, Whereabouts} from './moves-state.ts';

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
  /** As reported, an ancestor as such; undefined when only its fate is. */
  readonly reported: RelevantTransaction | undefined;
  readonly inputs: readonly Outpoint[];
  /** Its outputs that pay us, of those reported. */
  readonly outputs: readonly OwnOutput[];
  /** Its inputs that spend outputs of ours, of those reported. */
  readonly spends: readonly Outpoint[];
}

/**
 * Decides for every transaction that the facts touch where it is after the whole step. Pure. An anchored spender is
 * the strongest evidence, then what the mempool shows, then what is gone from it. A transaction that left one branch
 * and is anchored in the other has not moved out of the chain at all. What spends from one that lost a coin to a block
 * has lost with it, at any depth.
 */
export const planMoves = (
  state: MovesState,
  blocks: readonly BlockFacts[],
  seen: readonly RelevantTransaction[],
  gone: readonly GoneTransaction[],
  ancestors: readonly RelevantTransaction[] = [],
): TransactionMove[] => {
  const anchored = anchoringsOf(blocks);
  const news = ancestors.filter(({txid}) => !anchored.has(txid) && !state.known.has(txid));
  const ours = new OurTransactions(state, anchored, seen, news);
  const evidence = new ConflictEvidence(state, anchored, news);
  const shown = new Map<Txid, RelevantTransaction>();
  for (const transaction of seen) if (evidence.mayBeInMempool(transaction)) shown.set(transaction.txid, transaction);
  for (const {transaction} of anchored.values()) evidence.addSpender(transaction, 'conflicted', shown);
  evidence.loseDescendants(shown);
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
  for (const {txid} of news) if (!evidence.losses.has(txid)) moves.push(ours.unreported(txid, {kind: 'mempool'}));
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

/** Tells our transactions from those that only hit a fingerprint or compete with one of ours. */
class OurTransactions {
  readonly #state: MovesState;
  readonly #anchored: ReadonlyMap<Txid, Anchoring>;
  readonly #outputs = new Map<Txid, OwnOutput[]>();
  readonly #created = new Set<OutpointKey>();
  readonly #ancestors: ReadonlyMap<Txid, RelevantTransaction>;

  constructor(
    state: MovesState,
    anchored: ReadonlyMap<Txid, Anchoring>,
    seen: readonly RelevantTransaction[],
    ancestors: readonly RelevantTransaction[],
  ) {
    this.#state = state;
    this.#anchored = anchored;
    this.#ancestors = new Map(ancestors.map(ancestor => [ancestor.txid, ancestor]));
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
    const ancestor = this.#ancestors.get(txid);
    const inputs = this.#state.disconnected.get(txid) ?? ancestor?.inputs ?? [];
    const unanchored = this.#isUnanchored(txid);
    const coinbase = before?.coinbase ?? false;
    return {
      txid,
      before,
      coinbase,
      unanchored,
      sighted: false,
      after,
      reported: ancestor,
      inputs,
      outputs: [],
      spends: [],
    };
  }

  #isUnanchored(txid: Txid): boolean {
    return this.#state.disconnected.has(txid) && !this.#anchored.has(txid);
  }
}
