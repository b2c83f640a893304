import Database from 'better-sqlite3';
import {type BetterSQLite3Database, drizzle} from './drizzle.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import * as schema from './schema.ts';

export type Orm = BetterSQLite3Database<typeof schema>;

export interface Connection {
  readonly sqlite: Database.Database;
  readonly orm: Orm;
  readonly file: string;
}

const PRAGMAS: readonly (readonly [name: string, value: string, expected: number | string])[] = [
  ['journal_mode', 'WAL', 'wal'],
  // better-sqlite3 compiles WAL to NORMAL, which can lose the last commits on power loss.
  ['synchronous', 'FULL', 2],
  ['foreign_keys', 'ON', 1],
  ['busy_timeout', '5000', 5000],
  ['trusted_schema', 'OFF', 0],
  // KiB, of the 16,000 that it takes else: the system caches the file as well, and hot pages are few.
  ['cache_size', '-6000', -6000],
];

/**
 * Opens a ledger file and reads back every safety setting.
 * Throws `database_fault` with the file and what SQLite said; with `mustExist`, `not_initialised` for a missing file.
 */
export const openConnection = (file: string, options: {mustExist?: boolean; readonly?: boolean} = {}): Connection => {
  let sqlite: Database.Database | undefined;
  try {
    sqlite = new Database(file, {fileMustExist: options.mustExist ?? false, readonly: options.readonly ?? false});
    sqlite.defaultSafeIntegers(true);
    for (const [name, value, expected] of options.readonly ? PRAGMAS.slice(2) : PRAGMAS) {
      sqlite.pragma(`${name} = ${value}`);
      const actual = sqlite.pragma(name, {simple: true});
      if (String(actual) !== String(expected)) throw new Error(`${name} is ${String(actual)}, expected ${expected}`);
    }
    return {sqlite, orm: drizzle(sqlite, {schema}), file};
  } catch (error) {
    sqlite?.close();
    throw databaseFault(file, error);
  }
};

/** SQLite's words to one named error. Text only where SQLite has no code for it. */
export const databaseFault = (file: string, error: unknown): EngineError => {
  if (error instanceof EngineError) return error;
  const code = error instanceof Database.SqliteError ? error.code : '';
  const fault = (problem: string, remedy: string, retry: 'never' | 'backoff') =>
    new EngineError('database_fault', `${file}: ${problem}; ${remedy}`, {retry, cause: error});
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return fault('locked by another process', 'find it with fuser or lsof and let it finish', 'backoff');
  if (code === 'SQLITE_FULL') return fault('the disk is full', 'make room; nothing was lost', 'backoff');
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return fault('not a readable ledger', 'restore it from a backup', 'never');
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code === 'SQLITE_PERM')
    return fault('cannot be opened for writing', 'check that its folder exists and belongs to this user', 'never');
  if (code.startsWith('SQLITE_IOERR')) return fault('input/output error', 'check the disk', 'backoff');
  return fault(messageOf(error), 'check the file', 'never');
};
