import {setImmediate as nextTurn} from 'node:timers/promises';
import {asc, eq, sql} from './drizzle.ts';
import type {EventType, Replay} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {ReplayHead} from '../outbox-store.ts';
import type {LedgerIdentity} from '../store.ts';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';
import {sinkReplay} from './schema.ts';
import * as sinks from './sink-statements.ts';
import {prepared} from './statements.ts';
import {toEvent, toTime} from './to-contract.ts';
import type {Writer} from './writer.ts';

/** Events looked through at once for those of a sink's types. */
const WINDOW = 1000;

const selectOldest = prepared(orm =>
  orm
    .select()
    .from(sinkReplay)
    .where(eq(sinkReplay.sink, sql.placeholder('name')))
    .orderBy(asc(sinkReplay.id))
    .limit(1)
    .prepare(),
);
const insert = rawStatement(`
  INSERT INTO sink_replay (sink, from_sequence, to_sequence, at_sequence, attempts, created_at)
  VALUES (?, ?, ?, ?, 0, ?)`);
const selectById = prepared(orm =>
  orm
    .select()
    .from(sinkReplay)
    .where(eq(sinkReplay.id, sql.placeholder('id')))
    .prepare(),
);
const moveOn = rawStatement(`
  UPDATE sink_replay SET at_sequence = max(at_sequence, ?), attempts = 0, last_error = NULL, next_attempt_at = NULL,
    first_attempt_at = NULL WHERE id = ? RETURNING sink`);
const removeFinished = rawStatement('DELETE FROM sink_replay WHERE id = ? AND at_sequence >= to_sequence');
const recordFailure = rawStatement(`
  UPDATE sink_replay SET attempts = attempts + 1, last_error = ?, next_attempt_at = ?,
    first_attempt_at = coalesce(first_attempt_at, ?) WHERE id = ?`);
const startAfresh = rawStatement(
  'UPDATE sink_replay SET attempts = 0, next_attempt_at = NULL, first_attempt_at = NULL WHERE sink = ?',
);
const arrivedAfterAll = rawStatement("DELETE FROM delivery WHERE sink = ? AND sequence = ? AND status = 'dead'");

type Row = typeof sinkReplay.$inferSelect;

/** Ranges of events that operators asked for again, one after the other for each sink. */
export class SinkReplays {
  readonly #orm: Orm;
  readonly #writer: Writer;
  readonly #identity: LedgerIdentity;

  constructor(orm: Orm, writer: Writer, identity: LedgerIdentity) {
    this.#orm = orm;
    this.#writer = writer;
    this.#identity = identity;
  }

  start(orm: Orm, name: string, {from, to}: {from: number; to: number}, now: number): Replay | undefined {
    const sink = sinks.selectSink(orm).get({name});
    if (!sink) throw new EngineError('not_found', `no sink ${name}`);
    const last = Math.min(to, sink.sequence);
    if (last < from) return undefined;
    const {lastInsertRowid} = insert(orm).run(name, from, last, from - 1, now);
    return this.#toReplay(selectById(orm).get({id: Number(lastInsertRowid)})!);
  }

  async heads(name: string, types: readonly EventType[] | undefined, limit: number): Promise<ReplayHead[]> {
    for (;;) {
      const row = selectOldest(this.#orm).get({name});
      if (!row) return [];
      const upTo = Math.min(row.toSequence, row.atSequence + WINDOW);
      const events =
        types === undefined
          ? sinks.selectQueueUpTo(this.#orm).all({after: row.atSequence, upTo, limit})
          : sinks.selectQueueOfTypes(this.#orm).all({after: row.atSequence, upTo, types: JSON.stringify(types), limit});
      if (events.length > 0)
        return events.map((event, position) => ({
          replayId: String(row.id),
          head: {
            event: toEvent(event, this.#identity.ledgerId, this.#identity.coin),
            attempts: position === 0 ? row.attempts : 0,
            firstAttemptAt: position === 0 ? (row.firstAttemptAt ?? undefined) : undefined,
            dueAt: position === 0 ? (row.nextAttemptAt ?? 0) : 0,
          },
        }));
      await this.#writer.run(orm => this.#moveOn(orm, String(row.id), upTo));
      await nextTurn();
    }
  }

  async delivered(replayId: string, sequence: number, now: number): Promise<void> {
    await this.#writer.run(orm => {
      const sink = this.#moveOn(orm, replayId, sequence);
      if (sink === undefined) return;
      sinks.setLastDelivered(orm).run(now, sink);
      if (arrivedAfterAll(orm).run(sink, sequence).changes > 0) sinks.setGap(orm).run({name: sink});
    });
  }

  async failed(replayId: string, words: string, nextAttemptAt: number, now: number): Promise<void> {
    await this.#writer.run(orm => {
      recordFailure(orm).run(words, nextAttemptAt, now, Number(replayId));
    });
  }

  async parked(replayId: string, sequence: number, words: string, now: number): Promise<void> {
    await this.#writer.run(orm => {
      const name = this.#moveOn(orm, replayId, sequence);
      if (name === undefined) return;
      sinks.upsertFailure(orm).run({name, sequence, status: 'dead', words, nextAttemptAt: null, now});
      sinks.setGap(orm).run({name});
    });
  }

  /** For a sink that is on again: what failed before says nothing about it now. */
  startAfresh(orm: Orm, name: string): void {
    startAfresh(orm).run(name);
  }

  oldest(name: string): Replay | undefined {
    const row = selectOldest(this.#orm).get({name});
    return row && this.#toReplay(row);
  }

  /** The sink, unless the range is gone. */
  #moveOn(orm: Orm, replayId: string, sequence: number): string | undefined {
    const moved = moveOn(orm).get(sequence, Number(replayId)) as {sink: string} | undefined;
    removeFinished(orm).run(Number(replayId));
    return moved?.sink;
  }

  #toReplay(row: Row): Replay {
    return {
      id: String(row.id),
      sink: row.sink,
      coin: this.#identity.coin,
      from: row.fromSequence,
      to: row.toSequence,
      at: row.atSequence,
      attempts: row.attempts,
      last_error: row.lastError,
      next_attempt_at: row.nextAttemptAt === null ? null : toTime(row.nextAttemptAt),
    };
  }
}
