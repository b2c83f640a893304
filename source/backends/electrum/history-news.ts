import type {Txid} from '../../primitives/ids.ts';

/** `height`: 0 or below while it is in no block. */
export interface HistoryEntry {
  readonly txid: Txid;
  readonly height: number;
}

/** What histories newly say. */
export interface HistoryNews {
  /** By height, those that no history said to be there before. */
  readonly anchored: ReadonlyMap<number, readonly Txid[]>;
  readonly mempoolAdded: readonly Txid[];
  readonly mempoolRemoved: readonly Txid[];
}

/** What several histories change together. */
export class News {
  readonly #anchored = new Map<number, Txid[]>();
  readonly #added = new Set<Txid>();
  readonly #removed = new Set<Txid>();

  get isEmpty(): boolean {
    return this.#anchored.size === 0 && this.#added.size === 0 && this.#removed.size === 0;
  }

  came({txid, height}: HistoryEntry): void {
    if (height <= 0) this.#added.add(txid);
    else if (this.#anchored.get(height)?.push(txid) === undefined) this.#anchored.set(height, [txid]);
  }

  went({txid, height}: HistoryEntry): void {
    if (height <= 0) this.#removed.add(txid);
  }

  /** Of the mempool only what really came or went: a history whose entry changed from 0 to -1 says nothing new. */
  taken(index: {has(txid: Txid, height: number): boolean}): HistoryNews {
    return {
      anchored: this.#anchored,
      mempoolAdded: [...this.#added].filter(txid => index.has(txid, 0)),
      mempoolRemoved: [...this.#removed].filter(txid => !index.has(txid, 0)),
    };
  }
}
