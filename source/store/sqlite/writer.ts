import Database from 'better-sqlite3';
import {EngineError} from '../../primitives/errors.ts';
import {databaseFault, type Connection, type Orm} from './connection.ts';

interface Pending {
  run(): unknown;
  resolve(value: never): void;
  reject(error: unknown): void;
  readonly silent: boolean;
}

/** ms that operations wait for a lock of another process. */
const PATIENCE = 5000;
const LOCK_PAUSE = 20;

export const isDatabaseError = (error: unknown): boolean => error instanceof Database.SqliteError;
const hasCode = (error: unknown, prefix: string): boolean =>
  error instanceof Database.SqliteError && error.code.startsWith(prefix);
const isLocked = (error: unknown): boolean => hasCode(error, 'SQLITE_BUSY');
/** The one fault that is an operation's own; after others (disk full, input/output) the transaction is gone. */
const isConstraint = (error: unknown): boolean => hasCode(error, 'SQLITE_CONSTRAINT');

/**
 * The one way to write. Operations are synchronous functions; those that arrive in the same turn of the event loop
 * share one transaction and so one fsync, each in a savepoint of its own: a refused one takes nothing with it.
 * A promise resolves only after the commit. Every transaction checks the lease epoch first.
 */
export class Writer {
  readonly #connection: Connection;
  readonly #pending: Pending[] = [];
  readonly #epochStatement: Database.Statement;
  readonly #changesStatement: Database.Statement;
  readonly #begin: Database.Statement;
  readonly #commitStatement: Database.Statement;
  readonly #savepoint: Database.Statement;
  readonly #release: Database.Statement;
  readonly #listeners = new Set<() => void>();
  #closed = false;
  #fault: EngineError | undefined;
  #epoch: number | undefined;
  #scheduled = false;
  /** performance.now() */
  #lockedSince: number | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#epochStatement = connection.sqlite.prepare('SELECT epoch FROM lease WHERE id = 1').pluck();
    // Waiting is #begun's.
    connection.sqlite.pragma('busy_timeout = 0');
    // Prepared once: parsing these four again costs a tenth of a one-row commit.
    this.#begin = connection.sqlite.prepare('BEGIN IMMEDIATE');
    this.#commitStatement = connection.sqlite.prepare('COMMIT');
    this.#savepoint = connection.sqlite.prepare('SAVEPOINT operation');
    this.#release = connection.sqlite.prepare('RELEASE operation');
    this.#changesStatement = connection.sqlite.prepare('SELECT total_changes()').pluck();
  }

  /** Of the database, since its last write went wrong. */
  get fault(): EngineError | undefined {
    return this.#fault;
  }

  /** From now on every transaction is refused with `fenced` unless the lease still has this epoch. */
  holdEpoch(epoch: number | undefined): void {
    this.#epoch = epoch;
  }

  get epoch(): number | undefined {
    return this.#epoch;
  }

  /** Calls `listener` after every commit that changed rows; it must not throw. Returns the unsubscriber. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Commits what waits and refuses everything after it with `stopping`. */
  close(): void {
    if (this.#scheduled) this.#commit(true);
    this.#closed = true;
  }

  /**
   * Runs `operation` inside a transaction and resolves with its value once that is committed. `silent`: of no interest
   * to listeners, which an idle engine would otherwise wake for nothing.
   */
  async run<Value>(operation: (orm: Orm) => Value, {silent = false} = {}): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      if (this.#closed) return reject(new EngineError('stopping', 'the ledger is closed'));
      this.#pending.push({
        run: () => operation(this.#connection.orm),
        resolve: resolve,
        reject,
        silent,
      });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#commit());
    });
  }

  /** Throws `fenced` when another engine has taken the lease. Also asked right before a send. */
  checkEpoch(): void {
    if (this.#epoch === undefined) return;
    const epoch = Number(this.#epochStatement.get() ?? -1);
    if (epoch !== this.#epoch)
      throw new EngineError('fenced', `another engine took over this ledger (epoch ${epoch}, ours was ${this.#epoch})`);
  }

  /** `last`: no more waiting for a lock. */
  #commit(last = false): void {
    this.#scheduled = false;
    // Empty when `close` was quicker than the turn it was scheduled for.
    if (this.#pending.length === 0 || !this.#begun(last)) return;
    const batch = this.#pending.splice(0);
    const settle: (() => void)[] = [];
    const before = this.#changesStatement.get();
    try {
      this.checkEpoch();
      for (const pending of batch) settle.push(this.#runOne(pending, batch.length > 1));
      this.#commitStatement.run();
      this.#fault = undefined;
    } catch (error) {
      this.#fail(batch, error);
      return;
    }
    for (const done of settle) done();
    // Rows that a refused operation wrote and took back count too: a listener only looks once more for nothing.
    const isNews = batch.some(({silent}) => !silent) && this.#changesStatement.get() !== before;
    if (isNews) for (const listener of this.#listeners) listener();
  }

  /**
   * Begins a transaction. SQLite would wait for another process's lock with the whole engine standing still, its API
   * and its other coins too; so it is asked again and again, between everything else.
   */
  #begun(last: boolean): boolean {
    try {
      this.#begin.run();
      this.#lockedSince = undefined;
      return true;
    } catch (error) {
      this.#lockedSince ??= performance.now();
      if (isLocked(error) && !last && performance.now() - this.#lockedSince < PATIENCE) {
        this.#scheduled = true;
        setTimeout(() => this.#commit(), LOCK_PAUSE);
        return false;
      }
      this.#lockedSince = undefined;
      this.#fail(this.#pending.splice(0), error);
      return false;
    }
  }

  #fail(batch: readonly Pending[], error: unknown): void {
    const {sqlite, file} = this.#connection;
    if (sqlite.inTransaction) sqlite.exec('ROLLBACK');
    const fault = databaseFault(file, error);
    if (isDatabaseError(error)) this.#fault = fault;
    for (const pending of batch) pending.reject(fault);
  }

  /** A refusal rolls back to the savepoint only; a fault of the database takes the whole transaction with it. */
  #runOne(pending: Pending, shared: boolean): () => void {
    const {sqlite} = this.#connection;
    // A lone operation needs a savepoint too: its refusal must undo what it wrote before it threw.
    this.#savepoint.run();
    try {
      const value = pending.run() as never;
      this.#release.run();
      return () => pending.resolve(value);
    } catch (error) {
      if (isDatabaseError(error) && !(shared && isConstraint(error))) throw error;
      sqlite.exec('ROLLBACK TO operation');
      this.#release.run();
      const reason = isDatabaseError(error) ? databaseFault(this.#connection.file, error) : error;
      return () => pending.reject(reason);
    }
  }
}
