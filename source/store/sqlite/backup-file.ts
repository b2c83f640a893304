import {chmodSync, closeSync, existsSync, fsyncSync, openSync} from 'node:fs';
import {dirname} from 'node:path';
import Database from 'better-sqlite3';
import {EngineError} from '../../primitives/errors.ts';
import {databaseFault} from './connection.ts';
import {ledgerFileState} from './ledger-state.ts';
import type {LedgerIdentity} from '../store.ts';

/** Which ledger, and how far it had come. */
export interface LedgerFacts {
  readonly coin: string;
  readonly network: string;
  readonly ledgerId: string;
  readonly height: number;
  readonly blockHash: string;
  /** Of the newest event. */
  readonly sequence: number;
}

/** Pages copied at once, 2 MB: between two of these a signal is heard. */
const PAGES = 500;

/**
 * Copies a ledger as it is at one moment to a new file, by SQLite's online backup: others read and write it meanwhile.
 * What is copied is one file without a log, checked page by page. Throws `not_initialised` and `database_fault`.
 */
export const backupFile = async (file: string, destination: string): Promise<LedgerFacts> => {
  const state = ledgerFileState(file);
  if (state !== 'ready' && state !== 'needs_migration')
    throw new EngineError('not_initialised', `${file}: there is no ledger yet, and nothing to back up`);
  closeSync(openSync(destination, 'wx', 0o600));
  try {
    await copyPages(file, destination);
    const facts = examine(destination);
    sync(destination);
    return facts;
  } catch (error) {
    throw databaseFault(destination, error);
  }
};

const copyPages = async (file: string, destination: string): Promise<void> => {
  const sqlite = new Database(file, {readonly: true, fileMustExist: true});
  try {
    // One read transaction around it all: SQLite would begin anew after every commit of the engine, and never end.
    sqlite.exec('BEGIN');
    sqlite.prepare('SELECT count(*) FROM meta').get();
    await sqlite.backup(destination, {progress: () => PAGES});
  } finally {
    if (sqlite.inTransaction) sqlite.exec('ROLLBACK');
    sqlite.close();
  }
};

/** Reads every page of a copy. Throws `database_fault` for a damaged one. */
export const examine = (file: string): LedgerFacts => {
  const sqlite = new Database(file, {fileMustExist: true});
  try {
    // Without a log beside it, the file alone is all there is to keep.
    sqlite.pragma('journal_mode = DELETE');
    const problems = sqlite.pragma('integrity_check', {simple: true}) as string;
    const orphans = sqlite.pragma('foreign_key_check') as unknown[];
    if (problems !== 'ok' || orphans.length > 0)
      throw new EngineError(
        'database_fault',
        `${file}: damaged: ${problems === 'ok' ? `${orphans.length} rows point nowhere` : problems.split('\n')[0]}`,
      );
    return factsOf(sqlite);
  } finally {
    sqlite.close();
  }
};

/** Of any version's file: these tables never change. */
const factsOf = (sqlite: Database.Database): LedgerFacts => {
  const identity = JSON.parse(
    sqlite.prepare("SELECT value FROM meta WHERE key = 'identity'").pluck().get() as string,
  ) as LedgerIdentity;
  const top = sqlite.prepare('SELECT height, hash FROM block ORDER BY height DESC LIMIT 1').get() as {
    height: number;
    hash: Buffer | string;
  };
  const sequence = sqlite.prepare('SELECT coalesce(max(sequence), 0) FROM event').pluck().get() as number;
  const {coin, network, ledgerId} = identity;
  return {coin, network, ledgerId, height: top.height, blockHash: String(top.hash), sequence};
};

/** Until a file and its name are on the disk, a crash of the machine can take them back. */
export const sync = (file: string): void => {
  chmodSync(file, 0o600);
  for (const path of [file, dirname(file)]) {
    const descriptor = openSync(path, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
};

/** A ledger is these files; a log left behind by another one would be applied to whatever is put in its place. */
export const filesInTheWay = (file: string): string[] =>
  [file, `${file}-wal`, `${file}-shm`, `${file}-journal`].filter(path => existsSync(path));
