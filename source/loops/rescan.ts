import type {BlockFacts} from '../chain/facts.ts';
import type {Coin, Network} from '../coins/index.ts';
import type {Job, RescanEstimate, ScanMethod} from '../contract/index.ts';
import {EngineError, hasCode, messageOf} from '../primitives/errors.ts';
import type {BlockRef} from '../primitives/ids.ts';
import type {Log} from '../primitives/log.ts';
import {Wake} from '../primitives/wake.ts';
import type {LedgerIdentity} from '../store/store.ts';
import {BlockChooser} from './choose-blocks.ts';
import {applyFacts, factsOf, factsOfBlocks, stepsOf, wasOvertaken, type Connecting} from './connect-blocks.ts';
import type {Loop, Round, RoundContext} from './loop.ts';
import {planRescan, type RescanPlan} from './plan-rescan.ts';
import {rescanStart} from './rescan-start.ts';
import {SignsOfLife} from './signs-of-life.ts';
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
   * Without a method, the cheapest that finds everything. Throws `bad_height`, `bad_method`, `already_running`, and what
   * the node throws when a date has to be looked up.
   */
  start(from?: number | string, method?: ScanMethod): Promise<Job>;
  /** What that would cost, by every method there is. Needs the node. */
  estimate(from?: number | string): Promise<RescanEstimate>;
  /** Ends it within a second; what it found stays. Throws `not_found`, `wrong_state`. */
  cancel(id: string): Promise<Job>;
}

const isNodesError = (error: unknown): error is EngineError =>
  error instanceof EngineError && /^(backend_|bad_backend_answer$)/.test(error.code);

/** It is not there, or another one is about to answer in its place. */
const isAway = (error: unknown): boolean => isNodesError(error) || wasOvertaken(error);

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
    start: async (from, method) => rescanner.start(from, method),
    estimate: async from => rescanner.estimate(from),
    cancel: async id => rescanner.cancel(id),
  };
};

class Rescanner {
  readonly wake = new Wake();
  readonly #options: RescanOptions;
  readonly #signs = new SignsOfLife();
  #stopping: AbortController | undefined;

  constructor(options: RescanOptions) {
    this.#options = {...options, chain: this.#signs.around(options.chain)};
  }

  async start(from: number | string | undefined, method: ScanMethod | undefined): Promise<Job> {
    const {store, clock} = this.#options;
    const range = await this.#rangeFrom(from);
    const plan = await this.#planUnlessAway(range, method);
    const way = plan && {method: plan.methods[0], estimate: plan.estimate};
    const job = await store.createJob('rescan', range.from, range.to, clock.now(), way ?? (method && {method}));
    this.wake.ring();
    return job;
  }

  async estimate(from: number | string | undefined): Promise<RescanEstimate> {
    const range = await this.#rangeFrom(from);
    const {scripts, methods, plans} = await planRescan(this.#options, range, undefined);
    return {from_height: range.from, to_height: range.to, scripts, method: methods[0], plans: [...plans]};
  }

  async #rangeFrom(from: number | string | undefined): Promise<{from: number; to: number}> {
    const {store, chain} = this.#options;
    const top = await store.ladderTop();
    if (!top) throw new EngineError('not_initialised', 'the ledger has no start block; run init');
    const height = await rescanStart(chain, from, store.identity.startHeight, top.height);
    return {from: height, to: await this.#lastHeight(top)};
  }

  /** Undefined while the node is away: it is planned when it is back. */
  async #planUnlessAway(
    range: {readonly from: number; readonly to: number},
    method: ScanMethod | undefined,
  ): Promise<RescanPlan | undefined> {
    try {
      return await planRescan(this.#options, range, method);
    } catch (error) {
      if (isAway(error)) return undefined;
      throw error;
    }
  }

  /** Also what tracking has yet to connect, right after a start: "rescanned" must mean up to the node's tip. */
  async #lastHeight(top: BlockRef): Promise<number> {
    try {
      return Math.max(top.height, (await this.#options.chain.tip()).height);
    } catch (error) {
      if (isAway(error)) return top.height;
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
    this.#signs.begin(context);
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
    const chooser = new BlockChooser(this.#options, await this.#planOf(job));
    for (let from = job.at_height + 1; from <= job.to_height;) {
      const to = Math.min(job.to_height, from + chooser.heights - 1);
      const refs = await this.#verifiedRefs(from, to);
      if (!refs) return {sleep: PAUSE / 2, waitingFor: 'the chain to be followed'};
      if (refs.length > 0) await this.#scan(job, refs, chooser, context);
      if (context.signal.aborted) return {sleep: 0};
      // A reorg made the chain shorter than it was when the job began: that is all there is.
      if (refs.length <= to - from) break;
      from = to + 1;
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

  /** As it was begun; anew for what is left when it was begun without the node, or cannot be gone on with. */
  async #planOf(job: Job): Promise<RescanPlan> {
    const left = {from: job.at_height + 1, to: job.to_height};
    try {
      return await planRescan(this.#options, left, job.method);
    } catch (error) {
      if (!hasCode(error, 'bad_method')) throw error;
      return planRescan(this.#options, left, undefined);
    }
  }

  async #scan(job: Job, refs: readonly BlockRef[], chooser: BlockChooser, context: RoundContext): Promise<void> {
    const apply = async (blocks: readonly BlockFacts[], atHeight: number) => {
      await applyFacts(this.#options, factsOfBlocks(refs.at(-1)!, blocks), {id: job.id, atHeight});
      context.progress(`block ${atHeight} of ${job.to_height}`);
    };
    const chosen = await chooser.choose(refs, context);
    // The genesis block cannot be spent and some nodes do not serve it.
    const wanted = chosen.filter(({height}) => height > 0);
    const end = refs.at(-1)!.height;
    let at = -1;
    for await (const step of stepsOf(factsOf(this.#options, wanted, context))) {
      at = step.at(-1)!.height;
      await apply(step, at);
      if (context.signal.aborted) return;
    }
    // Above the last block that was read there was nothing to read.
    if (at < end && !context.signal.aborted) await apply([], end);
  }
}
