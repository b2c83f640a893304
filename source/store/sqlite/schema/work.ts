import {index, sqliteTable, text} from '../drizzle.ts';
import type {ScanMethod} from '../../../contract/index.ts';
import {autoId, int} from '../columns.ts';

export const job = sqliteTable(
  'job',
  {
    id: autoId(),
    kind: text().$type<'rescan' | 'catch_up'>().notNull(),
    status: text().$type<'running' | 'interrupted' | 'finished' | 'cancelled' | 'failed'>().notNull(),
    fromHeight: int('from_height').notNull(),
    toHeight: int('to_height').notNull(),
    /** Checkpoint: committed together with the effects of the blocks up to it. */
    atHeight: int('at_height').notNull(),
    known: int().notNull(),
    found: int().notNull(),
    changed: int().notNull(),
    error: text(),
    createdAt: int('created_at').notNull(),
    endedAt: int('ended_at'),
    /** Of a rescan: how it finds the blocks to read, and what that was thought to cost, as JSON. */
    method: text().$type<ScanMethod>(),
    estimate: text(),
  },
  table => [index('job_status').on(table.status)],
);

/** What people did, in a chain of hashes. Triggers of the migration refuse to change or remove a row. */
export const audit = sqliteTable(
  'audit',
  {
    id: autoId(),
    createdAt: int('created_at').notNull(),
    actor: text().notNull(),
    client: text(),
    command: text(),
    action: text().notNull(),
    subject: text().notNull(),
    /** Canonical JSON. */
    details: text().notNull(),
    previousHash: text('previous_hash').notNull(),
    hash: text().notNull(),
  },
  table => [
    index('audit_actor').on(table.actor, table.id),
    index('audit_action').on(table.action, table.id),
    index('audit_subject').on(table.subject, table.id),
  ],
);
