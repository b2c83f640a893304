import {constants, copyFileSync, linkSync, mkdirSync, rmSync} from 'node:fs';
import {dirname} from 'node:path';
import {EngineError, hasCode} from '../../primitives/errors.ts';
import {examine, filesInTheWay, sync, type LedgerFacts} from './backup-file.ts';
import {databaseFault, openConnection} from './connection.ts';
import {migrateFile} from './migrate.ts';
import {rawStatement} from './raw-statement.ts';
import {writeRestored} from './restored.ts';
import {toTime} from './to-contract.ts';

/**
 * How far the sequence of events jumps. The ledger that was lost had told of more events than the backup knows: their
 * ids must never mean others, and a reader's cursor must lie before whatever comes now.
 */
const SEQUENCE_JUMP = 10_000_000;

const appendJump = rawStatement('INSERT INTO event (sequence, type, data, created_at) VALUES (?, ?, ?, ?)');
const releaseLease = rawStatement('UPDATE lease SET expires_at = 0');

export interface Restoring {
  /** When the backup was made, ms. */
  readonly madeAt: number;
  readonly now: number;
}

/**
 * Puts a copy of a backup in the place of a ledger that is gone, with its payouts paused: whatever was paid after the
 * backup is not in it. Never overwrites anything: `already_exists`.
 */
export const restoreFile = (file: string, backup: string, facts: LedgerFacts, {madeAt, now}: Restoring): void => {
  const inTheWay = filesInTheWay(file);
  if (inTheWay.length > 0)
    throw new EngineError(
      'already_exists',
      `${inTheWay.join(', ')}: in the way; a restore never overwrites. Move it away`,
    );
  const copy = `${file}.restoring`;
  mkdirSync(dirname(file), {recursive: true, mode: 0o700});
  try {
    rmSync(copy, {force: true});
    copyFileSync(backup, copy, constants.COPYFILE_EXCL);
    requireSame(copy, facts);
    migrateFile(copy);
    markRestored(copy, facts, {madeAt, now});
    examine(copy);
    sync(copy);
    // Unlike a rename, a link fails when somebody made the file meanwhile.
    linkSync(copy, file);
    sync(file);
  } catch (error) {
    throw hasCode(error, 'database_fault') ? error : databaseFault(file, error);
  } finally {
    for (const path of filesInTheWay(copy)) rmSync(path, {force: true});
  }
};

const requireSame = (copy: string, facts: LedgerFacts): void => {
  const found = examine(copy);
  if (found.ledgerId !== facts.ledgerId || found.coin !== facts.coin || found.sequence !== facts.sequence)
    throw new EngineError('database_fault', `${copy}: another ledger than the manifest of the backup says`);
};

const markRestored = (copy: string, {height, sequence}: LedgerFacts, {madeAt, now}: Restoring): void => {
  const {orm, sqlite} = openConnection(copy, {mustExist: true});
  try {
    sqlite.transaction(() => {
      writeRestored(orm, {madeAt, restoredAt: now});
      releaseLease(orm).run();
      const data = JSON.stringify({height, backup_made_at: toTime(madeAt)});
      appendJump(orm).run(sequence + SEQUENCE_JUMP, 'ledger.restored', data, now);
    })();
  } finally {
    sqlite.close();
  }
};
