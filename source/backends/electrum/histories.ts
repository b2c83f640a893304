import {hash as digest} from 'node:crypto';
import {EngineError} from '../../primitives/errors.ts';
import {hashToHex, type Txid} from '../../primitives/ids.ts';
import {history, readAs, status} from './answers.ts';
import type {ElectrumClient, Outcome} from './electrum-client.ts';
import {isRefusal} from './faults.ts';
import {type HistoryEntry, type HistoryNews, News} from './history-news.ts';

interface Script {
  /** As the server told it last; undefined until it did on this connection. */
  status: string | null | undefined;
  /** The status that the history was asked for. */
  knownAt: string | null | undefined;
  history: readonly HistoryEntry[];
}

const NO_HISTORY: readonly HistoryEntry[] = [];
const SUBSCRIPTIONS_AT_ONCE = 1_000;
const HISTORIES_AT_ONCE = 200;
/** A history may be long: few in one message. */
const HISTORIES_TOGETHER = 10;
/** ms between two rounds of asking for every status again: notifications only hasten, polling alone must find all. */
const SWEEP_EVERY = 600_000;
/** Of a sweep, so that a public server is asked little while nothing happens. */
const SWEEPS_PER_SECOND = 20;

/** What the server calls a script: SHA-256 in the order in which txids are printed. */
export const scriptHashOf = (scriptPubKey: Uint8Array): string => hashToHex(digest('sha256', scriptPubKey, 'buffer'));

/**
 * What the server says of each watched script: its status by subscription, its history whenever the status changed. What
 * it says is believed by nobody here; transactions are fetched and proven elsewhere.
 */
export class Histories {
  readonly #client: ElectrumClient;
  readonly #onNews: (news: HistoryNews) => void;
  readonly #scripts = new Map<string, Script>();
  /** Scripts whose status, or whose history, is to be asked for, with the turn in which that was found. */
  readonly #unasked = new Map<string, number>();
  readonly #outdated = new Map<string, number>();
  /** Scripts whose history the server refuses to list. */
  readonly #refused = new Map<string, EngineError>();
  /** In how many histories each transaction stands at each height. */
  readonly #byHeight = new Map<number, Map<Txid, number>>();
  readonly #unconfirmed = new Map<Txid, number>();
  #turn = 0;
  #working: Promise<void> | undefined;
  #sweeping: string[] = [];
  #sweepTimer: NodeJS.Timeout | undefined;

  constructor(client: ElectrumClient, onNews: (news: HistoryNews) => void) {
    this.#client = client;
    this.#onNews = onNews;
  }

  get size(): number {
    return this.#scripts.size;
  }

  /** Subscribes at once when connected, else as soon as that is. */
  watch(scriptPubKey: Buffer): void {
    const hash = scriptHashOf(scriptPubKey);
    if (this.#scripts.has(hash)) return;
    this.#scripts.set(hash, {status: undefined, knownAt: undefined, history: NO_HISTORY});
    this.#unasked.set(hash, ++this.#turn);
    if (this.#client.isConnected) this.#wake();
  }

  /** A new connection: every subscription is to be made again, what was known is kept until it is found to be old. */
  reconnected(): void {
    this.#turn += 1;
    for (const [hash, script] of this.#scripts) {
      script.status = undefined;
      this.#unasked.set(hash, this.#turn);
    }
    this.#refused.clear();
    this.#wake();
    clearInterval(this.#sweepTimer);
    this.#sweepTimer = setInterval(() => this.#sweep(), 1000);
    this.#sweepTimer.unref();
  }

  lost(): void {
    clearInterval(this.#sweepTimer);
    this.#sweeping = [];
  }

  /** A notification. */
  told(hash: string, told: string | null): void {
    const script = this.#scripts.get(hash);
    if (script === undefined) return;
    this.#statusIs(hash, script, told);
    this.#wake();
  }

  /**
   * Resolves when everything that was open at the time of the call is known. Throws `backend_warming_up` when that takes
   * longer than `timeout`, what the server failed with, or what it refuses to tell.
   */
  async settled(timeout: number): Promise<void> {
    const until = this.#turn;
    const deadline = performance.now() + timeout;
    while (this.#oldest() <= until) {
      const left = deadline - performance.now();
      if (left <= 0) throw this.#client.faults.learning(this.#done, this.#scripts.size);
      this.#wake();
      await Promise.race([this.#working, pauseOf(left)]);
    }
    for (const error of this.#refused.values()) throw error;
  }

  /** What the histories say to be in the block at this height. */
  at(height: number): Iterable<Txid> {
    return this.#byHeight.get(height)?.keys() ?? [];
  }

  get unconfirmed(): ReadonlySet<Txid> {
    return new Set(this.#unconfirmed.keys());
  }

  isUnconfirmed(txid: Txid): boolean {
    return this.#unconfirmed.has(txid);
  }

  get #done(): number {
    return this.#scripts.size - new Set([...this.#unasked.keys(), ...this.#outdated.keys()]).size;
  }

  /** Turn of what has been open for longest. */
  #oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const open of [this.#unasked, this.#outdated]) {
      // Turns only grow, and a changed entry goes to the end.
      const first = open.values().next();
      if (first.done !== true) oldest = Math.min(oldest, first.value);
    }
    return oldest;
  }

  #wake(): void {
    this.#working ??= this.#work().finally(() => (this.#working = undefined));
    // Whoever waits is told of the failure; a lost connection begins all of it anew.
    this.#working.catch(() => undefined);
  }

  async #work(): Promise<void> {
    while (this.#unasked.size > 0 || this.#outdated.size > 0) {
      if (this.#unasked.size > 0) await this.#subscribe(first(this.#unasked, SUBSCRIPTIONS_AT_ONCE));
      else await this.#learn(first(this.#outdated, HISTORIES_AT_ONCE));
    }
  }

  async #subscribe(hashes: readonly [string, number][]): Promise<void> {
    const method = 'blockchain.scripthash.subscribe';
    const outcomes = await this.#client.batch(
      hashes.map(([hash]) => ({method, params: [hash]})),
      {lane: 'bulk'},
    );
    for (const [index, [hash, turn]] of hashes.entries()) {
      const outcome = outcomes[index]!;
      if ('refusal' in outcome) throw outcome.refusal;
      const told = readAs(status, outcome.result, method, this.#client.faults);
      // Asked for again meanwhile: on a new connection.
      if (this.#unasked.get(hash) !== turn) continue;
      this.#unasked.delete(hash);
      this.#statusIs(hash, this.#scripts.get(hash)!, told);
    }
  }

  #statusIs(hash: string, script: Script, told: string | null): void {
    script.status = told;
    if (told === script.knownAt && !this.#outdated.has(hash)) return;
    this.#outdated.delete(hash);
    if (told === null && script.history.length === 0) script.knownAt = null;
    else this.#outdated.set(hash, ++this.#turn);
  }

  async #learn(hashes: readonly [string, number][]): Promise<void> {
    const statuses = hashes.map(([hash]) => this.#scripts.get(hash)!.status);
    const outcomes = await this.#client.batch(
      hashes.map(([hash]) => ({method: 'blockchain.scripthash.get_history', params: [hash]})),
      {lane: 'bulk', together: HISTORIES_TOGETHER},
    );
    const news = new News();
    for (const [index, [hash, turn]] of hashes.entries()) {
      const entries = this.#read(hash, outcomes[index]!);
      const script = this.#scripts.get(hash)!;
      this.#replace(script, entries, news);
      script.knownAt = statuses[index];
      if (this.#outdated.get(hash) === turn) this.#outdated.delete(hash);
    }
    if (!news.isEmpty) this.#onNews(news.taken(this.#unconfirmed));
  }

  #read(hash: string, outcome: Outcome): readonly HistoryEntry[] {
    if ('refusal' in outcome) {
      if (!isRefusal(outcome.refusal, 'history-too-long')) throw outcome.refusal;
      this.#refused.set(hash, outcome.refusal);
      return this.#scripts.get(hash)!.history;
    }
    this.#refused.delete(hash);
    const method = 'blockchain.scripthash.get_history';
    const read = readAs(history, outcome.result, method, this.#client.faults);
    return read.map(({tx_hash: txid, height}) => ({txid, height}));
  }

  #replace(script: Script, entries: readonly HistoryEntry[], news: News): void {
    const before = script.history;
    for (const entry of entries) if (this.#add(entry)) news.came(entry);
    for (const entry of before) if (this.#remove(entry)) news.went(entry);
    script.history = entries;
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

  /** A second's share of asking for every status again. */
  #sweep(): void {
    if (this.#working !== undefined) return;
    const share = Math.min(SWEEPS_PER_SECOND, Math.ceil((this.#scripts.size * 1000) / SWEEP_EVERY));
    if (this.#sweeping.length === 0) this.#sweeping = [...this.#scripts.keys()];
    this.#turn += 1;
    for (const hash of this.#sweeping.splice(-share)) this.#unasked.set(hash, this.#turn);
    if (share > 0) this.#wake();
  }

  close(): void {
    clearInterval(this.#sweepTimer);
  }
}

const first = (open: ReadonlyMap<string, number>, count: number): [string, number][] => {
  const found: [string, number][] = [];
  for (const entry of open) {
    if (found.length === count) break;
    found.push(entry);
  }
  return found;
};

const pauseOf = async (milliseconds: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, milliseconds).unref();
  });
