import {index, sql, sqliteTable, text, uniqueIndex} from '../drizzle.ts';
import type {EventType} from '../../../contract/index.ts';
import {autoId, bool, int} from '../columns.ts';

/** The outbox: every row commits with its cause. */
export const event = sqliteTable(
  'event',
  {
    sequence: autoId(),
    type: text().$type<EventType>().notNull(),
    /** The contract object as it was at that moment, JSON. */
    data: text().notNull(),
    createdAt: int('created_at').notNull(),
  },
  // The story of one payout or deposit; other data have no id.
  table => [index('event_subject').on(sql`data ->> '$.id'`, table.sequence)],
);

/** A sink is a cursor over the outbox. */
export const sink = sqliteTable('sink', {
  name: text().primaryKey(),
  /** All events up to here are delivered, parked or not of its types. */
  sequence: int().notNull(),
  /** Why it was switched off (410); null while on. */
  offReason: text('off_reason'),
  /** Later events carry `gap: true` after one was parked. */
  gap: bool().notNull(),
  /** By an operator, until resumed. */
  paused: bool()
    .notNull()
    .default(sql`0`),
  lastDeliveredAt: int('last_delivered_at'),
});

/** Only events that were tried in vain are rows: the head being retried, and parked ones. */
export const delivery = sqliteTable(
  'delivery',
  {
    id: autoId(),
    sink: text()
      .notNull()
      .references(() => sink.name),
    sequence: int()
      .notNull()
      .references(() => event.sequence),
    status: text().$type<'retrying' | 'dead'>().notNull(),
    attempts: int().notNull(),
    lastError: text('last_error'),
    nextAttemptAt: int('next_attempt_at'),
    firstAttemptAt: int('first_attempt_at').notNull(),
  },
  table => [uniqueIndex('delivery_event').on(table.sink, table.sequence)],
);

/** A range of events that an operator asked for again, beside the queue of its sink. Gone when all have arrived. */
export const sinkReplay = sqliteTable(
  'sink_replay',
  {
    id: autoId(),
    sink: text()
      .notNull()
      .references(() => sink.name),
    fromSequence: int('from_sequence').notNull(),
    toSequence: int('to_sequence').notNull(),
    /** Everything of the range up to here has arrived again, is parked or not of the sink's types. */
    atSequence: int('at_sequence').notNull(),
    /** Of the next event. */
    attempts: int().notNull(),
    lastError: text('last_error'),
    nextAttemptAt: int('next_attempt_at'),
    firstAttemptAt: int('first_attempt_at'),
    createdAt: int('created_at').notNull(),
  },
  table => [index('sink_replay_sink').on(table.sink, table.id)],
);
