import type {Job} from '../../contract/index.ts';

interface Pace {
  readonly firstHeight: number;
  readonly firstAt: number;
  height: number;
  at: number;
}

/** How fast running jobs get on, since this process took them up. Not stored: a pause would falsify it. */
export class JobPace {
  readonly #paces = new Map<string, Pace>();

  note(id: string, height: number, at: number): void {
    const pace = this.#paces.get(id);
    if (pace) Object.assign(pace, {height, at});
    else this.#paces.set(id, {firstHeight: height, firstAt: at, height, at});
  }

  addTo(job: Job): Job {
    const pace = this.#paces.get(job.id);
    if (job.status !== 'running') this.#paces.delete(job.id);
    if (!pace || job.status !== 'running' || pace.at <= pace.firstAt) return job;
    const perSecond = ((pace.height - pace.firstHeight) * 1000) / (pace.at - pace.firstAt);
    if (perSecond <= 0) return job;
    const left = Math.max(0, job.to_height - job.at_height);
    return {...job, blocks_per_second: Math.round(perSecond), eta_seconds: Math.ceil(left / perSecond)};
  }
}
