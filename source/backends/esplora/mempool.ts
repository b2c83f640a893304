import type {Hint, MempoolView} from '../../chain/ports.ts';
import type {BlockFormat} from '../../coins/index.ts';
import type {Clock} from '../../primitives/clock.ts';
import type {Outpoint, Txid} from '../../primitives/ids.ts';
import type {Log} from '../../primitives/log.ts';
import {mempoolInfo, outspend, outspends, readAs, readTxids, status} from './answers.ts';
import {inParallel} from './in-parallel.ts';
import type {RestClient} from './rest-client.ts';
import type {ScriptMempool} from './script-mempool.ts';
import {fetchTransaction} from './transactions.ts';

/** A list of a million txids. */
const LIST_CAP = 72_000_000;
/** Seconds of the budget that reading a whole mempool may take; a larger one is asked about script by script. */
const SMALL_SECONDS = 30;
/** ms between questions after the size of the mempool. */
const MEASURE_EVERY = 60_000;
/** ms after a lost connection in which the server may still be loading its mempool. */
const LOADS_FOR = 120_000;
/** Outputs of one transaction from which on all of them are asked about at once. */
const ALL_AT_ONCE = 3;

export interface MempoolSize {
  readonly transactions: number;
  readonly bytes: number;
}

/** What the server's mempool holds for us: read as a whole where it is small, and else by our scripts. */
export class Mempool {
  readonly #client: RestClient;
  readonly #byScripts: ScriptMempool;
  readonly #format: BlockFormat;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #budget: {readonly requestsPerSecond: number; readonly parallel: number};
  #measured: {readonly at: number; readonly size: MempoolSize} | undefined;
  #listed: ReadonlySet<Txid> = new Set();
  #connection = 1;
  #lostAt = Number.NEGATIVE_INFINITY;

  constructor(
    client: RestClient,
    byScripts: ScriptMempool,
    options: {format: BlockFormat; clock: Clock; log: Log; requestsPerSecond: number; parallel: number},
  ) {
    this.#client = client;
    this.#byScripts = byScripts;
    this.#format = options.format;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#budget = options;
    byScripts.active = false;
  }

  /** Whether it is asked about script by script. */
  get isByScripts(): boolean {
    return this.#byScripts.active;
  }

  async listen(onHint: (hint: Hint) => void, signal: AbortSignal): Promise<void> {
    await this.#byScripts.run(onHint, signal);
  }

  followedTo(height: number): void {
    this.#byScripts.followedTo(height);
  }

  /** Count and bytes, as the server says now. */
  async measure(): Promise<MempoolSize> {
    const route = '/mempool';
    const answer = await this.#client.json(route, []);
    if (answer === undefined) throw this.#client.faults.noApi(route);
    const {count, vsize} = readAs(mempoolInfo, answer, route, this.#client.faults);
    const size = {transactions: count, bytes: vsize};
    this.#measured = {at: this.#clock.monotonic(), size};
    return size;
  }

  async view(): Promise<MempoolView> {
    const now = this.#clock.monotonic();
    const isOld = this.#measured === undefined || now - this.#measured.at > MEASURE_EVERY;
    this.#choose((isOld ? await this.measure() : this.#measured!.size).transactions);
    if (this.#byScripts.active) return this.#byScripts.view();
    const route = '/mempool/txids';
    const answer = await this.#client.json(route, [], {cap: LIST_CAP});
    if (answer === undefined) throw this.#client.faults.noApi(route);
    this.#listed = readTxids(answer, route, this.#client.faults);
    return {loaded: this.#isSteady(), txids: this.#listed};
  }

  /** Not to and fro: a whole mempool is left at twice the size at which it is read again. */
  #choose(transactions: number): void {
    const small = SMALL_SECONDS * this.#budget.requestsPerSecond;
    const byScripts = transactions > (this.#byScripts.active ? small / 2 : small);
    if (byScripts === this.#byScripts.active) return;
    this.#log.info(
      {transactions, byScripts},
      byScripts ? 'mempool asked about script by script' : 'mempool read whole',
    );
    this.#byScripts.active = byScripts;
    this.#listed = new Set();
  }

  /** Servers do not say whether their node has loaded its mempool. */
  #isSteady(): boolean {
    if (this.#client.connection !== this.#connection) {
      this.#connection = this.#client.connection;
      this.#lostAt = this.#clock.monotonic();
    }
    return this.#clock.monotonic() - this.#lostAt >= LOADS_FOR;
  }

  /** Raw bytes in the order asked; undefined for what the mempool does not hold now. */
  async transactions(txids: readonly Txid[]): Promise<(Buffer | undefined)[]> {
    return inParallel(txids, this.#budget.parallel, async txid => {
      const raw = await fetchTransaction(this.#client, txid, this.#format);
      // The server has mined ones too: unless the list just had it, it is asked where it is.
      if (raw === undefined || this.#listed.has(txid)) return raw;
      if (await this.#isConfirmed(txid)) return undefined;
      this.#byScripts.add(txid);
      return raw;
    });
  }

  async #isConfirmed(txid: Txid): Promise<boolean> {
    const route = '/tx/:txid/status';
    const answer = await this.#client.json(route, [txid]);
    return answer !== undefined && readAs(status, answer, route, this.#client.faults).confirmed;
  }

  async spenders(outpoints: readonly Outpoint[]): Promise<(Txid | undefined)[]> {
    const vouts = new Map<Txid, number[]>();
    for (const {txid, vout} of outpoints) vouts.set(txid, [...(vouts.get(txid) ?? []), vout]);
    const found = new Map<Txid, Map<number, Txid | undefined>>();
    await inParallel([...vouts], this.#budget.parallel, async ([txid, asked]) => {
      found.set(txid, await this.#spendersOf(txid, asked));
    });
    return outpoints.map(({txid, vout}) => found.get(txid)?.get(vout));
  }

  async #spendersOf(txid: Txid, vouts: readonly number[]): Promise<Map<number, Txid | undefined>> {
    const spenders = new Map<number, Txid | undefined>();
    if (vouts.length >= ALL_AT_ONCE) {
      const route = '/tx/:txid/outspends';
      const answer = await this.#client.json(route, [txid]);
      const all = answer === undefined ? [] : readAs(outspends, answer, route, this.#client.faults);
      for (const vout of vouts) spenders.set(vout, unconfirmedSpender(all[vout]));
      return spenders;
    }
    for (const vout of vouts) {
      const route = '/tx/:txid/outspend/:vout';
      const answer = await this.#client.json(route, [txid, vout]);
      const one = answer === undefined ? undefined : readAs(outspend, answer, route, this.#client.faults);
      spenders.set(vout, unconfirmedSpender(one));
    }
    return spenders;
  }
}

/** Spent by a transaction of the mempool; what a block spends is told of by the block. */
const unconfirmedSpender = (
  one: {spent: boolean; txid?: Txid | null | undefined; status?: {confirmed: boolean} | null | undefined} | undefined,
): Txid | undefined => (one?.spent === true && one.status?.confirmed === false ? (one.txid ?? undefined) : undefined);
