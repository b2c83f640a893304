import type {BlockFacts} from '../../chain/facts.ts';
import {requireNext} from '../../chain/skimmed-blocks.ts';
import type {WatchSet} from '../../chain/watch-set.ts';
import type {BlockFormat} from '../../coins/index.ts';
import {EngineError, hasCode} from '../../primitives/errors.ts';
import type {BlockRef} from '../../primitives/ids.ts';
import {keepYoungGenerationSmall} from '../../primitives/young-generation.ts';
import {type RpcClient, wasTooLong} from './rpc-client.ts';
import {type BlockReplies, type SkimFailure, skimReplies, type Skimmed} from './skim-replies.ts';
import {SkimThread} from './skim-thread.ts';

const LARGEST_BATCH = 50;
/** Blocks of the first batch, before anything is known of their size: 8 of the largest fit under the cap. */
const FIRST_BATCH = 8;
/** Raw bytes aimed at in one batch, which the node answers as twice as much hex. */
const BATCH_BYTES = 4_000_000;
/** Of an answer: 8 blocks of 4 MB as hex, and some. */
const BATCH_CAP = 72_000_000;
/**
 * Asked for before the first of it is taken: two batches come, the others are read meanwhile. With small blocks so many
 * that whoever writes one step finds the next one read.
 */
const BATCHES_AHEAD = 10;
const BYTES_AHEAD = 12_000_000;
/** Before anything was measured: less than nearly all chains have, and a node on the same machine. */
const BLOCK_SIZE = 8_000;
const BYTES_PER_SECOND = 40_000_000;
/** Raw bytes that say something about the pace. */
const ENOUGH_TO_TELL = 2_000_000;
/** Raw bytes still to come that are worth a thread; below, one costs more than it saves. */
const WORTH_A_THREAD = 8_000_000;

/**
 * What blocks of one node hold: fetched raw in batches, skimmed by a thread of its own when there are many, so that the
 * engine's thread has nothing to do but to write what was found.
 */
export class BlockReader {
  readonly #rpc: RpcClient;
  readonly #format: BlockFormat;
  readonly #thread: SkimThread;
  readonly #worthAThread: number;
  #blockSize: number | undefined;
  #bytesPerSecond = BYTES_PER_SECOND;

  constructor(rpc: RpcClient, format: BlockFormat, {worthAThread = WORTH_A_THREAD}: {worthAThread?: number} = {}) {
    this.#rpc = rpc;
    this.#format = format;
    this.#thread = new SkimThread(format);
    this.#worthAThread = worthAThread;
  }

  /** Raw bytes of a block, by the last batch; undefined before the first. */
  get blockSize(): number | undefined {
    return this.#blockSize;
  }

  /** Raw bytes that came, and were taken by whoever asked, in a second: of the last long row of blocks. */
  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** Whether the next batch is skimmed by the thread. */
  get hasThread(): boolean {
    return this.#thread.isReady;
  }

  /** In the order asked. Throws `stale_facts` when a block is the next by its height and does not follow. */
  async *read(refs: readonly BlockRef[], watch: WatchSet, signal: AbortSignal | undefined): AsyncGenerator<BlockFacts> {
    const ended = new AbortController();
    const both = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal;
    this.#startThread(refs.length);
    const ahead: Promise<BlockFacts[]>[] = [];
    let asked = 0;
    let turn: Promise<unknown> = Promise.resolve();
    const take = async (part: readonly BlockRef[], before: Promise<unknown>) => {
      const fetching = this.#fetch(part, both);
      fetching.catch(() => undefined);
      await before;
      const replies = await fetching;
      this.#learn(replies, refs.length - asked);
      return replies.map(async reply => this.#skim(reply, watch));
    };
    const fill = () => {
      const {size, batches} = this.#pace();
      while (ahead.length < batches && asked < refs.length) {
        const part = refs.slice(asked, asked + size);
        asked += part.length;
        // Skimmed in the order asked: a block spends what the ones below it made.
        const taken = take(part, turn);
        turn = taken;
        const facts = taken.then(async parts => (await Promise.all(parts)).flat());
        // Awaited below, in order; until then a failure must not count as unobserved.
        facts.catch(() => undefined);
        ahead.push(facts);
      }
    };
    let below: BlockFacts | undefined;
    const begun = performance.now();
    let read = 0;
    try {
      for (fill(); ahead.length > 0; fill()) {
        const batch = await ahead.shift()!;
        fill();
        for (const block of batch) {
          if (signal?.aborted === true)
            throw new EngineError('aborted', 'the reading of blocks was called off', {retry: 'backoff'});
          requireNext(below, block);
          below = block;
          read += 1;
          yield block;
        }
      }
    } finally {
      this.#notePace(read, performance.now() - begun);
      // The caller may leave early, or one batch failed: the others are of no use then.
      ended.abort();
    }
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }

  /** Halves what is too much to answer at once, in bytes or in time. */
  async #fetch(refs: readonly BlockRef[], signal: AbortSignal): Promise<BlockReplies[]> {
    try {
      const calls = refs.map(({hash}) => ({method: 'getblock', params: [hash, false]}));
      const {body, ids} = await this.#rpc.rawBatch(calls, {lane: 'bulk', cap: BATCH_CAP, signal});
      return [{body, ids, refs}];
    } catch (error) {
      const tooMuch = wasTooLong(error) || hasCode(error, 'backend_timeout');
      if (!tooMuch || refs.length === 1 || signal.aborted) throw error;
      const half = Math.ceil(refs.length / 2);
      const first = await this.#fetch(refs.slice(0, half), signal);
      return [...first, ...(await this.#fetch(refs.slice(half), signal))];
    }
  }

  /** How large blocks are. Starts the thread when the rest of them is worth it. */
  #learn(replies: readonly BlockReplies[], left: number): void {
    const bytes = replies.reduce((total, {body}) => total + body.length / 2, 0);
    const blocks = replies.reduce((total, {refs}) => total + refs.length, 0);
    this.#blockSize = Math.max(1, bytes / blocks);
    this.#startThread(left);
  }

  /** If so many blocks are worth it, as far as can be told. */
  #startThread(blocks: number): void {
    if (blocks * (this.#blockSize ?? BLOCK_SIZE) < this.#worthAThread) return;
    keepYoungGenerationSmall();
    this.#thread.start();
  }

  #notePace(blocks: number, milliseconds: number): void {
    const bytes = blocks * (this.#blockSize ?? 0);
    if (bytes > ENOUGH_TO_TELL) this.#bytesPerSecond = (bytes / Math.max(1, milliseconds)) * 1000;
  }

  /** Blocks of the next batch, and how many batches to have ahead. */
  #pace(): {size: number; batches: number} {
    if (this.#blockSize === undefined) return {size: FIRST_BATCH, batches: 2};
    const size = Math.max(1, Math.min(LARGEST_BATCH, Math.floor(BATCH_BYTES / this.#blockSize)));
    return {size, batches: Math.max(2, Math.min(BATCHES_AHEAD, BYTES_AHEAD / (size * this.#blockSize)))};
  }

  async #skim(replies: BlockReplies, watch: WatchSet): Promise<BlockFacts[]> {
    const skimmed = this.#thread.isReady
      ? await this.#skimInThread(replies, watch)
      : skimReplies(replies, watch, this.#format);
    if ('failure' in skimmed) throw this.#fault(skimmed.failure);
    return skimmed.facts;
  }

  async #skimInThread(replies: BlockReplies, watch: WatchSet): Promise<Skimmed> {
    const skimmed = await this.#thread.skim(replies, watch);
    if ('failure' in skimmed) return skimmed;
    for (const {transactions} of skimmed.facts)
      for (const {txid, outputs} of transactions) for (const {vout} of outputs) watch.addOutpoint({txid, vout});
    return skimmed;
  }

  #fault(failure: SkimFailure): EngineError {
    const {faults} = this.#rpc;
    if (failure.kind === 'refused') return faults.refusal('getblock', failure.code, failure.words);
    if (failure.kind === 'unreadable') return faults.badAnswer('getblock', failure.words);
    return new EngineError(failure.code, failure.message, {retry: 'backoff'});
  }
}
