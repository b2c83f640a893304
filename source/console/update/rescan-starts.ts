import type {CoinStatus} from '../../contract/index.ts';
import {formatCount} from '../text/format.ts';

export interface RescanStart {
  /** As it is typed; empty: the height at which the ledger starts. */
  readonly from: string;
  readonly words: string;
}

const DAY = 86_400_000;
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Where a rescan may well begin, to be chosen from; any other height or date can be typed. */
export const rescanStarts = (coin: CoinStatus | undefined, now: number): readonly RescanStart[] => [
  {from: '', words: 'the height at which the ledger starts'},
  ...(coin?.jobs ?? [])
    .filter(job => job.kind === 'rescan' && (job.status === 'cancelled' || job.status === 'failed'))
    .slice(0, 1)
    .map(job => ({
      from: String(Math.min(job.at_height + 1, job.to_height)),
      words: `the checkpoint of job ${job.id}, ${job.status} at ${formatCount(job.at_height)}`,
    })),
  {from: dateOf(now - DAY), words: 'since yesterday'},
  {from: dateOf(now - 7 * DAY), words: 'since a week ago'},
];

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Blocks from there to the ledger's tip; about so many for a date, unknown for the ledger's start. */
export const blocksFrom = (from: string, coin: CoinStatus | undefined, now: number): number | undefined => {
  if (!coin || coin.height === null || from === '') return undefined;
  if (DATE.test(from)) return Math.max(0, Math.ceil((now - Date.parse(from)) / 1000 / coin.block_time));
  return /^\d+$/.test(from) ? Math.max(0, coin.height - Number(from) + 1) : undefined;
};

/** Blocks a second of the newest rescan whose pace is known, and which job that was. */
export const paceOf = (
  coin: CoinStatus | undefined,
): {readonly job: string; readonly perSecond: number} | undefined => {
  for (const job of coin?.jobs ?? []) {
    if (job.blocks_per_second !== undefined && job.blocks_per_second > 0)
      return {job: job.id, perSecond: job.blocks_per_second};
    if (job.kind !== 'rescan' || job.ended_at === undefined) continue;
    const seconds = (Date.parse(job.ended_at) - Date.parse(job.created_at)) / 1000;
    const blocks = job.at_height - job.from_height + 1;
    if (seconds > 0 && blocks > 0) return {job: job.id, perSecond: Math.max(1, Math.round(blocks / seconds))};
  }
  return undefined;
};
