import type {BlockFacts, ChainFacts} from '../chain/facts.ts';
import type {ChainSource, NodeTip} from '../chain/ports.ts';
import type {WatchSet} from '../chain/watch-set.ts';
import type {Coin} from '../coins/index.ts';
import type {Job} from '../contract/index.ts';
import {EngineError, hasCode} from '../primitives/errors.ts';
import type {BlockRef, Txid} from '../primitives/ids.ts';
import type {ChainStore, TrackPolicy, TrackResult} from '../store/chain-store.ts';
import type {JobStore} from '../store/job-store.ts';
import type {Clock} from '../primitives/clock.ts';
import {ancestorsInBranch} from './find-ancestors.ts';
import type {RoundContext} from './loop.ts';
import {ladderEnds} from './stand-to-node.ts';

/** A longer gap than this is worth showing: it becomes a job with a checkpoint. */
const CATCH_UP_GAP = 6;
/** Each step waits for the disk once: the fewer the better, as long as few of their transactions are ours. */
const BLOCKS_PER_STEP = 500;
/** The first ones of a catch-up are smaller: it has much to write, and meanwhile the next ones are fetched. */
const BLOCKS_AT_FIRST = 100;
/** Whose hashes are asked for at once. */
const BLOCKS_PER_RANGE = 2_000;
/** Of ours in one step, so that a step stays well under a second of the writer's time. */
const TRANSACTIONS_PER_STEP = 2_000;
/** Of one branch taken in a single step: what both branches hold must not look as if it had left the chain. */
const LONGEST_BRANCH = 5_000;

export interface Connecting {
  readonly chain: ChainSource;
  readonly store: ChainStore & JobStore;
  readonly policy: TrackPolicy;
  readonly watch: WatchSet;
  readonly coin: Coin;
  readonly clock: Clock;
}

/** Applies facts and lets the watch set grow by what became ours, before anything is skimmed again. */
export const applyFacts = async (
  {store, policy, watch, clock}: Connecting,
  facts: ChainFacts,
  job?: {id: string; atHeight: number},
): Promise<TrackResult> => {
  const result = await store.track(facts, policy, clock.now(), job);
  for (const outpoint of result.watch) watch.addOutpoint(outpoint);
  return result;
};

export const factsOfBlocks = (tip: BlockRef, connected: readonly BlockFacts[], fork?: BlockRef): ChainFacts => ({
  tip,
  fork,
  connected,
  seen: [],
  gone: [],
});

const range = (from: number, to: number): number[] =>
  Array.from({length: Math.max(0, to - from + 1)}, (_, index) => from + index);

/** The node's blocks from one height to another. Throws `stale_facts` when its chain moved below them meanwhile. */
const refsBetween = async (chain: ChainSource, from: number, to: number): Promise<BlockRef[]> => {
  const hashes = await chain.hashesAt(range(from, to));
  return hashes.map((hash, index) => {
    if (hash === undefined) throw new EngineError('stale_facts', 'the node’s chain moved', {retry: 'backoff'});
    return {height: from + index, hash};
  });
};

/** The same in ranges, each asked for while the one before is worked on. */
async function* rangesBetween(chain: ChainSource, from: number, to: number): AsyncGenerator<BlockRef[]> {
  const ask = (start: number): Promise<BlockRef[]> => {
    const refs = refsBetween(chain, start, Math.min(to, start + BLOCKS_PER_RANGE - 1));
    // Awaited later, or never: until then a failure must not count as unobserved.
    refs.catch(() => undefined);
    return refs;
  };
  let next = from <= to ? ask(from) : undefined;
  for (let start = from + BLOCKS_PER_RANGE; next !== undefined; start += BLOCKS_PER_RANGE) {
    const refs = await next;
    next = start <= to ? ask(start) : undefined;
    yield refs;
  }
}

/** Asks the source, and passes on how far it is. */
export const factsOf = (
  {chain, watch}: Pick<Connecting, 'chain' | 'watch'>,
  refs: readonly BlockRef[],
  context: RoundContext,
): AsyncIterable<BlockFacts> => chain.facts(refs, watch, context.signal, words => context.progress(words));

export interface Connected {
  /** Transactions of ours that blocks anchored: they have left the mempool. */
  readonly txids: readonly Txid[];
  readonly blocks: number;
}

/**
 * Connects what the node has above our top, in steps of many blocks. A long gap is a `catch_up` job whose checkpoint
 * moves with the ladder, so that a killed engine goes on where it was.
 */
export const connectAhead = async (
  parts: Connecting,
  top: BlockRef,
  tip: NodeTip,
  context: RoundContext,
): Promise<Connected> => {
  const job = tip.height - top.height > CATCH_UP_GAP ? await openCatchUp(parts, top.height + 1, tip.height) : undefined;
  const txids: Txid[] = [];
  let blocks = 0;
  for await (const refs of rangesBetween(parts.chain, top.height + 1, tip.height)) {
    if (context.signal.aborted) break;
    for await (const step of stepsOf(factsOf(parts, refs, context), BLOCKS_AT_FIRST)) {
      const at = step.at(-1)!.height;
      await applyFacts(parts, factsOfBlocks(tip, step), job && {id: job.id, atHeight: at});
      txids.push(...txidsOf(step));
      blocks += step.length;
      context.progress(job ? `catching up: ${at} of ${tip.height}` : undefined);
      if (context.signal.aborted) break;
    }
  }
  return {txids, blocks};
};

const txidsOf = (blocks: readonly BlockFacts[]): Txid[] =>
  blocks.flatMap(({transactions}) => transactions.map(({txid}) => txid));

const openCatchUp = async ({store, clock}: Connecting, from: number, to: number): Promise<Job> => {
  const unfinished = (await store.unfinishedJobs()).find(({kind}) => kind === 'catch_up');
  if (!unfinished) return store.createJob('catch_up', from, to, clock.now());
  await store.extendJob(unfinished.id, to);
  return unfinished;
};

/** At the tip: a catch-up that ran, in this process or the one before, is over. */
export const closeCatchUp = async ({store, clock}: Pick<Connecting, 'store' | 'clock'>): Promise<void> => {
  for (const {id, kind} of await store.unfinishedJobs())
    if (kind === 'catch_up') await store.endJob(id, 'finished', undefined, clock.now());
};

/** Blocks in portions that are written in one transaction each. */
export async function* stepsOf(
  blocks: AsyncIterable<BlockFacts>,
  atFirst = BLOCKS_PER_STEP,
): AsyncGenerator<BlockFacts[]> {
  let step: BlockFacts[] = [];
  let transactions = 0;
  let most = atFirst;
  for await (const block of blocks) {
    step.push(block);
    transactions += block.transactions.length;
    if (step.length < most && transactions < TRANSACTIONS_PER_STEP) continue;
    yield step;
    most = Math.min(BLOCKS_PER_STEP, most * 2);
    step = [];
    transactions = 0;
  }
  if (step.length > 0) yield step;
}

/**
 * Takes the other branch in one step, as long as it is: a transaction that both branches hold has not left the chain.
 * `refused`: deeper than allowed; the depth is asked of the store before any block is fetched.
 */
export const connectBranch = async (
  parts: Connecting,
  fork: BlockRef,
  tip: NodeTip,
  context: RoundContext,
): Promise<'refused' | Connected> => {
  if ((await applyFacts(parts, factsOfBlocks(tip, [], fork))).refusedDeepFork) return 'refused';
  const refs = await refsBetween(parts.chain, fork.height + 1, Math.min(tip.height, fork.height + LONGEST_BRANCH));
  // Coins that our transactions in the old branch spend; those first seen in a block were not watched until now.
  for (const outpoint of await parts.store.inputsFrom(fork.height + 1)) parts.watch.addOutpoint(outpoint);
  const {top} = await ladderEnds(parts.store);
  const ancestors = await ancestorsInBranch({...parts, format: parts.coin.format}, fork, top);
  for (const {inputs} of ancestors) for (const outpoint of inputs) parts.watch.addOutpoint(outpoint);
  const branch: BlockFacts[] = [];
  for await (const block of factsOf(parts, refs, context)) {
    branch.push(block);
    context.progress();
  }
  if (branch.length < refs.length) throw new EngineError('stale_facts', 'stopped in a fork', {retry: 'backoff'});
  const result = await applyFacts(parts, {...factsOfBlocks(tip, branch, fork), ancestors});
  return result.refusedDeepFork ? 'refused' : {txids: txidsOf(branch), blocks: branch.length};
};

/** The facts were overtaken by the chain or the ladder: look again at once. */
export const wasOvertaken = (error: unknown): error is EngineError =>
  hasCode(error, 'stale_facts') || hasCode(error, 'backend_not_found');
