import type {Status} from '../../contract/index.ts';
import {formatAge, formatAgeOf, formatClock, formatCount} from '../text/format.ts';
import {blank, fit, fitParts, joinLines, line, lineWidth, span, spread, type Line, type Span} from '../text/line.ts';
import {isStale, otherInControl, shownStatus, type ScreenState} from '../state.ts';
import {engineMark, markSpan} from './words.ts';

/** Real money must never look like play money. */
const badges = (state: ScreenState): Line => {
  const networks = [...new Set(shownStatus(state)?.coins.map(coin => coin.network) ?? [])].sort(
    (a, b) => Number(b === 'mainnet') - Number(a === 'mainnet'),
  );
  return joinLines(
    networks.map(network =>
      line(network === 'mainnet' ? span(' ## MAINNET ## ', 'mainnet') : span(` ${network} `, 'testnet')),
    ),
    blank(1),
  );
};

const engineWord = (state: ScreenState): Span => {
  const {link, now} = state;
  if (link.state === 'live') return markSpan(engineMark(state.status?.engine.state ?? 'starting'));
  if (link.state === 'connecting') return span(`◌ ${link.words.toUpperCase()} ${formatAge(now - link.since)}`, 'warn');
  return link.state === 'lost'
    ? span(`✗ LOST ${formatAge(now - (link.receivedAt ?? link.since))}`, 'alarm')
    : span(`✗ ENDED ${formatAge(now - link.since)}`, 'alarm');
};

const attachment = (state: ScreenState): string => {
  const word = {unknown: '', hosting: 'hosting', attached: 'attached'}[state.attachment];
  const holder = otherInControl(state);
  return holder === undefined ? word : `READ ONLY, ${holder} has control`;
};

const databaseWord = (state: ScreenState): Span => {
  const database = shownStatus(state)?.database;
  if (!database) return span('');
  if (!database.ok) return span(`✗ DB ${database.error ?? 'at fault'}`, 'bad');
  return span(`db ok${database.latency_ms === null ? '' : ` ${Math.max(0, Math.round(database.latency_ms))}ms`}`);
};

const eventsOf = (status: Status | undefined): number =>
  (status?.coins ?? []).reduce((sum, {counts}) => sum + counts.events, 0);

/** What has happened behind a frozen picture. */
const newsSince = ({frozen, status}: ScreenState): number => Math.max(0, eventsOf(status) - eventsOf(frozen?.status));

/** The file name of the engine's config: which of several this is. */
const configWord = (status: Status | undefined): string => {
  const parts = (status?.engine.config ?? '').split('/').filter(part => part !== '');
  return parts.slice(-2).join('/');
};

/** Product, network, engine, uptime, database, how this console stands to it, and the time. */
export const drawHeader = (state: ScreenState): Line => {
  const {now, size} = state;
  const status = shownStatus(state);
  const quiet = isStale(state) ? 'dim' : 'plain';
  const clock = [span(`${formatClock(now)} UTC `, 'dim')];
  const frozen = state.frozen
    ? [span(` FROZEN ${formatAge(now - state.frozen.at)} +${formatCount(newsSince(state))} `, 'inverse')]
    : [];
  const parts = [
    {line: [span(status ? configWord(status) : 'cryptoassets', 'title')], drop: 6},
    {line: badges(state), drop: 0},
    {line: [engineWord(state)], drop: 0},
    {line: frozen, drop: 0},
    {line: status ? [span(`up ${formatAgeOf(status.engine.started_at, now)}`, quiet)] : [], drop: 3},
    {line: [databaseWord(state)], drop: status?.database.ok === false ? 0 : 2},
    {line: status ? [span(`pid ${status.engine.pid}`, 'dim')] : [], drop: 4},
    {line: [span(attachment(state), 'dim')], drop: 1},
    {line: status ? [span(`v${status.engine.version}`, 'dim')] : [], drop: 5},
  ].filter(part => lineWidth(part.line) > 0);
  const room = size.columns - lineWidth(clock) - 2;
  return spread([blank(1), ...fitParts(parts, room)], clock, size.columns);
};

export const drawTitleOnly = (state: ScreenState): Line =>
  fit([blank(1), ...badges(state), blank(1), engineWord(state)], state.size.columns);
