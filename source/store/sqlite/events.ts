import {desc, gt, sql} from './drizzle.ts';
import type {Event, Page} from '../../contract/index.ts';
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
