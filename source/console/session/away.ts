import type {Event, Status} from '../../contract/index.ts';
import type {Clock} from '../../primitives/clock.ts';
import type {ApiClient} from '../deps.ts';
import type {Away, ScreenState} from '../state.ts';
import type {Store} from '../store.ts';
import {formatAge, formatCount, plural} from '../text/format.ts';
import {lastSeenPath, readLastSeen, writeLastSeen, type LastSeen} from './last-seen.ts';
import type {Session} from './session.ts';

/** Shorter looks away need no summary. */
const SHORTEST = 60_000;
const SAVE_EVERY = 20_000;
const SHOWN_FOR = 30_000;
const PAGE = 1000;
const MOST_PAGES = 5;

/** What somebody should know first: a line of a terminal may end before the last ones. */
const COUNTED: readonly (readonly [type: Event['type'], noun: string])[] = [
  ['books.drift', 'drift of the books'],
  ['payout.conflicted', 'payout conflicted'],
  ['backend.down', 'node failure'],
  ['payout.held', 'payout held'],
  ['deposit.dropped', 'deposit dropped'],
  ['deposit.credited', 'deposit credited'],
  ['payout.sent', 'payout sent'],
  ['payout.confirmed', 'payout confirmed'],
];

const counted = (count: number, noun: string): string => {
  const [first = '', ...rest] = noun.split(' ');
  return [plural(count, first), ...rest].join(' ');
};

/** What happened since, from the events after those that were seen. Pure. */
export const awayLines = (status: Status, events: readonly Event[], isAll: boolean): readonly string[] => {
  const words = COUNTED.flatMap(([type, noun]) => {
    const count = events.filter(event => event.type === type).length;
    return count === 0 ? [] : [counted(count, noun)];
  });
  const needs = status.alerts.length;
  return [
    ...(isAll ? [] : [`more than ${formatCount(events.length)} events; the first of them:`]),
    ...(needs === 0 ? [] : [`${plural(needs, 'thing')} ${needs === 1 ? 'needs' : 'need'} you now`]),
    ...words,
  ];
};

const newestSequences = (status: Status): Record<string, number> =>
  Object.fromEntries(
    status.coins.map(({coin, counts}) => {
      const newest = status.events.find(event => event.coin === coin)?.sequence;
      return [coin, newest ?? counts.events];
    }),
  );

const eventsSince = async (
  client: ApiClient,
  status: Status,
  {sequences}: LastSeen,
): Promise<{events: Event[]; isAll: boolean}> => {
  const events: Event[] = [];
  for (const {coin} of status.coins) {
    let after = sequences[coin];
    for (let page = 0; after !== undefined; page += 1) {
      if (page === MOST_PAGES) return {events, isAll: false};
      const {items, next} = await client.events(coin, after, PAGE);
      events.push(...items);
      after = next === null ? undefined : items.at(-1)?.sequence;
    }
  }
  return {events, isAll: true};
};

/**
 * Tells once, at the first status, what happened since this operator last looked, and keeps remembering that they do.
 * Returns how to stop.
 */
export const watchAbsence = (
  store: Store<ScreenState>,
  session: Session,
  {configPath, clock, environment}: {configPath: string; clock: Clock; environment: NodeJS.ProcessEnv},
): (() => void) => {
  const path = lastSeenPath(configPath, environment);
  let hasBegun = false;
  const remember = () => {
    const {status, link} = store.get();
    if (status && link.state === 'live') writeLastSeen(path, {at: clock.now(), sequences: newestSequences(status)});
  };
  const tell = async (status: Status, seen: LastSeen): Promise<void> => {
    const {events, isAll} = await session.withClient(async client => eventsSince(client, status, seen));
    const lines = awayLines(status, events, isAll);
    if (lines.length === 0) return;
    const away: Away = {since: seen.at, lines};
    const text = `while you were away (${formatAge(clock.now() - seen.at)}): ${lines.join(' · ')} · W: again`;
    store.update(state => ({...state, away, toast: {text, tone: 'ok', until: clock.now() + SHOWN_FOR}}));
  };
  const begin = () => {
    const {status, link} = store.get();
    if (hasBegun || !status || link.state !== 'live') return;
    hasBegun = true;
    const seen = readLastSeen(path);
    remember();
    // Without it the screen is only poorer; why the engine does not answer, the header says.
    if (seen && clock.now() - seen.at > SHORTEST) tell(status, seen).catch(() => undefined);
  };
  const timer = setInterval(remember, SAVE_EVERY);
  const unsubscribe = store.subscribe(begin);
  return () => {
    clearInterval(timer);
    unsubscribe();
    remember();
  };
};
