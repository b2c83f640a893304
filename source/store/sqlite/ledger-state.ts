import {closeSync, existsSync, openSync, readSync, statSync} from 'node:fs';
import Database from 'better-sqlite3';
import {drizzle} from './drizzle.ts';
import {EngineError} from '../../primitives/errors.ts';
import {databaseFault} from './connection.ts';
import {readIdentity} from './identity.ts';
import {isMigrated, MIGRATIONS, refuseNewer} from './migrate.ts';
import * as schema from './schema.ts';

/**
 * `missing`: no file. `empty`: a file without a table. `unfinished`: an init was cut short. `needs_migration`: made by
 * an older version. `ready`: this version's.
 */
export type LedgerState = 'missing' | 'empty' | 'unfinished' | 'needs_migration' | 'ready';

/** A file with these is a ledger; no other program has all of them. */
const TABLES = ['account', 'event', 'lease', 'meta', 'posting', 'transaction'];
const HEADER_BYTES = 100;

/** Looks at a ledger file and changes nothing. Throws `database_newer` and `database_fault`. */
export const ledgerFileState = (file: string, migrations = MIGRATIONS): LedgerState => {
  if (!existsSync(file)) return 'missing';
  let sqlite: Database.Database | undefined;
  try {
    if (statSync(file).size === 0 && !hasLog(file)) return 'empty';
    refuseForeign(file);
    sqlite = new Database(file, {readonly: true, fileMustExist: true});
    return stateOf(sqlite, file, migrations);
  } catch (error) {
    throw databaseFault(file, error);
  } finally {
    sqlite?.close();
  }
};

const stateOf = (sqlite: Database.Database, file: string, migrations: string): LedgerState => {
  const tables = new Set(
    sqlite
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all() as string[],
  );
  if (tables.size === 0) return 'empty';
  // Drizzle makes its own table before the transaction that makes ours.
  if (tables.size === 1 && tables.has('__drizzle_migrations')) return 'unfinished';
  if (!tables.has('__drizzle_migrations') || TABLES.some(table => !tables.has(table)))
    throw new EngineError(
      'database_fault',
      `${file}: a database of another program, with tables such as ${[...tables].slice(0, 3).join(', ')}; choose another path in database.url`,
    );
  refuseNewer(sqlite, file, migrations);
  if (!readIdentity(drizzle(sqlite, {schema}))) return 'unfinished';
  return isMigrated(sqlite, migrations) ? 'ready' : 'needs_migration';
};

/** The write-ahead log holds what a crash kept from being copied into the file. */
const hasLog = (file: string): boolean => existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0;

/**
 * What SQLite would not notice: it takes a file of a few bytes for an empty database, and misses the end of a file only
 * when it reads there. The header says how long the file must be, except while there is a log.
 */
const refuseForeign = (file: string): void => {
  const {size} = statSync(file);
  const header = readHeader(file);
  if (header.subarray(0, 15).toString('latin1') !== 'SQLite format 3')
    throw new EngineError(
      'database_fault',
      `${file}: not a ledger; restore it from a backup, or choose another path in database.url`,
    );
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const expected = pageSize * header.readUInt32BE(28);
  if (size < expected && !hasLog(file))
    throw new EngineError(
      'database_fault',
      `${file}: truncated, ${size} of ${expected} bytes are there; restore it from a backup`,
    );
};

/** Zeros where the file is shorter. Throws for a directory. */
const readHeader = (file: string): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(descriptor);
  }
  return header;
};
