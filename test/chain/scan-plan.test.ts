import * as fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import type {Narrowing, ScanSurvey} from '../../source/chain/ports.ts';
import {planScans, rankScans, type ScanTask} from '../../source/chain/scan-plan.ts';

const ALL: readonly Narrowing[] = ['scanblocks', 'filters', 'coins'];
/** Blocks of the main network, and of a busy regtest one. */
const MAINNET: ScanSurvey = {narrows: ALL, blockBytes: 1_600_000, bytesPerSecond: 60e6, chainBytes: 7e11};
const REGTEST: ScanSurvey = {narrows: ALL, blockBytes: 10_000, bytesPerSecond: 60e6, chainBytes: 3e7};
const task = (some: Partial<ScanTask>): ScanTask => ({blocks: 10_000, full: 0, ours: 0, scripts: 100, ...some});
const methods = (some: Partial<ScanTask>, survey: ScanSurvey, wanted?: Parameters<typeof rankScans>[1]) =>
  rankScans(planScans(task(some), survey), wanted).map(({method}) => method);
const without = (survey: ScanSurvey, ...gone: Narrowing[]): ScanSurvey => ({
  ...survey,
  narrows: survey.narrows.filter(method => !gone.includes(method)),
});

describe('the planner of rescans', () => {
  test.each<[string, Partial<ScanTask>, ScanSurvey, string]>([
    ['few scripts in large blocks', {scripts: 100}, MAINNET, 'scanblocks'],
    ['a few thousand scripts in large blocks', {scripts: 3_000}, MAINNET, 'scanblocks'],
    ['the same on a node without scanblocks', {scripts: 1_000}, without(MAINNET, 'scanblocks'), 'filters'],
    ['the same without an index', {scripts: 1_000}, without(MAINNET, 'scanblocks', 'filters'), 'blocks'],
    ['more scripts than a node takes', {scripts: 100_000}, MAINNET, 'blocks'],
    ['ten thousand scripts in small blocks', {scripts: 10_000}, REGTEST, 'blocks'],
    ['a million', {scripts: 1_000_000}, REGTEST, 'blocks'],
    ['few scripts in small blocks', {scripts: 10}, REGTEST, 'scanblocks'],
    ['few scripts that are in every block', {scripts: 10, ours: 10_000}, REGTEST, 'blocks'],
    ['few scripts, in large blocks that are read in full anyway', {scripts: 10, full: 9_000}, MAINNET, 'blocks'],
  ])('%s', (_name, some, survey, expected) => {
    expect(methods(some, survey)[0]).toBe(expected);
  });

  test('goes on with the next best, and in the end by reading all blocks', () => {
    expect(methods({scripts: 100}, MAINNET)).toEqual(['scanblocks', 'filters', 'blocks']);
    expect(methods({scripts: 100}, MAINNET, 'filters')).toEqual(['filters', 'scanblocks', 'blocks']);
    expect(methods({scripts: 100}, MAINNET, 'blocks')[0]).toBe('blocks');
  });

  test('takes what finds only a part when it is told so, and then nothing else', () => {
    expect(methods({scripts: 100}, MAINNET, 'coins')).toEqual(['coins']);
    expect(planScans(task({}), MAINNET).find(({method}) => method === 'coins')?.complete).toBe(false);
  });

  const surveys = fc.record({
    narrows: fc.subarray([...ALL]),
    blockBytes: fc.integer({min: 200, max: 4_000_000}),
    bytesPerSecond: fc.integer({min: 1e5, max: 1e9}),
    chainBytes: fc.integer({min: 1e4, max: 1e12}),
  });
  const tasks = fc
    .record({
      blocks: fc.integer({min: 1, max: 900_000}),
      scripts: fc.nat(2_000_000),
      share: fc.double({min: 0, max: 1, noNaN: true}),
    })
    .map(({blocks, scripts, share}) => {
      const full = Math.floor(blocks * share);
      return {blocks, full, ours: Math.floor((blocks - full) * share), scripts};
    });

  test('always has a way that finds everything, with figures that make sense', () => {
    fc.assert(
      fc.property(tasks, surveys, (some, survey) => {
        const plans = planScans(some, survey);
        for (const {seconds, bytes, requests, blocks, method} of plans) {
          for (const figure of [seconds, bytes, requests, blocks]) expect(figure).toBeGreaterThanOrEqual(0);
          expect(blocks).toBeLessThanOrEqual(some.blocks);
          expect(blocks).toBeGreaterThanOrEqual(some.full);
          expect(method === 'blocks' || survey.narrows.includes(method as Narrowing)).toBe(true);
        }
        const ranked = rankScans(plans);
        expect(ranked.at(-1)?.method).toBe('blocks');
        expect(ranked.every(({complete}) => complete)).toBe(true);
        expect(ranked[0]!.seconds).toBeLessThanOrEqual(plans.find(({method}) => method === 'blocks')!.seconds);
      }),
    );
  });

  test('never thinks that more to look at, or to look for, costs less', () => {
    fc.assert(
      fc.property(tasks, surveys, fc.nat(1000), fc.nat(1000), (some, survey, blocks, scripts) => {
        const before = new Map(planScans(some, survey).map(plan => [plan.method, plan.seconds]));
        const after = planScans({...some, blocks: some.blocks + blocks, scripts: some.scripts + scripts}, survey);
        for (const {method, seconds} of after) expect(seconds).toBeGreaterThanOrEqual(before.get(method)! - 0.001);
      }),
    );
  });
});
