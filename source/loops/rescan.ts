import type {BlockFacts} from '../chain/facts.ts';
import type {Coin, Network} from '../coins/index.ts';
import type {Job} from '../contract/index.ts';
import {EngineError, hasCode, messageOf} from '../primitives/errors.ts';
import type {BlockRef} from '../primitives/ids.ts';
import type {Log} from '../primitives/log.ts';
import {Wake} from '../primitives/wake.ts';
import type {LedgerIdentity} from '../store/store.ts';
import {applyFacts, factsOf, factsOfBlocks, wasOvertaken, type Connecting} from './connect-blocks.ts';
import type {Loop, Round, RoundContext} from './loop.ts';
import {rescanStart} from './rescan-start.ts';
import {extendDownTo} from './stand-to-node.ts';

export interface RescanOptions extends Connecting {
  readonly coin: Coin;
  readonly network: Network;
  readonly store: Connecting['store'] & {readonly identity: LedgerIdentity};
  readonly log: Log;
}

export interface Rescan {
  readonly loop: Loop;
  /**
   * From a height, a date (YYYY-MM-DD, UTC) or, without one, the height at which the ledger starts, up to the tip.
   * Throws `bad_height`, `already_running`, and what the node throws when a date has to be looked up.
   */
  start(from?: number | string): Promise<Job>;
  /** Ends it within a second; what it found stays. Throws `not_found`, `wrong_state`. */
  cancel(id: string): Promise<Job>;
}

const isNodesError = (error: unknown): error is EngineError =>
  error instanceof EngineError && /^(backend_|bad_backend_answer$)/.test(error.code);

const BLOCKS_PER_STEP = 200;
const IDLE = 60_000;
const PAUSE = 1_000;

/**
 * Looks at blocks again that the ladder holds already: finds what was missed, changes nothing else. A job in the
 * ledger, so that a restarted engine goes on above its checkpoint.
 */
export const createRescan = (options: RescanOptions): Rescan => {
  const rescanner = new Rescanner(options);
  return {
    loop: {
      name: 'rescan',
      coin: options.coin.name,
      wake: rescanner.wake,
      stallAfter: 120_000,
      round: async context => rescanner.round(context),
    },
    start: async from => rescanner.start(from),
    cancel: async id => rescanner.cancel(id),
  };
};

class Rescanner {
  readonly wake = new Wake();
  readonly #options: RescanOptions;
  #stopping: AbortController | undefined;

  constructor(options: RescanOptions) {
    this.#options = options;
  }

  async start(from: number | string | undefined): Promise<Job> {
    const {store, clock} = this.#options;
    const top = await store.ladderTop();
    if (!top) throw new EngineError('not_initialised', 'the ledger has no start block; run init');
    const height = await rescanStart(this.#options.chain, from, store.identity.startHeight, top.height);
    const job = await store.createJob('rescan', height, await this.#lastHeight(top), clock.now());
    this.wake.ring();
    return job;
  }

  /** Also what tracking has yet to connect, right after a start: "rescanned" must mean up to the node's tip. */
  async #lastHeight(top: BlockRef): Promise<number> {
    try {
      return Math.max(top.height, (await this.#options.chain.tip()).height);
    } catch (error) {
      if (isNodesError(error)) return top.height;
      throw error;
    }
  }

  async cancel(id: string): Promise<Job> {
    const {store, clock} = this.#options;
    const job = await store.job(id);
    if (job.kind !== 'rescan' || job.status !== 'running')
      throw new EngineError('wrong_state', `job ${id} is a ${job.kind} that is ${job.status}: nothing to cancel`);
    const ended = await store.endJob(id, 'cancelled', undefined, clock.now());
    this.#stopping?.abort();
    return ended;
  }

  async round(context: RoundContext): Promise<Round> {
    const job = (await this.#options.store.unfinishedJobs()).find(({kind}) => kind === 'rescan');
    if (!job) return {sleep: IDLE, detail: 'idle'};
    this.#stopping = new AbortController();
    const signal = AbortSignal.any([context.signal, this.#stopping.signal]);
    try {
      return await this.#goOn(job, {...context, signal, progress: words => context.progress(words)});
    } catch (error) {
      // Cancelled or the engine stops; the checkpoint is where it got to.
      if (signal.aborted) return {sleep: 0};
      return await this.#onError(job, error);
    } finally {
      this.#stopping = undefined;
    }
  }

  async #onError(job: Job, error: unknown): Promise<Round> {
    const {store, clock, chain, log, coin} = this.#options;
    if (hasCode(error, 'block_pruned')) {
      const {prunedBelow} = await chain.tip();
      const words = `the node has pruned blocks below ${prunedBelow ?? 'some height'}: rescan from there or above`;
      await store.endJob(job.id, 'failed', words, clock.now());
      log.warn({coin: coin.name, job: job.id}, words);
      return {sleep: 0};
    }
    // The chain moved under it: tracking follows first, then the rescan goes on.
    if (wasOvertaken(error)) return {sleep: PAUSE / 2, waitingFor: 'the chain to be followed'};
    if (isNodesError(error)) return {sleep: PAUSE, waitingFor: messageOf(error)};
    throw error;
  }

  async #goOn(job: Job, context: RoundContext): Promise<Round> {
    const {chain, store, clock, log, coin} = this.#options;
    await this.#refusePruned(job);
    const isHeld = await extendDownTo(chain, store, job.from_height, at => context.progress(`hashes down to ${at}`));
    if (!isHeld) return {sleep: PAUSE, waitingFor: 'the node to hold the ledger’s first block'};
    for (let from = job.at_height + 1; from <= job.to_height; from += BLOCKS_PER_STEP) {
      const to = Math.min(job.to_height, from + BLOCKS_PER_STEP - 1);
      const refs = await this.#verifiedRefs(from, to);
      if (!refs) return {sleep: PAUSE / 2, waitingFor: 'the chain to be followed'};
      if (refs.length > 0) await this.#scan(job, refs, context);
      if (context.signal.aborted) return {sleep: 0};
      context.progress(`block ${to} of ${job.to_height}`);
      // A reorg made the chain shorter than it was when the job began: that is all there is.
      if (refs.length <= to - from) break;
    }
    const ended = await store.endJob(job.id, 'finished', undefined, clock.now());
    const {known, found, changed} = ended;
    log.info({coin: coin.name, job: job.id, known, found, changed}, 'rescan finished');
    return {sleep: 0, detail: `${known} known, ${found} found, ${changed} changed`};
  }

  async #refusePruned({from_height: from, at_height: at}: Job): Promise<void> {
    const {prunedBelow} = await this.#options.chain.tip();
    if (prunedBelow !== undefined && Math.max(from, at + 1) < prunedBelow)
      throw new EngineError('block_pruned', `blocks below ${prunedBelow} are pruned`);
  }

  /** Our own rungs, up to where both chains end; undefined while they differ. */
  async #verifiedRefs(from: number, to: number): Promise<BlockRef[] | undefined> {
    const heights = Array.from({length: to - from + 1}, (_, index) => from + index);
    const {chain, store} = this.#options;
    const [theirs, ours] = await Promise.all([chain.hashesAt(heights), store.rungs(heights)]);
    const refs: BlockRef[] = [];
    for (const [index, hash] of ours.entries()) {
      if (hash === undefined && theirs[index] === undefined) break;
      if (hash === undefined || hash !== theirs[index]) return undefined;
      refs.push({height: heights[index]!, hash});
    }
    return refs;
  }

  async #scan(job: Job, refs: readonly BlockRef[], context: RoundContext): Promise<void> {
    // The genesis block cannot be spent and some nodes do not serve it.
    const wanted = refs.filter(({height}) => height > 0);
    const blocks: BlockFacts[] = [];
    for await (const block of factsOf(this.#options, wanted, context)) {
      blocks.push(block);
      if (context.signal.aborted) return;
    }
    if (context.signal.aborted) return;
    const last = refs.at(-1)!;
    await applyFacts(this.#options, factsOfBlocks(last, blocks), {id: job.id, atHeight: last.height});
  }
}
