import {FEWEST_ATTEMPTS, GIVE_UP_AFTER, pauseAfter} from './backoff.ts';
import type {DeliveryAnswer} from './ports.ts';

/** What becomes of an event after one attempt. */
export type Consequence =
  | {readonly kind: 'mark'}
  /** `pause`: ms. */
  | {readonly kind: 'retry'; readonly words: string; readonly pause: number}
  | {readonly kind: 'park'; readonly words: string}
  | {readonly kind: 'switch-off'; readonly words: string};

/** Attempts before this one, all in vain. */
export interface Tried {
  readonly attempts: number;
  /** ms since 1970 */
  readonly firstAttemptAt: number | undefined;
}

/** Pure. `random`: 0 to below 1. */
export const decide = (answer: DeliveryAnswer, tried: Tried, now: number, random: number): Consequence => {
  if (answer.kind === 'delivered') return {kind: 'mark'};
  if (answer.kind === 'gone') return {kind: 'switch-off', words: answer.words};
  const attempts = tried.attempts + 1;
  const since = now - (tried.firstAttemptAt ?? now);
  if (attempts >= FEWEST_ATTEMPTS && since >= GIVE_UP_AFTER) return {kind: 'park', words: answer.words};
  return {kind: 'retry', words: answer.words, pause: pauseAfter(attempts, random)};
};
