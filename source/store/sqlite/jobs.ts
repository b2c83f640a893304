import {and, desc, eq, inArray, lt} from './drizzle.ts';
import type {Job, JobQuery, Page, ScanEstimate, ScanMethod} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {JobProgress} from './track.ts';
import type {Orm} from './connection.ts';
import {pageOf, readCursor} from './page.ts';
import {rawStatement} from './raw-statement.ts';
import {job} from './schema.ts';
import {toTime} from './to-contract.ts';

type JobRow = typeof job.$inferSelect;

const toJob = (row: JobRow): Job => ({
  id: String(row.id),
  kind: row.kind,
  status: row.status,
  from_height: row.fromHeight,
  to_height: row.toHeight,
  at_height: row.atHeight,
  ...(row.method !== null && {method: row.method}),
  ...(row.estimate !== null && {estimate: JSON.parse(row.estimate) as ScanEstimate}),
  known: row.known,
  found: row.found,
  changed: row.changed,
  ...(row.error !== null && {error: row.error}),
  created_at: toTime(row.createdAt),
  ...(row.endedAt !== null && {ended_at: toTime(row.endedAt)}),
});

const readId = (id: string): number => (/^[1-9][0-9]{0,14}$/.test(id) ? Number(id) : -1);

const selectJob = (orm: Orm, id: string): JobRow => {
  const row = orm
    .select()
    .from(job)
    .where(eq(job.id, readId(id)))
    .get();
  if (!row) throw new EngineError('not_found', `no job ${id}`);
  return row;
};

export interface NewJob {
  readonly kind: Job['kind'];
  readonly fromHeight: number;
  readonly toHeight: number;
  readonly way: {readonly method: ScanMethod; readonly estimate?: ScanEstimate | undefined} | undefined;
}

/** Throws `already_running` when one of the same kind runs. Blocks of `fromHeight` and above are to be looked at. */
export const createJob = (orm: Orm, {kind, fromHeight, toHeight, way}: NewJob, now: number): Job => {
  const running = orm
    .select({id: job.id})
    .from(job)
    .where(and(eq(job.status, 'running'), eq(job.kind, kind)))
    .get();
  if (running) throw new EngineError('already_running', `${kind} ${running.id} is running`);
  const counters = {known: 0, found: 0, changed: 0};
  const row = orm
    .insert(job)
    .values({
      kind,
      status: 'running',
      fromHeight,
      toHeight,
      atHeight: fromHeight - 1,
      ...counters,
      error: null,
      createdAt: now,
      endedAt: null,
      method: way?.method ?? null,
      estimate: way?.estimate === undefined ? null : JSON.stringify(way.estimate),
    })
    .returning()
    .get();
  return toJob(row);
};

/** Newest first. */
export const listJobs = (orm: Orm, query: JobQuery): Page<Job> => {
  const rows = orm
    .select()
    .from(job)
    .where(
      and(
        query.cursor === undefined ? undefined : lt(job.id, readCursor(query.cursor)),
        query.status === undefined ? undefined : eq(job.status, query.status),
      ),
    )
    .orderBy(desc(job.id))
    .limit(query.limit + 1)
    .all();
  return pageOf(rows, query.limit, row => String(row.id), toJob);
};

export const findJob = (orm: Orm, id: string): Job => toJob(selectJob(orm, id));

export const unfinishedJobs = (orm: Orm): Job[] =>
  orm
    .select()
    .from(job)
    .where(inArray(job.status, ['running']))
    .orderBy(job.id)
    .all()
    .map(toJob);

export const extendJob = (orm: Orm, id: string, toHeight: number): void => {
  selectJob(orm, id);
  orm
    .update(job)
    .set({toHeight})
    .where(eq(job.id, readId(id)))
    .run();
};

/** Ends a job that runs; one that has ended stays as it ended. */
export const endJob = (
  orm: Orm,
  id: string,
  status: Exclude<Job['status'], 'running'>,
  error: string | undefined,
  now: number,
): Job => {
  if (selectJob(orm, id).status === 'running')
    orm
      .update(job)
      .set({status, error: error ?? null, endedAt: now})
      .where(eq(job.id, readId(id)))
      .run();
  return findJob(orm, id);
};

const moveCheckpoint = rawStatement(
  `UPDATE job SET at_height = ?, known = known + ?, found = found + ?, changed = changed + ?
   WHERE id = ? AND status = 'running' AND at_height < ?`,
);

/** Counts only what moves the checkpoint: the same blocks a second time count nothing. */
export const checkpointJob = (
  orm: Orm,
  {id, atHeight}: JobProgress,
  counted: {known: number; found: number; changed: number},
): void => {
  const {known, found, changed} = counted;
  moveCheckpoint(orm).run(atHeight, known, found, changed, readId(id), atHeight);
};
