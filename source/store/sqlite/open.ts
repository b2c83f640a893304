import {coins, type Coin} from '../../coins/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {LedgerIdentity, Store} from '../store.ts';
import {createAccountStore} from './account-store.ts';
import {createAgreementStore} from './agreement-store.ts';
import {createAuditStore} from './audit-store.ts';
import {createChainStore} from './chain-store.ts';
import {createControlStore} from './control-store.ts';
import {databaseFault, openConnection, type Connection} from './connection.ts';
import {readIdentity} from './identity.ts';
import {createDerivedScripts} from './derived-scripts.ts';
import {ledgerFileState} from './ledger-state.ts';
import {createLeaseStore} from './lease-store.ts';
import {MIGRATIONS, migrateFile} from './migrate.ts';
import {createOutboxStore} from './outbox-store.ts';
import {createPayoutStore} from './payout-store.ts';
import {createReadModel} from './read-model.ts';
import {isDatabaseError, Writer} from './writer.ts';

/** See openStore. */
export const openFile = (file: string, coin: string, migrations = MIGRATIONS, definition = coins.get(coin)): Store => {
  const state = ledgerFileState(file, migrations);
  if (state === 'missing' || state === 'empty' || state === 'unfinished') throw notInitialised(file, state);
  if (state === 'needs_migration') migrateFile(file, migrations);
  const connection = openConnection(file, {mustExist: true});
  try {
    const identity = readIdentity(connection.orm);
    if (!identity) throw notInitialised(file, 'unfinished');
    if (identity.coin !== coin)
      throw new EngineError(
        'wrong_ledger',
        `${file}: this ledger belongs to coin ${identity.coin}, and not to ${coin}; give each coin a database of its own`,
      );
    if (definition === undefined) throw new Error(`no coin ${coin}`);
    return composeStore(connection, identity, definition);
  } catch (error) {
    connection.sqlite.close();
    throw error;
  }
};

/** The operations of every part of the ledger over one connection and one writer. */
export const composeStore = (connection: Connection, identity: LedgerIdentity, coin: Coin): Store => {
  const writer = new Writer(connection);
  return nameFaults(connection.file, {
    identity,
    ...createLeaseStore(writer),
    ...createAccountStore(connection, writer),
    ...createAgreementStore(connection, writer),
    ...createChainStore(connection, writer, coin),
    derived: nameFaults(connection.file, createDerivedScripts(connection, writer)),
    ...createPayoutStore(connection, writer, identity, coin),
    ...createControlStore(connection, writer),
    ...createOutboxStore(connection, writer, identity),
    ...createAuditStore(connection, writer),
    ...createReadModel(connection, coin),
    writeFault: () => writer.fault,
    onCommit: listener => writer.onCommit(listener),
    close: async () => {
      writer.close();
      connection.sqlite.close();
    },
  });
};

/**
 * What SQLite throws leaves the store as `database_fault` naming the file. Everything else passes as it is: a refusal
 * of ours, or a fault of the program, which must not look like the database's.
 */
const nameFaults = <Operations extends object>(file: string, operations: Operations): Operations => {
  const name = (error: unknown): never => {
    throw isDatabaseError(error) ? databaseFault(file, error) : error;
  };
  const guard =
    (operation: (...input: unknown[]) => unknown) =>
    (...input: unknown[]): unknown => {
      try {
        const result = operation(...input);
        return result instanceof Promise ? result.catch(name) : result;
      } catch (error) {
        return name(error);
      }
    };
  const guarded = Object.entries(operations).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'function' ? guard(value as (...input: unknown[]) => unknown) : value,
  ]);
  return Object.fromEntries(guarded) as Operations;
};

const notInitialised = (file: string, state: 'missing' | 'empty' | 'unfinished'): EngineError => {
  const words = {
    missing: 'there is no ledger yet',
    empty: 'the file is empty, not a ledger yet',
    unfinished: 'its init was interrupted',
  };
  return new EngineError('not_initialised', `${file}: ${words[state]}; run: cryptoassets-console init`);
};
