import type {ChainSource} from '../chain/ports.ts';
import {planScans, rankScans} from '../chain/scan-plan.ts';
import type {WatchSet} from '../chain/watch-set.ts';
import type {ScanEstimate, ScanMethod, ScanPlan} from '../contract/index.ts';
import {EngineError} from '../primitives/errors.ts';
import type {ChainStore} from '../store/chain-store.ts';
import {heightOfTime} from './rescan-start.ts';

export interface RescanPlanning {
  readonly chain: Pick<ChainSource, 'surveyScan' | 'scanPlans' | 'timesAt' | 'watchScript'>;
  readonly store: Pick<ChainStore, 'blocksOfOurs' | 'contestedSince' | 'watchedScripts'>;
  readonly watch: WatchSet;
}

export interface RescanPlan {
  readonly scripts: number;
  /** Blocks from this height up are read in full, whatever the method. */
  readonly fullFrom: number;
  /** Everything that could be done, the cheapest first; empty where the source has one way only. */
  readonly plans: readonly ScanPlan[];
  /** What is done, and what instead when that cannot be had after all. */
  readonly methods: readonly [ScanMethod, ...ScanMethod[]];
  /** Of the first method. */
  readonly estimate: ScanEstimate | undefined;
}

/**
 * How to look through these blocks. Throws `bad_method` when the source has no such way, and what the source throws.
 * Filters and address lists tell of our scripts only. What a block spends otherwise of a transaction that waits for its
 * block they may not tell, so that the blocks since then are read.
 */
export const planRescan = async (
  {chain, store, watch}: RescanPlanning,
  {from, to}: {readonly from: number; readonly to: number},
  wanted: ScanMethod | undefined,
): Promise<RescanPlan> => {
  const scripts = watch.size.scripts || count(store.watchedScripts());
  const survey = await chain.surveyScan?.({from, to});
  if (survey === undefined) {
    const plans = (await chain.scanPlans?.({from, to}, scripts)) ?? [];
    const method = plans[0]?.method ?? (chain.watchScript === undefined ? 'blocks' : 'histories');
    if (wanted !== undefined && wanted !== method) throw badMethod(wanted, [method]);
    const estimate = plans[0] && estimateOf(plans[0]);
    return {scripts, fullFrom: Number.POSITIVE_INFINITY, plans, methods: [method], estimate};
  }
  const since = await store.contestedSince();
  const fullFrom = since === undefined ? Number.POSITIVE_INFINITY : await heightOfTime(chain, since / 1000, to);
  const full = Math.max(0, to - Math.max(from, fullFrom) + 1);
  const ours = await store.blocksOfOurs(from, Math.min(to, fullFrom - 1));
  const plans = planScans({blocks: to - from + 1, full, ours, scripts}, survey);
  const ranked = rankScans(plans, wanted);
  const [best, ...others] = ranked;
  if (best === undefined || (wanted !== undefined && best.method !== wanted))
    throw badMethod(
      wanted,
      plans.map(({method}) => method),
    );
  const methods = [best.method, ...others.map(({method}) => method)] as const;
  return {scripts, fullFrom, plans, methods, estimate: estimateOf(best)};
};

const estimateOf = ({seconds, bytes, requests, blocks}: ScanPlan): ScanEstimate => ({seconds, bytes, requests, blocks});

const badMethod = (wanted: ScanMethod | undefined, there: readonly ScanMethod[]) =>
  new EngineError(
    'bad_method',
    `this source cannot be scanned by ${wanted ?? 'anything'} for so many scripts; it can by ${there.join(', ')}. ` +
      'scanblocks and filters need a node with -blockfilterindex=1',
    {field: 'method'},
  );

const count = (items: Iterable<unknown>): number => {
  let number = 0;
  for (const _ of items) number += 1;
  return number;
};
