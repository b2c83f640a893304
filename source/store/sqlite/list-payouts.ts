import {and, desc, eq, gt, lt, type SQL} from './drizzle.ts';
import type {Broadcast, BroadcastDetail, Page, PageQuery, Payout, PayoutQuery} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import {toBroadcast, toBroadcastDetail} from './broadcast-rows.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {pageOf, readCursor} from './page.ts';
import {payoutById, payoutView, selectPayouts, type PayoutRecord} from './payout-rows.ts';
import {PENDING} from './read-model-queries.ts';
import {account, broadcast, payout} from './schema.ts';

const tipOf = (orm: Orm): number => ladderTop(orm)?.height ?? 0;

const isAsked = (query: PayoutQuery): (SQL | undefined)[] => [
  query.account === undefined ? undefined : eq(account.name, query.account),
  query.address === undefined ? undefined : eq(payout.address, query.address),
  query.txid === undefined ? undefined : eq(broadcast.txid, query.txid as Txid),
  query.idempotency_key === undefined ? undefined : eq(payout.idempotencyKey, query.idempotency_key),
];

/** Oldest first. Status by status, because the index is sorted by id within each. */
const selectPending = (orm: Orm, query: PayoutQuery): PayoutRecord[] => {
  const after = query.cursor === undefined ? undefined : gt(payout.id, readCursor(query.cursor));
  return PENDING.flatMap(status =>
    selectPayouts(orm)
      .where(and(eq(payout.status, status), after, ...isAsked(query)))
      .orderBy(payout.id)
      .limit(query.limit + 1)
      .all(),
  ).sort((a, b) => a.row.id - b.row.id);
};

const selectNewest = (orm: Orm, {status, ...query}: PayoutQuery): PayoutRecord[] =>
  selectPayouts(orm)
    .where(
      and(
        query.cursor === undefined ? undefined : lt(payout.id, readCursor(query.cursor)),
        status === undefined || status === 'pending' ? undefined : eq(payout.status, status),
        ...isAsked(query),
      ),
    )
    .orderBy(desc(payout.id))
    .limit(query.limit + 1)
    .all();

/** Newest first; pending ones oldest first. */
export const listPayouts = (orm: Orm, query: PayoutQuery): Page<Payout> => {
  const tip = tipOf(orm);
  return pageOf(
    query.status === 'pending' ? selectPending(orm, query) : selectNewest(orm, query),
    query.limit,
    ({row}) => String(row.id),
    record => payoutView(record, tip),
  );
};

export const payoutDetail = (orm: Orm, id: string): Payout => payoutView(payoutById(orm, id), tipOf(orm));

/** Newest first. */
export const listBroadcasts = (orm: Orm, query: PageQuery): Page<Broadcast> => {
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const rows = orm
    .select()
    .from(broadcast)
    .where(after === undefined ? undefined : lt(broadcast.id, after))
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
