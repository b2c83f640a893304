import {sql} from 'drizzle-orm';
import type {Event, EventType} from '../../contract/index.ts';
import type {Orm} from './connection.ts';
import {event} from './schema.ts';
import {prepared} from './statements.ts';

const insertEvent = prepared(orm =>
  orm
    .insert(event)
    .values({
      type: sql.placeholder('type'),
      data: sql.placeholder('data'),
      createdAt: sql.placeholder('now'),
    })
    .prepare(),
);

/** Appends to the outbox in the caller's transaction, so that an event exists exactly when its cause does. */
export const appendEvent = (orm: Orm, type: EventType, data: Event['data'], now: number): void => {
  insertEvent(orm).run({type, data: JSON.stringify(data), now});
};
