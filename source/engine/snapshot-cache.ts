import type {Status} from '../contract/index.ts';
import type {Clock} from '../primitives/clock.ts';
import {Wake} from '../primitives/wake.ts';

/** ms: at most two snapshots are built a second, however many ask. */
const SHORTEST_AGE = 500;
/** ms: a stream says something at least this often, so that silence means that the engine is gone. */
const LONGEST_SILENCE = 2000;

/** Builds the snapshot when somebody asks, and shares it. */
export class SnapshotCache {
  readonly #build: () => Promise<Status>;
  readonly #clock: Clock;
  readonly #waiters = new Set<Wake>();
  #building: Promise<Status> | undefined;
  #last: {readonly status: Status; readonly at: number; readonly changes: number} | undefined;
  #changes = 0;

  constructor(build: () => Promise<Status>, clock: Clock) {
    this.#build = build;
    this.#clock = clock;
  }

  /** Streams have something new to say. */
  markChanged(): void {
    this.#changes += 1;
    for (const waiter of this.#waiters) waiter.ring();
  }

  /** The present, or up to half a second ago. */
  async get(): Promise<Status> {
    if (this.#building) return this.#building;
    if (this.#last && this.#clock.monotonic() - this.#last.at < SHORTEST_AGE) return this.#last.status;
    this.#building = this.#buildNow();
    try {
      return await this.#building;
    } finally {
      this.#building = undefined;
    }
  }

  /** One at once, then at changes. Whoever reads slowly gets the newest and misses those between. */
  async *stream(signal: AbortSignal): AsyncIterable<Status> {
    const changed = new Wake();
    this.#waiters.add(changed);
    try {
      while (!signal.aborted) {
        yield await this.get();
        // What changed after this one was begun is still to be said.
        if (this.#last?.changes !== this.#changes) changed.ring();
        await new Wake().sleep(SHORTEST_AGE, signal);
        await changed.sleep(LONGEST_SILENCE - SHORTEST_AGE, signal);
      }
    } finally {
      this.#waiters.delete(changed);
    }
  }

  async #buildNow(): Promise<Status> {
    const at = this.#clock.monotonic();
    const changes = this.#changes;
    const status = await this.#build();
    this.#last = {status, at, changes};
    return status;
  }
}
