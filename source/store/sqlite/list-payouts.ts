import {and, desc, eq, lt} from './drizzle.ts';
import type {Broadcast, BroadcastDetail, Page, PageQuery, Payout, PayoutQuery} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import {toBroadcast, toBroadcastDetail} from './broadcast-rows.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {pageOf, readCursor} from './page.ts';
import {payoutById, payoutView, selectPayouts} from './payout-rows.ts';
import {account, broadcast, payout} from './schema.ts';

const tipOf = (orm: Orm): number => ladderTop(orm)?.height ?? 0;

/** Newest first. */
export const listPayouts = (orm: Orm, query: PayoutQuery): Page<Payout> => {
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const rows = selectPayouts(orm)
    .where(
      and(
        after === undefined ? undefined : lt(payout.id, after),
        query.account === undefined ? undefined : eq(account.name, query.account),
        query.address === undefined ? undefined : eq(payout.address, query.address),
        query.status === undefined ? undefined : eq(payout.status, query.status),
        query.txid === undefined ? undefined : eq(broadcast.txid, query.txid as Txid),
        query.idempotency_key === undefined ? undefined : eq(payout.idempotencyKey, query.idempotency_key),
      ),
    )
    .orderBy(desc(payout.id))
    .limit(query.limit + 1)
    .all();
  const tip = tipOf(orm);
  return pageOf(
    rows,
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
