import type {Event, EventType} from '../../contract/index.ts';
import type {Orm} from './connection.ts';
import {bulkInsert} from './bulk-insert.ts';
import {rawStatement} from './raw-statement.ts';

const insertEvent = rawStatement('INSERT INTO event (type, data, created_at) VALUES (?, ?, ?)');

/** Appends to the outbox in the caller's transaction, so that an event exists exactly when its cause does. */
export const appendEvent = (orm: Orm, type: EventType, data: Event['data'], now: number): void => {
  insertEvent(orm).run(type, JSON.stringify(data), now);
};

/** The same for many in a row, in the order they are added; until they are flushed, append no other. */
const eventRows = bulkInsert('event', ['type', 'data', 'created_at']);

export class EventBatch {
  readonly #rows: ReturnType<typeof eventRows>;

  constructor(orm: Orm) {
    this.#rows = eventRows(orm);
  }

  add(type: EventType, data: Event['data'], now: number): void {
    this.#rows.add(type, JSON.stringify(data), now);
  }

  flush(): void {
    this.#rows.flush();
  }
}
