import type {Books, CoinStatus, Status} from '../../contract/index.ts';
import {openAlerts} from '../needs.ts';
import {isStale, shownStatus, type ScreenState} from '../state.ts';
import {ageOf, formatAge, formatAgeOf, formatCount, formatTime, shortAmount} from '../text/format.ts';
import {blank, fit, fitParts, joinLines, lineWidth, restyle, span, spread, type Line, type Span} from '../text/line.ts';
import {drawable, truncate} from '../text/width.ts';
import {loopStyle} from './words.ts';

// The lines under the header: loops, books, and what needs a person.

type Loop = Status['loops'][number];
/** Cells for what a loop says; the whole of it stands in the alert or the backend's detail. */
const DETAIL = 36;

const loopPart = (loop: Loop, several: boolean, now: number): Line => {
  const name = several && loop.coin !== null ? `${loop.name} ${loop.coin}` : loop.name;
  const style = loopStyle(loop.state);
  const state = loop.state === 'ok' ? 'ok' : loop.state.toUpperCase();
  const age = loop.last_ok_at === null ? '' : ` ${formatAgeOf(loop.last_ok_at, now)}`;
  const detail = loop.detail === null || loop.state === 'starting' ? '' : ` ${truncate(drawable(loop.detail), DETAIL)}`;
  return [
    span(`${name} `, style === 'plain' ? 'dim' : style),
    span(`${state}${age}`, style === 'plain' ? 'ok' : style),
    ...(loop.state === 'ok' ? [] : [span(detail, style)]),
  ];
};

/** Loops that are not ok first; when not all fit, how many more there are. */
export const drawLoops = (state: ScreenState): Line => {
  const status = shownStatus(state);
  const width = state.size.columns;
  if (!status) return fit([span(' loops', 'dim')], width);
  const several = status.coins.length > 1;
  const sorted = [...status.loops].sort((a, b) => Number(a.state === 'ok') - Number(b.state === 'ok'));
  const parts: Span[] = [span(' loops  ', 'dim')];
  for (const [index, loop] of sorted.entries()) {
    const next = [...(index === 0 ? [] : [span(' · ', 'dim')]), ...loopPart(loop, several, state.now)];
    const remaining = sorted.length - index;
    const reserve = remaining > 1 ? 12 : 1;
    if (index > 0 && lineWidth(parts) + lineWidth(next) + reserve > width) {
      parts.push(span(` · +${remaining} ${loop.state === 'ok' ? 'ok' : 'more'}`, 'dim'));
      break;
    }
    parts.push(...next);
  }
  return finish(parts, state);
};

const finish = (parts: Line, state: ScreenState): Line => {
  const text = fit(parts, state.size.columns);
  return isStale(state) ? restyle(text, 'dim') : text;
};

const isZero = (amount: string) => /^-?0(\.0+)?$/.test(amount);

/** A sum of the books, hidden when amounts are: it stands without a unit, by which others are found. */
const sumOf = (amount: string, isMasked: boolean): string => (isMasked ? '****' : shortAmount(amount));

const booksPart = (coin: CoinStatus, books: Books, {now, masksAmounts}: ScreenState, width: number): Line => {
  const balanced = isZero(books.drift);
  const words = balanced ? '✓ balanced' : `✗ DRIFT ${books.drift} ${coin.unit}`;
  const age = ageOf(books.checked_at, now);
  const parts = [
    {line: [span(`${coin.unit} `, 'dim'), span(words, balanced ? 'ok' : 'bad')], drop: 0},
    {line: [span(`${sumOf(books.chain, masksAmounts)} on chain`)], drop: 1},
    {
      line: [span(`${sumOf(books.uncredited, masksAmounts)} uncredited`, 'dim')],
      drop: isZero(books.uncredited) ? 9 : 2,
    },
    {
      line: [span(`${books.untracked === null ? '' : sumOf(books.untracked, masksAmounts)} untracked`, 'dim')],
      drop: books.untracked === null || isZero(books.untracked) ? 10 : 3,
    },
    {line: [span(`at ${formatCount(books.height)}`, 'dim')], drop: 2},
    {line: [span(age === undefined ? '' : `${formatAge(age)} ago`, 'dim')], drop: 0},
  ].filter(part => part.drop < 9);
  return fitParts(parts, width, span(' · ', 'dim'));
};

export const drawBooks = (state: ScreenState): Line => {
  const coins = shownStatus(state)?.coins ?? [];
  const room = Math.floor((state.size.columns - 9) / Math.max(1, coins.length)) - 2;
  const parts = coins.map((coin): Line =>
    coin.books
      ? booksPart(coin, coin.books, state, room)
      : [span(`${coin.unit} `, 'dim'), span('not checked yet', 'dim')],
  );
  return finish([span(' books  ', 'dim'), ...joinLines(parts, blank(3))], state);
};

/** The engine's absence first: without it nothing else on the screen is known to be true. */
const linkTrouble = (state: ScreenState): Line | undefined => {
  const {link, now} = state;
  if (link.state === 'lost') {
    const at =
      link.receivedAt === undefined
        ? ''
        : ` · values of ${formatTime(new Date(link.receivedAt).toISOString()).slice(11)}`;
    return [
      span(` ✗ NO ENGINE for ${formatAge(now - (link.receivedAt ?? link.since))}${at} `, 'alarm'),
      span(` ${link.words}`, 'bad'),
    ];
  }
  if (link.state === 'ended')
    return [
      span(` ✗ ENGINE ENDED (exit ${link.exitCode}) ${formatAge(now - link.since)} ago `, 'alarm'),
      span(` ${link.words.at(-1) ?? 'press e to start it, q to leave'}`, 'bad'),
    ];
  return undefined;
};

const NEED_KEYS: Line = [span('n', 'key'), span(' next  ', 'dim'), span('m', 'key'), span(' mute ', 'dim')];

/** What needs a person, one at a time: `2 need you: [1/2] BTC node down 3m …`; `✓` when nothing does. */
export const drawNeeds = (state: ScreenState): Line => {
  const width = state.size.columns;
  const trouble = linkTrouble(state);
  if (trouble) return fit(trouble, width);
  const status = shownStatus(state);
  if (!status) return fit([], width);
  const alerts = openAlerts(state);
  const muted = status.alerts.length - alerts.length;
  const mutedWord = muted > 0 ? ` (${muted} muted)` : '';
  const index = state.alert.index % Math.max(1, alerts.length);
  const shown = alerts[index];
  if (!shown)
    return fit([span(` ✓ nothing${muted > 0 ? ' else' : ''} needs you${mutedWord}`, muted > 0 ? 'warn' : 'ok')], width);
  const isCritical = shown.severity === 'critical';
  const words = alerts.length === 1 ? '1 needs you' : `${alerts.length} need you`;
  return spread(
    [
      span(` ${isCritical ? '✗' : '▲'} ${words}${mutedWord}: `, isCritical ? 'alarm' : 'warn'),
      span(` [${index + 1}/${alerts.length}] `, 'dim'),
      span(shown.text, isCritical ? 'bad' : 'warn'),
      span(` ${formatAgeOf(shown.since, state.now)}`, 'dim'),
    ],
    width < 100 ? [] : NEED_KEYS,
    width,
  );
};
