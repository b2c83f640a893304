import {EngineError} from '../../primitives/errors.ts';
import type {Orm} from './connection.ts';
import {liftFreezes} from './freeze-accounts.ts';
import {rawStatement} from './raw-statement.ts';

export type HouseAccount = 'payouts_due' | 'network_fee' | 'suspense' | 'external';

/** Fixed ids, written by init in this order. */
export const HOUSE: Readonly<Record<HouseAccount, number>> = {external: 1, payouts_due: 2, network_fee: 3, suspense: 4};

export interface Posting {
  readonly accountId: number;
  readonly amount: bigint;
}

/** Only these may be negative; a user's account may too, by the reversal of a credit (`mayOverdraw`). */
const MAY_BE_NEGATIVE = new Set<number>([HOUSE.external, HOUSE.network_fee]);

const insertTransaction = rawStatement('INSERT INTO "transaction" (kind, reference, created_at) VALUES (?, ?, ?)');
const insertPosting = rawStatement('INSERT INTO posting (transaction_id, account_id, amount) VALUES (?, ?, ?)');
const addToBalance = rawStatement(
  'UPDATE account SET balance = balance + ? WHERE id = ? RETURNING balance, name, frozen',
);

/**
 * Writes one double entry and moves the balances with it. Postings must sum to zero; zero postings are left out and
 * two on one account are added up. Throws `insufficient_funds` (and the caller's savepoint undoes it) when an account
 * that must not would go below zero. Returns the transaction's id. Call inside a Writer operation only.
 */
export const post = (
  orm: Orm,
  entry: {kind: string; reference: string; now: number; postings: readonly Posting[]; mayOverdraw?: boolean},
): number => {
  const merged = new Map<number, bigint>();
  let total = 0n;
  for (const {accountId, amount} of entry.postings) {
    merged.set(accountId, (merged.get(accountId) ?? 0n) + amount);
    total += amount;
  }
  if (total !== 0n) throw new Error(`postings of ${entry.kind} ${entry.reference} sum to ${total}, not zero`);
  let mayLift = false;
  const id = Number(insertTransaction(orm).run(entry.kind, entry.reference, entry.now).lastInsertRowid);
  for (const [accountId, amount] of merged) {
    if (amount === 0n) continue;
    insertPosting(orm).run(id, accountId, amount);
    const row = addToBalance(orm).get(amount, accountId) as
      {balance: bigint; name: string; frozen: string | null} | undefined;
    if (!row) throw new Error(`no account ${accountId}`);
    if (row.balance < 0n && amount < 0n && !MAY_BE_NEGATIVE.has(accountId) && !entry.mayOverdraw)
      throw new EngineError('insufficient_funds', `account ${row.name} does not hold enough`, {field: 'amount'});
    mayLift ||= row.frozen === 'reorg' && row.balance >= 0n;
  }
  if (mayLift) liftFreezes(orm, entry.now);
  return id;
};
