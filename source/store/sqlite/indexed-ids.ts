import type {Orm} from './connection.ts';
import {readCursor} from './page.ts';
import {rawStatement} from './raw-statement.ts';

/** Where a list looks: an index over `columns`, the status and the id, in this order. */
export interface ListIndex {
  readonly table: 'deposit' | 'payout';
  readonly index: string;
  readonly columns: readonly string[];
}

export interface ListRange {
  /** For the columns of the index, in their order. */
  readonly values: readonly (string | number)[];
  readonly statuses: readonly string[];
  /** Ids between these, both left out. */
  readonly after: number;
  readonly before: number;
  readonly oldestFirst: boolean;
  readonly limit: number;
}

const statements = new Map<string, ReturnType<typeof rawStatement>>();

/** One walk along the index for each status; the first of them all together. */
const textOf = ({table, index, columns}: ListIndex, statuses: number, order: 'ASC' | 'DESC'): string => {
  const where = [...columns.map(column => `${column} = ?`), 'status = ?', 'id > ?', 'id < ?'].join(' AND ');
  const walk = `SELECT id FROM (SELECT id FROM ${table} INDEXED BY ${index} WHERE ${where} ORDER BY id ${order} LIMIT ?)`;
  const walks = Array.from({length: statuses}, () => walk).join(' UNION ALL ');
  return `SELECT id FROM (${walks}) ORDER BY id ${order} LIMIT ?`;
};

/** Where a page begins: behind the row that the cursor names. Throws `bad_cursor`. */
export const pageBounds = (cursor: string | undefined, oldestFirst: boolean): {after: number; before: number} => {
  const bounds = {after: 0, before: Number.MAX_SAFE_INTEGER};
  if (cursor === undefined) return bounds;
  return oldestFirst ? {...bounds, after: readCursor(cursor)} : {...bounds, before: readCursor(cursor)};
};

/**
 * The ids of a list's page, in its order. Reads at most a page of each status, whatever the ledger's size: the index is
 * named, so that SQLite never walks past a million rows of other statuses instead.
 */
export const indexedIds = (orm: Orm, at: ListIndex, range: ListRange): number[] => {
  const {values, statuses, after, before, oldestFirst, limit} = range;
  const text = textOf(at, statuses.length, oldestFirst ? 'ASC' : 'DESC');
  let statement = statements.get(text);
  if (statement === undefined) {
    statement = rawStatement(text);
    statements.set(text, statement);
  }
  const input = statuses.flatMap(status => values.concat(status, after, before, limit));
  return (
    statement(orm)
      .pluck()
      .all(...input, limit) as bigint[]
  ).map(Number);
};

const selectAccountId = rawStatement('SELECT id FROM account WHERE name = ?');

export const accountIdOf = (orm: Orm, name: string): number | undefined => {
  const id = selectAccountId(orm).pluck().get(name) as bigint | undefined;
  return id === undefined ? undefined : Number(id);
};
