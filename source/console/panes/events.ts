import {eventRows, type EventRow} from '../rows.ts';
import type {Event, Status} from '../../contract/index.ts';
import {formatClock, formatCount} from '../text/format.ts';
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
};

/** Whom or what an event is about, in a few words. */
export const subjectOf = ({data, coin}: Event, isOneCoin: boolean): string => {
  if ('amount' in data) return `${data.amount}${isOneCoin ? '' : ` ${coin.toUpperCase()}`} ${data.account}`;
  if ('balance' in data) return data.name;
  return 'backend' in data ? data.backend : `drift ${data.drift} at ${formatCount(data.height)}`;
};

/** Where the event is on its way to the application: its worst sink. */
export const deliveryOf = (event: Event, status: Status): Span => {
  const tried = status.deliveries.filter(delivery => delivery.event_id === event.id);
  const dead = tried.find(delivery => delivery.status === 'dead');
  if (dead) return span('✗ dead', 'bad');
  const retrying = tried[0];
  if (retrying) return span(`▲ try ${retrying.attempts}`, 'warn');
  const sinks = status.sinks.filter(sink => sink.coin === event.coin);
  if (sinks.length === 0) return span('-', 'dim');
  return sinks.every(sink => sink.delivered_sequence >= event.sequence) ? span('✓ sent', 'ok') : span('○ waits', 'dim');
};

const columns = (status: Status): readonly Column<EventRow>[] => {
  const isOneCoin = status.coins.length < 2;
  const all: Column<EventRow>[] = [
    {title: 'TIME', width: 8, drop: 0, cell: ({event}) => span(formatClock(Date.parse(event.created_at) || 0), 'dim')},
    {title: 'COIN', width: 4, drop: 3, cell: ({event}) => span(event.coin.toUpperCase())},
    {title: 'EVENT', width: 21, drop: 0, cell: ({event}) => span(event.type, STYLES[event.type] ?? 'plain')},
    {
      title: 'ABOUT',
      width: 10,
      grow: 60,
      drop: 2,
      cell: ({event}, width) => span(truncate(drawable(subjectOf(event, isOneCoin)), width)),
    },
    {title: 'DELIVERY', width: 8, drop: 1, cell: ({event}) => deliveryOf(event, status)},
  ];
  return all.filter(column => !isOneCoin || column.title !== 'COIN');
};

const sinkFacts = (status: Status | undefined): string[] => {
  const sinks = status?.sinks ?? [];
  if (!status) return [];
  if (sinks.length === 0) return ['no sink'];
  const waiting = sinks.reduce((sum, sink) => sum + sink.waiting, 0);
  const dead = sinks.reduce((sum, sink) => sum + sink.dead, 0);
  const troubled = sinks.filter(sink => sink.state !== 'ok').map(sink => `${sink.name} ${sink.state.toUpperCase()}`);
  return [...troubled, `${formatCount(waiting)} waiting`, ...(dead > 0 ? [`${formatCount(dead)} dead`] : [])];
};

export const drawEvents = (status: Status | undefined, pane: PaneFrame): Line[] =>
  listPane(
    {
      title: paneTitle(4, 'Events', sinkFacts(status), pane.isFocused),
      rows: eventRows(status),
      columns: status ? columns(status) : [],
      empty: status ? 'nothing has happened yet' : '',
    },
    pane,
  );
