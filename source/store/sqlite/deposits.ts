import {desc, eq, sql} from './drizzle.ts';
import {depositStatus, type Deposit, type DepositQuery, type Page} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {accountIdOf, indexedIds, pageBounds, type ListIndex} from './indexed-ids.ts';
import {pageOf} from './page.ts';
import {HOUSE} from './post.ts';
import {rawStatement} from './raw-statement.ts';
import {account, address, deposit} from './schema.ts';
import {prepared} from './statements.ts';
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

const BY_STATUS: ListIndex = {table: 'deposit', index: 'deposit_status', columns: []};
const BY_ACCOUNT: ListIndex = {table: 'deposit', index: 'deposit_account', columns: ['account_id']};
const BY_ADDRESS: ListIndex = {table: 'deposit', index: 'deposit_address', columns: ['address_id']};

const selectAddress = rawStatement('SELECT id, account_id FROM address WHERE address = ?');
/** As many rows as the transaction has outputs to us; the other filters, when given, only take some away. */
const selectIdsOfTransaction = rawStatement(
  `SELECT id FROM deposit INDEXED BY deposit_outpoint WHERE txid = :txid AND id < :before
   AND (:status IS NULL OR status = :status) AND (:accountId IS NULL OR account_id = :accountId)
   AND (:addressId IS NULL OR address_id = :addressId) ORDER BY id DESC LIMIT :limit`,
);
const selectListed = prepared(orm =>
  selectDeposits(orm)
    .where(sql`${deposit.id} IN (SELECT value FROM json_each(${sql.placeholder('ids')}))`)
    .orderBy(desc(deposit.id))
    .prepare(),
);

/** Newest first. Throws `bad_cursor`. Unknown accounts and addresses have no deposits. */
export const listDeposits = (orm: Orm, query: DepositQuery, maturity: number): Page<Deposit> => {
  const ids = listedIds(orm, query, query.limit + 1);
  const rows = selectListed(orm).all({ids: JSON.stringify(ids)});
  return pageOf(rows, query.limit, row => String(row.deposit.id), shower(orm, maturity));
};

const listedIds = (orm: Orm, query: DepositQuery, limit: number): number[] => {
  const bounds = pageBounds(query.cursor, false);
  const accountId = query.account === undefined ? undefined : accountIdOf(orm, query.account);
  const at = query.address === undefined ? undefined : addressOf(orm, query.address);
  const names = [
    [query.account, accountId],
    [query.address, at],
  ];
  if (names.some(([name, found]) => name !== undefined && found === undefined)) return [];
  // An address is one account's, so that its deposits are all of that account or none.
  if (at !== undefined && accountId !== undefined && at.accountId !== accountId) return [];
  if (query.txid !== undefined) {
    const {txid, status = null} = query;
    const ids = selectIdsOfTransaction(orm)
      .pluck()
      .all({
        txid,
        before: bounds.before,
        limit,
        status,
        accountId: accountId ?? null,
        addressId: at?.id ?? null,
      }) as bigint[];
    return ids.map(Number);
  }
  const statuses = query.status === undefined ? depositStatus.options : [query.status];
  const range = {...bounds, statuses, oldestFirst: false, limit};
  if (at !== undefined) return indexedIds(orm, BY_ADDRESS, {...range, values: [at.id]});
  if (accountId !== undefined) return indexedIds(orm, BY_ACCOUNT, {...range, values: [accountId]});
  return indexedIds(orm, BY_STATUS, {...range, values: []});
};

/** The account is the one that its deposits have: foreign money on a change script is in suspense. */
const addressOf = (orm: Orm, text: string): {id: number; accountId: number} | undefined => {
  const row = selectAddress(orm).get(text) as {id: bigint; account_id: bigint | null} | undefined;
  return row && {id: Number(row.id), accountId: row.account_id === null ? HOUSE.suspense : Number(row.account_id)};
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
