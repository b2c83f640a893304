import {and, desc, eq, lt, sql} from './drizzle.ts';
import type {Delivery, DeliveryQuery, Page} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {LedgerIdentity} from '../store.ts';
import type {Orm} from './connection.ts';
import {pageOf, readCursor} from './page.ts';
import {delivery, event} from './schema.ts';
import {prepared} from './statements.ts';
import {eventId, toTime} from './to-contract.ts';

const columns = {row: delivery, type: event.type};
const selectNewest = prepared(orm =>
  orm
    .select(columns)
    .from(delivery)
    .innerJoin(event, eq(event.sequence, delivery.sequence))
    .where(
      and(
        lt(delivery.id, sql.placeholder('before')),
        sql`(${sql.placeholder('sink')} IS NULL OR ${delivery.sink} = ${sql.placeholder('sink')})`,
        sql`(${sql.placeholder('status')} IS NULL OR ${delivery.status} = ${sql.placeholder('status')})`,
      ),
    )
    .orderBy(desc(delivery.id))
    .limit(sql.placeholder('limit'))
    .prepare(),
);
const selectOne = prepared(orm =>
  orm
    .select(columns)
    .from(delivery)
    .innerJoin(event, eq(event.sequence, delivery.sequence))
    .where(eq(delivery.id, sql.placeholder('id')))
    .prepare(),
);
const selectOfEvent = prepared(orm =>
  orm
    .select(columns)
    .from(delivery)
    .innerJoin(event, eq(event.sequence, delivery.sequence))
    .where(eq(delivery.sequence, sql.placeholder('sequence')))
    .prepare(),
);
const updateDue = prepared(orm =>
  orm
    .update(delivery)
    .set({nextAttemptAt: sql`${sql.placeholder('now')}`})
    .where(and(eq(delivery.id, sql.placeholder('id'))))
    .prepare(),
);

type Row = ReturnType<ReturnType<typeof selectNewest>['all']>[number];

const toDelivery = ({row, type}: Row, ledgerId: string): Delivery => ({
  id: String(row.id),
  sink: row.sink,
  event_id: eventId(ledgerId, row.sequence),
  sequence: row.sequence,
  type,
  status: row.status,
  attempts: row.attempts,
  last_error: row.lastError,
  next_attempt_at: row.nextAttemptAt === null ? null : toTime(row.nextAttemptAt),
  first_attempt_at: toTime(row.firstAttemptAt),
});

/** Events that were tried in vain, newest first. */
export const listDeliveries = (orm: Orm, {ledgerId}: LedgerIdentity, query: DeliveryQuery): Page<Delivery> => {
  const {limit, cursor, sink = null, status = null} = query;
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(cursor);
  const rows = selectNewest(orm).all({before, sink, status, limit: limit + 1});
  return pageOf(
    rows,
    limit,
    found => String(found.row.id),
    found => toDelivery(found, ledgerId),
  );
};

/** At most one for each sink. */
export const deliveriesOf = (orm: Orm, {ledgerId}: LedgerIdentity, sequence: number): Delivery[] =>
  selectOfEvent(orm)
    .all({sequence})
    .map(found => toDelivery(found, ledgerId));

/** A due time on a parked event is what asks for its replay. Throws `not_found`. */
export const retryDelivery = (orm: Orm, identity: LedgerIdentity, id: string, now: number): Delivery => {
  const key = /^[0-9]{1,15}$/.test(id) ? Number(id) : -1;
  updateDue(orm).run({id: key, now});
  const found = selectOne(orm).get({id: key});
  if (!found) throw new EngineError('not_found', `no delivery ${id}: it may have arrived in the meantime`);
  return toDelivery(found, identity.ledgerId);
};
