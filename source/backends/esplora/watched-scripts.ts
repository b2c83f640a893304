import {hash} from 'node:crypto';

/** As Esplora names scripts: the SHA-256 of a script, its bytes not reversed. */
export type ScriptHash = string & {readonly __id: 'script'};

/** So many of the newest scripts are kept whole, for channels that track scripts and not their hashes. */
const KEPT_WHOLE = 1_000;

/** The scripts that the server is asked about, in the order they became ours. Only their hashes are kept. */
export class WatchedScripts {
  readonly #hashes: ScriptHash[] = [];
  readonly #known = new Set<ScriptHash>();
  readonly #newest: Buffer[] = [];
  readonly #listeners = new Set<() => void>();

  add(scriptPubKey: Buffer): void {
    const script = hash('sha256', scriptPubKey) as ScriptHash;
    if (this.#known.has(script)) return;
    this.#known.add(script);
    this.#hashes.push(script);
    this.#newest.push(scriptPubKey);
    if (this.#newest.length > KEPT_WHOLE) this.#newest.shift();
    for (const listener of this.#listeners) listener();
  }

  get size(): number {
    return this.#hashes.length;
  }

  /** By the order in which they became ours. */
  at(index: number): ScriptHash {
    return this.#hashes[index]!;
  }

  /** From the one at `start` on. */
  from(start: number): readonly ScriptHash[] {
    return this.#hashes.slice(start);
  }

  /** At most so many of the newest, newest first, whole. */
  newest(most: number): Buffer[] {
    return this.#newest.slice(-most).reverse();
  }

  /** Calls back at each new one; returns what ends it. */
  onAdded(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
