import type {Coin} from '../coins/index.ts';
import type {BlockRef} from '../primitives/ids.ts';
import {backupFile, type LedgerFacts} from './sqlite/backup-file.ts';
import {sqliteFile} from './sqlite/file-name.ts';
import {initialiseFile} from './sqlite/initialise.ts';
import {ledgerFileState, type LedgerState} from './sqlite/ledger-state.ts';
import {MIGRATIONS} from './sqlite/migrate.ts';
import {openFile} from './sqlite/open.ts';
import {restoreFile, type Restoring} from './sqlite/restore-file.ts';
import type {LedgerIdentity, Store} from './store.ts';

export type {LedgerState} from './sqlite/ledger-state.ts';
export type {LedgerFacts} from './sqlite/backup-file.ts';
export type {LedgerIdentity, Store} from './store.ts';

/** Where one coin's ledger is. */
export interface LedgerLocation {
  readonly type: 'sqlite';
  /** Absolute; `{coin}` in it stands for the coin's name. */
  readonly path: string;
  readonly coin: string;
}

/** What init pins for ever, and where the ladder starts. */
export interface NewLedger extends Omit<LedgerIdentity, 'ledgerId' | 'coin' | 'startHeight' | 'initialisedAt'> {
  /** First rung: nothing at or below this height is looked for. `time`: its header's, seconds. */
  readonly start: BlockRef & {readonly time: number};
  /** ms */
  readonly now: number;
}

/**
 * Opens a ledger that init made (`coin`: what its name stands for, unless it is a built-in one), and brings one of an older version of the program to this one first.
 * Throws `not_initialised` (missing, empty, or its init was cut short), `wrong_ledger` (another coin's),
 * `database_newer`, and `database_fault` (damaged, truncated, not ours, not readable), each naming the file and the way
 * out.
 */
export const openStore = async (location: LedgerLocation, coin?: Coin): Promise<Store> =>
  openFile(sqliteFile(location), location.coin, MIGRATIONS, coin);

/**
 * Makes the ledger of one coin: `created`; or finds the same one there: `already`, and changes nothing. One that an
 * interrupted init left behind is finished. Throws `wrong_ledger` naming both when the one that is there was pinned to
 * another chain or wallet, and otherwise what `openStore` throws; never overwrites anything.
 */
export const initialiseLedger = async (location: LedgerLocation, ledger: NewLedger): Promise<'created' | 'already'> =>
  initialiseFile(sqliteFile(location), location.coin, ledger);

/**
 * What is at that place; only `ready` and `needs_migration` can be opened. Changes nothing. Throws `database_newer`,
 * and `database_fault` for what is no ledger or cannot be read.
 */
export const ledgerState = async (location: LedgerLocation): Promise<LedgerState> =>
  ledgerFileState(sqliteFile(location));

/**
 * Copies a ledger as it is at one moment into a new file, while an engine works on it. Throws `not_initialised`, and
 * `database_fault` also for a copy that is not whole.
 */
export const backupLedger = async (location: LedgerLocation, destination: string): Promise<LedgerFacts> =>
  backupFile(sqliteFile(location), destination);

/**
 * Puts a copy of a backup where the ledger was, with its payouts paused and its events told as `ledger.restored`.
 * Throws `already_exists` when anything is there.
 */
export const restoreLedger = (location: LedgerLocation, backup: string, facts: LedgerFacts, when: Restoring): void =>
  restoreFile(sqliteFile(location), backup, facts, when);
