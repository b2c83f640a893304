import type {BroadcastDetail, CoinStatus, EventDetail, EventDelivery} from '../../contract/index.ts';
import {formatAgeOf, formatFeerate, formatTime, plural} from '../text/format.ts';
import {fit, line, span, wrap, type Line, type Span, type Style} from '../text/line.ts';
import {heading} from './fields.ts';

// What happened to one thing, in order: what the engine did, what the node answered, what the application was told.

export interface Moment {
  readonly at: string;
  readonly words: string;
  readonly style?: Style;
  readonly deliveries?: readonly EventDelivery[];
}

const DELIVERY: Readonly<Record<EventDelivery['state'], readonly [glyph: string, style: Style]>> = {
  delivered: ['✓', 'ok'],
  waiting: ['○', 'dim'],
  retrying: ['▲', 'warn'],
  dead: ['✗', 'bad'],
  off: ['▲', 'warn'],
  paused: ['▲', 'warn'],
  not_wanted: ['·', 'dim'],
};

const deliveryWords = ({sink, state, attempts, last_error: error}: EventDelivery): string => {
  if (state === 'delivered') return sink;
  if (state === 'not_wanted') return `${sink} does not want it`;
  if (state === 'waiting') return `${sink} not yet`;
  if (state === 'off' || state === 'paused') return `${sink} is ${state}`;
  return `${sink} ${state === 'dead' ? 'given up' : 'is tried again'} after ${plural(attempts, 'attempt')}${error === null ? '' : `: ${error}`}`;
};

const deliverySpan = (delivery: EventDelivery): Span => {
  const [glyph, style] = DELIVERY[delivery.state];
  return span(`${glyph} ${deliveryWords(delivery)}`, style);
};

/** How each sink stands with one event, a line each. */
export const deliveryLines = (deliveries: readonly EventDelivery[], width: number): Line[] =>
  deliveries.length === 0
    ? [[span('no sink is configured', 'dim')]]
    : deliveries.flatMap(delivery => {
        const [glyph, style] = DELIVERY[delivery.state];
        return wrap(`${glyph} ${deliveryWords(delivery)}`, width, style);
      });

const EVENT_STYLES: Readonly<Record<string, Style>> = {
  held: 'warn',
  dropped: 'warn',
  unconfirmed: 'warn',
  conflicted: 'bad',
  credited: 'ok',
  settled: 'ok',
  confirmed: 'ok',
};

const eventWords = ({event: {type, data}}: EventDetail): string => {
  const what = type.split('.')[1]!.replaceAll('_', ' ');
  if (type.endsWith('.confirmations') && 'confirmations' in data) return plural(data.confirmations, 'confirmation');
  const reason = 'reason' in data && data.reason !== undefined ? `: ${data.reason}` : '';
  return `${what}${reason}`;
};

export const eventMoments = (history: readonly EventDetail[]): Moment[] =>
  history.map(item => ({
    at: item.event.created_at,
    words: eventWords(item),
    style: EVENT_STYLES[item.event.type.split('.')[1]!] ?? 'plain',
    deliveries: item.deliveries,
  }));

/** Signed, each answer of the node, seen, mined. */
export const broadcastMoments = (broadcast: BroadcastDetail, coin: CoinStatus | undefined): Moment[] => [
  {at: broadcast.created_at, words: `transaction planned at ${formatFeerate(broadcast.feerate, coin)}`},
  ...(broadcast.signed_at === undefined ? [] : [{at: broadcast.signed_at, words: 'signed; the bytes are stored'}]),
  ...broadcast.answers.map(({attempt, times, first_at: first, last_at: last, answer}): Moment => {
    const what = answer === null ? 'sent; its answer was lost' : `sent, the node said: ${answer}`;
    const until = times > 1 && last !== first ? `, the last time ${formatTime(last).slice(11)}` : '';
    return {
      at: first,
      words: `${what}${times > 1 ? ` (${times} times from attempt ${attempt} on${until})` : ''}`,
      style: answer !== null && answer.startsWith('accepted') ? 'plain' : 'warn',
    };
  }),
  ...(broadcast.seen_at === undefined ? [] : [{at: broadcast.seen_at, words: 'seen in the node’s mempool or a block'}]),
  ...(broadcast.mined_at === undefined
    ? []
    : [{at: broadcast.mined_at, words: `block ${broadcast.block_height ?? ''} found`}]),
];

const TIME = 10;

const INDENT = TIME + 8;

const momentLines = ({at, words, style = 'plain', deliveries = []}: Moment, now: number, width: number): Line[] => {
  const clock = fit([span(formatTime(at).slice(11, 19), 'dim')], TIME);
  const age = span(formatAgeOf(at, now).padStart(7), 'dim');
  const margin = ' '.repeat(INDENT);
  const text = wrap(words, Math.max(10, width - INDENT), style).map((rest, index) =>
    index === 0 ? line(...clock, age, ' ', ...rest) : line(margin, ...rest),
  );
  const told = deliveries.filter(({state}) => state !== 'not_wanted');
  return [...text, ...told.map(delivery => line(margin, deliverySpan(delivery)))];
};

/** Oldest first; sinks stand under their event. */
export const timelineLines = (moments: readonly Moment[], now: number, width: number): Line[] => {
  if (moments.length === 0) return [];
  const sorted = moments.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const lines = heading('What happened');
  let day = '';
  for (const moment of sorted) {
    const date = formatTime(moment.at).slice(0, 10);
    if (date !== day) lines.push([span(date, 'dim')]);
    day = date;
    lines.push(...momentLines(moment, now, width));
  }
  return lines;
};
