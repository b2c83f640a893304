import {expect, test} from 'vitest';
import {Consoles} from '../../source/engine/consoles.ts';

const open = () => {
  let now = 0;
  let changes = 0;
  const consoles = new Consoles({now: () => 1000 + now, monotonic: () => now}, () => (changes += 1));
  const holder = () => consoles.list().find(item => item.has_control)?.id;
  return {consoles, holder, changes: () => changes, pass: (ms: number) => (now += ms)};
};

test('the first console has control, a second one looks on until it takes it', () => {
  const {consoles, holder} = open();
  consoles.attend('a', 'ann', false);
  consoles.attend('b', 'bob', false);
  expect(holder()).toBe('a');
  consoles.attend('b', 'bob', true);
  expect(holder()).toBe('b');
  consoles.attend('a', 'ann', false);
  expect(holder()).toBe('b');
});

test('control goes to whom has been there longest when its console left or said nothing for ten seconds', () => {
  const {consoles, holder, pass} = open();
  for (const id of ['a', 'b', 'c', 'd']) consoles.attend(id, id, false);
  consoles.attend('b', 'b', false);
  consoles.leave('a');
  expect(holder()).toBe('b');
  pass(6000);
  for (const id of ['d', 'c']) consoles.attend(id, id, false);
  pass(6000);
  expect(holder()).toBe('c');
  consoles.attend('e', 'e', false);
  expect(holder()).toBe('c');
  pass(10_001);
  expect(consoles.list()).toEqual([]);
  expect(consoles.attend('c', 'cid', false).items).toEqual([
    {id: 'c', name: 'cid', has_control: true, since: new Date(23_001).toISOString()},
  ]);
});

test('attending again is no news', () => {
  const {consoles, changes} = open();
  consoles.attend('a', 'ann', false);
  consoles.attend('a', 'ann', false);
  consoles.attend('a', 'ann', true);
  expect(changes()).toBe(1);
  consoles.attend('b', 'bob', true);
  consoles.leave('nobody');
  expect(changes()).toBe(2);
});
