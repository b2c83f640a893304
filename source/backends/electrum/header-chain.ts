import {type Header, readHeader, workFault} from '../../chain/headers.ts';
import type {Coin, Network} from '../../coins/index.ts';
import type {BlockHash} from '../../primitives/ids.ts';
import {headerChunk, rawBytes, readAs, tipHeader} from './answers.ts';
import type {ElectrumClient, Outcome} from './electrum-client.ts';

/** A header of the server's best chain whose hash was computed and whose work was checked here. */
export interface ChainHeader extends Header {
  readonly height: number;
}

const HEADER_BYTES = 80;

/** Headers kept below the tip, in one linked piece. */
const WINDOW = 8_000;
/** Headers elsewhere that were asked for lately: a catch-up asks for hashes first and for what blocks hold next. */
const LATELY = 6_000;
/** At most one retarget period, which every server answers at once. */
const CHUNK = 2_016;
/** No server gives fewer at once, unless it has no more: one by one, a walk would take hours. */
const LEAST_CHUNK = 100;
/** A tip further above the last one than this begins a new window: nobody asked for what lies between. */
const LONGEST_WALK = 2 * CHUNK;
const FIRST_STEP_BACK = 12;

/**
 * The server's best chain, by headers that prove themselves: hash, work and the link to the header below are checked
 * before one is kept. It follows the server's tip, back through forks.
 */
export class HeaderChain {
  readonly #client: ElectrumClient;
  readonly #coin: Coin;
  readonly #network: Network;
  /** Ascending, linked; the last one is the tip. */
  #window: ChainHeader[] = [];
  readonly #lately = new Map<BlockHash, ChainHeader>();
  /** Tips are adopted one after the other: each walks on the window that the one before left. */
  #adopting: Promise<unknown> = Promise.resolve();

  constructor(client: ElectrumClient, {coin, network}: {readonly coin: Coin; readonly network: Network}) {
    this.#client = client;
    this.#coin = coin;
    this.#network = network;
  }

  get tip(): ChainHeader | undefined {
    return this.#window.at(-1);
  }

  /** Asks for the tip and follows it there. */
  async follow(): Promise<ChainHeader> {
    const answer = await this.#client.call('blockchain.headers.subscribe');
    const told = readAs(tipHeader, answer, 'blockchain.headers.subscribe', this.#client.faults);
    return this.adopt(told.height, told.hex);
  }

  /** The tip as the server tells it. Throws `bad_backend_answer`, or `stale_facts` when its chain moves meanwhile. */
  async adopt(height: number, hex: string): Promise<ChainHeader> {
    const header = this.#read(Buffer.from(hex, 'hex'), height, 'blockchain.headers.subscribe');
    const adopted = this.#adopting.then(async () => this.#walkTo(header));
    this.#adopting = adopted.catch(() => undefined);
    await adopted;
    return header;
  }

  /** Best-chain headers at these heights, undefined above the tip. */
  async at(heights: readonly number[]): Promise<(ChainHeader | undefined)[]> {
    const tip = this.tip ?? (await this.follow());
    const missing = new Set(heights.filter(height => height <= tip.height && this.#held(height) === undefined));
    const fetched =
      missing.size === 0 ? new Map<number, ChainHeader>() : await this.#fetch([...missing].sort(ascending));
    return heights.map(height => (height > tip.height ? undefined : (this.#held(height) ?? fetched.get(height))));
  }

  /** The header of this block if the server's best chain has it at this height. */
  async find(height: number, hash: BlockHash): Promise<ChainHeader | undefined> {
    const held = this.#held(height) ?? this.#lately.get(hash) ?? (await this.at([height]))[0];
    return held?.hash === hash ? held : undefined;
  }

  /** Asks anew, whatever is held: whether the server's chain still has this block. */
  async confirm({height, hash}: ChainHeader): Promise<boolean> {
    const [outcome] = await this.#client.batch([{method: 'blockchain.block.header', params: [height]}]);
    return 'result' in outcome! && this.#single(outcome, height).hash === hash;
  }

  /** A new connection may be to another server. */
  forget(): void {
    this.#window = [];
    this.#lately.clear();
  }

  #held(height: number): ChainHeader | undefined {
    const bottom = this.#window[0]?.height;
    return bottom === undefined ? undefined : this.#window[height - bottom];
  }

  async #walkTo(header: ChainHeader): Promise<void> {
    const top = this.tip;
    if (top?.hash === header.hash) return;
    const above: ChainHeader[] = [header];
    let step = FIRST_STEP_BACK;
    for (;;) {
      const lowest = above[0]!;
      const bottom = this.#window[0]?.height ?? Number.POSITIVE_INFINITY;
      const below = this.#held(lowest.height - 1);
      if (below !== undefined && below.hash === lowest.previous) {
        this.#requireWork(below, lowest);
        this.#window = [...this.#window.slice(0, below.height - bottom + 1), ...above].slice(-WINDOW);
        return;
      }
      if (lowest.height <= bottom || above.length > LONGEST_WALK) break;
      const gap = lowest.height - 1 - (this.tip?.height ?? 0);
      const count = Math.min(CHUNK, lowest.height - bottom, Math.max(gap, step));
      if (gap > LONGEST_WALK || count < 1) break;
      above.unshift(...(await this.#run(lowest.height - count, count, lowest)));
      step *= 4;
    }
    this.#window = above.slice(-WINDOW);
  }

  /** Runs of neighbours by chunk, single ones together. */
  async #fetch(heights: readonly number[]): Promise<Map<number, ChainHeader>> {
    const runs = runsOf(heights);
    const found = new Map<number, ChainHeader>();
    const singles = runs.filter(run => run.count === 1).map(run => run.from);
    for (const header of await this.#singles(singles)) found.set(header.height, header);
    for (const {from, count} of runs.filter(run => run.count > 1)) {
      const bottom = this.#window[0];
      const reachesWindow = bottom?.height === from + count;
      // The one below the first, where it says which target the first may have.
      const start = this.#network.steadyDifficulty === true && from > 0 ? from - 1 : from;
      const run = await this.#run(start, from + count - start, reachesWindow ? bottom : undefined);
      for (const header of run) found.set(header.height, header);
      if (reachesWindow && this.#window[0] === bottom && this.#window.length + run.length <= WINDOW)
        this.#window = [...run, ...this.#window];
    }
    for (const header of found.values()) this.#keep(header);
    return found;
  }

  #keep(header: ChainHeader): void {
    this.#lately.delete(header.hash);
    this.#lately.set(header.hash, header);
    for (const hash of this.#lately.keys()) {
      if (this.#lately.size <= LATELY) break;
      this.#lately.delete(hash);
    }
  }

  async #singles(heights: readonly number[]): Promise<ChainHeader[]> {
    const outcomes = await this.#client.batch(
      heights.map(height => ({method: 'blockchain.block.header', params: [height]})),
    );
    return outcomes.map((outcome, index) => this.#single(outcome, heights[index]!));
  }

  #single(outcome: Outcome, height: number): ChainHeader {
    if ('refusal' in outcome) throw this.#client.faults.stale(`the server has no header ${height} any more`);
    const hex = readAs(rawBytes, outcome.result, 'blockchain.block.header', this.#client.faults);
    return this.#read(Buffer.from(hex, 'hex'), height, 'blockchain.block.header');
  }

  /** `count` linked headers upwards, that `above` follows when it is given. */
  async #run(from: number, count: number, above: ChainHeader | undefined): Promise<ChainHeader[]> {
    const method = 'blockchain.block.headers';
    const headers: ChainHeader[] = [];
    while (headers.length < count) {
      const start = from + headers.length;
      const asked = Math.min(CHUNK, count - headers.length);
      const answer = await this.#client.call(method, [start, asked]);
      const chunk = readAs(headerChunk, answer, method, this.#client.faults);
      const bytes = Buffer.from(chunk.hex, 'hex');
      if (bytes.length !== chunk.count * HEADER_BYTES || chunk.count > asked)
        throw this.#client.faults.badAnswer(method, 'another number of headers than it says');
      if (chunk.count === 0) throw this.#client.faults.stale(`the server has no header ${start} any more`);
      if (chunk.count < Math.min(asked, LEAST_CHUNK))
        throw this.#client.faults.badAnswer(method, `${chunk.count} headers where it has ${asked}`);
      for (let index = 0; index < chunk.count; index++) {
        const raw = bytes.subarray(index * HEADER_BYTES, (index + 1) * HEADER_BYTES);
        const header = this.#read(raw, start + index, method);
        this.#requireLink(headers.at(-1), header);
        headers.push(header);
      }
    }
    this.#requireLink(headers.at(-1), above);
    return headers;
  }

  #requireLink(below: ChainHeader | undefined, above: ChainHeader | undefined): void {
    if (below === undefined || above === undefined) return;
    // Between two answers its chain may have changed branch: looking again tells.
    if (above.previous !== below.hash)
      throw this.#client.faults.stale(`header ${above.height} does not follow the header below it`);
    this.#requireWork(below, above);
  }

  #requireWork(below: ChainHeader, above: ChainHeader): void {
    const fault = workFault(above, above.height, below, this.#coin, this.#network);
    if (fault !== undefined) throw this.#client.faults.lie(`of header ${above.height}, ${fault}`);
  }

  #read(raw: Buffer, height: number, method: string): ChainHeader {
    if (raw.length !== HEADER_BYTES)
      throw this.#client.faults.badAnswer(method, `a header of ${raw.length} bytes instead of ${HEADER_BYTES}`);
    const header = {...readHeader(raw), height};
    const fault = workFault(header, height, undefined, this.#coin, this.#network);
    if (fault !== undefined) throw this.#client.faults.lie(`of header ${height}, ${fault}`);
    return header;
  }
}

const ascending = (one: number, other: number): number => one - other;

/** Neighbours of an ascending list as runs. */
const runsOf = (heights: readonly number[]): {from: number; count: number}[] => {
  const runs: {from: number; count: number}[] = [];
  for (const height of heights) {
    const last = runs.at(-1);
    if (last && last.from + last.count === height) last.count += 1;
    else runs.push({from: height, count: 1});
  }
  return runs;
};
