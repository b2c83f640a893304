import {and, desc, eq, gt, lt, sql} from './drizzle.ts';
import type {Account} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {AccountStore, NewAddress} from '../account-store.ts';
import type {Connection, Orm} from './connection.ts';
import {markTold} from './derived-scripts.ts';
import {pageOf, readCursor, startOf} from './page.ts';
import {HOUSE} from './post.ts';
import {account, address} from './schema.ts';
import {prepared} from './statements.ts';
import {toAccount, toAddress} from './to-contract.ts';
import {listTransactions} from './transactions.ts';
import type {Writer} from './writer.ts';

/** House accounts that can be looked at by name: the float, which may need money, and what nobody can be credited with. */
const VISIBLE_HOUSE = new Set(['network_fee', 'suspense']);

// The account's id in plain SQL, because drizzle leaves out the table of the outer query. The indexes by name, because
// SQLite prefers those of all deposits and payouts of an account to those of the few open ones.
const pending = sql<bigint>`(SELECT coalesce(sum(amount), 0) FROM deposit INDEXED BY deposit_pending WHERE account_id = account.id AND status = 'detected')`;
const pendingOut = sql<bigint>`(SELECT coalesce(sum(amount), 0) FROM payout INDEXED BY payout_pending WHERE account_id = account.id AND status NOT IN ('confirmed', 'settled', 'cancelled'))`;

const selectAccount = prepared(orm =>
  orm
    .select({row: account, pending, pendingOut})
    .from(account)
    .where(eq(account.name, sql.placeholder('name')))
    .prepare(),
);
const selectAccounts = prepared(orm =>
  orm
    .select({id: account.id, row: account, pending, pendingOut})
    .from(account)
    .where(and(gt(account.id, sql.placeholder('after')), sql`${account.kind} = 'user'`))
    .orderBy(account.id)
    .limit(sql.placeholder('limit'))
    .prepare(),
);
const insertAccount = prepared(orm =>
  orm
    .insert(account)
    .values({name: sql.placeholder('name'), kind: 'user', balance: sql`0`, createdAt: sql.placeholder('now')})
    .onConflictDoNothing()
    .prepare(),
);
const insertAddress = prepared(orm =>
  orm
    .insert(address)
    .values({
      address: sql.placeholder('address'),
      script: sql.placeholder('script'),
      purpose: 'receive',
      accountId: sql.placeholder('accountId'),
      label: sql.placeholder('label'),
      createdAt: sql.placeholder('now'),
    })
    .onConflictDoNothing()
    .returning()
    .prepare(),
);
const named = {id: address.id, row: address, account: account.name};
const selectAddress = prepared(orm =>
  orm
    .select(named)
    .from(address)
    .innerJoin(account, eq(account.id, address.accountId))
    .where(eq(address.address, sql.placeholder('address')))
    .prepare(),
);
const selectAddresses = prepared(orm =>
  orm
    .select(named)
    .from(address)
    .innerJoin(account, eq(account.id, address.accountId))
    .where(lt(address.id, sql.placeholder('before')))
    .orderBy(desc(address.id))
    .limit(sql.placeholder('limit'))
    .prepare(),
);
const selectAddressesOf = prepared(orm =>
  orm
    .select(named)
    .from(address)
    .innerJoin(account, eq(account.id, address.accountId))
    .where(and(eq(address.accountId, sql.placeholder('accountId')), lt(address.id, sql.placeholder('before'))))
    .orderBy(desc(address.id))
    .limit(sql.placeholder('limit'))
    .prepare(),
);

export const createAccountStore = ({orm}: Connection, writer: Writer): AccountStore => ({
  createAccount: async (name, now) => writer.run(orm => createAccount(orm, name, now)),
  account: async name => findAccount(orm, name),
  accounts: async ({limit, cursor}) => {
    const after = cursor === undefined ? 0 : readCursor(cursor);
    const rows = selectAccounts(orm).all({after, limit: limit + 1});
    return pageOf(rows, limit, idOf, found => toAccount(found.row, found.pending, found.pendingOut));
  },
  addAddress: async (added, now) => writer.run(orm => addAddress(orm, added, now)),
  address: async text => {
    const found = selectAddress(orm).get({address: text});
    if (!found) throw new EngineError('not_found', `address ${text} is none of ours`);
    return toAddress(found.row, found.account);
  },
  addresses: async ({limit, cursor, account: name}) => {
    const asked = {before: startOf(cursor), limit: limit + 1};
    const rows =
      name === undefined
        ? selectAddresses(orm).all(asked)
        : selectAddressesOf(orm).all({...asked, accountId: requireAccount(orm, name).id});
    return pageOf(rows, limit, idOf, found => toAddress(found.row, found.account));
  },
  transactions: async ({limit, cursor, account: name}) =>
    listTransactions(orm, {
      accountId: name === undefined ? undefined : requireAccount(orm, name).id,
      before: startOf(cursor),
      limit,
    }),
});

const idOf = (row: {readonly id: number}): string => String(row.id);

const unknownAccount = (name: string): EngineError =>
  new EngineError('unknown_account', `there is no account ${name}`, {field: 'account'});

const findAccount = (orm: Orm, name: string): Account => {
  const found = selectAccount(orm).get({name});
  if (!found || (found.row.kind === 'house' && !VISIBLE_HOUSE.has(name))) throw unknownAccount(name);
  return toAccount(found.row, found.pending, found.pendingOut);
};

const requireAccount = (orm: Orm, name: string): typeof account.$inferSelect => {
  const found = selectAccount(orm).get({name});
  if (!found) throw unknownAccount(name);
  return found.row;
};

const createAccount = (orm: Orm, name: string, now: number): {value: Account; created: boolean} => {
  if (Object.hasOwn(HOUSE, name))
    throw new EngineError('house_account', `${name} is an account of the house; choose another name`, {field: 'name'});
  const {changes} = insertAccount(orm).run({name, now});
  return {value: findAccount(orm, name), created: changes > 0};
};

/** Money for the network fees comes in on addresses of `network_fee`; the other house accounts take none in this way. */
const addAddress = (orm: Orm, added: NewAddress, now: number) => {
  const owner = requireAccount(orm, added.account);
  if (owner.kind === 'house' && owner.id !== HOUSE.network_fee)
    throw new EngineError('house_account', `${owner.name} is an account of the house and has no addresses`, {
      field: 'account',
    });
  const row = insertAddress(orm).get({
    address: added.address,
    script: added.scriptPubKey,
    accountId: owner.id,
    label: added.label ?? null,
    now,
  }) as typeof address.$inferSelect | undefined;
  if (!row) throw new EngineError('already_exists', `address ${added.address} was given out before`);
  markTold(orm, added.scriptPubKey);
  return toAddress(row, owner.name);
};
