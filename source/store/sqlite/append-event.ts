import type {Event, EventType} from '../../contract/index.ts';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';

const insertEvent = rawStatement('INSERT INTO event (type, data, created_at) VALUES (?, ?, ?)');

/** Appends to the outbox in the caller's transaction, so that an event exists exactly when its cause does. */
export const appendEvent = (orm: Orm, type: EventType, data: Event['data'], now: number): void => {
  insertEvent(orm).run(type, JSON.stringify(data), now);
};
