import {and, asc, desc, eq} from './drizzle.ts';
import type {BroadcastDetail} from '../../contract/index.ts';
import type {Orm} from './connection.ts';
import {broadcastAnswer} from './schema.ts';
import {toTime} from './to-contract.ts';

/** Written before the bytes go out, so that an attempt whose answer was lost shows as one. */
export const beginAttempt = (orm: Orm, broadcastId: number, attempt: number, now: number): void => {
  orm.insert(broadcastAnswer).values({broadcastId, attempt, times: 1, firstAt: now, lastAt: now, answer: null}).run();
};

const lastTwo = (orm: Orm, broadcastId: number) =>
  orm
    .select()
    .from(broadcastAnswer)
    .where(eq(broadcastAnswer.broadcastId, broadcastId))
    .orderBy(desc(broadcastAnswer.attempt))
    .limit(2)
    .all();

/** The answer to the newest attempt; the same words as before are counted in the row that has them. */
export const keepAnswer = (orm: Orm, broadcastId: number, answer: string, now: number): void => {
  const [open, before] = lastTwo(orm, broadcastId);
  // Signed before answers were kept, or answered already: nothing of it is unknown.
  if (!open || open.answer !== null) return;
  const rowOf = (attempt: number) =>
    and(eq(broadcastAnswer.broadcastId, broadcastId), eq(broadcastAnswer.attempt, attempt));
  if (before?.answer !== answer) {
    orm.update(broadcastAnswer).set({answer, lastAt: now}).where(rowOf(open.attempt)).run();
    return;
  }
  orm
    .update(broadcastAnswer)
    .set({times: before.times + open.times, lastAt: now})
    .where(rowOf(before.attempt))
    .run();
  orm.delete(broadcastAnswer).where(rowOf(open.attempt)).run();
};

/** In the order of the attempts. */
export const answersOf = (orm: Orm, broadcastId: number): BroadcastDetail['answers'] =>
  orm
    .select()
    .from(broadcastAnswer)
    .where(eq(broadcastAnswer.broadcastId, broadcastId))
    .orderBy(asc(broadcastAnswer.attempt))
    .all()
    .map(({attempt, times, firstAt, lastAt, answer}) => ({
      attempt,
      times,
      first_at: toTime(firstAt),
      last_at: toTime(lastAt),
      answer,
    }));
