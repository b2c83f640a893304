import {expect, test} from 'vitest';
import {actsAt} from '../../source/demo/schedule.ts';

const hour = Array.from({length: 3600}, (_, second) => ({second, acts: actsAt(second)}));

test('a deposit comes at once, two blocks within 7 s and then a payout', () => {
  expect(actsAt(0)).toContain('deposit');
  const blocks = hour.filter(({acts}) => acts.includes('block')).map(({second}) => second);
  expect(blocks[1]).toBeLessThan(7);
  expect(hour.find(({acts}) => acts.includes('payout'))?.second).toBe(7);
});

test('no block comes between an offer and its replacement', () => {
  const offers = hour.filter(({acts}) => acts.includes('offer')).map(({second}) => second);
  expect(offers.length).toBe(90);
  for (const offer of offers) {
    const replaced = hour.findIndex(({second, acts}) => second > offer && acts.includes('replace'));
    expect(replaced).toBe(offer + 2);
    const between = hour.slice(offer, replaced + 1).flatMap(({acts}) => acts);
    expect(between).not.toContain('block');
    expect(between).not.toContain('reorg');
  }
});

test('a reorg comes once a minute', () => {
  expect(hour.filter(({acts}) => acts.includes('reorg')).length).toBe(60);
});
