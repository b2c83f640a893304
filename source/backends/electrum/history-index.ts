import type {Txid} from '../../primitives/ids.ts';
import type {HistoryEntry, News} from './history-news.ts';

/** Which transactions the histories of all scripts put at which height. */
export class HistoryIndex {
  /** In how many histories each transaction stands at each height. */
  readonly #byHeight = new Map<number, Map<Txid, number>>();
  readonly #unconfirmed = new Map<Txid, number>();

  /** What the histories say to be in the block at this height. */
  at(height: number): Iterable<Txid> {
    return this.#byHeight.get(height)?.keys() ?? [];
  }

  /** Whether a watched script's history has it there. */
  has(txid: Txid, height: number): boolean {
    return (height <= 0 ? this.#unconfirmed : this.#byHeight.get(height))?.has(txid) === true;
  }

  /** What no block up to this height has. One in a block that nobody here has heard of yet has not left the mempool. */
  unconfirmed(tip: number): ReadonlySet<Txid> {
    const txids = new Set(this.#unconfirmed.keys());
    for (const [height, above] of this.#byHeight) if (height > tip) for (const txid of above.keys()) txids.add(txid);
    return txids;
  }

  /** One history for another of the same script; `news` is told of what nobody said before. */
  replace(before: readonly HistoryEntry[], now: readonly HistoryEntry[], news: News): void {
    // What stays is counted up before it is counted down, and is no news.
    for (const entry of now) if (this.#add(entry)) news.came(entry);
    for (const entry of before) if (this.#remove(entry)) news.went(entry);
  }

  /** Whether no other history said so. */
  #add({txid, height}: HistoryEntry): boolean {
    const place = this.#placeOf(height);
    const count = place.get(txid) ?? 0;
    place.set(txid, count + 1);
    return count === 0;
  }

  /** Whether no history says so any more. */
  #remove({txid, height}: HistoryEntry): boolean {
    const place = this.#placeOf(height);
    const count = (place.get(txid) ?? 0) - 1;
    if (count > 0) place.set(txid, count);
    else place.delete(txid);
    if (height > 0 && place.size === 0) this.#byHeight.delete(height);
    return count <= 0;
  }

  #placeOf(height: number): Map<Txid, number> {
    if (height <= 0) return this.#unconfirmed;
    let place = this.#byHeight.get(height);
    if (place === undefined) this.#byHeight.set(height, (place = new Map<Txid, number>()));
    return place;
  }
}
