import {z} from 'zod';
import type {Hint, MempoolView} from '../../chain/ports.ts';
import type {Clock} from '../../primitives/clock.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {Log} from '../../primitives/log.ts';
import {Wake} from '../../primitives/wake.ts';
import {history, readAs, status} from './answers.ts';
import {ScriptRounds} from './script-rounds.ts';
import type {RestClient} from './rest-client.ts';
import type {ScriptHash, WatchedScripts} from './watched-scripts.ts';

/** Bytes of the mempool transactions of one script, with everything they spend. */
const MEMPOOL_CAP = 64_000_000;
/** Servers list no more of a script than 50, some no more than 10: what is missing in a longer list proves nothing. */
const SHORT_LIST = 10;
/**
 * ms between looks at transactions that no list tells of: soon, when one was named and is on no list, since it may have
 * been replaced at once; then ever less often.
 */
const FIRST_RECHECK = 2_000;
const LONGEST_RECHECK = 30_000;
const RECHECKS_AT_ONCE = 10;
/** ms of rest after a failure. */
const FIRST_REST = 1_000;
const LONGEST_REST = 60_000;
/** ms to sleep when there is nothing to ask. */
const IDLE = 500;
/** Of the budget, what asking script after script may take; less while a channel tells of news. */
const SHARE = {alone: 0.5, told: 0.1};

interface Seen {
  /** Scripts whose list had it last. */
  readonly scripts: Set<ScriptHash>;
  /** In a block of this height, which may not have been followed yet. */
  confirmedAt: number | undefined;
  checkedAt: number;
  /** ms until it is asked about when no list has it. */
  recheckIn: number;
}

/**
 * The mempool transactions that pay or spend our scripts, on a server whose mempool is too large to be read: one script
 * after the other is asked about, within the budget, the newest most often. What is new is hinted at.
 */
export class ScriptMempool {
  readonly #client: RestClient;
  readonly #rounds: ScriptRounds;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #budget: {readonly requestsPerSecond: number; readonly parallel: number};
  readonly #seen = new Map<Txid, Seen>();
  readonly #wake = new Wake();
  #onHint: (hint: Hint) => void = () => {};
  #tipHeight = 0;
  #isActive = false;
  #failures = 0;
  #recheckedAt = 0;
  /** Whether a channel tells of news of all our scripts: asking is then a safety net. */
  isTold: () => boolean = () => false;

  constructor(
    client: RestClient,
    scripts: WatchedScripts,
    {clock, log, ...budget}: {clock: Clock; log: Log; requestsPerSecond: number; parallel: number},
  ) {
    this.#client = client;
    this.#rounds = new ScriptRounds(scripts, clock);
    this.#clock = clock;
    this.#log = log;
    this.#budget = budget;
  }

  /** Asks from now on, or no longer. */
  set active(isActive: boolean) {
    if (isActive && !this.#isActive) this.#rounds.beginAnew();
    if (!isActive) this.#seen.clear();
    this.#isActive = isActive;
    if (isActive) this.#wake.ring();
  }

  get active(): boolean {
    return this.#isActive;
  }

  /** What was seen so far; absences count once every script was asked about. */
  view(): MempoolView {
    return {loaded: this.#rounds.passes > 0, txids: new Set(this.#seen.keys())};
  }

  /** The chain was followed to this height: what is in its blocks has left the mempool. */
  followedTo(height: number): void {
    this.#tipHeight = height;
    for (const [txid, {confirmedAt}] of this.#seen)
      if (confirmedAt !== undefined && confirmedAt <= height) this.#seen.delete(txid);
  }

  /** Somebody else told of it, and it is in the mempool: it stays in the view until it is known to have left. */
  add(txid: Txid): void {
    if (!this.#isActive || this.#seen.has(txid)) return;
    this.#seen.set(txid, this.#newlySeen());
  }

  /** Runs until the signal aborts. */
  async run(onHint: (hint: Hint) => void, signal: AbortSignal): Promise<void> {
    this.#onHint = onHint;
    const workers = Math.max(1, Math.floor(this.#budget.parallel / 2));
    await Promise.all(Array.from({length: workers}, async () => this.#work(workers, signal)));
  }

  async #work(workers: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const script = this.#isActive ? this.#rounds.next() : undefined;
      try {
        if (script !== undefined) await this.#ask(script, signal);
        if (this.#isActive) await this.#recheckSome(signal);
        this.#failures = 0;
        const share = this.isTold() ? SHARE.told : SHARE.alone;
        const pace = (workers / (this.#budget.requestsPerSecond * share)) * 1000;
        await this.#wake.sleep(script === undefined ? IDLE : pace, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof EngineError)) throw error;
        if (script !== undefined) this.#rounds.failed(script);
        this.#log.debug({error: messageOf(error)}, 'a script could not be asked about');
        this.#failures += 1;
        await new Wake().sleep(Math.min(LONGEST_REST, FIRST_REST * 2 ** Math.min(10, this.#failures - 1)), signal);
      }
    }
  }

  async #ask(script: ScriptHash, signal: AbortSignal): Promise<void> {
    const route = '/scripthash/:hash/txs/mempool';
    const answer = await this.#client.json(route, [script], {cap: MEMPOOL_CAP, urgency: 'bulk', signal});
    if (answer === undefined) throw this.#client.faults.noApi(route);
    const listed = new Set(readAs(history, answer, route, this.#client.faults).map(({txid}) => txid));
    for (const txid of listed) this.#sawAt(txid, script);
    const missed = [...this.#seen].filter(([txid, {scripts}]) => scripts.has(script) && !listed.has(txid));
    for (const [txid, seen] of missed) {
      await this.#check(txid, seen, signal);
      // A longer list may only have been cut short.
      if (listed.size < SHORT_LIST) seen.scripts.delete(script);
    }
    this.#rounds.asked(script, listed.size > 0);
  }

  #sawAt(txid: Txid, script: ScriptHash): void {
    const known = this.#seen.get(txid);
    if (known !== undefined) {
      known.scripts.add(script);
      known.confirmedAt = undefined;
      return;
    }
    this.#seen.set(txid, this.#newlySeen(script));
    this.#onHint({kind: 'mempool-added', txid});
  }

  #newlySeen(...scripts: readonly ScriptHash[]): Seen {
    const checkedAt = this.#clock.monotonic();
    return {scripts: new Set(scripts), confirmedAt: undefined, checkedAt, recheckIn: FIRST_RECHECK};
  }

  /** What became of one that a list no longer has: in a block, gone, or still there. */
  async #check(txid: Txid, seen: Seen, signal: AbortSignal): Promise<void> {
    seen.checkedAt = this.#clock.monotonic();
    seen.recheckIn = Math.min(LONGEST_RECHECK, seen.recheckIn * 2);
    const route = '/tx/:txid';
    const answer = await this.#client.json(route, [txid], {cap: MEMPOOL_CAP, urgency: 'bulk', signal});
    if (answer === undefined) {
      this.#seen.delete(txid);
      this.#onHint({kind: 'mempool-removed', txid});
      return;
    }
    const {confirmed, block_height: height} = readAs(z.object({status}), answer, route, this.#client.faults).status;
    if (!confirmed) return;
    seen.confirmedAt = height ?? this.#tipHeight;
    if (seen.confirmedAt <= this.#tipHeight) this.#seen.delete(txid);
    this.#onHint({kind: 'block'});
  }

  /** Those that no list tells of, a few at a time. */
  async #recheckSome(signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic();
    if (now - this.#recheckedAt < FIRST_RECHECK / 2) return;
    this.#recheckedAt = now;
    const due = [...this.#seen].filter(
      ([, {scripts, checkedAt, recheckIn}]) => scripts.size === 0 && now - checkedAt > recheckIn,
    );
    for (const [txid, seen] of due.slice(0, RECHECKS_AT_ONCE)) await this.#check(txid, seen, signal);
  }
}
