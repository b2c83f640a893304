import {expect, test} from 'vitest';
import {collectGarbage} from '../../source/primitives/collect-garbage.ts';

test('what nobody holds any more is given back, and the program has no gc() for that', () => {
  let held: object[] | undefined = Array.from({length: 500_000}, (_, index) => ({index: [index]}));
  const before = process.memoryUsage().heapUsed;
  expect(held).toHaveLength(500_000);
  held = undefined;
  collectGarbage();
  expect(before - process.memoryUsage().heapUsed).toBeGreaterThan(20_000_000);
  expect('gc' in globalThis).toBe(false);
});
