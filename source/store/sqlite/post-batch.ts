import type {Orm} from './connection.ts';
import {bulkInsert, type BulkInsert} from './bulk-insert.ts';
import {rawStatement} from './raw-statement.ts';

// Two postings to an entry: a statement of postings goes out right after the one of the entries that they refer to.
const ENTRIES_AT_ONCE = 16;
const transactionRows = bulkInsert('transaction', ['id', 'kind', 'reference', 'created_at'], ENTRIES_AT_ONCE);
const postingRows = bulkInsert('posting', ['transaction_id', 'account_id', 'amount'], 2 * ENTRIES_AT_ONCE);
const selectLastId = rawStatement('SELECT max(id) AS id FROM "transaction"');
const addToBalance = rawStatement(
  'UPDATE account SET balance = balance + ? WHERE id = ? RETURNING balance, kind, frozen',
);

export interface MovedBalance {
  readonly accountId: number;
  readonly balance: bigint;
  readonly kind: 'user' | 'house';
  readonly frozen: 'reorg' | 'operator' | null;
}

/**
 * Many double entries that the chain dictates, so that none can be refused: each balance is
 * written once at the end. A step that credits thousands of deposits would otherwise update `external` as often. Call
 * `flush` before anything else posts or reads a balance in the same transaction.
 */
export class PostBatch {
  readonly #orm: Orm;
  readonly #transactions: BulkInsert;
  readonly #postings: BulkInsert;
  readonly #moved = new Map<number, bigint>();
  /** Of the entry before the next; there is one writer. */
  #lastId: bigint | undefined;

  constructor(orm: Orm) {
    this.#orm = orm;
    this.#transactions = transactionRows(orm);
    this.#postings = postingRows(orm);
  }

  /** Moves `amount` (above zero) from one account to another. */
  move(entry: {kind: string; reference: string; now: number; from: number; to: number; amount: bigint}): void {
    const {kind, reference, now, from, to, amount} = entry;
    this.#lastId ??= (selectLastId(this.#orm).get() as {id: bigint | null}).id ?? 0n;
    const id = ++this.#lastId;
    this.#transactions.add(id, kind, reference, now);
    this.#postings.add(id, from, -amount);
    this.#postings.add(id, to, amount);
    this.#moved.set(from, (this.#moved.get(from) ?? 0n) - amount);
    this.#moved.set(to, (this.#moved.get(to) ?? 0n) + amount);
  }

  /** Writes what is left and the balances; returns those that moved. */
  flush(): MovedBalance[] {
    this.#transactions.flush();
    this.#postings.flush();
    this.#lastId = undefined;
    const balances: MovedBalance[] = [];
    for (const [accountId, amount] of this.#moved) {
      const row = addToBalance(this.#orm).get(amount, accountId) as Omit<MovedBalance, 'accountId'> | undefined;
      if (!row) throw new Error(`no account ${accountId}`);
      balances.push({accountId, ...row});
    }
    this.#moved.clear();
    return balances;
  }
}
