import {and, eq, gt, lte, sql} from './drizzle.ts';
import {rawStatement} from './raw-statement.ts';
import {delivery, event, sink} from './schema.ts';
import {prepared} from './statements.ts';

const NAME = sql.placeholder('name');
const SEQUENCE = sql.placeholder('sequence');

export const insertSink = prepared(orm =>
  orm
    .insert(sink)
    .values({name: NAME, sequence: SEQUENCE, gap: sql`0`})
    .onConflictDoNothing()
    .prepare(),
);
export const selectSink = prepared(orm => orm.select().from(sink).where(eq(sink.name, NAME)).prepare());
export const newestSequence = rawStatement('SELECT coalesce(max(sequence), 0) AS sequence FROM event');

export const selectQueue = prepared(orm =>
  orm
    .select()
    .from(event)
    .where(gt(event.sequence, sql.placeholder('after')))
    .orderBy(event.sequence)
    .limit(sql.placeholder('limit'))
    .prepare(),
);
export const selectQueueUpTo = prepared(orm =>
  orm
    .select()
    .from(event)
    .where(and(gt(event.sequence, sql.placeholder('after')), lte(event.sequence, sql.placeholder('upTo'))))
    .orderBy(event.sequence)
    .limit(sql.placeholder('limit'))
    .prepare(),
);
/** `types`: a JSON list. Between two sequences, so that a sink of rare types never reads the whole outbox at once. */
export const selectQueueOfTypes = prepared(orm =>
  orm
    .select()
    .from(event)
    .where(
      and(
        gt(event.sequence, sql.placeholder('after')),
        lte(event.sequence, sql.placeholder('upTo')),
        sql`${event.type} IN (SELECT value FROM json_each(${sql.placeholder('types')}))`,
      ),
    )
    .orderBy(event.sequence)
    .limit(sql.placeholder('limit'))
    .prepare(),
);
export const countUpTo = rawStatement(
  'SELECT count(*) AS number FROM (SELECT 1 FROM event WHERE sequence > ? LIMIT ?)',
);
export const countOfTypes = rawStatement(
  'SELECT count(*) AS number FROM event WHERE sequence > ? AND sequence <= ? AND type IN (SELECT value FROM json_each(?))',
);

export const moveCursor = rawStatement('UPDATE sink SET sequence = max(sequence, ?) WHERE name = ?');
export const moveCursorDelivered = rawStatement(
  'UPDATE sink SET sequence = max(sequence, ?), last_delivered_at = ? WHERE name = ?',
);
export const setLastDelivered = rawStatement('UPDATE sink SET last_delivered_at = ? WHERE name = ?');
export const forgetAttempts = rawStatement(
  "DELETE FROM delivery WHERE sink = ? AND sequence = ? AND status = 'retrying'",
);
export const upsertFailure = rawStatement(`
  INSERT INTO delivery (sink, sequence, status, attempts, last_error, next_attempt_at, first_attempt_at)
  VALUES (:name, :sequence, :status, 1, :words, :nextAttemptAt, :now)
  ON CONFLICT (sink, sequence) DO UPDATE SET status = excluded.status, attempts = attempts + 1,
    last_error = excluded.last_error, next_attempt_at = excluded.next_attempt_at`);
export const setGap = rawStatement(
  "UPDATE sink SET gap = EXISTS (SELECT 1 FROM delivery WHERE sink = :name AND status = 'dead') WHERE name = :name",
);
export const setOff = rawStatement('UPDATE sink SET off_reason = ? WHERE name = ?');
export const setPaused = rawStatement('UPDATE sink SET paused = ? WHERE name = ?');
export const firstAfter = rawStatement(
  'SELECT created_at AS at FROM event WHERE sequence > ? ORDER BY sequence LIMIT 1',
);
export const firstOfTypes = rawStatement(`
  SELECT created_at AS at FROM event
  WHERE sequence > ? AND sequence <= ? AND type IN (SELECT value FROM json_each(?)) ORDER BY sequence LIMIT 1`);
export const forgetRetrying = rawStatement("DELETE FROM delivery WHERE sink = ? AND status = 'retrying'");

export const selectAttempts = prepared(orm =>
  orm
    .select()
    .from(delivery)
    .where(and(eq(delivery.sink, NAME), eq(delivery.sequence, SEQUENCE)))
    .prepare(),
);
export const selectRetrying = prepared(orm =>
  orm
    .select()
    .from(delivery)
    .where(and(eq(delivery.sink, NAME), sql`${delivery.status} = 'retrying'`))
    .limit(1)
    .prepare(),
);
export const countDead = rawStatement("SELECT count(*) AS number FROM delivery WHERE sink = ? AND status = 'dead'");
export const selectReplays = prepared(orm =>
  orm
    .select({id: delivery.id, event})
    .from(delivery)
    .innerJoin(event, eq(event.sequence, delivery.sequence))
    .where(and(eq(delivery.sink, NAME), sql`${delivery.status} = 'dead'`, sql`${delivery.nextAttemptAt} IS NOT NULL`))
    .orderBy(delivery.sequence)
    .prepare(),
);
export const deleteDelivery = rawStatement('DELETE FROM delivery WHERE id = ? RETURNING sink, sequence');
export const recordReplayFailure = rawStatement(
  'UPDATE delivery SET attempts = attempts + 1, last_error = ?, next_attempt_at = NULL WHERE id = ?',
);
