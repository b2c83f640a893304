import {describe, expect, test} from 'vitest';
import {compareChains, planLadder, type HashPair, type LadderPlan, type Standing} from '../../source/chain/ladder.ts';
import type {BlockFacts} from '../../source/chain/facts.ts';
import type {BlockHash} from '../../source/primitives/ids.ts';

// A chain is one letter per block, genesis first: 'gabc' has c at height 3. The same letter is the same block.
const hashAt = (chain: string, height: number): BlockHash | undefined => {
  const letter = chain[height];
  return letter === undefined ? undefined : (chain.slice(0, height + 1).padStart(64, '0') as BlockHash);
};
const tipOf = (chain: string) => ({height: chain.length - 1, hash: hashAt(chain, chain.length - 1)!});

/** Plays both sides until the comparison is decided. */
const compare = (ours: string, theirs: string, bottom = 0): Exclude<Standing, {kind: 'ask'}> & {asked: number} => {
  const known = new Map<number, HashPair>();
  for (let asked = 0; ; asked++) {
    const standing = compareChains({top: tipOf(ours), bottom}, tipOf(theirs), known);
    if (standing.kind !== 'ask') return {...standing, asked};
    expect(asked).toBeLessThan(12);
    for (const height of standing.heights) {
      expect(height).toBeGreaterThanOrEqual(bottom);
      known.set(height, {ours: hashAt(ours, height), theirs: hashAt(theirs, height)});
    }
  }
};

describe('the node compared with our ladder', () => {
  test.each([
    ['gabc', 'gabc', 0, 'same'],
    ['gabc', 'gabcd', 0, 'ahead'],
    ['gabc', 'gabcdefgh', 0, 'ahead'],
    ['gabc', 'gab', 0, 'behind'],
    ['gabc', 'g', 0, 'behind'],
    ['gabc', 'gX', 2, 'behind'],
    ['gabc', 'g', 2, 'behind'],
  ])('ours %s, theirs %s, from height %i: %s', (ours, theirs, bottom, kind) => {
    expect(compare(ours, theirs, bottom).kind).toBe(kind);
  });

  test.each([
    ['gabc', 'gabX', 2],
    ['gabc', 'gabXY', 2],
    ['gabc', 'gaXYZ', 1],
    ['gabc', 'gXYZ', 0],
    ['gabcdef', 'gaX', 1],
  ])('ours %s, theirs %s: fork above %i', (ours, theirs, height) => {
    expect(compare(ours, theirs)).toMatchObject({kind: 'fork', at: {height, hash: hashAt(ours, height)}});
  });

  test('shares no block that we hold: a fork below the ladder', () => {
    expect(compare('gabcd', 'gXYZW', 2)).toMatchObject({kind: 'fork-below', bottom: 2});
  });

  test.each([0, 1, 2, 7, 15, 16, 17, 100, 999])(
    'a fork %i blocks below a ladder of 1,000 is found in few questions',
    depth => {
      const trunk = `g${'a'.repeat(999 - depth)}`;
      const {asked, ...standing} = compare(trunk + 'b'.repeat(depth + 1), trunk + 'c'.repeat(depth + 1));
      expect(standing).toMatchObject({kind: 'fork', at: {height: 999 - depth}});
      expect(asked).toBeLessThanOrEqual(6);
    },
  );

  test('answers that do not fit together decide nothing', () => {
    const ladder = {top: tipOf('gabc'), bottom: 0};
    const moved = new Map([[3, {ours: hashAt('gabc', 3), theirs: undefined}]]);
    expect(compareChains(ladder, tipOf('gabcde'), moved).kind).toBe('unknown');
  });
});

describe('blocks planned onto the ladder', () => {
  const blocks = (chain: string, from: number, to = chain.length - 1): BlockFacts[] =>
    Array.from({length: to - from + 1}, (_, index) => ({
      height: from + index,
      hash: hashAt(chain, from + index)!,
      previous: hashAt(chain, from + index - 1)!,
      time: 0,
      transactions: [],
    }));
  const plan = (
    ours: string,
    connected: BlockFacts[],
    options: {fork?: [string, number]; bottom?: number; accepted?: number; maxDepth?: number} = {},
  ): LadderPlan => {
    const {fork, bottom = 0} = options;
    const rungAt = (height: number) => (height < bottom ? undefined : hashAt(ours, height));
    const at = fork && {height: fork[1], hash: hashAt(fork[0], fork[1])!};
    return planLadder(
      tipOf(ours),
      rungAt,
      {fork: at, connected},
      {
        maxDepth: options.maxDepth ?? 2,
        isAccepted: height => height === options.accepted,
      },
    );
  };

  test('above the top are connected', () => {
    expect(plan('gab', blocks('gabcd', 3))).toMatchObject({
      kind: 'apply',
      disconnectFrom: undefined,
      top: tipOf('gabcd'),
    });
  });
  test('that are held already change nothing', () => {
    expect(plan('gabc', blocks('gabc', 1))).toEqual({
      kind: 'apply',
      disconnectFrom: undefined,
      connect: [],
      top: tipOf('gabc'),
    });
  });
  test('of another branch disconnect from the first that differs', () => {
    expect(plan('gabc', blocks('gabXY', 2), {fork: ['gabc', 2]})).toMatchObject({
      disconnectFrom: 3,
      top: tipOf('gabXY'),
    });
  });
  test('of another branch without a fork that was seen are stale', () => {
    expect(plan('gabc', blocks('gabXY', 3)).kind).toBe('stale');
  });
  test('with a gap below them, or between them, are stale', () => {
    expect(plan('gab', blocks('gabcde', 4)).kind).toBe('stale');
    const [first, , third] = blocks('gabcde', 3);
    expect(plan('gab', [first!, third!]).kind).toBe('stale');
  });
  test('deeper than allowed are refused, by the question and by the blocks, unless that fork was accepted', () => {
    const branch = blocks('gXYZW', 1);
    expect(plan('gabc', branch, {fork: ['g', 0]})).toEqual({kind: 'too-deep', fork: 0, depth: 3});
    expect(plan('gabc', [], {fork: ['g', 0]})).toEqual({kind: 'too-deep', fork: 0, depth: 3});
    expect(plan('gabc', branch, {fork: ['g', 0], accepted: 0})).toMatchObject({kind: 'apply', disconnectFrom: 1});
    expect(plan('gabc', branch, {fork: ['g', 0], accepted: 1}).kind).toBe('too-deep');
  });
  test('as deep as allowed are followed', () => {
    expect(plan('gabc', blocks('gaXYZ', 2), {fork: ['ga', 1]})).toMatchObject({kind: 'apply', disconnectFrom: 2});
  });
  test('from below a young ladder take its place', () => {
    expect(plan('gabc', blocks('gXYZW', 2), {fork: ['gX', 1], bottom: 2})).toMatchObject({
      kind: 'apply',
      disconnectFrom: 2,
      top: tipOf('gXYZW'),
    });
  });
});
