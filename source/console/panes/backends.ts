import {backendRows, type BackendRow} from '../rows.ts';
import type {Status} from '../../contract/index.ts';
import {ageOf, formatAge, formatAgeOf, formatBytes, formatCount, formatShort, sparkline} from '../text/format.ts';
import {fit, span, type Line, type Span} from '../text/line.ts';
import type {Column} from '../text/table.ts';
import {listPane, paneTitle, type PaneFrame} from './list-pane.ts';
import {backendMark, markSpan} from './words.ts';

const isLate = (age: number | undefined, blockTime: number) => age !== undefined && age > blockTime * 1000 * 6;

const blockAge = ({coin}: BackendRow, now: number): Span => {
  const age = ageOf(coin.backend.tip_time, now);
  return span(
    age === undefined ? '-' : formatAge(age),
    isLate(age, coin.block_time) && coin.network === 'mainnet' ? 'warn' : 'plain',
  );
};

const notifyOf = ({coin}: BackendRow, now: number): Span => {
  const channels = coin.backend.notify;
  const lost = channels.find(channel => channel.state === 'lost');
  if (lost) return span(`✗ ${lost.channel.split(' ')[0]} lost`, 'bad');
  const first = channels[0];
  if (!first) return span('polling', 'dim');
  return span(`${first.channel.split(' ')[0]} ${first.last_at ? formatAgeOf(first.last_at, now) : 'quiet'}`);
};

const seenOf = ({coin}: BackendRow, now: number): Span => {
  const age = ageOf(coin.backend.last_seen_at, now);
  return age === undefined ? span('never', 'warn') : span(formatAge(age));
};

const columns = (now: number): readonly Column<BackendRow>[] => [
  {title: 'COIN', width: 4, drop: 0, cell: ({coin}) => span(coin.unit, 'strong')},
  {title: 'STATE', width: 12, drop: 0, cell: ({coin}) => markSpan(backendMark(coin.backend, now))},
  {
    title: 'TIP',
    width: 9,
    right: true,
    drop: 0,
    cell: ({coin}) => span(coin.backend.tip_height === null ? '-' : formatCount(coin.backend.tip_height)),
  },
  {title: 'BLOCK AGE', width: 9, right: true, drop: 3, cell: row => blockAge(row, now)},
  {
    title: 'PEERS',
    width: 5,
    right: true,
    drop: 6,
    cell: ({coin}) => span(coin.backend.peers === null ? '-' : String(coin.backend.peers)),
  },
  {
    title: 'RPC LATENCY',
    width: 7,
    grow: 40,
    drop: 8,
    cell: ({coin}, width) => span(sparkline(coin.backend.latency_ms, width), 'accent'),
  },
  {
    title: 'P95',
    width: 6,
    right: true,
    drop: 5,
    cell: ({coin}) => span(coin.backend.latency_p95_ms === null ? '-' : `${Math.round(coin.backend.latency_p95_ms)}ms`),
  },
  {
    title: 'MEMPOOL',
    width: 13,
    right: true,
    drop: 7,
    cell: ({coin: {backend}}) =>
      span(
        backend.mempool ? `${formatShort(backend.mempool.transactions)} tx ${formatBytes(backend.mempool.bytes)}` : '-',
      ),
  },
  {
    title: 'FLOOR',
    width: 10,
    right: true,
    drop: 9,
    cell: ({coin}) => span(coin.backend.fee_floor === null ? '-' : `${coin.backend.fee_floor} sat/vB`),
  },
  {title: 'NOTIFY', width: 9, drop: 4, cell: row => notifyOf(row, now)},
  {title: 'SEEN', width: 5, right: true, drop: 0, cell: row => seenOf(row, now)},
];

/** What is wrong in words, where the figures of a healthy node would be. */
const troubled = ({coin}: BackendRow, now: number, width: number): Line | undefined => {
  const {backend} = coin;
  if (backend.state === 'ok') return undefined;
  const mark = backendMark(backend, now);
  return fit(
    [
      ...fit([span(coin.unit, 'strong')], 6),
      markSpan(mark),
      span(`  ${backend.reason ?? 'no answer'}`, mark.style),
      span(`  seen ${formatAgeOf(backend.last_seen_at, now)}${backend.last_seen_at ? ' ago' : ''}`, 'dim'),
    ],
    width,
  );
};

export const backendLine = (row: BackendRow, now: number, width: number): Line =>
  troubled(row, now, width) ??
  fit(
    [
      ...fit([span(row.coin.unit, 'strong')], 6),
      markSpan(backendMark(row.coin.backend, now)),
      span(`  tip ${formatCount(row.coin.backend.tip_height ?? 0)}`),
      span(`  block ${blockAge(row, now).text} ago`, 'dim'),
      span(
        `  p95 ${row.coin.backend.latency_p95_ms === null ? '-' : `${Math.round(row.coin.backend.latency_p95_ms)}ms`}`,
        'dim',
      ),
      span(`  ${notifyOf(row, now).text}`, notifyOf(row, now).style),
      span('  seen ', 'dim'),
      seenOf(row, now),
    ],
    width,
  );

export const drawBackends = (status: Status | undefined, pane: PaneFrame): Line[] => {
  const rows = backendRows(status);
  const bad = rows.filter(row => row.coin.backend.state !== 'ok').length;
  return listPane(
    {
      title: paneTitle(3, 'Backends', bad > 0 ? [`${bad} not ok`] : [], pane.isFocused),
      rows,
      columns: columns(pane.now),
      empty: status ? 'no coin is configured' : '',
      says: (row, width) => troubled(row, pane.now, width),
    },
    pane,
  );
};
