import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import Database from 'better-sqlite3';
import {drizzle, migrate} from './drizzle.ts';
import {EngineError} from '../../primitives/errors.ts';
import {databaseFault} from './connection.ts';

/** `drizzle/sqlite` beside `dist/` and beside `source/`. */
export const MIGRATIONS = fileURLToPath(new URL('../../../drizzle/sqlite', import.meta.url));

interface Journal {
  entries: {when: number; tag: string}[];
}

const lastMigration = (folder: string): number => {
  const journal = JSON.parse(readFileSync(`${folder}/meta/_journal.json`, 'utf8')) as Journal;
  return Math.max(...journal.entries.map(entry => entry.when));
};

/**
 * Brings a ledger file to this program's schema, in one transaction. On a connection of its own with foreign keys
 * off: drizzle's table rebuilds switch them off inside the transaction, where SQLite ignores that, and a rebuilt
 * parent would then empty its children. Checked before the file is used.
 */
export const migrateFile = (file: string, folder = MIGRATIONS): void => {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    try {
      migrateOnce(file, folder);
      return;
    } catch (error) {
      // Two that want the file for themselves may each hold what the other waits for: only letting go helps.
      if (!isBusy(error) || performance.now() > deadline) throw databaseFault(file, error);
      sleep(50 + Math.random() * 100);
    }
  }
};

/** ms that another process may take to migrate the same file. */
const PATIENCE = 30_000;

/** Drizzle wraps what a statement throws. */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && (String((error as {code?: unknown}).code).startsWith('SQLITE_BUSY') || isBusy(error.cause));

/** Nothing else can be done meanwhile: the ledger is not open yet. */
const sleep = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};

const migrateOnce = (file: string, folder: string): void => {
  let sqlite: Database.Database | undefined;
  try {
    sqlite = new Database(file);
    sqlite.pragma('busy_timeout = 1000');
    // Drizzle looks which migration is next before its transaction begins: of two processes, one must wait until the
    // other has finished.
    sqlite.pragma('locking_mode = EXCLUSIVE');
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('foreign_keys = OFF');
    refuseNewer(sqlite, file, folder);
    migrate(drizzle(sqlite), {migrationsFolder: folder});
    const violations = sqlite.pragma('foreign_key_check') as unknown[];
    if (violations.length > 0)
      throw new EngineError('database_fault', `${file}: ${violations.length} rows point nowhere after the migration`);
  } finally {
    sqlite?.close();
  }
};

/** Throws `database_newer` when a later version of the program has migrated this file. */
export const refuseNewer = (sqlite: Database.Database, file: string, folder: string): void => {
  const applied = appliedMigration(sqlite);
  if (applied !== undefined && applied > lastMigration(folder))
    throw new EngineError(
      'database_newer',
      `${file}: written by a newer cryptoassets-console; install that version or a later one`,
    );
};

/** The newest applied migration, or undefined for a file without our tables. */
const appliedMigration = (sqlite: Database.Database): number | undefined => {
  const table = sqlite.prepare("SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'").get();
  if (!table) return undefined;
  const newest = sqlite.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get();
  return newest === null || newest === undefined ? undefined : Number(newest);
};

/** Whether every migration of this program is applied. */
export const isMigrated = (sqlite: Database.Database, folder: string): boolean =>
  appliedMigration(sqlite) === lastMigration(folder);

/** As isMigrated, for a file that nothing has open yet. */
export const isMigratedFile = (file: string): boolean => {
  let sqlite: Database.Database | undefined;
  try {
    sqlite = new Database(file, {readonly: true, fileMustExist: true});
    return isMigrated(sqlite, MIGRATIONS);
  } catch (error) {
    throw databaseFault(file, error);
  } finally {
    sqlite?.close();
  }
};
