import {type Header, readHeader, workFault} from '../../chain/headers.ts';
import type {Coin, Network} from '../../coins/index.ts';
import type {Clock} from '../../primitives/clock.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {BlockHash, BlockRef} from '../../primitives/ids.ts';
import {blockHash, blockPage, blockSummary, type BlockSummary, readAs} from './answers.ts';
import {inParallel} from './in-parallel.ts';
import type {RestClient} from './rest-client.ts';

/** A header whose hash was computed here, with what the server says of its block. */
export interface KnownHeader extends Header {
  readonly height: number;
  /** Bytes of the block, as the server says. */
  readonly size: number | undefined;
}

/** Of /blocks/:height, downwards from it; some servers give more. */
const PAGE = 10;
const PAGES = '/blocks/:start_height';
/** Headers of 80 bytes and some: all that a rescan of a year walks over. */
const MOST_KNOWN = 60_000;
/** Blocks that the tip may have moved before what is known of the best chain is forgotten rather than linked up. */
const LONGEST_LINK = 50;
/** ms for which the tip of the last look stands for the chain that hashes are asked of. */
const FRESH = 2_000;
/** At least so many heights asked for in one page: otherwise each is asked alone. */
const WORTH_A_PAGE = 3;

/**
 * The best chain as one server shows it, each header hashed here and linked to the one below by its own bytes. What was
 * linked to the tip once is not asked for again while it stays below it.
 */
export class HeaderBook {
  readonly #client: RestClient;
  readonly #clock: Clock;
  readonly #coin: Pick<Coin, 'proofOfWork'>;
  readonly #network: Pick<Network, 'easiestBits' | 'steadyDifficulty'>;
  readonly #parallel: number;
  readonly #known = new Map<BlockHash, KnownHeader>();
  /** Best chain by height, without gaps from the tip down to some height. */
  readonly #best = new Map<number, BlockHash>();
  #bottom = 0;
  #tip: KnownHeader | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #moving: Promise<void> = Promise.resolve();

  constructor(
    client: RestClient,
    {coin, network}: {readonly coin: Coin; readonly network: Network},
    {parallel, clock}: {readonly parallel: number; readonly clock: Clock},
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#coin = coin;
    this.#network = network;
    this.#parallel = parallel;
  }

  /** The tip now, one request when it is still the same. */
  async tip(): Promise<KnownHeader> {
    const route = '/blocks/tip/hash';
    const text = await this.#client.text(route, []);
    if (text === undefined || text.startsWith('<')) throw this.#client.faults.noApi(route);
    const hash = readAs(blockHash, text, route, this.#client.faults);
    const tip = await this.header(hash);
    // One after the other: two that link at once would leave gaps.
    const moved = this.#moving.then(async () => this.#moveTo(tip));
    this.#moving = moved.catch(() => undefined);
    await moved;
    this.#lookedAt = this.#clock.monotonic();
    return tip;
  }

  /** The tip of the last look when that was just now. */
  async recentTip(): Promise<KnownHeader> {
    const isFresh = this.#clock.monotonic() - this.#lookedAt < FRESH;
    return isFresh && this.#tip !== undefined ? this.#tip : this.tip();
  }

  /** Any block's header, checked to have this hash. Throws `backend_not_found`. */
  async header(hash: BlockHash): Promise<KnownHeader> {
    const known = this.#known.get(hash);
    if (known !== undefined) return known;
    const route = '/block/:hash';
    const answer = await this.#client.json(route, [hash]);
    if (answer === undefined) throw this.#client.faults.notFound(`block ${hash}`);
    const header = this.#keep(readAs(blockSummary, answer, route, this.#client.faults), route);
    if (header.hash !== hash) throw this.#client.faults.badAnswer(route, `another block than ${hash}`);
    return header;
  }

  /** Headers of the best chain; undefined above its tip. */
  async headersAt(heights: readonly number[]): Promise<(KnownHeader | undefined)[]> {
    const tip = await this.recentTip();
    const missing = [...new Set(heights)].filter(height => height <= tip.height && !this.#best.has(height));
    const found = new Map<number, KnownHeader>();
    await inParallel(pagesFor(missing), this.#parallel, async page => {
      for (const header of await this.#page(page.at(-1)!)) found.set(header.height, header);
      // Looked for elsewhere they would seem to be above the tip.
      if (page.some(height => !found.has(height)))
        throw this.#client.faults.badAnswer(PAGES, 'fewer blocks than there are below');
    });
    this.#linkDownwards(found);
    return heights.map(height => {
      if (height > tip.height) return undefined;
      const hash = this.#best.get(height);
      return hash === undefined ? found.get(height) : this.#known.get(hash);
    });
  }

  /** Hashes of the best chain; undefined above its tip. Heights far from each other cost less than their headers. */
  async hashesAt(heights: readonly number[]): Promise<(BlockHash | undefined)[]> {
    const tip = await this.recentTip();
    const missing = [...new Set(heights)].filter(height => height <= tip.height && !this.#best.has(height));
    const pages = pagesFor(missing);
    const singles = pages.filter(page => page.length < WORTH_A_PAGE).flat();
    const dense = pages.filter(page => page.length >= WORTH_A_PAGE).flat();
    const [alone, headers] = await Promise.all([
      inParallel(singles, this.#parallel, async height => this.#hashAt(height)),
      this.headersAt(dense),
    ]);
    const found = new Map<number, BlockHash | undefined>(singles.map((height, index) => [height, alone[index]]));
    for (const [index, header] of headers.entries()) found.set(dense[index]!, header?.hash);
    return heights.map(height => (height > tip.height ? undefined : (this.#best.get(height) ?? found.get(height))));
  }

  /** Whether the block is in the best chain as known since the last look at the tip; undefined where nothing is known. */
  isBest({height, hash}: BlockRef): boolean | undefined {
    const best = this.#best.get(height);
    return best === undefined ? undefined : best === hash;
  }

  /** Of a block that was read whole. */
  learn(header: KnownHeader): void {
    if (!this.#known.has(header.hash)) this.#known.set(header.hash, header);
  }

  /** Bytes of a block, where the server said so already. */
  sizeOf(hash: BlockHash): number | undefined {
    return this.#known.get(hash)?.size;
  }

  /**
   * Throws `bad_backend_answer` for a header that cost nobody the work that its chain asks for. Where difficulty moves
   * slowly, that is about the work of the block below it.
   */
  async requireWork(header: Header, height: number): Promise<void> {
    const needsBelow = this.#network.steadyDifficulty === true && height > 0;
    const below = needsBelow ? await this.header(header.previous) : undefined;
    const fault = workFault(header, height, below, this.#coin, this.#network);
    if (fault !== undefined) throw this.#client.faults.lie(`a block ${header.hash} at height ${height}: ${fault}`);
  }

  async #moveTo(tip: KnownHeader): Promise<void> {
    if (tip.hash === this.#tip?.hash) return;
    await this.requireWork(tip, tip.height);
    const linked: KnownHeader[] = [tip];
    // Down to a block that is known to be below the tip, so that the heights between are not asked for one by one.
    while (this.#tip !== undefined && linked.length <= LONGEST_LINK) {
      const lowest = linked.at(-1)!;
      if (lowest.height === 0 || this.#best.get(lowest.height - 1) === lowest.previous) break;
      if (Math.abs(tip.height - this.#tip.height) > LONGEST_LINK) break;
      if (!this.#known.has(lowest.previous)) await this.#page(lowest.height - 1);
      linked.push(await this.header(lowest.previous));
    }
    const lowest = linked.at(-1)!;
    const isLinked = lowest.height > 0 && this.#best.get(lowest.height - 1) === lowest.previous;
    for (const height of this.#best.keys()) if (!isLinked || height >= lowest.height) this.#best.delete(height);
    for (const {height, hash} of linked) this.#best.set(height, hash);
    if (!isLinked) this.#bottom = lowest.height;
    this.#tip = tip;
    this.#forgetSome();
  }

  /** What follows below the lowest block known to be in the best chain is in it too. */
  #linkDownwards(found: ReadonlyMap<number, KnownHeader>): void {
    let lowest = this.#known.get(this.#best.get(this.#bottom) ?? ('' as BlockHash));
    for (;;) {
      const below = found.get(this.#bottom - 1);
      if (below === undefined || below.hash !== lowest?.previous) return;
      this.#bottom -= 1;
      this.#best.set(this.#bottom, below.hash);
      lowest = below;
    }
  }

  async #hashAt(height: number): Promise<BlockHash | undefined> {
    const route = '/block-height/:height';
    const text = await this.#client.text(route, [height]);
    return text === undefined ? undefined : readAs(blockHash, text, route, this.#client.faults);
  }

  /** Blocks of the best chain from this height downwards, each linked to the one above. */
  async #page(height: number): Promise<KnownHeader[]> {
    const route = PAGES;
    const answer = await this.#client.json(route, [height]);
    if (answer === undefined) throw overtaken('the server no longer has the height that it had');
    const page = readAs(blockPage, answer, route, this.#client.faults).map(one => this.#keep(one, route));
    if (page[0]?.height !== height)
      throw this.#client.faults.badAnswer(route, `other heights than ${height} downwards`);
    for (const [index, header] of page.entries()) {
      const above = page[index - 1];
      if (above !== undefined && (above.previous !== header.hash || above.height !== header.height + 1))
        throw overtaken('the server’s chain moved within one answer');
    }
    return page;
  }

  #keep(summary: BlockSummary, route: string): KnownHeader {
    const raw = Buffer.alloc(80);
    raw.writeUInt32LE(summary.version >>> 0, 0);
    Buffer.from(summary.previousblockhash ?? '0'.repeat(64), 'hex')
      .reverse()
      .copy(raw, 4);
    Buffer.from(summary.merkle_root, 'hex').reverse().copy(raw, 36);
    raw.writeUInt32LE(summary.timestamp, 68);
    raw.writeUInt32LE(summary.bits, 72);
    raw.writeUInt32LE(summary.nonce, 76);
    const header = {...readHeader(raw), height: summary.height, size: summary.size};
    if (header.hash !== summary.id)
      throw this.#client.faults.badAnswer(route, `a block ${summary.id} whose fields hash to ${header.hash}`);
    this.#known.set(header.hash, header);
    return header;
  }

  /** Oldest first; what the best chain is linked by stays. */
  #forgetSome(): void {
    if (this.#known.size <= MOST_KNOWN) return;
    const best = new Set(this.#best.values());
    for (const hash of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN / 2) break;
      if (!best.has(hash)) this.#known.delete(hash);
    }
    if (this.#known.size <= MOST_KNOWN) return;
    // All of them are linked: the lowest are given up.
    for (let left = MOST_KNOWN / 2; left > 0; left--, this.#bottom++) {
      this.#known.delete(this.#best.get(this.#bottom)!);
      this.#best.delete(this.#bottom);
    }
  }
}

/** Heights in groups that one page each answers, upwards. */
const pagesFor = (heights: readonly number[]): number[][] => {
  const pages: number[][] = [];
  for (const height of [...heights].sort((one, other) => one - other)) {
    const page = pages.at(-1);
    if (page === undefined || height >= page[0]! + PAGE) pages.push([height]);
    else page.push(height);
  }
  return pages;
};

const overtaken = (words: string) => new EngineError('stale_facts', words, {retry: 'backoff'});
