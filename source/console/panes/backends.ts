import type {Status} from '../../contract/index.ts';
import type {List} from '../lists/list.ts';
import {backendRows, type BackendRow} from '../rows.ts';
import {
  ageOf,
  formatAge,
  formatBytes,
  formatCount,
  formatFeerate,
  formatShort,
  roundAge,
  sparkline,
} from '../text/format.ts';
import {fit, fitParts, joinLines, span, type Line, type Span} from '../text/line.ts';
import type {Column} from '../text/table.ts';
import {listPane, paneTitle, timeWord, type PaneFrame} from './list-pane.ts';
import {backendMark, isUncertain, markSpan, speakerSpan} from './words.ts';

/** Longer than that since the last block is said, and much longer is a warning. Nobody expects blocks of a regtest node. */
const LONG_BLOCK = 2;
const LATE_BLOCK = 6;

/** `4m12`; `22m04 (exp 10m)` when it takes longer than expected; `stale` while the node is away. */
const blockAge = ({coin}: BackendRow, pane: PaneFrame): Span => {
  const age = ageOf(coin.backend.tip_time, pane.now);
  if (age === undefined) return span('-', 'dim');
  if (isUncertain(coin.backend, pane.now)) return span('stale', 'dim');
  const expected = coin.block_time * 1000;
  const word = pane.showsClock ? timeWord(coin.backend.tip_time, pane) : age < 600_000 ? formatAge(age) : roundAge(age);
  if (coin.network === 'regtest' || age <= LONG_BLOCK * expected) return span(word);
  return span(`${word} (exp ${roundAge(expected)})`, age > LATE_BLOCK * expected ? 'warn' : 'plain');
};

const tipOf = ({coin: {backend}}: BackendRow, now: number): Span => {
  if (backend.tip_height === null) return span('-', 'dim');
  const height = formatCount(backend.tip_height);
  return isUncertain(backend, now) ? span(`${height} ?`, 'dim') : span(height);
};

/** `zmq`, `http`, `pipe`: the first word of a channel. */
const kindOf = (channel: string): string => channel.split(' ')[0] ?? channel;

const notifyOf = ({coin}: BackendRow, pane: PaneFrame): Span => {
  const channels = coin.backend.notify;
  const lost = channels.find(channel => channel.state === 'lost');
  if (lost) {
    const age = ageOf(lost.last_at, pane.now);
    const since = age === undefined ? '' : ` ${roundAge(age)}`;
    return span(`✗ lost${since}`, 'bad');
  }
  const first = channels[0];
  if (!first) return span('polling', 'dim');
  return span(`${kindOf(first.channel)} ${first.last_at ? timeWord(first.last_at, pane) : 'quiet'}`);
};

/** When the node last answered; while it does not, when it is asked again. */
const seenOf = ({coin}: BackendRow, status: Status | undefined, pane: PaneFrame): Span => {
  const {backend} = coin;
  const next = status?.loops.find(loop => loop.coin === coin.coin && loop.name === 'track-chain')?.next_at;
  if (backend.state !== 'ok' && next !== undefined && pane.staleFor === undefined) {
    const seconds = Math.ceil(Math.max(0, Date.parse(next) - pane.now) / 1000);
    return span(seconds > 0 ? `retry ${formatAge(seconds * 1000)}` : 'retrying', 'warn');
  }
  return backend.last_seen_at === null ? span('never', 'warn') : span(timeWord(backend.last_seen_at, pane));
};

/** Figures that a node away does not stand behind are not drawn. */
const figure = (row: BackendRow, now: number, text: string | null): Span =>
  text === null || isUncertain(row.coin.backend, now) ? span('-', 'dim') : span(text);

/** As wide as its widest cell: there are few rows, and every cell spared is one more of the sparkline. */
const widest = (status: Status | undefined, least: number, cell: (row: BackendRow) => Span): number =>
  backendRows(status).reduce((width, row) => Math.max(width, cell(row).width), least);

const stateOf = ({coin}: BackendRow, now: number): Span => markSpan(backendMark(coin.backend, now));

const floorOf = (row: BackendRow, now: number): Span => {
  const floor = row.coin.backend.fee_floor;
  return figure(row, now, floor === null ? null : formatFeerate(floor, row.coin));
};

const speaksColumn = (status: Status | undefined): Column<BackendRow> => ({
  title: 'SPEAKS',
  width: widest(status, 6, ({coin}) => speakerSpan(coin.backend)),
  drop: 1,
  cell: ({coin}) => speakerSpan(coin.backend),
});

const columns = (status: Status | undefined, pane: PaneFrame): readonly Column<BackendRow>[] => [
  {title: 'COIN', width: 4, drop: 0, cell: ({coin}) => span(coin.unit, 'strong')},
  {
    title: 'STATE',
    width: widest(status, 6, row => stateOf(row, pane.now)),
    drop: 0,
    cell: row => stateOf(row, pane.now),
  },
  ...(backendRows(status).some(({coin}) => coin.backend.sources.length > 1) ? [speaksColumn(status)] : []),
  {
    title: 'TIP',
    width: widest(status, 5, row => tipOf(row, pane.now)),
    right: true,
    drop: 0,
    cell: row => tipOf(row, pane.now),
  },
  {title: 'BLOCK AGE', width: widest(status, 9, row => blockAge(row, pane)), drop: 3, cell: row => blockAge(row, pane)},
  {
    title: 'PEERS',
    width: 5,
    right: true,
    drop: 6,
    cell: row => figure(row, pane.now, row.coin.backend.peers === null ? null : String(row.coin.backend.peers)),
  },
  {
    title: 'LATENCY 60s',
    width: 8,
    grow: 60,
    drop: 8,
    cell: ({coin}, width) => span(sparkline(coin.backend.latency_ms, width), 'accent'),
  },
  {
    title: 'P95',
    width: 5,
    right: true,
    drop: 5,
    cell: row => {
      const p95 = row.coin.backend.latency_p95_ms;
      return figure(row, pane.now, p95 === null ? null : `${Math.round(p95)}ms`);
    },
  },
  {
    title: 'MEMPOOL',
    width: 12,
    right: true,
    drop: 7,
    cell: row => {
      const {mempool} = row.coin.backend;
      return figure(row, pane.now, mempool && `${formatShort(mempool.transactions)} tx ${formatBytes(mempool.bytes)}`);
    },
  },
  {
    title: 'FLOOR',
    width: widest(status, 5, row => floorOf(row, pane.now)),
    right: true,
    drop: 9,
    cell: row => floorOf(row, pane.now),
  },
  {title: 'NOTIFY', width: widest(status, 7, row => notifyOf(row, pane)), drop: 4, cell: row => notifyOf(row, pane)},
  {
    title: 'SEEN',
    width: widest(status, 5, row => seenOf(row, status, pane)),
    right: true,
    drop: 0,
    cell: row => seenOf(row, status, pane),
  },
];

const oneBackend = (row: BackendRow, status: Status | undefined, pane: PaneFrame): Line => {
  const {coin} = row;
  const mark = backendMark(coin.backend, pane.now);
  return fitParts(
    [
      {line: [span(`${coin.unit} `, 'strong'), markSpan(mark)], drop: 0},
      {line: [span('tip ', 'dim'), tipOf(row, pane.now)], drop: 1},
      {line: coin.backend.sources.length > 1 ? [speakerSpan(coin.backend)] : [], drop: 2},
      {line: coin.backend.state === 'ok' ? [] : [span(coin.backend.reason ?? 'no answer', mark.style)], drop: 9},
      {line: [span('block ', 'dim'), blockAge(row, pane)], drop: 2},
      {line: [notifyOf(row, pane)], drop: 4},
      {line: [span('seen ', 'dim'), seenOf(row, status, pane)], drop: 3},
    ].filter(part => part.line.length > 0),
    pane.width - 2,
    span('  '),
  );
};

/** All backends on one line, for the narrow screen: one in some detail, several by their states. */
export const backendLine = (status: Status | undefined, pane: PaneFrame): Line => {
  const rows = backendRows(status);
  if (rows.length === 1) return fit([span(' '), ...oneBackend(rows[0]!, status, pane)], pane.width);
  const parts = rows.map((row): Line => [
    span(`${row.coin.unit} `, 'strong'),
    markSpan(backendMark(row.coin.backend, pane.now)),
    span(' '),
    tipOf(row, pane.now),
  ]);
  return fit([span(' '), ...joinLines(parts, span(' · ', 'dim'))], pane.width);
};

export const drawBackends = (status: Status | undefined, list: List<BackendRow>, pane: PaneFrame): Line[] => {
  const bad = backendRows(status).filter(row => row.coin.backend.state !== 'ok').length;
  return listPane(
    {
      title: paneTitle(3, 'Backends', bad > 0 ? [`${bad} not ok`] : [], pane),
      list,
      columns: columns(status, pane),
      isFixed: true,
      empty: status ? 'no coin is configured' : '',
    },
    pane,
  );
};
