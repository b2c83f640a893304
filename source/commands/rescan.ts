import {setTimeout as pause} from 'node:timers/promises';
import type {Job} from '../contract/index.ts';
import {EngineError} from '../primitives/errors.ts';
import {coinOf, fromOf} from './shell/checks.ts';
import {catchInterruption} from './shell/interruption.ts';
import type {OpenApplication} from './supplies.ts';
import type {Context, Verb} from './verb.ts';

const POLL_MS = 200;

export const rescan: Verb = {
  name: 'rescan',
  summary: 'look through the blocks again for what was missed',
  parameters: ['[config]'],
  flags: ['coin', 'from'],
  examples: ['rescan', 'rescan config.yaml --coin btc --from 840000', 'rescan --from 2026-01-31 --json'],
  notes: [
    'Changes nothing that is right; running it twice finds nothing the second time. Progress on stderr, the result on',
    'stdout: one job, or a list when several coins are scanned. Ctrl-C leaves it to the running engine, or cancels it',
    'when none runs.',
  ].join('\n'),
  async run(context) {
    const {flags, output} = context;
    const config = context.config();
    const coins = flags.coin === undefined ? [...config.coins.keys()] : [coinOf(config, flags.coin)];
    const from = fromOf(flags);
    return context.withApplication(async opened => {
      const jobs: (Job & {coin: string})[] = [];
      for (const coin of coins) {
        const started = await opened.application.startRescan(coin, from);
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
  {title: 'KNOWN', align: 'right', cell: (job: Job) => job.known},
  {title: 'FOUND', align: 'right', cell: (job: Job) => job.found},
  {title: 'CHANGED', align: 'right', cell: (job: Job) => job.changed},
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
