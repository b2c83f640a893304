import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';

const insertTransaction = rawStatement('INSERT INTO "transaction" (kind, reference, created_at) VALUES (?, ?, ?)');
const insertPostings = rawStatement(
  'INSERT INTO posting (transaction_id, account_id, amount) VALUES (?, ?, ?), (?, ?, ?)',
);
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
 * Many double entries that the chain dictates, so that none can be refused: entries are written one by one, each
 * balance once at the end. A step that credits thousands of deposits would otherwise update `external` as often.
 * Call `flush` before anything else reads a balance in the same transaction.
 */
export class PostBatch {
  readonly #orm: Orm;
  readonly #moved = new Map<number, bigint>();

  constructor(orm: Orm) {
    this.#orm = orm;
  }

  /** Moves `amount` (above zero) from one account to another. */
  move(entry: {kind: string; reference: string; now: number; from: number; to: number; amount: bigint}): void {
    const {kind, reference, now, from, to, amount} = entry;
    const {lastInsertRowid} = insertTransaction(this.#orm).run(kind, reference, now);
    insertPostings(this.#orm).run(lastInsertRowid, from, -amount, lastInsertRowid, to, amount);
    this.#moved.set(from, (this.#moved.get(from) ?? 0n) - amount);
    this.#moved.set(to, (this.#moved.get(to) ?? 0n) + amount);
  }

  /** Writes the balances; returns those that moved. */
  flush(): MovedBalance[] {
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
