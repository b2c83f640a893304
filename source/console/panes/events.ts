import type {Event, Status} from '../../contract/index.ts';
import type {List} from '../lists/list.ts';
import type {EventRow} from '../rows.ts';
import {formatAgeOf, formatClock, formatCount} from '../text/format.ts';
import {span, type Line, type Span, type Style} from '../text/line.ts';
import type {Column} from '../text/table.ts';
import {drawable, truncate} from '../text/width.ts';
import {listPane, paneTitle, type PaneFrame} from './list-pane.ts';

const STYLES: Readonly<Partial<Record<Event['type'], Style>>> = {
  'deposit.credited': 'ok',
  'deposit.settled': 'ok',
  'deposit.dropped': 'warn',
  'payout.confirmed': 'ok',
  'payout.settled': 'ok',
  'payout.unconfirmed': 'warn',
  'payout.held': 'warn',
  'payout.conflicted': 'bad',
  'account.frozen': 'warn',
  'backend.down': 'bad',
  'backend.behind': 'warn',
  'backend.up': 'ok',
  'books.drift': 'bad',
  'books.balanced': 'ok',
  'ledger.restored': 'warn',
};

/** Whom or what an event is about, in a few words. */
export const subjectOf = ({data, coin}: Event, isOneCoin: boolean): string => {
  if ('from' in data) return `${data.amount}${isOneCoin ? '' : ` ${coin.toUpperCase()}`} ${data.from} to ${data.to}`;
  if ('amount' in data) return `${data.amount}${isOneCoin ? '' : ` ${coin.toUpperCase()}`} ${data.account}`;
  if ('balance' in data) return data.name;
  if ('backend' in data) return data.backend;
  if ('backup_made_at' in data) return `from a backup at ${formatCount(data.height)}`;
  return `drift ${data.drift} at ${formatCount(data.height)}`;
};

/** `503` out of `503 Service Unavailable` or `answered 503`. */
const statusCode = (words: string | null): string => /\b[1-5]\d\d\b/.exec(words ?? '')?.[0] ?? '';

/** Where the event is on its way to the application: its worst sink. */
export const deliveryOf = (event: Event, status: Status): Span => {
  const tried = status.deliveries.filter(delivery => delivery.event_id === event.id);
  const dead = tried.find(delivery => delivery.status === 'dead');
  if (dead) return span(`✗ dead ${statusCode(dead.last_error)}`.trimEnd(), 'bad');
  const retrying = tried[0];
  if (retrying) return span(`▲ ${statusCode(retrying.last_error)} try ${retrying.attempts}`.replace('  ', ' '), 'warn');
  const sinks = status.sinks.filter(sink => sink.coin === event.coin);
  if (sinks.length === 0) return span('-', 'dim');
  if (!sinks.every(sink => sink.delivered_sequence >= event.sequence)) return span('○ waits', 'dim');
  // A parked event lies behind its cursor too, and not all parked ones are listed.
  const listed = status.deliveries.filter(delivery => delivery.status === 'dead').length;
  return deadOf(status) > listed ? span('○ sent or dead', 'dim') : span('✓ ok', 'ok');
};

const deadOf = ({sinks}: Status): number => sinks.reduce((sum, sink) => sum + sink.dead, 0);

const columns = (status: Status, pane: PaneFrame): readonly Column<EventRow>[] => {
  const isOneCoin = status.coins.length < 2;
  const all: Column<EventRow>[] = [
    {title: 'TIME', width: 8, drop: 0, cell: ({event}) => span(formatClock(Date.parse(event.created_at) || 0), 'dim')},
    {
      title: 'AGE',
      width: 5,
      right: true,
      drop: 4,
      cell: ({event}) => span(formatAgeOf(event.created_at, pane.now), 'dim'),
    },
    {title: 'COIN', width: 4, drop: 3, cell: ({event}) => span(event.coin.toUpperCase())},
    {title: 'EVENT', width: 21, drop: 0, cell: ({event}) => span(event.type, STYLES[event.type] ?? 'plain')},
    {
      title: 'ABOUT',
      width: 10,
      grow: 80,
      drop: 2,
      cell: ({event}, width) => span(truncate(drawable(subjectOf(event, isOneCoin)), width)),
    },
    {title: 'DELIVERY', width: 11, grow: 14, drop: 1, cell: ({event}) => deliveryOf(event, status)},
  ];
  return all.filter(column => (!isOneCoin || column.title !== 'COIN') && (!pane.showsClock || column.title !== 'AGE'));
};

/** `ok to 412`: the sequence up to which every sink took what it wanted, or gave it up. */
const sinkFacts = (status: Status | undefined): string[] => {
  const sinks = status?.sinks ?? [];
  if (!status) return [];
  if (sinks.length === 0) return ['no sink'];
  const troubled = sinks.filter(sink => sink.state !== 'ok').map(sink => `${sink.name} ${sink.state.toUpperCase()}`);
  const waiting = sinks.reduce((sum, sink) => sum + sink.waiting, 0);
  const retrying = status.deliveries.filter(delivery => delivery.status === 'retrying').length;
  return [
    `dead ${formatCount(deadOf(status))}`,
    `retry ${formatCount(retrying)}`,
    `${formatCount(waiting)} waiting`,
    // Sequences are each ledger's own.
    ...(status.coins.length === 1
      ? [`ok to ${formatCount(Math.min(...sinks.map(sink => sink.delivered_sequence)))}`]
      : []),
    ...troubled,
  ];
};

export const drawEvents = (status: Status | undefined, list: List<EventRow>, pane: PaneFrame): Line[] =>
  listPane(
    {
      title: paneTitle(4, 'Events', sinkFacts(status), pane),
      list,
      columns: status ? columns(status, pane) : [],
      empty: status ? 'nothing has happened yet' : '',
    },
    pane,
  );
