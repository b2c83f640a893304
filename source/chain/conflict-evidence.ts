import {outpointKey, type Outpoint, type OutpointKey, type Txid} from '../primitives/ids.ts';
import type {RelevantTransaction} from './facts.ts';
import type {Anchoring, MovesState, Whereabouts} from './moves-state.ts';

/** Who spends what, and which tracked transactions cannot be in the mempool any more because of it. */
export class ConflictEvidence {
  readonly losses = new Map<Txid, Whereabouts & {kind: 'gone'}>();
  readonly #state: MovesState;
  readonly #anchored: ReadonlyMap<Txid, Anchoring>;
  readonly #spentInBlocks = new Map<OutpointKey, Txid>();
  readonly #disconnectedSpenders = new Map<OutpointKey, Txid>();
  readonly #disconnectedChildren = new Map<Txid, Txid[]>();

  constructor(state: MovesState, anchored: ReadonlyMap<Txid, Anchoring>, ancestors: readonly RelevantTransaction[]) {
    this.#state = state;
    this.#anchored = anchored;
    for (const {transaction} of anchored.values())
      for (const input of transaction.inputs) this.#spentInBlocks.set(outpointKey(input), transaction.txid);
    for (const [txid, inputs] of state.disconnected) if (!anchored.has(txid)) this.#addDisconnected(txid, inputs);
    for (const {txid, inputs} of ancestors) this.#addDisconnected(txid, inputs);
  }

  #addDisconnected(txid: Txid, inputs: readonly Outpoint[]): void {
    for (const input of inputs) {
      this.#disconnectedSpenders.set(outpointKey(input), txid);
      const siblings = this.#disconnectedChildren.get(input.txid);
      if (siblings) siblings.push(txid);
      else this.#disconnectedChildren.set(input.txid, [txid]);
    }
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

  /** Whose parent lost a coin to a block cannot confirm, whatever the mempool will say of it. */
  loseDescendants(shown: ReadonlyMap<Txid, unknown>): void {
    const open = [...this.losses.keys()];
    for (let parent = open.pop(); parent !== undefined; parent = open.pop())
      for (const child of this.#childrenOf(parent)) {
        const isSafe = this.#anchored.has(child) || shown.has(child) || this.losses.has(child);
        if (isSafe || (this.#isAnchoredElsewhere(child) && !this.#state.disconnected.has(child))) continue;
        this.losses.set(child, this.losses.get(parent)!);
        open.push(child);
      }
  }

  #childrenOf(txid: Txid): readonly Txid[] {
    return [...(this.#state.children.get(txid) ?? []), ...(this.#disconnectedChildren.get(txid) ?? [])];
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
