import {and, desc, eq, lt, type SQL} from './drizzle.ts';
import type {Deposit, DepositQuery, Page} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {pageOf, readCursor} from './page.ts';
import {account, address, deposit} from './schema.ts';
import {toDeposit} from './to-contract.ts';

const selectDeposits = (orm: Orm) =>
  orm
    .select({deposit, account: account.name, address: address.address, label: address.label})
    .from(deposit)
    .innerJoin(account, eq(account.id, deposit.accountId))
    .innerJoin(address, eq(address.id, deposit.addressId));

type Row = NonNullable<ReturnType<ReturnType<typeof selectDeposits>['get']>>;

const shower = (orm: Orm, maturity: number): ((row: Row) => Deposit) => {
  const tip = ladderTop(orm)?.height ?? 0;
  return ({deposit, ...named}) => toDeposit(deposit, named, tip, maturity);
};

/** Newest first. Throws `bad_cursor`. Unknown accounts and addresses have no deposits. */
export const listDeposits = (orm: Orm, query: DepositQuery, maturity: number): Page<Deposit> => {
  const conditions: SQL[] = [];
  if (query.account !== undefined) conditions.push(eq(account.name, query.account));
  if (query.address !== undefined) conditions.push(eq(address.address, query.address));
  if (query.status !== undefined) conditions.push(eq(deposit.status, query.status));
  if (query.txid !== undefined) conditions.push(eq(deposit.txid, query.txid as typeof deposit.$inferSelect.txid));
  if (query.cursor !== undefined) conditions.push(lt(deposit.id, readCursor(query.cursor)));
  const rows = selectDeposits(orm)
    .where(and(...conditions))
    .orderBy(desc(deposit.id))
    .limit(query.limit + 1)
    .all();
  return pageOf(rows, query.limit, row => String(row.deposit.id), shower(orm, maturity));
};

/** Throws `not_found`. */
export const findDeposit = (orm: Orm, id: string, maturity: number): Deposit => {
  const row = /^[0-9]{1,15}$/.test(id)
    ? selectDeposits(orm)
        .where(eq(deposit.id, Number(id)))
        .get()
    : undefined;
  if (!row) throw new EngineError('not_found', `no deposit ${id}`);
  return shower(orm, maturity)(row);
};
