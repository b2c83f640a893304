import {type Job, jobStatus} from '../contract/index.ts';
import {coinOf, pageOf, statusOf} from './shell/checks.ts';
import {reportPage} from './shell/pages.ts';
import {type Column, formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

const columns: readonly Column<Job>[] = [
  {title: 'ID', align: 'right', cell: job => job.id},
  {title: 'CREATED (UTC)', cell: job => formatTime(job.created_at)},
  {title: 'KIND', cell: job => job.kind},
  {title: 'STATUS', coloured: true, cell: job => job.status},
  {title: 'BLOCKS', cell: job => `${job.from_height}-${job.at_height} of ${job.to_height}`},
  {title: 'KNOWN', align: 'right', cell: job => job.known},
  {title: 'FOUND', align: 'right', cell: job => job.found},
  {title: 'CHANGED', align: 'right', cell: job => job.changed},
  {title: 'ERROR', cut: 'end', cell: job => job.error ?? ''},
];

export const jobs: Verb = {
  name: 'jobs',
  summary: 'rescans and other long work, and how far each has come',
  parameters: ['<coin>'],
  flags: ['status', 'limit', 'cursor'],
  choices: {status: jobStatus.options},
  examples: ['jobs btc', 'jobs btc --status running --json'],
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const query = {...pageOf(context.flags), status: statusOf(context.flags, jobStatus.options)};
    return context.withApplication(async ({application}) =>
      reportPage(context.output, await application.jobs(coin, query), columns, 'no jobs yet'),
    );
  },
};
