import type {GoneTransaction, RelevantTransaction} from '../chain/facts.ts';
import type {ChainSource, MempoolView} from '../chain/ports.ts';
import {skimTransaction} from '../chain/skim.ts';
import type {WatchSet} from '../chain/watch-set.ts';
import type {BlockFormat} from '../coins/index.ts';
import type {Txid} from '../primitives/ids.ts';
import type {UnanchoredTransaction} from '../store/chain-store.ts';

const TRANSACTIONS_AT_ONCE = 500;
/** Of transactions that spend each other in a mempool: nodes take 25. A server could make them up without end. */
const LONGEST_CHAIN = 100;

/** What one look at the mempool learned. */
export interface MempoolLook {
  readonly seen: readonly RelevantTransaction[];
  readonly gone: readonly GoneTransaction[];
  /** Something of ours was absent for the first time: only a second look can tell. */
  readonly mustLookAgain: boolean;
}

/**
 * Remembers which mempool transactions were looked at, so that each is fetched once, and which of ours were absent at
 * the last look. Absence counts only in a loaded mempool and when two looks agree; a replacement that is shown counts
 * at once. I/O only: what it means is decided elsewhere.
 */
export class MempoolWatch {
  readonly #chain: ChainSource;
  readonly #watch: WatchSet;
  readonly #format: BlockFormat;
  #looked = new Set<Txid>();
  #absent = new Set<Txid>();

  constructor(chain: ChainSource, watch: WatchSet, format: BlockFormat) {
    this.#chain = chain;
    this.#watch = watch;
    this.#format = format;
  }

  /** To be fetched again when the mempool shows them again: their block came or went, or they left the mempool. */
  forget(txids: Iterable<Txid>): void {
    for (const txid of txids) this.#looked.delete(txid);
  }

  /** What was applied need not be fetched again. Not before: a failed step would lose what only it had seen. */
  remember(transactions: readonly RelevantTransaction[]): void {
    for (const {txid} of transactions) this.#looked.add(txid);
  }

  forgetAbsences(): void {
    this.#absent.clear();
  }

  /** The transactions that hints named, as far as the mempool has them and they may concern us. */
  async lookAt(txids: readonly Txid[]): Promise<RelevantTransaction[]> {
    return this.#fetch(txids.filter(txid => !this.#looked.has(txid)));
  }

  /** The whole mempool: what is new in it, and which of `tracked` it does not hold. */
  async lookAtAll(tracked: readonly UnanchoredTransaction[], onProgress: () => void): Promise<MempoolLook> {
    const view = await this.#chain.mempool();
    for (const txid of this.#looked) if (!view.txids.has(txid)) this.#looked.delete(txid);
    const fresh = [...view.txids].filter(txid => !this.#looked.has(txid));
    const seen = await this.#fetch(fresh, onProgress);
    await this.#addSpenders(seen);
    const {gone, mustLookAgain} = await this.#findGone(view, tracked);
    return {seen, gone, mustLookAgain};
  }

  async #fetch(txids: readonly Txid[], onProgress: () => void = () => {}): Promise<RelevantTransaction[]> {
    const found: RelevantTransaction[] = [];
    for (let at = 0; at < txids.length; at += TRANSACTIONS_AT_ONCE) {
      const part = txids.slice(at, at + TRANSACTIONS_AT_ONCE);
      const raws = await this.#chain.mempoolTransactions(part);
      for (const [index, raw] of raws.entries()) {
        // It left between the list and the question: a later look tells what became of it.
        if (raw === undefined) continue;
        const transaction = skimTransaction(raw, this.#watch, this.#format);
        if (transaction) found.push(transaction);
        else this.#looked.add(part[index]!);
        for (const {vout} of transaction?.outputs ?? []) this.#watch.addOutpoint({txid: transaction!.txid, vout});
      }
      onProgress();
    }
    return found;
  }

  /** A mempool lists children before their parents: those that spend what was only now found to be ours. */
  async #addSpenders(found: RelevantTransaction[]): Promise<void> {
    const known = new Set(found.map(({txid}) => txid));
    let newest = found;
    for (let depth = 0; depth < LONGEST_CHAIN && newest.length > 0; depth += 1) {
      const outpoints = newest.flatMap(({txid, outputs}) => outputs.map(({vout}) => ({txid, vout})));
      const spenders = outpoints.length === 0 ? [] : await this.#chain.mempoolSpenders(outpoints);
      const missed = new Set(spenders.filter(txid => txid !== undefined && !known.has(txid)) as Txid[]);
      for (const txid of missed) known.add(txid);
      newest = await this.#fetch([...missed]);
      found.push(...newest);
    }
  }

  async #findGone(
    view: MempoolView,
    tracked: readonly UnanchoredTransaction[],
  ): Promise<Pick<MempoolLook, 'gone' | 'mustLookAgain'>> {
    const missing = tracked.filter(({txid, state}) => state === 'mempool' && !view.txids.has(txid));
    if (!view.loaded || missing.length === 0) {
      this.#absent.clear();
      return {gone: [], mustLookAgain: !view.loaded && missing.length > 0};
    }
    const spenders = await this.#chain.mempoolSpenders(missing.flatMap(({inputs}) => inputs));
    const before = this.#absent;
    this.#absent = new Set(missing.map(({txid}) => txid));
    const gone: GoneTransaction[] = [];
    let at = 0;
    for (const {txid, inputs} of missing) {
      const spendersOfIt = spenders.slice(at, (at += inputs.length));
      // Its own txid there: it came back between the two questions.
      if (spendersOfIt.includes(txid)) this.#absent.delete(txid);
      else {
        const replacedBy = spendersOfIt.find(spender => spender !== undefined);
        if (replacedBy !== undefined || before.has(txid)) gone.push({txid, replacedBy});
      }
    }
    return {gone, mustLookAgain: gone.length < this.#absent.size};
  }
}
