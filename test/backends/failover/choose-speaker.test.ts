import * as fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {
  chooseSpeaker,
  NEVER,
  standingOf,
  type Candidate,
  type Observed,
} from '../../../source/backends/failover/choose-speaker.ts';
import {FAILOVER_RULES as rules} from '../../../source/backends/failover/rules.ts';

const NOW = 1_000_000;
const well: Observed = {
  fault: undefined,
  otherChain: undefined,
  height: 100,
  syncing: false,
  lag: 0,
  lagsSince: undefined,
};
const fault = {code: 'backend_down', words: 'nothing listens there'};

describe('how a source stands', () => {
  test.each<[what: string, observed: Partial<Observed>, state: string, rank: number]>([
    ['it answers and nobody is ahead', {}, 'ok', 0],
    ['it has not answered yet', {height: undefined}, 'connecting', 1],
    ['it failed twice', {fault}, 'down', NEVER],
    ['it is starting', {fault: {...fault, code: 'backend_warming_up'}}, 'warming_up', NEVER],
    ['it downloads the chain', {syncing: true}, 'syncing', 3],
    ['it is on another chain', {otherChain: 'another genesis'}, 'wrong_chain', NEVER],
    ['it is on another chain and away', {otherChain: 'another genesis', fault}, 'wrong_chain', NEVER],
    ['one block is not there yet', {lag: 1, lagsSince: NOW - 1000}, 'ok', 1],
    ['one block has not come for long', {lag: 1, lagsSince: NOW - rules.lagPatience - 1}, 'behind', 2],
    ['many blocks are missing', {lag: rules.behindBlocks, lagsSince: NOW}, 'behind', 2],
  ])('%s', (_, observed, state, rank) => {
    expect(standingOf({...well, ...observed}, rules, NOW)).toMatchObject({state, rank});
  });
});

const candidate = (rank: number, wellFor?: number): Candidate => ({
  rank,
  wellSince: wellFor === undefined ? undefined : NOW - wellFor,
  wellFor: rules.wellFor,
});
const ok = candidate(0, rules.wellFor);
const lagging = candidate(1);
const behind = candidate(2);
const down = candidate(NEVER);

describe('who speaks', () => {
  test.each<[what: string, candidates: Candidate[], current: number, next: number]>([
    ['all are well', [ok, ok, ok], 0, 0],
    ['the speaker is down: the next in order', [down, ok, ok], 0, 1],
    ['the speaker and the next are down', [down, down, ok], 0, 2],
    ['all are down: nobody else', [down, down], 0, 0],
    ['the speaker is down and the other only behind: better than nothing', [down, behind], 0, 1],
    ['the speaker is behind and another one is not', [behind, ok], 0, 1],
    ['the speaker is behind, and so is the other', [behind, behind], 0, 0],
    ['the speaker lags a block: no reason', [lagging, ok], 0, 0],
    ['the other is not known yet, and the speaker is down', [down, lagging], 0, 1],
    ['one that is well before one that lags', [down, lagging, ok], 0, 2],
    ['the preferred one is back, and not for long', [candidate(0, rules.wellFor - 1), ok], 1, 1],
    ['the preferred one has been well for long enough', [ok, ok], 1, 0],
    ['the preferred one is back, and the speaker is down', [candidate(0, 1), down], 1, 0],
    ['of two that are back, the most preferred', [ok, ok, ok], 2, 0],
    ['one that is less preferred is never gone back to', [ok, ok], 0, 0],
  ])('%s', (_, candidates, current, next) => {
    expect(chooseSpeaker(candidates, current, NOW)).toBe(next);
  });

  const candidates = fc.array(
    fc.record({
      rank: fc.constantFrom(0, 1, 2, 3, NEVER),
      wellSince: fc.option(fc.integer({min: 0, max: NOW}), {nil: undefined}),
      wellFor: fc.integer({min: 1, max: 600_000}),
    }),
    {minLength: 1, maxLength: 5},
  );
  const situations = candidates.chain(list => fc.record({list: fc.constant(list), current: fc.nat(list.length - 1)}));

  test('nobody takes the word who is worse than the one that has it, or cannot be asked', () => {
    fc.assert(
      fc.property(situations, ({list, current}) => {
        const next = chooseSpeaker(list, current, NOW);
        if (next === current) return;
        expect(list[next]!.rank).toBeLessThanOrEqual(list[current]!.rank);
        expect(list[next]!.rank).not.toBe(NEVER);
      }),
    );
  });

  test('one that is well is left only for a preferred one that has been well for as long as it must', () => {
    fc.assert(
      fc.property(situations, ({list, current}) => {
        const next = chooseSpeaker(list, current, NOW);
        if (next === current || list[current]!.rank > 1) return;
        const {rank, wellSince, wellFor} = list[next]!;
        expect(next).toBeLessThan(current);
        expect({rank, isLongEnough: NOW - (wellSince ?? NOW) >= wellFor}).toEqual({rank: 0, isLongEnough: true});
      }),
    );
  });

  test('the choice is at rest: asked again, it is the same', () => {
    fc.assert(
      fc.property(situations, ({list, current}) => {
        const next = chooseSpeaker(list, current, NOW);
        expect(chooseSpeaker(list, next, NOW)).toBe(next);
      }),
    );
  });
});
