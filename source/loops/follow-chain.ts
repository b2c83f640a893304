import type {NodeTip} from '../chain/ports.ts';
import {EngineError} from '../primitives/errors.ts';
import type {BlockRef, Txid} from '../primitives/ids.ts';
import type {Log} from '../primitives/log.ts';
import type {BackendWatch} from './backend-watch.ts';
import {applyFacts, closeCatchUp, connectAhead, connectBranch, type Connecting} from './connect-blocks.ts';
import type {RoundContext} from './loop.ts';
import {extendDownTo, ladderEnds, standToNode, tellLandmark} from './stand-to-node.ts';

/** What following the node to its tip means for looking at the mempool. */
export interface Followed {
  /** The ladder stands at the node's tip; only then the mempool says anything. */
  readonly isAtTip: boolean;
  /** The mempool must be looked at now: transactions may have come back to it, or the node was away. */
  readonly mempoolIsDue: boolean;
  /** Their block came or went: to be fetched again when the mempool shows them. */
  readonly moved: readonly Txid[];
}

/** Rungs kept below the deepest fork that is followed. */
const SPARE_RUNGS = 10;

/** Brings the ladder to the node's tip, or says why not. Nothing is concluded from a node that is behind. */
export class ChainFollower {
  readonly #options: Connecting & {readonly log: Log};
  readonly #backend: BackendWatch;
  /** The ladder has not stood at this source's tip yet: what is above its rungs came from another one. */
  #isDoubtful = false;

  constructor(options: Connecting & {readonly log: Log}, backend: BackendWatch) {
    this.#options = options;
    this.#backend = backend;
  }

  /** Another source answers from now on. Of it, only a branch that is longer than what we hold is taken. */
  doubt(): void {
    this.#isDoubtful = true;
  }

  /** Throws `stale_facts` when the node's chain moved meanwhile: look again. */
  async follow(tip: NodeTip, context: RoundContext): Promise<Followed> {
    const {chain, store} = this.#options;
    const standing = await standToNode(chain, store, tip);
    if (standing.kind === 'same') return this.#isWellAt(tip) ? STILL_AT_TIP : this.#arrive(tip, []);
    if (standing.kind === 'ahead') return this.#goUp(tip, context);
    if (standing.kind === 'fork') return this.#changeBranch(standing.at, tip, context);
    if (standing.kind === 'behind') return this.#fallBehind(tip);
    throw overtaken('the node’s chain moved between two answers');
  }

  /** Nothing has to be said or done about standing at the tip. */
  #isWellAt({syncing}: NodeTip): boolean {
    const {state, blocked} = this.#backend.view;
    return syncing ? state === 'syncing' : state === 'ok' && blocked === undefined;
  }

  async #goUp(tip: NodeTip, context: RoundContext): Promise<Followed> {
    const {top} = await ladderEnds(this.#options.store);
    if (tip.prunedBelow !== undefined && tip.prunedBelow > top.height + 1) {
      const words =
        `the node has pruned the blocks below ${tip.prunedBelow}, the ledger ends at ${top.height}: ` +
        'connect a node that still has them, or reindex this one';
      this.#backend.becomes('stalled', words, {reason: 'node_behind', words});
      return ELSEWHERE;
    }
    const {txids, blocks} = await connectAhead(this.#options, top, tip, context);
    if (context.signal.aborted) return ELSEWHERE;
    this.#options.log.debug({coin: this.#options.coin.name, height: tip.height, blocks}, 'connected');
    return this.#arrive(tip, txids);
  }

  async #changeBranch(fork: BlockRef, tip: NodeTip, context: RoundContext): Promise<Followed> {
    const {log, coin, store, chain} = this.#options;
    const {top} = await ladderEnds(store);
    const mustBeLonger = this.#isDoubtful || chain.mayChangeNode === true;
    if (mustBeLonger && tip.height <= top.height) return this.#stayOnBranch(fork, tip, top);
    const branch = await connectBranch(this.#options, fork, tip, context);
    if (branch === 'refused') {
      const words =
        `the node’s chain leaves ours above block ${fork.height}, ${top.height - fork.height} blocks deep: ` +
        'payouts wait until the reorg is accepted';
      this.#backend.becomes('ok', words, {reason: 'deep_reorg', words});
      return ELSEWHERE;
    }
    log.warn({coin: coin.name, fork: fork.height, from: top.height, to: tip.height}, 'reorganised');
    // What the blocks gave back to the mempool is looked at again, although it was before.
    const returned = (await store.unanchoredTransactions()).map(({txid}) => txid);
    const arrived = await this.#arrive(tip, [...returned, ...branch.txids]);
    return {...arrived, mempoolIsDue: true};
  }

  async #fallBehind(tip: NodeTip): Promise<Followed> {
    const {top} = await ladderEnds(this.#options.store);
    const words =
      `the node is at block ${tip.height}, the ledger at ${top.height}: the node lost blocks or is catching up; ` +
      'nothing is reversed, payouts wait';
    this.#backend.becomes('behind', words, {reason: 'node_behind', words});
    return ELSEWHERE;
  }

  /** No node leaves a branch for one that is not longer: another one answers, and the next block tells. */
  #stayOnBranch(fork: BlockRef, tip: NodeTip, top: BlockRef): Followed {
    const words =
      `the node shows a branch from block ${fork.height} to ${tip.height}, no longer than the ledger’s, which ends at ` +
      `${top.height}: nothing is reversed, payouts wait`;
    this.#backend.becomes('behind', words, {reason: 'node_behind', words});
    return ELSEWHERE;
  }

  /** The ladder stands at the node's tip. */
  async #arrive(tip: NodeTip, moved: readonly Txid[]): Promise<Followed> {
    const {store, policy, chain} = this.#options;
    const {top, bottom} = await ladderEnds(store);
    if (top.hash !== tip.hash) throw overtaken('the node’s chain moved while it was followed');
    this.#isDoubtful = false;
    const wanted = Math.max(0, top.height - policy.maxConfirmationCount - SPARE_RUNGS);
    // A young ledger: the fork it may have to follow can start below its first block.
    if (bottom.height > wanted) await extendDownTo(chain, store, wanted);
    await tellLandmark(chain, store);
    const {state, blocked} = this.#backend.view;
    const wasElsewhere = state !== 'ok' || blocked !== undefined;
    // A fork that was refused is over, if there was one.
    if (wasElsewhere) await applyFacts(this.#options, {tip: top, fork: undefined, connected: [], seen: [], gone: []});
    await closeCatchUp(this.#options);
    if (tip.syncing) {
      const words = 'the node is still downloading the chain; payouts wait';
      this.#backend.becomes('syncing', words, {reason: 'node_behind', words});
    } else this.#backend.becomes('ok', null, undefined);
    return {isAtTip: true, mempoolIsDue: wasElsewhere, moved};
  }
}

const STILL_AT_TIP: Followed = {isAtTip: true, mempoolIsDue: false, moved: []};
const ELSEWHERE: Followed = {isAtTip: false, mempoolIsDue: true, moved: []};

const overtaken = (words: string) => new EngineError('stale_facts', words, {retry: 'backoff'});
