import type {Account} from '../../contract/index.ts';
import {satoshi} from '../../primitives/amount.ts';
import {appendEvent} from './append-event.ts';
import type {Orm} from './connection.ts';
import type {MovedBalance} from './post-batch.ts';
import {rawStatement} from './raw-statement.ts';
import {toAccount} from './to-contract.ts';

interface AccountRow {
  readonly id: bigint;
  readonly name: string;
  readonly kind: 'user' | 'house';
  readonly balance: bigint;
  readonly frozen: 'reorg' | 'operator' | null;
  readonly created_at: bigint;
}

export const setFrozen = rawStatement('UPDATE account SET frozen = ? WHERE id = ?');
const selectAccount = rawStatement('SELECT * FROM account WHERE id = ?');
const selectLiftable = rawStatement("SELECT id FROM account WHERE frozen = 'reorg' AND balance >= 0");
// The indexes by name: SQLite prefers those of all deposits and payouts of an account to those of the few open ones.
const sumPending = rawStatement(
  `SELECT COALESCE(SUM(amount), 0) AS total FROM deposit INDEXED BY deposit_pending
   WHERE status = 'detected' AND account_id = ?`,
);
const sumPendingOut = rawStatement(
  `SELECT COALESCE(SUM(amount), 0) AS total FROM payout INDEXED BY payout_pending
   WHERE status NOT IN ('confirmed', 'settled', 'cancelled') AND account_id = ?`,
);

/** An account that a reversal took below zero: frozen, and said so. One that an operator froze stays his. */
export const freezeOverdrawn = (orm: Orm, balances: readonly MovedBalance[], now: number): void => {
  for (const {accountId, balance, kind, frozen} of balances) {
    if (kind !== 'user' || balance >= 0n || frozen !== null) continue;
    setFrozen(orm).run('reorg', accountId);
    appendEvent(orm, 'account.frozen', accountView(orm, accountId), now);
  }
};

/** Lifts what a reorg froze, once the balance is zero or more again, whatever brought it there. */
export const liftFreezes = (orm: Orm, now: number): void => {
  for (const {id} of selectLiftable(orm).all() as {id: bigint}[]) {
    setFrozen(orm).run(null, id);
    appendEvent(orm, 'account.unfrozen', accountView(orm, Number(id)), now);
  }
};

export const accountView = (orm: Orm, accountId: number): Account => {
  const row = selectAccount(orm).get(accountId) as AccountRow;
  const total = (statement: typeof sumPending): bigint => (statement(orm).get(accountId) as {total: bigint}).total;
  const {name, kind, frozen} = row;
  const fields = {id: accountId, name, kind, frozen, balance: satoshi(row.balance), createdAt: Number(row.created_at)};
  return toAccount(fields, total(sumPending), total(sumPendingOut));
};
