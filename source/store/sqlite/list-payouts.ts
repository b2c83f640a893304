import {and, desc, eq, lt, sql} from './drizzle.ts';
import {
  payoutStatus,
  type Broadcast,
  type BroadcastDetail,
  type BroadcastQuery,
  type BroadcastStatus,
  type Page,
  type Payout,
  type PayoutQuery,
  type PayoutStatus,
} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import {toBroadcast, toBroadcastDetail} from './broadcast-rows.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {accountIdOf, indexedIds, pageBounds, type ListIndex} from './indexed-ids.ts';
import {pageOf, readCursor} from './page.ts';
import {payoutById, payoutsById, payoutView} from './payout-rows.ts';
import {rawStatement} from './raw-statement.ts';
import {PENDING} from './read-model-queries.ts';
import {broadcast} from './schema.ts';

const tipOf = (orm: Orm): number => ladderTop(orm)?.height ?? 0;

const BY_STATUS: ListIndex = {table: 'payout', index: 'payout_status', columns: []};
const BY_ACCOUNT: ListIndex = {table: 'payout', index: 'payout_account', columns: ['account_id']};
const BY_ADDRESS: ListIndex = {table: 'payout', index: 'payout_address', columns: ['address']};
const BY_BOTH: ListIndex = {table: 'payout', index: 'payout_account_address', columns: ['account_id', 'address']};

// What a key or a transaction names is one row or one batch; the other filters, when given, only take some away.
const OTHER_FILTERS = `id > :after AND id < :before AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
  AND (:accountId IS NULL OR account_id = :accountId) AND (:address IS NULL OR address = :address)
  ORDER BY iif(:oldestFirst, id, -id) LIMIT :limit`;
const selectIdOfKey = rawStatement(
  `SELECT id FROM payout INDEXED BY payout_idempotency_key_unique WHERE idempotency_key = :key
   AND (:txid IS NULL OR broadcast_id = (SELECT id FROM broadcast WHERE txid = :txid)) AND ${OTHER_FILTERS}`,
);
const selectIdsOfTransaction = rawStatement(
  `SELECT id FROM payout INDEXED BY payout_broadcast
   WHERE broadcast_id = (SELECT id FROM broadcast WHERE txid = :txid) AND ${OTHER_FILTERS}`,
);

/** Newest first; pending ones oldest first. Throws `bad_cursor`. Unknown accounts have no payouts. */
export const listPayouts = (orm: Orm, query: PayoutQuery): Page<Payout> => {
  const tip = tipOf(orm);
  const oldestFirst = query.status === 'pending';
  const rows = payoutsById(orm, listedIds(orm, query, oldestFirst));
  return pageOf(
    oldestFirst ? rows : rows.reverse(),
    query.limit,
    ({row}) => String(row.id),
    record => payoutView(record, tip),
  );
};

const statusesOf = (status: PayoutQuery['status']): readonly PayoutStatus[] | undefined => {
  if (status === undefined) return undefined;
  return status === 'pending' ? PENDING : [status];
};

const listedIds = (orm: Orm, query: PayoutQuery, oldestFirst: boolean): number[] => {
  const {address, txid, idempotency_key: key} = query;
  const accountId = query.account === undefined ? undefined : accountIdOf(orm, query.account);
  if (query.account !== undefined && accountId === undefined) return [];
  const statuses = statusesOf(query.status);
  const page = {...pageBounds(query.cursor, oldestFirst), oldestFirst, limit: query.limit + 1};
  if (key !== undefined || txid !== undefined)
    return namedIds(orm, {
      ...page,
      oldestFirst: oldestFirst ? 1 : 0,
      key: key ?? null,
      txid: txid ?? null,
      statuses: statuses === undefined ? null : JSON.stringify(statuses),
      accountId: accountId ?? null,
      address: address ?? null,
    });
  const range = {...page, statuses: statuses ?? payoutStatus.options};
  if (accountId !== undefined && address !== undefined)
    return indexedIds(orm, BY_BOTH, {...range, values: [accountId, address]});
  if (accountId !== undefined) return indexedIds(orm, BY_ACCOUNT, {...range, values: [accountId]});
  if (address !== undefined) return indexedIds(orm, BY_ADDRESS, {...range, values: [address]});
  return indexedIds(orm, BY_STATUS, {...range, values: []});
};

const namedIds = (orm: Orm, {key, ...filters}: Record<string, string | number | null>): number[] => {
  const ids =
    key === null
      ? selectIdsOfTransaction(orm).pluck().all(filters)
      : selectIdOfKey(orm)
          .pluck()
          .all({...filters, key});
  return (ids as bigint[]).map(Number);
};

export const payoutDetail = (orm: Orm, id: string): Payout => payoutView(payoutById(orm, id), tipOf(orm));

/** Newest first. */
const DONE: ReadonlySet<BroadcastStatus> = new Set(['settled', 'abandoned']);

export const listBroadcasts = (orm: Orm, query: BroadcastQuery): Page<Broadcast> => {
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const rows = orm
    .select()
    .from(broadcast)
    .where(
      and(
        after === undefined ? undefined : lt(broadcast.id, after),
        query.txid === undefined ? undefined : eq(broadcast.txid, query.txid as Txid),
        query.status === undefined ? undefined : eq(broadcast.status, query.status),
        // The condition of the index of live ones, which SQLite takes only when it reads it.
        query.status === undefined || DONE.has(query.status) ? undefined : sql`status NOT IN ('settled', 'abandoned')`,
      ),
    )
    .orderBy(desc(broadcast.id))
    .limit(query.limit + 1)
    .all();
  const tip = tipOf(orm);
  return pageOf(
    rows,
    query.limit,
    row => String(row.id),
    row => toBroadcast(orm, row, tip),
  );
};

/** By txid, or by id while it has none. Throws `not_found`. */
export const broadcastDetail = (orm: Orm, name: string): BroadcastDetail => {
  const by = /^\d{1,15}$/.test(name) ? eq(broadcast.id, Number(name)) : eq(broadcast.txid, name as Txid);
  const row = orm.select().from(broadcast).where(by).get();
  if (!row) throw new EngineError('not_found', `no broadcast ${name}`);
  return toBroadcastDetail(orm, row, tipOf(orm));
};
