import {and, desc, eq, lt, sql} from './drizzle.ts';
import type {Page, Transaction} from '../../contract/index.ts';
import {formatAmount} from '../../primitives/amount.ts';
import type {Orm} from './connection.ts';
import {pageOf} from './page.ts';
import {account, ledgerTransaction, posting} from './schema.ts';
import {prepared} from './statements.ts';
import {toTime} from './to-contract.ts';

const selectNewest = prepared(orm =>
  orm
    .select()
    .from(ledgerTransaction)
    .where(lt(ledgerTransaction.id, sql.placeholder('before')))
    .orderBy(desc(ledgerTransaction.id))
    .limit(sql.placeholder('limit'))
    .prepare(),
);
const selectNewestOf = prepared(orm =>
  orm
    .select({
      id: ledgerTransaction.id,
      kind: ledgerTransaction.kind,
      reference: ledgerTransaction.reference,
      createdAt: ledgerTransaction.createdAt,
    })
    .from(posting)
    .innerJoin(ledgerTransaction, eq(ledgerTransaction.id, posting.transactionId))
    .where(
      and(eq(posting.accountId, sql.placeholder('accountId')), lt(posting.transactionId, sql.placeholder('before'))),
    )
    .orderBy(desc(posting.transactionId))
    .limit(sql.placeholder('limit'))
    .prepare(),
);
const selectPostings = prepared(orm =>
  orm
    .select({account: account.name, amount: posting.amount})
    .from(posting)
    .innerJoin(account, eq(account.id, posting.accountId))
    .where(eq(posting.transactionId, sql.placeholder('id')))
    .orderBy(posting.accountId)
    .prepare(),
);

/** Double-entry transactions, newest first; with `accountId`, those that touch it. */
export const listTransactions = (
  orm: Orm,
  {accountId, before, limit}: {accountId: number | undefined; before: number; limit: number},
): Page<Transaction> => {
  const asked = limit + 1;
  const rows =
    accountId === undefined
      ? selectNewest(orm).all({before, limit: asked})
      : selectNewestOf(orm).all({accountId, before, limit: asked});
  return pageOf(
    rows,
    limit,
    row => String(row.id),
    row => ({
      id: String(row.id),
      kind: row.kind,
      reference: row.reference,
      created_at: toTime(row.createdAt),
      postings: selectPostings(orm)
        .all({id: row.id})
        .map(line => ({account: line.account, amount: formatAmount(line.amount)})),
    }),
  );
};
