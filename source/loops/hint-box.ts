import type {Hint} from '../chain/ports.ts';
import type {Txid} from '../primitives/ids.ts';

/** What hints asked for since they were last taken. */
export interface Hinted {
  /** Mempool entries that were named, oldest first. */
  readonly added: readonly Txid[];
  readonly removed: readonly Txid[];
  readonly block: boolean;
  /** To be asked again, upwards. */
  readonly heights: readonly number[];
  /** Where transactions are said to be anchored. */
  readonly anchored: ReadonlyMap<Txid, number>;
  readonly everything: boolean;
}

/** More names than this waiting: a look at the whole mempool is cheaper. */
const MOST_NAMES = 20_000;

/** Gathers hints while a round is under way: those that wait are looked at together, none waits for a timer. */
export class HintBox {
  #added = new Set<Txid>();
  #removed = new Set<Txid>();
  #block = false;
  readonly #heights = new Set<number>();
  #anchored = new Map<Txid, number>();
  #everything = false;

  put(hint: Hint): void {
    switch (hint.kind) {
      case 'mempool-added':
        this.#added.add(hint.txid);
        break;
      case 'mempool-removed':
        this.#removed.add(hint.txid);
        break;
      case 'block':
        this.#block = true;
        break;
      case 'blocks':
        for (const height of hint.heights) this.#heights.add(height);
        break;
      case 'anchored':
        for (const [height, txids] of hint.at) for (const txid of txids) this.#anchored.set(txid, height);
        break;
      case 'everything':
        this.#everything = true;
        break;
    }
    if (this.#added.size + this.#removed.size <= MOST_NAMES) return;
    this.#everything = true;
    this.#added.clear();
    this.#removed.clear();
  }

  /** What could not be looked at yet of what was anchored; what was said since counts more. */
  putBack({heights, anchored}: Pick<Hinted, 'heights' | 'anchored'>): void {
    for (const height of heights) this.#heights.add(height);
    this.#anchored = new Map([...anchored, ...this.#anchored]);
  }

  take(): Hinted {
    const hinted = {
      added: [...this.#added],
      removed: [...this.#removed],
      block: this.#block,
      heights: [...this.#heights].sort((one, other) => one - other),
      anchored: this.#anchored,
      everything: this.#everything,
    };
    this.#added = new Set();
    this.#removed = new Set();
    this.#block = false;
    this.#heights.clear();
    this.#anchored = new Map();
    this.#everything = false;
    return hinted;
  }
}
