import type {CoinStatus} from '../../contract/index.ts';
import {jobOutcome} from '../panes/jobs.ts';
import {jobMark, markSpan} from '../panes/words.ts';
import {bar, formatAge, formatBytes, formatCount} from '../text/format.ts';
import {line, span, type Line} from '../text/line.ts';
import {field, LABEL, optional, when} from './fields.ts';

const BAR = 30;

const progress = (job: CoinStatus['jobs'][number]): Line[] => {
  if (job.status !== 'running') return [];
  const total = job.to_height - job.from_height;
  const {full, rest} = bar(job.at_height - job.from_height, total, BAR);
  const share = total <= 0 ? 100 : Math.floor(((job.at_height - job.from_height) / total) * 100);
  return [line(span('progress'.padEnd(LABEL), 'dim'), span(full, 'accent'), span(rest, 'dim'), ` ${share}%`)];
};

export const jobLines = (job: CoinStatus['jobs'][number], now: number, width: number): Line[] => [
  ...field('state', markSpan(jobMark(job.status)), width),
  ...progress(job),
  ...optional('error', job.error, width, 'bad'),
  [],
  ...field('from height', formatCount(job.from_height), width),
  ...field('to height', formatCount(job.to_height), width),
  ...field('at height', `${formatCount(job.at_height)}; up to here its effects are in the ledger`, width),
  ...optional('method', job.method, width),
  ...optional(
    'estimate',
    job.estimate &&
      `${formatAge(job.estimate.seconds * 1000)}, ${formatCount(job.estimate.blocks)} blocks, ${formatBytes(job.estimate.bytes)}`,
    width,
  ),
  ...field('result', jobOutcome(job), width, 'strong'),
  ...optional('goes on for', job.eta_seconds === undefined ? undefined : formatAge(job.eta_seconds * 1000), width),
  [],
  ...field('started', when(job.created_at, now) ?? '-', width),
  ...optional('ended', when(job.ended_at, now), width),
  ...optional('', job.status === 'interrupted' ? 'it goes on by itself when the engine runs' : undefined, width, 'dim'),
];
