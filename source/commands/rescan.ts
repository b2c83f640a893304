import {setTimeout as pause} from 'node:timers/promises';
import type {Job, RescanEstimate, ScanEstimate, ScanPlan} from '../contract/index.ts';
import {EngineError} from '../primitives/errors.ts';
import {coinOf, fromOf, methodOf} from './shell/checks.ts';
import {catchInterruption} from './shell/interruption.ts';
import type {OpenApplication} from './supplies.ts';
import type {Context, Verb} from './verb.ts';

const POLL_MS = 200;

export const rescan: Verb = {
  name: 'rescan',
  summary: 'look through the blocks again for what was missed',
  parameters: ['[config]'],
  flags: ['coin', 'from', 'method', 'estimate'],
  examples: ['rescan', 'rescan config.yaml --coin btc --from 840000', 'rescan --from 2026-01-31 --json'],
  notes: [
    'Changes nothing that is right; running it twice finds nothing the second time. Progress on stderr, the result on',
    'stdout: one job, or a list when several coins are scanned. Ctrl-C leaves it to the running engine, or cancels it',
    'when none runs.',
    '',
    'Unless --method says how, it takes the cheapest way that finds everything: `blocks` reads every block, `scanblocks`',
    'and `filters` go by the block filters of a node with -blockfilterindex=1. `coins` finds only what is still unspent.',
  ].join('\n'),
  async run(context) {
    const {flags, output} = context;
    const config = context.config();
    const coins = flags.coin === undefined ? [...config.coins.keys()] : [coinOf(config, flags.coin)];
    const from = fromOf(flags);
    const method = methodOf(flags);
    if (flags.estimate === true) return showEstimates(context, coins, from);
    return context.withApplication(async opened => {
      const jobs: (Job & {coin: string})[] = [];
      for (const coin of coins) {
        const started = await opened.application.startRescan(coin, from, method);
        output.note(`rescan ${coin}: ${planWords(started)}`);
        const ended = await watchJob(context, opened, coin, started);
        jobs.push({...ended, coin});
        if (ended.status === 'running' || ended.status === 'cancelled') break;
      }
      output.result(jobs.length === 1 ? jobs[0] : jobs, () => output.table(jobs, columns));
      const failed = jobs.find(job => job.error !== undefined);
      if (failed) output.hint('', `  ${failed.coin}: ${failed.error}`);
      return jobs.every(job => job.status === 'finished' || job.status === 'running') ? 0 : 1;
    });
  },
};

const columns = [
  {title: 'COIN', cell: (job: Job & {coin: string}) => job.coin},
  {title: 'JOB', cell: (job: Job) => job.id},
  {title: 'STATUS', cell: (job: Job) => job.status},
  {title: 'BLOCKS', cell: (job: Job) => `${job.from_height}-${job.at_height} of ${job.to_height}`},
  {title: 'METHOD', cell: (job: Job) => job.method ?? ''},
  {title: 'KNOWN', align: 'right', cell: (job: Job) => job.known},
  {title: 'FOUND', align: 'right', cell: (job: Job) => job.found},
  {title: 'CHANGED', align: 'right', cell: (job: Job) => job.changed},
] as const;

/** Blocks, method and what that was thought to cost. */
const planWords = ({from_height: from, to_height: to, method, estimate}: Job): string => {
  const way = method === undefined ? '' : `, by ${method}`;
  return `blocks ${from} to ${to}${way}${estimate === undefined ? '' : `: ${estimateWords(estimate)}`}`;
};

const estimateWords = ({seconds, blocks, bytes}: ScanEstimate): string =>
  `about ${formatSeconds(seconds)}, ${blocks} blocks read, ${formatBytes(bytes)}`;

const formatSeconds = (seconds: number): string =>
  seconds < 60 ? `${Math.max(1, Math.ceil(seconds))} s` : `${Math.ceil(seconds / 60)} min`;

const formatBytes = (bytes: number): string =>
  bytes < 1e6
    ? `${Math.ceil(bytes / 1e3)} kB`
    : bytes < 1e9
      ? `${Math.ceil(bytes / 1e6)} MB`
      : `${(bytes / 1e9).toFixed(1)} GB`;

const showEstimates = async (
  context: Context,
  coins: readonly string[],
  from: number | string | undefined,
): Promise<number> =>
  context.withApplication(async ({application}) => {
    const estimates: (RescanEstimate & {coin: string})[] = [];
    for (const coin of coins) estimates.push({coin, ...(await application.estimateRescan(coin, from))});
    const rows = estimates.flatMap(estimate => estimate.plans.map(plan => ({estimate, plan})));
    context.output.result(estimates.length === 1 ? estimates[0] : estimates, () =>
      context.output.table(rows, estimateColumns),
    );
    return 0;
  });

interface EstimateRow {
  readonly estimate: RescanEstimate & {readonly coin: string};
  readonly plan: ScanPlan;
}

const estimateColumns = [
  {title: 'COIN', cell: ({estimate}: EstimateRow) => estimate.coin},
  {title: 'BLOCKS', cell: ({estimate}: EstimateRow) => `${estimate.from_height}-${estimate.to_height}`},
  {title: 'METHOD', cell: ({plan}: EstimateRow) => plan.method},
  {title: 'TIME', align: 'right', cell: ({plan}: EstimateRow) => formatSeconds(plan.seconds)},
  {title: 'READ', align: 'right', cell: ({plan}: EstimateRow) => plan.blocks},
  {title: 'BYTES', align: 'right', cell: ({plan}: EstimateRow) => formatBytes(plan.bytes)},
  {
    title: '',
    cell: ({estimate, plan}: EstimateRow) =>
      plan.method === estimate.method ? 'taken' : plan.complete ? '' : 'unspent coins only',
  },
] as const;

/** Follows a job to its end, or to Ctrl-C: then it is left to the engine (`running`) or cancelled. */
const watchJob = async (context: Context, opened: OpenApplication, coin: string, started: Job): Promise<Job> => {
  const {output} = context;
  const {application, via} = opened;
  const interruption = catchInterruption();
  try {
    let job = started;
    while (job.status === 'running') {
      showProgress(context, coin, job);
      await pause(POLL_MS, undefined, {signal: interruption.signal}).catch(ignoreAbort);
      if (interruption.signal.aborted && via === 'engine') {
        output.note(
          `Left: the engine goes on with rescan ${job.id} of ${coin}; the console shows it, and x there cancels.`,
        );
        return job;
      }
      if (interruption.signal.aborted) {
        job = await application.cancelJob(coin, job.id);
        output.note(`Cancelled: rescan ${job.id} of ${coin} at height ${job.at_height}; what it found is kept.`);
        return job.status === 'running' ? {...job, status: 'cancelled'} : job;
      }
      job = await application.job(coin, job.id);
    }
    showProgress(context, coin, job);
    return job;
  } finally {
    interruption.release();
  }
};

const ignoreAbort = (error: unknown): void => {
  if (!(error instanceof Error) || error.name !== 'AbortError')
    throw new EngineError('internal', 'waiting for the rescan failed', {cause: error});
};

const showProgress = ({output}: Context, coin: string, job: Job): void => {
  const total = Math.max(1, job.to_height - job.from_height + 1);
  const scanned = Math.min(total, Math.max(0, job.at_height - job.from_height + 1));
  const percent = Math.floor((scanned / total) * 100);
  const speed = job.blocks_per_second === undefined ? '' : `, ${Math.round(job.blocks_per_second)} blocks/s`;
  const eta = job.eta_seconds === undefined || job.status !== 'running' ? '' : `, ${Math.ceil(job.eta_seconds)} s left`;
  output.progress(
    `rescan ${coin}: ${percent}%, ${scanned} of ${total} blocks${speed}${eta}, ${job.found} new found`,
    `${coin} ${Math.floor(percent / 10)} ${job.status}`,
  );
};
