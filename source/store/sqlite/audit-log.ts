import {createHash} from 'node:crypto';
import type {Actor, AuditEntry, AuditQuery, Page} from '../../contract/index.ts';
import type {Act} from '../audit-store.ts';
import type {Orm} from './connection.ts';
import {and, desc, eq, lt} from './drizzle.ts';
import {metaValue, setMetaValue} from './meta-value.ts';
import {pageOf, readCursor} from './page.ts';
import {rawStatement} from './raw-statement.ts';
import {audit} from './schema.ts';
import {toTime} from './to-contract.ts';

type AuditRow = typeof audit.$inferSelect;

const NO_HASH = '0'.repeat(64);

const insert = rawStatement(
  `INSERT INTO audit (id, created_at, actor, client, command, action, subject, details, previous_hash, hash)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const selectLast = rawStatement('SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1');
const selectAll = rawStatement(
  `SELECT id, created_at AS createdAt, actor, client, command, action, subject, details,
   previous_hash AS previousHash, hash FROM audit ORDER BY id`,
);

/** JSON with keys in order and nothing undefined: the same value is the same text on every machine. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );

/** Over the entry as the API shows it, so that anybody who kept a copy can compute it. */
const hashOf = (row: Omit<AuditRow, 'hash'>): string =>
  createHash('sha256')
    .update(row.previousHash)
    .update(canonicalJson(said(row)))
    .digest('hex');

/** Appends to the chain, inside the transaction of the act itself: neither can be there without the other. */
export const appendAudit = (orm: Orm, {name, client, command}: Actor, act: Act, now: number): void => {
  const last = selectLast(orm).get() as {id: bigint; hash: string} | undefined;
  const row = {
    id: Number(last?.id ?? 0n) + 1,
    createdAt: now,
    actor: name,
    client: client ?? null,
    command: command ?? null,
    action: act.action,
    subject: act.subject,
    details: canonicalJson(act.details ?? {}),
    previousHash: last?.hash ?? NO_HASH,
  };
  const hash = hashOf(row);
  insert(orm).run(...Object.values(row), hash);
  setMetaValue(orm, 'audit_head', `${row.id} ${hash}`);
};

/** Newest first. */
export const listAudit = (orm: Orm, {limit, cursor, actor, action, subject}: AuditQuery): Page<AuditEntry> => {
  const rows = orm
    .select()
    .from(audit)
    .where(
      and(
        cursor === undefined ? undefined : lt(audit.id, readCursor(cursor)),
        actor === undefined ? undefined : eq(audit.actor, actor),
        action === undefined ? undefined : eq(audit.action, action),
        subject === undefined ? undefined : eq(audit.subject, subject),
      ),
    )
    .orderBy(desc(audit.id))
    .limit(limit + 1)
    .all();
  return pageOf(rows, limit, row => String(row.id), toEntry);
};

const toEntry = (row: AuditRow): AuditEntry => ({
  ...said(row),
  previous_hash: row.previousHash,
  hash: row.hash,
});

const said = (row: Omit<AuditRow, 'hash'>): Omit<AuditEntry, 'hash' | 'previous_hash'> => ({
  id: String(row.id),
  created_at: toTime(row.createdAt),
  actor: row.actor,
  ...(row.client !== null && {client: row.client}),
  ...(row.command !== null && {command: row.command}),
  action: row.action,
  subject: row.subject,
  details: JSON.parse(row.details) as Record<string, unknown>,
});

/** Walks the whole chain, and names the first row that does not fit. */
export const auditFault = (orm: Orm): string | undefined => {
  let last = {id: 0, hash: NO_HASH};
  for (const raw of selectAll(orm).iterate() as IterableIterator<Record<string, unknown>>) {
    const row = {...raw, id: Number(raw['id']), createdAt: Number(raw['createdAt'])} as AuditRow;
    const fault = rowFault(row, last);
    if (fault !== undefined) return `audit row ${row.id} ${fault}`;
    last = row;
  }
  const head = metaValue(orm, 'audit_head') ?? `0 ${NO_HASH}`;
  const [id] = head.split(' ', 1);
  return head === `${last.id} ${last.hash}` ? undefined : `audit row ${id} was the newest and is not there any more`;
};

const rowFault = (row: AuditRow, last: {readonly id: number; readonly hash: string}): string | undefined => {
  if (row.id !== last.id + 1) return `follows row ${last.id}: those between were removed`;
  if (row.previousHash !== last.hash) return `does not follow from row ${last.id}: one of them was changed`;
  try {
    return hashOf(row) === row.hash ? undefined : 'was changed: its hash is not that of what it says';
  } catch (error) {
    if (error instanceof SyntaxError) return 'was changed: its details are no JSON';
    throw error;
  }
};
