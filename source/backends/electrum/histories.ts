import {hash as digest} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import {type EngineError, hasCode} from '../../primitives/errors.ts';
import {hashToHex, type Txid} from '../../primitives/ids.ts';
import {history, readAs, status} from './answers.ts';
import type {ElectrumClient, Outcome} from './electrum-client.ts';
import {isRefusal} from './faults.ts';
import {HistoryIndex} from './history-index.ts';
import {type HistoryEntry, type HistoryNews, News} from './history-news.ts';

interface Script {
  /** As the server told it last; undefined until it did. */
  status: string | null | undefined;
  /** Times that a status was told: whether one came while the history was asked for. */
  told: number;
  /** The status that the history was asked for. */
  knownAt: string | null | undefined;
  history: readonly HistoryEntry[];
  /** Since when something is to be asked of it; undefined while nothing is. */
  openSince: number | undefined;
}

const NO_HISTORY: readonly HistoryEntry[] = [];
/** Scripts asked about in one step: what a step was answered is kept when the next one fails. */
const AT_ONCE = {most: 400, least: 10};
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
  /** Scripts whose status is to be asked for, and those whose history is. */
  readonly #unasked = new Set<string>();
  readonly #outdated = new Set<string>();
  /** How many scripts are open since each turn; oldest first. */
  readonly #open = new Map<number, number>();
  /** Scripts whose history the server refuses to list. */
  readonly #refused = new Map<string, EngineError>();
  /** What all of them say together. */
  readonly index = new HistoryIndex();
  #atOnce = AT_ONCE.most;
  #turn = 0;
  #reconnectedAt = 0;
  #working: Promise<void> | undefined;
  #sweeping: string[] = [];
  /** Scripts that are due, with the fraction that a second leaves over. */
  #sweepShare = 0;
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
    const script = {status: undefined, told: 0, knownAt: undefined, history: NO_HISTORY, openSince: undefined};
    this.#scripts.set(hash, script);
    this.#ask(hash, script, ++this.#turn);
    if (this.#client.isConnected) this.#wake();
  }

  /** A new connection: every subscription is to be made again, what was known is kept until it is found to be old. */
  reconnected(): void {
    this.#reconnectedAt = ++this.#turn;
    for (const [hash, script] of this.#scripts) this.#ask(hash, script, this.#turn);
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
  async settled(timeout: number, signal?: AbortSignal): Promise<void> {
    const until = this.#turn;
    const deadline = performance.now() + timeout;
    // A connection that was made meanwhile has put everything in question again.
    while (this.#oldest() <= Math.max(until, this.#reconnectedAt)) {
      const left = deadline - performance.now();
      if (left <= 0) throw this.#client.faults.learning(this.#done, this.#scripts.size);
      this.#wake();
      await Promise.race([this.#working, pauseOf(left, signal)]);
      signal?.throwIfAborted();
    }
    for (const error of this.#refused.values()) throw error;
  }

  /** Asks again for what says that this transaction is at this height: a notification that it has moved may be late. */
  doubt(txid: Txid, height: number): void {
    const turn = ++this.#turn;
    for (const [hash, script] of this.#scripts)
      if (script.history.some(entry => entry.txid === txid && entry.height === height)) this.#ask(hash, script, turn);
    this.#wake();
  }

  get #done(): number {
    let open = 0;
    for (const scripts of this.#open.values()) open += scripts;
    return this.#scripts.size - open;
  }

  /** Turn of what has been open for longest. */
  #oldest(): number {
    const oldest = this.#open.keys().next();
    return oldest.done === true ? Number.POSITIVE_INFINITY : oldest.value;
  }

  #ask(hash: string, script: Script, turn: number): void {
    this.#unasked.add(hash);
    this.#opened(script, turn);
  }

  /** One that is open already stays so since then: turns are counted upwards only. */
  #opened(script: Script, turn: number): void {
    if (script.openSince !== undefined) return;
    script.openSince = turn;
    this.#open.set(turn, (this.#open.get(turn) ?? 0) + 1);
  }

  #closeIfKnown(hash: string, script: Script): void {
    const {openSince} = script;
    if (openSince === undefined || this.#unasked.has(hash) || this.#outdated.has(hash)) return;
    script.openSince = undefined;
    const left = this.#open.get(openSince)! - 1;
    if (left === 0) this.#open.delete(openSince);
    else this.#open.set(openSince, left);
  }

  #wake(): void {
    this.#working ??= this.#work().finally(() => (this.#working = undefined));
    // Whoever waits is told of the failure; a lost connection begins all of it anew.
    this.#working.catch(() => undefined);
  }

  async #work(): Promise<void> {
    while (this.#unasked.size > 0 || this.#outdated.size > 0) {
      try {
        if (this.#unasked.size > 0) await this.#subscribe(first(this.#unasked, this.#atOnce));
        else await this.#learn(first(this.#outdated, this.#atOnce));
        this.#atOnce = Math.min(AT_ONCE.most, this.#atOnce * 2);
      } catch (error) {
        // A slow server answers a few in time where it does not answer many.
        if (hasCode(error, 'backend_timeout')) this.#atOnce = Math.max(AT_ONCE.least, Math.floor(this.#atOnce / 4));
        throw error;
      }
    }
  }

  async #subscribe(hashes: readonly string[]): Promise<void> {
    const connection = this.#reconnectedAt;
    const method = 'blockchain.scripthash.subscribe';
    const outcomes = await this.#client.batch(
      hashes.map(hash => ({method, params: [hash]})),
      {lane: 'bulk'},
    );
    // Made by the first question itself: all of them are asked again on it, as far as it has not been done.
    if (connection !== this.#reconnectedAt) return;
    for (const [index, hash] of hashes.entries()) {
      const outcome = outcomes[index]!;
      if ('refusal' in outcome) throw outcome.refusal;
      const told = readAs(status, outcome.result, method, this.#client.faults);
      this.#unasked.delete(hash);
      this.#statusIs(hash, this.#scripts.get(hash)!, told);
    }
  }

  #statusIs(hash: string, script: Script, told: string | null): void {
    script.status = told;
    script.told += 1;
    if (told === null && script.history.length === 0) script.knownAt = null;
    else if (told !== script.knownAt) {
      this.#outdated.add(hash);
      this.#opened(script, ++this.#turn);
    }
    this.#closeIfKnown(hash, script);
  }

  async #learn(hashes: readonly string[]): Promise<void> {
    const before = hashes.map(hash => ({...this.#scripts.get(hash)!}));
    const outcomes = await this.#client.batch(
      hashes.map(hash => ({method: 'blockchain.scripthash.get_history', params: [hash]})),
      {lane: 'bulk', together: HISTORIES_TOGETHER},
    );
    const news = new News();
    for (const [index, hash] of hashes.entries()) {
      const entries = this.#read(hash, outcomes[index]!);
      const script = this.#scripts.get(hash)!;
      this.index.replace(script.history, entries, news);
      script.history = entries;
      script.knownAt = before[index]!.status;
      // A status that came meanwhile is of a history that may have come too late for this answer.
      if (script.told === before[index]!.told) this.#outdated.delete(hash);
      this.#closeIfKnown(hash, script);
    }
    if (!news.isEmpty) this.#onNews(news.taken(this.index));
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

  /** A second's share of asking for every status again. */
  #sweep(): void {
    this.#sweepShare += Math.min(SWEEPS_PER_SECOND, (this.#scripts.size * 1000) / SWEEP_EVERY);
    const share = Math.floor(this.#sweepShare);
    this.#sweepShare -= share;
    if (share === 0 || this.#working !== undefined) return;
    if (this.#sweeping.length === 0) this.#sweeping = [...this.#scripts.keys()];
    this.#turn += 1;
    for (const hash of this.#sweeping.splice(-share)) this.#ask(hash, this.#scripts.get(hash)!, this.#turn);
    this.#wake();
  }

  close(): void {
    clearInterval(this.#sweepTimer);
  }
}

const first = (open: ReadonlySet<string>, count: number): string[] => {
  const found: string[] = [];
  for (const hash of open) {
    if (found.length === count) break;
    found.push(hash);
  }
  return found;
};

/** Ends early, and in peace, when it is called off. */
const pauseOf = async (milliseconds: number, signal: AbortSignal | undefined): Promise<void> =>
  sleep(milliseconds, undefined, {ref: false, ...(signal && {signal})}).catch(() => undefined);
