import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

/** Holds under which a payout counts for nothing yet: it was never let through. */
const WAITS = ['limit\\_%', 'approval:%', 'address\\_not\\_allowed:%']
  .map(pattern => `reason LIKE '${pattern}' ESCAPE '\\'`)
  .join(' OR ');
const sumAccepted = rawStatement(
  `SELECT COALESCE(SUM(amount), 0) AS total FROM payout WHERE limit_at > ?
   AND status <> 'cancelled' AND NOT (status = 'held' AND (${WAITS}))`,
);

/**
 * What was accepted in the last so many milliseconds, without those cancelled or waiting for a person. An upper bound
 * is kept in memory, because the sum over a busy day takes longer than an acceptance may; it is counted anew when it
 * matters. Acceptances that seem to lie ahead, after the clock was set back over a restart, count too.
 */
export class RollingVolume {
  readonly #length: number;
  #upperBound: bigint | undefined;
  #countedAt = 0;

  constructor(length: number) {
    this.#length = length;
  }

  /** Whether the limit would be passed with `amount` on top; counted exactly before it says so. */
  exceeds(orm: Orm, limit: bigint, amount: bigint, at: number): boolean {
    const isFresh = this.#upperBound !== undefined && at >= this.#countedAt && at - this.#countedAt < this.#length;
    if (isFresh && this.#upperBound! + amount <= limit) return false;
    this.#upperBound = (sumAccepted(orm).get(at - this.#length) as {total: bigint}).total;
    this.#countedAt = at;
    return this.#upperBound + amount > limit;
  }

  add(amount: bigint): void {
    if (this.#upperBound !== undefined) this.#upperBound += amount;
  }
}

/** The rolling sums that limits are compared with. */
export class Volumes {
  readonly hour = new RollingVolume(HOUR);
  readonly day = new RollingVolume(DAY);

  /** Something was let through. */
  add(amount: bigint): void {
    this.hour.add(amount);
    this.day.add(amount);
  }
}
