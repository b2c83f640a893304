import type {Job, Page, JobQuery, ScanEstimate, ScanMethod} from '../contract/index.ts';

export interface JobStore {
  /** Throws `already_running` when one of the same kind runs. `way`: how it is to go about it, and what that was thought to cost. */
  createJob(
    kind: Job['kind'],
    fromHeight: number,
    toHeight: number,
    now: number,
    way?: {readonly method: ScanMethod; readonly estimate?: ScanEstimate | undefined},
  ): Promise<Job>;
  jobs(query: JobQuery): Promise<Page<Job>>;
  job(id: string): Promise<Job>;
  /** `running` jobs of an engine that is gone, to be resumed above their checkpoint. */
  unfinishedJobs(): Promise<Job[]>;
  extendJob(id: string, toHeight: number): Promise<void>;
  endJob(
    id: string,
    status: 'finished' | 'cancelled' | 'failed' | 'interrupted',
    error: string | undefined,
    now: number,
  ): Promise<Job>;
}
