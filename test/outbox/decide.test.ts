import {describe, expect, test} from 'vitest';
import {GIVE_UP_AFTER, pauseAfter} from '../../source/outbox/backoff.ts';
import {decide} from '../../source/outbox/decide.ts';

const HOUR = 3_600_000;
const NOW = 1_700_000_000_000;
const failed = {kind: 'failed', words: 'answered 500'} as const;

/** Tries an endpoint that never answers well, until the event is parked. */
const untilParked = (random: () => number): {attempts: number; took: number} => {
  let now = NOW;
  for (let attempts = 0; ; attempts++) {
    const consequence = decide(failed, {attempts, firstAttemptAt: attempts === 0 ? undefined : NOW}, now, random());
    if (consequence.kind === 'park') return {attempts: attempts + 1, took: now - NOW};
    if (consequence.kind !== 'retry') throw new Error(consequence.kind);
    now += consequence.pause;
  }
};

describe('pauseAfter', () => {
  test('grows from one second to three hours', () => {
    const pauses = Array.from({length: 20}, (_, index) => pauseAfter(index + 1, 0.5));
    expect(pauses.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(pauses.at(-1)).toBe(3 * HOUR);
  });

  test.each([
    [0, 800],
    [0.5, 1000],
    [0.999_999, 1200],
  ])('is moved by chance by up to a fifth (%f)', (random, pause) => {
    expect(pauseAfter(1, random)).toBe(pause);
    expect(pauseAfter(1000, random)).toBeLessThanOrEqual(pauseAfter(1000, 1));
  });
});

describe('decide', () => {
  test('an arrival is marked, a 410 switches off', () => {
    const tried = {attempts: 40, firstAttemptAt: NOW};
    expect(decide({kind: 'delivered', status: 200}, tried, NOW + 100 * HOUR, 0)).toEqual({kind: 'mark'});
    expect(decide({kind: 'gone', words: 'answered 410 Gone'}, tried, NOW + 100 * HOUR, 0)).toEqual({
      kind: 'switch-off',
      words: 'answered 410 Gone',
    });
  });

  test.each([0, 0.5, 0.999])('three days in vain park an event, and not much more (chance %f)', chance => {
    const {attempts, took} = untilParked(() => chance);
    expect(took).toBeGreaterThanOrEqual(GIVE_UP_AFTER);
    expect(took).toBeLessThanOrEqual(GIVE_UP_AFTER + pauseAfter(1000, 1));
    expect(attempts).toBeGreaterThan(30);
    expect(attempts).toBeLessThan(50);
  });

  test('a clock set four days forward gives up nothing that was hardly tried', () => {
    expect(decide(failed, {attempts: 3, firstAttemptAt: NOW}, NOW + 96 * HOUR, 0.5)).toMatchObject({kind: 'retry'});
  });

  test('an operator who retries all the time does not use up the three days', () => {
    expect(decide(failed, {attempts: 500, firstAttemptAt: NOW}, NOW + HOUR, 0.5)).toMatchObject({kind: 'retry'});
  });
});
