import type {Actor} from '../../contract/index.ts';
import type {Act, AuditStore} from '../audit-store.ts';
import {appendAudit, auditFault, listAudit} from './audit-log.ts';
import type {Connection, Orm} from './connection.ts';
import type {Writer} from './writer.ts';

/** The audit log's part of a ledger in SQLite. */
export const createAuditStore = ({orm}: Connection, writer: Writer): AuditStore => ({
  recordAct: async (actor, act, now) => writer.run(orm => appendAudit(orm, actor, act, now)),
  audit: async query => listAudit(orm, query),
  auditFault: async () => auditFault(orm),
});

/**
 * An operation and its audit entry in one transaction; `act` says it of the result, or that nothing
 * was done (undefined). Without an actor it is the engine's
 * own doing, which its events and transactions tell.
 */
export const audited = async <Value>(
  writer: Writer,
  {by, now}: {by: Actor | undefined; now: number},
  operation: (orm: Orm) => Value,
  act: (value: Value) => Act | undefined,
): Promise<Value> =>
  writer.run(orm => {
    const value = operation(orm);
    const done = by === undefined ? undefined : act(value);
    if (by !== undefined && done !== undefined) appendAudit(orm, by, done, now);
    return value;
  });
