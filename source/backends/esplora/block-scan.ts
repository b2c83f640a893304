import type {BlockFacts} from '../../chain/facts.ts';
import {skimmedBlocks} from '../../chain/skimmed-blocks.ts';
import type {WatchSet} from '../../chain/watch-set.ts';
import type {Coin} from '../../coins/index.ts';
import type {ScanPlan as PublicPlan} from '../../contract/index.ts';
import type {EsploraConfig} from '../../config/config.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {BlockRef} from '../../primitives/ids.ts';
import type {Log} from '../../primitives/log.ts';
import type {HeaderBook, KnownHeader} from './header-book.ts';
import {rawBlocks} from './raw-blocks.ts';
import type {RestClient} from './rest-client.ts';
import {isCheaperWhole, type Pace, planScan, type ScanMethod, type ScanPlan, type ScanQuestion} from './scan-plan.ts';
import {type HistoryOptions, ScriptHistories} from './script-histories.ts';
import type {WatchedScripts} from './watched-scripts.ts';

export interface ScanParts {
  readonly config: EsploraConfig;
  readonly coin: Coin;
  readonly client: RestClient;
  readonly headers: HeaderBook;
  readonly scripts: WatchedScripts;
  readonly log: Log;
  /** How to look at blocks; by cost unless said. */
  readonly plan?: ((question: ScanQuestion) => ScanPlan) | undefined;
}

interface Scan {
  readonly plan: ScanPlan;
  readonly tip: KnownHeader;
  readonly watch: WatchSet;
}

/** Bytes of a block where the server did not say, and bytes a second before any were read. */
const BLOCK_SIZE = 1_500_000;
const BYTES_PER_SECOND = 2_000_000;
/** The newest blocks are always read whole: servers behind one name may not have indexed them all alike. */
const READ_WHOLE = 2;
/** Blocks whose sizes stand for those of a range. */
const SAMPLES = 5;
/** Blocks in a row from which on the rest up to the tip is expected to be asked for too. */
const LONG_SCAN = 50;
/** What blocks hold for us, in the cheaper of two ways: each one whole, or by what the histories of our scripts say. */
export class BlockScan {
  readonly #parts: ScanParts;
  readonly #histories: ScriptHistories;
  /** The way that was said last. */
  #said: ScanPlan['method'] | undefined;

  constructor(parts: ScanParts) {
    this.#parts = parts;
    const {client, scripts, coin, config} = parts;
    this.#histories = new ScriptHistories(client, scripts, {format: coin.format, parallel: config.parallel});
  }

  async *facts(refs: readonly BlockRef[], watch: WatchSet, options: HistoryOptions): AsyncGenerator<BlockFacts> {
    if (refs.length === 0) return;
    const {headers, log, coin} = this.#parts;
    const tip = await headers.recentTip();
    const plan = this.#planFor(refs, tip, watch);
    if (refs.length >= LONG_SCAN && plan.method !== this.#said) {
      this.#said = plan.method;
      log.info({coin: coin.name, blocks: refs.length, ...plan}, 'scan planned');
    }
    let below: BlockFacts | undefined;
    for await (const block of this.#read(refs, {plan, tip, watch}, options)) {
      if (below !== undefined && below.height + 1 === block.height && below.hash !== block.previous)
        throw new EngineError('stale_facts', `block ${block.height} does not follow the block below it`, {
          retry: 'backoff',
        });
      below = block;
      yield block;
      options.signal?.throwIfAborted();
    }
  }

  #read(refs: readonly BlockRef[], scan: Scan, options: HistoryOptions): AsyncIterable<BlockFacts> {
    return scan.plan.method === 'blocks'
      ? this.#whole(refs, scan.watch, options)
      : this.#byHistories(refs, scan, options);
  }

  #whole(refs: readonly BlockRef[], watch: WatchSet, {signal}: HistoryOptions): AsyncIterable<BlockFacts> {
    const {client, headers, coin, config} = this.#parts;
    const {format} = coin;
    return skimmedBlocks(rawBlocks(client, headers, {refs, format, parallel: config.parallel}, signal), watch, format);
  }

  /** One after the other, as what spends a coin must be looked at after the coin. */
  async *#byHistories(
    refs: readonly BlockRef[],
    {tip, watch}: Scan,
    options: HistoryOptions,
  ): AsyncGenerator<BlockFacts> {
    const {headers} = this.#parts;
    await this.#readHistories(refs, tip, options);
    const readTo = this.#histories.readTo ?? -1;
    for (const ref of refs) {
      const hits = this.#histories.hitsIn(ref.hash);
      const isWhole = ref.height > readTo - READ_WHOLE || (hits > 0 && this.#isCheaperWhole(ref, hits));
      if (isWhole) yield* this.#whole([ref], watch, options);
      else {
        const header = await headers.header(ref.hash);
        await headers.requireWork(header, ref.height);
        const {hash, previous, time} = header;
        const transactions = await this.#histories.find(header, watch, options);
        yield {height: ref.height, hash, previous, time, transactions};
      }
    }
  }

  #isCheaperWhole({hash}: BlockRef, hits: number): boolean {
    return isCheaperWhole(hits, this.#parts.headers.sizeOf(hash) ?? BLOCK_SIZE, this.#pace());
  }

  #pace(): Pace {
    const {config, client} = this.#parts;
    return {
      requestsPerSecond: config.requestsPerSecond,
      bytesPerSecond: client.bytesPerSecond ?? BYTES_PER_SECOND,
    };
  }

  async #readHistories(refs: readonly BlockRef[], tip: KnownHeader, options: HistoryOptions): Promise<void> {
    const {from, to} = rangeOf(refs);
    const last = await this.#parts.headers.hashesAt([to]);
    // What the histories say is of the best chain: nothing of a block that has left it.
    if (!refs.some(({height, hash}) => height === to && hash === last[0]))
      throw new EngineError('stale_facts', `block ${to} is not in the server’s best chain any more`, {
        retry: 'backoff',
      });
    await this.#histories.read({from, to, tip}, ref => this.#isBest(ref), options);
  }

  #isBest(ref: BlockRef): boolean {
    return this.#parts.headers.isBest(ref) === true;
  }

  /** What looking at these blocks costs either way, the way that would be taken first. */
  async plans({from, to}: {from: number; to: number}, scripts: number): Promise<PublicPlan[]> {
    const {headers} = this.#parts;
    const sampled = Array.from({length: SAMPLES}, (_, at) => from + Math.floor(((to - from) * at) / (SAMPLES - 1)));
    const sizes = (await headers.headersAt([...new Set(sampled)])).flatMap(header => header?.size ?? []);
    const known = this.#parts.scripts.size - this.#histories.unread(from, to, ref => this.#isBest(ref));
    const question = {
      blocks: to - from + 1,
      blockSize: averageOf(sizes),
      scripts: Math.max(0, scripts - known),
      ...this.#pace(),
    };
    const {method, costs} = (this.#parts.plan ?? planScan)(question);
    const asPlan = (way: ScanMethod): PublicPlan => ({
      method: way,
      complete: true,
      ...costs[way],
      blocks: way === 'blocks' ? question.blocks : 0,
    });
    return [asPlan(method), asPlan(method === 'blocks' ? 'histories' : 'blocks')];
  }

  #planFor(refs: readonly BlockRef[], tip: KnownHeader, watch: WatchSet): ScanPlan {
    const {scripts, headers} = this.#parts;
    const {from, to} = rangeOf(refs);
    const isRow = to - from + 1 === refs.length && refs.length >= LONG_SCAN;
    const sizes = refs.flatMap(({hash}) => headers.sizeOf(hash) ?? []);
    const question = {
      blocks: isRow ? Math.max(refs.length, tip.height - from + 1) : refs.length,
      blockSize: averageOf(sizes),
      // A script that is watched and was not told of has no history to be read.
      scripts:
        scripts.size < watch.size.scripts ? Infinity : this.#histories.unread(from, to, ref => this.#isBest(ref)),
      ...this.#pace(),
    };
    return (this.#parts.plan ?? planScan)(question);
  }
}

const averageOf = (sizes: readonly number[]): number =>
  sizes.length === 0 ? BLOCK_SIZE : sizes.reduce((sum, size) => sum + size, 0) / sizes.length;

const rangeOf = (refs: readonly BlockRef[]): {from: number; to: number} => {
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const {height} of refs) {
    from = Math.min(from, height);
    to = Math.max(to, height);
  }
  return {from, to};
};
