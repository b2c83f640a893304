import {and, desc, eq, gt, sql} from './drizzle.ts';
import type {Event, Page} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {LedgerIdentity} from '../store.ts';
import type {Orm} from './connection.ts';
import {pageOf} from './page.ts';
import {event} from './schema.ts';
import {prepared} from './statements.ts';
import {toEvent} from './to-contract.ts';

const selectAfter = prepared(orm =>
  orm
    .select()
    .from(event)
    .where(gt(event.sequence, sql.placeholder('after')))
    .orderBy(event.sequence)
    .limit(sql.placeholder('limit'))
    .prepare(),
);
const selectNewest = prepared(orm =>
  orm.select().from(event).orderBy(desc(event.sequence)).limit(sql.placeholder('limit')).prepare(),
);

// Written as the index `event_subject` has it, or SQLite would read the whole outbox.
const selectAbout = prepared(orm =>
  orm
    .select()
    .from(event)
    .where(and(sql`data ->> '$.id' = ${sql.placeholder('id')}`, sql`${event.type} LIKE ${sql.placeholder('types')}`))
    .orderBy(desc(event.sequence))
    .limit(sql.placeholder('limit'))
    .prepare(),
);
const selectOne = prepared(orm =>
  orm
    .select()
    .from(event)
    .where(eq(event.sequence, sql.placeholder('sequence')))
    .prepare(),
);

/** Oldest first; the cursor is a sequence. */
export const eventsAfter = (orm: Orm, {ledgerId, coin}: LedgerIdentity, after: number, limit: number): Page<Event> =>
  pageOf(
    selectAfter(orm).all({after, limit: limit + 1}),
    limit,
    row => String(row.sequence),
    row => toEvent(row, ledgerId, coin),
  );

/** Newest first. */
export const newestEvents = (orm: Orm, {ledgerId, coin}: LedgerIdentity, limit: number): Event[] =>
  selectNewest(orm)
    .all({limit})
    .map(row => toEvent(row, ledgerId, coin));

/** The newest `limit`, oldest of them first. */
export const eventsAbout = (
  orm: Orm,
  {ledgerId, coin}: LedgerIdentity,
  {kind, id}: {kind: 'payout' | 'deposit'; id: string},
  limit: number,
): Event[] =>
  selectAbout(orm)
    .all({id, types: `${kind}.%`, limit})
    .map(row => toEvent(row, ledgerId, coin))
    .reverse();

/** Throws `not_found`. */
export const findEvent = (orm: Orm, {ledgerId, coin}: LedgerIdentity, sequence: number): Event => {
  const row = selectOne(orm).get({sequence});
  if (!row) throw new EngineError('not_found', `no event ${sequence}`);
  return toEvent(row, ledgerId, coin);
};
