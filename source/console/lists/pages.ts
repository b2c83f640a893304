import type {Application} from '../../engine/application.ts';
import {rowId} from '../rows.ts';
import type {PaneId, ScreenState} from '../state.ts';
import type {AnyRow} from './tail.ts';

// The API's lists as one list for each pane: several coins are merged by time.

type Client = Pick<Application, 'payouts' | 'deposits' | 'events' | 'jobs' | 'log'>;

interface Page {
  readonly rows: readonly AnyRow[];
  readonly next: string | null;
}
interface Source {
  /** The lists to merge: coins, or one that is the engine's. */
  readonly names: (state: ScreenState) => readonly string[];
  /** Whether the engine has more rows than the status shows. */
  readonly hasMore: (state: ScreenState) => boolean;
  /** What rows are merged by; RFC 3339, so that text is in the order of time. */
  readonly timeOf: (row: AnyRow) => string;
  readonly isOldestFirst?: boolean;
  page(client: Client, state: ScreenState, name: string, cursor: string | undefined): Promise<Page>;
}

export const PAGE = 500;

const coinNames = ({status}: ScreenState) => (status?.coins ?? []).map(({coin}) => coin);
const coinOf = ({status}: ScreenState, name: string) => status!.coins.find(({coin}) => coin === name)!;
/** Rows of a status before lists have more: that many of a kind for each coin. */
const SHOWN_JOBS = 5;
const SHOWN_LINES = 50;

const payouts: Source = {
  names: coinNames,
  hasMore: ({status}) => status?.coins.some(({counts, pending}) => counts.pending_payouts > pending.length) === true,
  timeOf: row => ('payout' in row ? row.payout.created_at : ''),
  isOldestFirst: true,
  async page(client, state, name, cursor) {
    const {items, next} = await client.payouts(name, {limit: PAGE, cursor, status: 'pending'});
    const coin = coinOf(state, name);
    return {rows: items.map(payout => ({id: rowId(name, payout.id), coin, payout})), next};
  },
};

const incoming: Source = {
  names: coinNames,
  hasMore: ({status}) => status?.coins.some(({counts, incoming}) => counts.deposits > incoming.length) === true,
  timeOf: row => ('deposit' in row ? row.deposit.first_seen_at : ''),
  async page(client, state, name, cursor) {
    const {items, next} = await client.deposits(name, {limit: PAGE, cursor});
    const coin = coinOf(state, name);
    return {rows: items.map(deposit => ({id: rowId(name, deposit.id), coin, deposit})), next};
  },
};

/** Its list goes from old to new by sequence, without gaps: a page ends below a sequence. */
const events: Source = {
  names: coinNames,
  hasMore: ({status}) => {
    const total = (status?.coins ?? []).reduce((sum, {counts}) => sum + counts.events, 0);
    return total > (status?.events.length ?? 0);
  },
  timeOf: row => ('event' in row ? row.event.created_at : ''),
  async page(client, state, name, cursor) {
    const below = cursor === undefined ? coinOf(state, name).counts.events + 1 : Number(cursor);
    const after = Math.max(0, below - 1 - PAGE);
    if (below <= 1) return {rows: [], next: null};
    const {items} = await client.events(name, after, below - 1 - after);
    return {
      rows: items.reverse().map(event => ({id: rowId(name, String(event.sequence)), event})),
      next: after === 0 ? null : String(after + 1),
    };
  },
};

const log: Source = {
  names: () => ['log'],
  hasMore: ({status}) => (status?.log.length ?? 0) >= SHOWN_LINES,
  timeOf: row => ('line' in row ? row.line.at : ''),
  async page(client, {logLevel}, _name, cursor) {
    const {items, next} = await client.log({limit: PAGE, cursor, level: logLevel});
    return {rows: items.map(line => ({id: rowId('log', line.id), line})), next};
  },
};

const jobs: Source = {
  names: coinNames,
  hasMore: ({status}) => status?.coins.some(({jobs}) => jobs.length >= SHOWN_JOBS) === true,
  timeOf: row => ('job' in row ? row.job.created_at : ''),
  async page(client, state, name, cursor) {
    const {items, next} = await client.jobs(name, {limit: PAGE, cursor});
    const coin = coinOf(state, name);
    return {rows: items.map(job => ({id: rowId(name, job.id), coin, job})), next};
  },
};

export const SOURCES: Readonly<Partial<Record<PaneId, Source>>> = {payouts, incoming, events, log, jobs};

/** Where a list is read on; `undefined` is its end. */
interface Position {
  readonly cursor: string | undefined;
  /** Rows of the page at `cursor` that lie before. */
  readonly skip: number;
}
/** A place in the merged list: a position in each of its lists. */
export type Place = ReadonlyMap<string, Position | undefined>;

export const beginning = (source: Source, state: ScreenState): Place =>
  new Map(source.names(state).map(name => [name, {cursor: undefined, skip: 0}]));

interface Found {
  readonly row: AnyRow;
  readonly name: string;
  readonly after: Position | undefined;
}

/** At least a chunk of one list's rows from a position on, or all that are left. */
const readList = async (
  source: Source,
  client: Client,
  state: ScreenState,
  {name, from}: {name: string; from: Position | undefined},
): Promise<Found[]> => {
  const found: Found[] = [];
  let position = from;
  while (position && found.length < PAGE) {
    const {cursor, skip}: Position = position;
    const {rows, next} = await source.page(client, state, name, cursor);
    const end = next === null ? undefined : {cursor: next, skip: 0};
    for (let index = skip; index < rows.length; index++)
      found.push({row: rows[index]!, name, after: index + 1 < rows.length ? {cursor, skip: index + 1} : end});
    position = end;
  }
  return found;
};

/** The next chunk of a pane's merged list, and the place after it; undefined when it ends there. */
export const readChunk = async (
  source: Source,
  client: Client,
  state: ScreenState,
  from: Place,
): Promise<{rows: AnyRow[]; next: Place | undefined}> => {
  const lists = await Promise.all(
    [...from].map(async ([name, position]) => readList(source, client, state, {name, from: position})),
  );
  const sign = source.isOldestFirst ? 1 : -1;
  const merged = lists.flat().sort((one, other) => {
    const [a, b] = [source.timeOf(one.row), source.timeOf(other.row)];
    return a === b ? 0 : a < b ? -sign : sign;
  });
  const shown = merged.slice(0, PAGE);
  const next = new Map(from);
  for (const {name, after} of shown) next.set(name, after);
  const isEnd = merged.length <= PAGE && [...next.values()].every(position => position === undefined);
  return {rows: shown.map(({row}) => row), next: isEnd ? undefined : next};
};
