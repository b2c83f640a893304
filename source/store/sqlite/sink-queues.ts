import {setImmediate as nextTurn} from 'node:timers/promises';
import type {Event, EventType} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {QueueHead, SinkState} from '../outbox-store.ts';
import type {LedgerIdentity} from '../store.ts';
import type {Orm} from './connection.ts';
import * as statements from './sink-statements.ts';
import type {event, sink} from './schema.ts';
import type {SinkReplays} from './sink-replays.ts';
import {toEvent} from './to-contract.ts';
import type {Writer} from './writer.ts';

/** Events looked through at once for those of a sink's types; more would keep the engine from everything else. */
const WINDOW = 1000;

interface Scan {
  readonly types: string;
  /** Nothing of these types up to here that is not delivered. In memory only: a restart looks through it again. */
  readonly upTo: number;
}

/**
 * Sinks as cursors over the outbox. A cursor moves for each delivered event, and past events of other types only every
 * so often: until then memory knows how far there was nothing.
 */
export class SinkQueues {
  readonly #orm: Orm;
  readonly #writer: Writer;
  readonly #identity: LedgerIdentity;
  readonly #replays: SinkReplays;
  readonly #scans = new Map<string, Scan>();

  constructor(orm: Orm, writer: Writer, identity: LedgerIdentity, replays: SinkReplays) {
    this.#orm = orm;
    this.#writer = writer;
    this.#identity = identity;
    this.#replays = replays;
  }

  async ensure(name: string, from: number | undefined): Promise<void> {
    if (statements.selectSink(this.#orm).get({name})) return;
    await this.#writer.run(orm => {
      statements.insertSink(orm).run({name, sequence: from ?? this.#newest()});
    });
  }

  async heads(name: string, types: readonly EventType[] | undefined, limit: number): Promise<QueueHead[]> {
    const state = this.#require(name);
    if (isStopped(state)) return [];
    const rows = types === undefined ? this.#rowsOfAll(state, limit) : await this.#rowsOfTypes(state, types, limit);
    return rows.map((row, position) => this.#toHead(state, row, position === 0));
  }

  async markDelivered(name: string, sequence: number, now: number): Promise<void> {
    await this.#writer.run(orm => {
      statements.moveCursorDelivered(orm).run(sequence, now, name);
      statements.forgetAttempts(orm).run(name, sequence);
    });
  }

  async recordFailure(
    name: string,
    sequence: number,
    failure: {words: string; nextAttemptAt: number; now: number},
  ): Promise<void> {
    await this.#writer.run(orm => {
      statements.upsertFailure(orm).run({name, sequence, status: 'retrying', ...failure});
    });
  }

  async park(name: string, sequence: number, words: string, now: number): Promise<void> {
    await this.#writer.run(orm => {
      statements.upsertFailure(orm).run({name, sequence, status: 'dead', words, nextAttemptAt: null, now});
      statements.moveCursor(orm).run(sequence, name);
      statements.setGap(orm).run({name});
    });
  }

  async switchOff(name: string, reason: string): Promise<void> {
    await this.#writer.run(orm => {
      statements.setOff(orm).run(reason, name);
    });
  }

  pause(orm: Orm, name: string): void {
    this.#require(name);
    statements.setPaused(orm).run(1, name);
  }

  async isOn(name: string): Promise<boolean> {
    return !isStopped(this.#require(name));
  }

  /** What was tried before the sink was off says nothing about the one that is on now: attempts count from zero. */
  resume(orm: Orm, name: string): void {
    this.#require(name);
    statements.setOff(orm).run(null, name);
    statements.setPaused(orm).run(0, name);
    this.#replays.startAfresh(orm, name);
    statements.forgetRetrying(orm).run(name);
  }

  async state(name: string): Promise<SinkState> {
    const state = this.#require(name);
    const retrying = statements.selectRetrying(this.#orm).get({name});
    return {
      name,
      sequence: state.sequence,
      offReason: state.offReason ?? undefined,
      paused: state.paused,
      waiting: this.#waiting(state),
      oldestWaitingAt: this.#oldestWaitingAt(state),
      dead: Number((statements.countDead(this.#orm).get(name) as {number: bigint}).number),
      lastDeliveredAt: state.lastDeliveredAt ?? undefined,
      lastError: retrying?.lastError ?? undefined,
      nextAttemptAt: retrying?.nextAttemptAt ?? undefined,
      attempts: retrying?.attempts ?? 0,
      replay: this.#replays.oldest(name),
    };
  }

  async replays(name: string): Promise<{deliveryId: string; event: Event}[]> {
    if (isStopped(this.#require(name))) return [];
    return statements
      .selectReplays(this.#orm)
      .all({name})
      .map(row => ({deliveryId: String(row.id), event: this.#toEvent(row.event)}));
  }

  async replayed(deliveryId: string, words: string | undefined): Promise<void> {
    await this.#writer.run(orm => {
      if (words !== undefined) {
        statements.recordReplayFailure(orm).run(words, Number(deliveryId));
        return;
      }
      const gone = statements.deleteDelivery(orm).get(Number(deliveryId)) as {sink: string} | undefined;
      if (gone) statements.setGap(orm).run({name: gone.sink});
    });
  }

  #newest(): number {
    return Number((statements.newestSequence(this.#orm).get() as {sequence: bigint}).sequence);
  }

  #require(name: string): typeof sink.$inferSelect {
    const state = statements.selectSink(this.#orm).get({name});
    if (!state) throw new EngineError('not_found', `no sink ${name}`);
    return state;
  }

  #rowsOfAll(state: typeof sink.$inferSelect, limit: number): (typeof event.$inferSelect)[] {
    return statements.selectQueue(this.#orm).all({after: state.sequence, limit});
  }

  async #rowsOfTypes(
    state: typeof sink.$inferSelect,
    wanted: readonly EventType[],
    limit: number,
  ): Promise<(typeof event.$inferSelect)[]> {
    const types = JSON.stringify(wanted);
    const known = this.#scans.get(state.name);
    let after = Math.max(state.sequence, known?.types === types ? known.upTo : 0);
    for (;;) {
      this.#scans.set(state.name, {types, upTo: after});
      const newest = this.#newest();
      const upTo = Math.min(newest, after + WINDOW);
      const rows = statements.selectQueueOfTypes(this.#orm).all({after, upTo, types, limit});
      if (rows.length > 0) return rows;
      if (upTo === newest) {
        this.#scans.set(state.name, {types, upTo});
        return [];
      }
      await this.#skipTo(state.name, upTo);
      after = upTo;
    }
  }

  /** A whole window of foreign events is worth a write, so that a restart need not look through it again. */
  async #skipTo(name: string, sequence: number): Promise<void> {
    await this.#writer.run(orm => {
      statements.moveCursor(orm).run(sequence, name);
    });
    await nextTurn();
  }

  #toHead(state: typeof sink.$inferSelect, row: typeof event.$inferSelect, isFirst: boolean): QueueHead {
    const attempts = isFirst
      ? statements.selectAttempts(this.#orm).get({name: state.name, sequence: row.sequence})
      : undefined;
    const found = this.#toEvent(row);
    return {
      event: state.gap ? {...found, gap: true} : found,
      attempts: attempts?.attempts ?? 0,
      firstAttemptAt: attempts?.firstAttemptAt,
      dueAt: attempts?.nextAttemptAt ?? 0,
    };
  }

  /** Exact unless more wait than one look may count; then everything behind the cursor. */
  #waiting(state: typeof sink.$inferSelect): number {
    const newest = this.#newest();
    const scan = this.#scans.get(state.name);
    const after = Math.max(state.sequence, scan?.upTo ?? 0);
    if (newest - after > WINDOW) {
      // Sequences jump where a ledger was restored from a backup: only many events are taken for their distance.
      const {number} = statements.countUpTo(this.#orm).get(after, WINDOW + 1) as {number: bigint};
      if (number > WINDOW) return newest - after;
      if (!scan) return Number(number);
    }
    if (!scan) return newest - after;
    const counted = statements.countOfTypes(this.#orm).get(after, newest, scan.types) as {number: bigint};
    return Number(counted.number);
  }

  /** Undefined also while only others than its own types follow within one look. */
  #oldestWaitingAt(state: typeof sink.$inferSelect): number | undefined {
    const scan = this.#scans.get(state.name);
    const after = Math.max(state.sequence, scan?.upTo ?? 0);
    const row = (
      scan === undefined
        ? statements.firstAfter(this.#orm).get(after)
        : statements.firstOfTypes(this.#orm).get(after, after + WINDOW, scan.types)
    ) as {at: bigint} | undefined;
    return row && Number(row.at);
  }

  #toEvent(row: typeof event.$inferSelect): Event {
    return toEvent(row, this.#identity.ledgerId, this.#identity.coin);
  }
}

const isStopped = ({offReason, paused}: typeof sink.$inferSelect): boolean => offReason !== null || paused;
