import type {Status} from '../../contract/index.ts';
import {backendRows, depositRows, eventRows, jobRows, logRows, payoutRows} from '../rows.ts';
import {shownStatus, type Arrangement, type LogLevelShown, type PaneId, type ScreenState} from '../state.ts';
import {filterTextOf} from './filter-text.ts';
import {listOfRows, listOfStretches, type List} from './list.ts';
import {sortOf} from './sorts.ts';
import type {AnyRow, Chunk, RowOf, Tail} from './tail.ts';

// The rows of a pane: those of the status, then those that came by pages. Put together once for each change.

const LEVELS: readonly LogLevelShown[] = ['debug', 'info', 'warn', 'error'];

const HEADS: {readonly [Pane in PaneId]: (status: Status | undefined) => readonly RowOf[Pane][]} = {
  payouts: payoutRows,
  incoming: depositRows,
  backends: backendRows,
  events: eventRows,
  log: logRows,
  jobs: jobRows,
};

/** How many rows the engine has in all, where it says so. */
const TOTALS: {readonly [Pane in PaneId]?: (status: Status) => number} = {
  payouts: ({coins}) => coins.reduce((sum, {counts}) => sum + counts.pending_payouts, 0),
  incoming: ({coins}) => coins.reduce((sum, {counts}) => sum + counts.deposits, 0),
  events: ({coins}) => coins.reduce((sum, {counts}) => sum + counts.events, 0),
};

/** Rows in all; undefined when the engine does not say. */
export const totalOf = (pane: PaneId, status: Status | undefined): number | undefined =>
  status && TOTALS[pane]?.(status);

interface Ingredients<Pane extends PaneId> {
  readonly status: Status | undefined;
  readonly tail: Tail<RowOf[Pane]> | undefined;
  readonly arrangement: Arrangement;
  readonly level: LogLevelShown;
}

const headOf = <Pane extends PaneId>(pane: Pane, {status, level}: Ingredients<Pane>): readonly RowOf[Pane][] => {
  const rows = HEADS[pane](status);
  if (pane !== 'log' || level === 'debug') return rows;
  const least = LEVELS.indexOf(level);
  return rows.filter(row => 'line' in row && LEVELS.indexOf(row.line.level) >= least);
};

const withoutIds = <Row extends {readonly id: string}>(
  {rows, length}: Chunk<Row>,
  ids: ReadonlySet<string>,
): Chunk<Row> => {
  if (!rows) return {rows, length};
  const rest = rows.filter(row => !ids.has(row.id));
  return {rows: rest, length: rest.length};
};

const asChunk = <Row>(rows: readonly Row[]): Chunk<Row> => ({rows, length: rows.length});

const inEngineOrder = <Pane extends PaneId>(
  pane: Pane,
  head: readonly RowOf[Pane][],
  {status, tail}: Ingredients<Pane>,
): List<RowOf[Pane]> => {
  const total = totalOf(pane, status) ?? 0;
  if (!tail) return total > head.length ? listOfStretches([asChunk(head)], total - head.length) : listOfRows(head);
  const ids = new Set(head.map(row => row.id));
  const parts = [asChunk(head), ...tail.chunks.map(chunk => withoutIds(chunk, ids))];
  const known = parts.reduce((sum, {length}) => sum + length, 0);
  // Without a total there is at least one more row as long as the end was not seen.
  const beyond = tail.isComplete ? 0 : Math.max(1, total - known);
  return listOfStretches(parts, beyond);
};

/** Rows that are here, filtered and sorted: of a long list those that were loaded. */
const arranged = <Pane extends PaneId>(
  pane: Pane,
  head: readonly RowOf[Pane][],
  {tail, arrangement}: Ingredients<Pane>,
): List<RowOf[Pane]> => {
  const ids = new Set(head.map(row => row.id));
  const loaded = (tail?.chunks ?? []).flatMap(chunk => withoutIds(chunk, ids).rows ?? []);
  const needle = arrangement.filter.toLowerCase();
  const sort = sortOf(pane, arrangement.sort);
  const rows = [...head, ...loaded].filter(row => needle === '' || filterTextOf(pane, row).includes(needle));
  return listOfRows(sort.compare ? rows.sort((one, other) => sort.compare!(one, other)) : rows);
};

interface Remembered {
  readonly ingredients: Ingredients<PaneId>;
  readonly list: List<{readonly id: string}>;
}
const remembered = new Map<PaneId, Remembered>();

const isSame = (one: Ingredients<PaneId>, other: Ingredients<PaneId>, pane: PaneId) =>
  one.status === other.status &&
  one.tail === other.tail &&
  one.arrangement === other.arrangement &&
  (pane !== 'log' || one.level === other.level);

const ingredientsOf = <Pane extends PaneId>(pane: Pane, state: ScreenState): Ingredients<Pane> => ({
  status: shownStatus(state),
  tail: state.tails[pane],
  arrangement: state.arrangements[pane],
  level: state.logLevel,
});

/** The rows of a pane as it is arranged now. Its cost does not grow with the rows that are not loaded. */
export const paneList = <Pane extends PaneId>(pane: Pane, state: ScreenState): List<RowOf[Pane]> => {
  const ingredients = ingredientsOf(pane, state);
  const known = remembered.get(pane);
  if (known && isSame(known.ingredients, ingredients, pane)) return known.list as List<RowOf[Pane]>;
  const head = headOf(pane, ingredients);
  const {sort, filter} = ingredients.arrangement;
  const list = sort === 0 && filter === '' ? inEngineOrder(pane, head, ingredients) : arranged(pane, head, ingredients);
  remembered.set(pane, {ingredients, list});
  return list;
};

/** Rows of the status in a pane. */
export const headLength = (pane: PaneId, state: ScreenState): number => headOf(pane, ingredientsOf(pane, state)).length;

/** A chunk without the rows that the status shows too. */
export const withoutHead = (pane: PaneId, state: ScreenState, chunk: Chunk<AnyRow>): Chunk<AnyRow> =>
  withoutIds(chunk, new Set(headOf(pane, ingredientsOf(pane, state)).map(row => row.id)));
