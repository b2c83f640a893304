import type {CoinStatus, Status} from '../../contract/index.ts';
import type {List} from '../lists/list.ts';
import {jobRows, type JobRow} from '../rows.ts';
import {bar, formatAge, formatCount, plural} from '../text/format.ts';
import {fitParts, span, spread, type Line} from '../text/line.ts';
import type {Column} from '../text/table.ts';
import {innerWidth} from '../text/frame.ts';
import {listPane, paneTitle, type PaneFrame} from './list-pane.ts';
import {jobMark, markSpan} from './words.ts';

type Job = CoinStatus['jobs'][number];

/** Share of the blocks whose effects are committed, 0 to 1. */
const share = (job: Job): number => {
  if (job.status === 'finished') return 1;
  const total = job.to_height - job.from_height + 1;
  return total <= 0 ? 1 : Math.max(0, Math.min(1, (job.at_height - job.from_height + 1) / total));
};

export const jobTitle = ({job, coin}: JobRow): string => `${job.kind.replace('_', '-')} ${coin.unit}`;

/** `known 12, found 2, changed 0`, or how it goes on. */
export const jobOutcome = (job: Job): string => {
  if (job.status === 'running')
    return [
      job.blocks_per_second === undefined ? undefined : `${formatCount(Math.round(job.blocks_per_second))} blk/s`,
      job.eta_seconds === undefined ? undefined : `ETA ${formatAge(job.eta_seconds * 1000)}`,
      `${formatCount(job.found)} new`,
    ]
      .filter(part => part !== undefined)
      .join(' · ');
  if (job.status === 'failed') return job.error ?? 'failed';
  const changed = job.changed > 0 ? ` · ${formatCount(job.changed)} changed` : '';
  return `${formatCount(job.known)} known · ${formatCount(job.found)} new${changed}`;
};

const progress = (job: Job, width: number): Line => {
  const {full, rest} = bar(share(job), 1, Math.max(4, width - 5));
  const percent = `${Math.floor(share(job) * 100)}%`.padStart(5);
  return [span(full, job.status === 'running' ? 'accent' : 'ok'), span(rest, 'dim'), span(percent)];
};

const columns: readonly Column<JobRow>[] = [
  {title: 'JOB', width: 12, drop: 0, cell: row => span(jobTitle(row))},
  {title: 'STATE', width: 13, drop: 0, cell: ({job}) => markSpan(jobMark(job.status))},
  {
    title: 'BLOCKS',
    width: 16,
    grow: 60,
    drop: 0,
    cell: ({job}, width) =>
      job.status === 'running' || job.status === 'interrupted' ? progress(job, width) : span(jobOutcome(job), 'dim'),
  },
];

/** A running job over a whole line, for the narrow screen. */
export const jobLine = (status: Status | undefined, width: number): Line => {
  const row = jobRows(status).find(({job}) => job.status === 'running');
  if (!row) return [span(' no job is running', 'dim')];
  return spread(
    [span(` ${jobTitle(row)} `, 'strong'), ...progress(row.job, Math.max(10, Math.floor(width / 4)))],
    [span(`${jobOutcome(row.job)} `)],
    width,
  );
};

/** The running job in full: where it is, how fast, until when. */
const runningLines = (row: JobRow, width: number): Line[] => {
  const {job} = row;
  const total = Math.max(0, job.to_height - job.from_height + 1);
  const passed = Math.max(0, Math.min(total, job.at_height - job.from_height + 1));
  return [
    spread(
      [span(`${formatCount(job.from_height)} → ${formatCount(job.to_height)}`)],
      progress(job, Math.max(9, Math.min(40, width - 24))),
      width,
    ),
    fitParts(
      [
        {line: [span(`${formatCount(passed)} of ${formatCount(total)} blocks`)], drop: 1},
        {line: [span(jobOutcome(job), 'strong')], drop: 0},
      ],
      width,
      span(' · ', 'dim'),
    ),
    [],
  ];
};

export const drawJobs = (status: Status | undefined, list: List<JobRow>, pane: PaneFrame): Line[] => {
  const rows = jobRows(status);
  const running = rows.find(({job}) => job.status === 'running');
  const facts = running ? [jobTitle(running)] : rows.length > 0 ? [plural(rows.length, 'job')] : [];
  return listPane(
    {
      title: paneTitle(6, 'Jobs', facts, pane),
      list,
      columns,
      above: running && pane.height >= 8 ? runningLines(running, innerWidth(pane.width)) : [],
      notes: running ? ['x cancel'] : [],
      empty: status ? 'no rescan has run; press r to start one' : '',
    },
    pane,
  );
};
