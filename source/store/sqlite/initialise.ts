import {randomBytes} from 'node:crypto';
import {closeSync, mkdirSync, openSync} from 'node:fs';
import {dirname} from 'node:path';
import {EngineError} from '../../primitives/errors.ts';
import type {BlockRef} from '../../primitives/ids.ts';
import type {LedgerIdentity} from '../store.ts';
import {databaseFault, openConnection, type Orm} from './connection.ts';
import {readIdentity, requireSame, writeIdentity} from './identity.ts';
import {ledgerFileState} from './ledger-state.ts';
import {isMigratedFile, migrateFile} from './migrate.ts';
import {HOUSE} from './post.ts';
import {account, block} from './schema.ts';
import {Writer} from './writer.ts';

interface Beginning extends Omit<LedgerIdentity, 'ledgerId' | 'coin' | 'startHeight' | 'initialisedAt'> {
  readonly start: BlockRef & {readonly time: number};
  readonly now: number;
}

/** See initialiseLedger. Each step may be the last one before a crash: the next run goes on from there. */
export const initialiseFile = async (
  file: string,
  coin: string,
  beginning: Beginning,
): Promise<'created' | 'already'> => {
  const state = ledgerFileState(file);
  if (state === 'missing') createFile(file);
  // A ledger of an older version is left to the engine: init finds it there and changes nothing. So is one that
  // another init is just writing the first rows of: migrating needs the file for itself.
  if (state === 'missing' || state === 'empty' || (state === 'unfinished' && !isMigratedFile(file))) migrateFile(file);
  const connection = openConnection(file, {mustExist: true});
  try {
    // Asked again inside the transaction: two inits may run at once.
    return await new Writer(connection).run(orm => {
      const pinned = readIdentity(orm);
      if (pinned) {
        requireSame(file, pinned, {...beginning, coin});
        return 'already';
      }
      writeBeginning(orm, coin, beginning);
      return 'created';
    });
  } finally {
    connection.sqlite.close();
  }
};

/** Only the owner may read it: balances, and payouts that are not out yet. SQLite gives its log files the same mode. */
const createFile = (file: string): void => {
  try {
    mkdirSync(dirname(file), {recursive: true, mode: 0o700});
    closeSync(openSync(file, 'ax', 0o600));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // Another init was quicker; what it makes is looked at inside the transaction.
    if (code === 'EEXIST') return;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR')
      throw new EngineError(
        'database_fault',
        `${file}: cannot be created (${code}); check that its folder belongs to this user`,
        {cause: error},
      );
    throw databaseFault(file, error);
  }
};

const writeBeginning = (orm: Orm, coin: string, beginning: Beginning): void => {
  const {network, genesis, walletFingerprints, start, now} = beginning;
  orm
    .insert(account)
    .values(
      Object.entries(HOUSE).map(([name, id]) => ({
        id,
        name,
        kind: 'house' as const,
        balance: 0n as typeof account.$inferInsert.balance,
        createdAt: now,
      })),
    )
    .run();
  orm.insert(block).values({height: start.height, hash: start.hash, time: start.time}).run();
  writeIdentity(orm, {
    ledgerId: randomBytes(6).toString('hex'),
    coin,
    network,
    genesis,
    walletFingerprints,
    startHeight: start.height,
    initialisedAt: now,
  });
};
