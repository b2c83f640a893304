import * as fc from 'fast-check';
import {expect, test} from 'vitest';
import {ItemScanner} from '../../../source/backends/bitcoind/item-scanner.ts';

const scan = (text: string, pieces: readonly number[]): {items: unknown[]; rest: unknown} => {
  const bytes = Buffer.from(text);
  const items: unknown[] = [];
  const scanner = new ItemScanner(item => items.push(JSON.parse(item)));
  const cuts = [...new Set([0, ...pieces.map(piece => piece % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  for (let index = 1; index < cuts.length; index++) scanner.push(bytes.subarray(cuts[index - 1], cuts[index]));
  return {items, rest: JSON.parse(scanner.rest().toString())};
};

test('the items of a reply come out whole, wherever the pieces are cut', () => {
  const items = fc.array(fc.dictionary(fc.string({unit: 'binary'}), fc.jsonValue()), {maxLength: 6});
  fc.assert(
    fc.property(items, fc.array(fc.nat(), {maxLength: 12}), fc.boolean(), (list, pieces, isSpaced) => {
      const reply = {result: list, error: null, id: 'a"]}[{'};
      const text = JSON.stringify(reply, null, isSpaced ? 1 : undefined);
      expect(scan(text, pieces)).toEqual({items: JSON.parse(JSON.stringify(list)), rest: {...reply, result: []}});
    }),
  );
});

test('a reply without a list is left as it is', () => {
  for (const reply of [
    {result: null, error: {code: -18, message: '[{'}, id: 1},
    {result: {a: [{b: 1}]}, error: null, id: 1},
    {result: 7, error: null, id: 1},
  ])
    expect(scan(JSON.stringify(reply), [3, 9, 17])).toEqual({items: [], rest: reply});
});

test('a list of something else is refused', () => {
  for (const list of ['[1]', '["a"]', '[[{}]]', '[{},null]'])
    expect(() => scan(`{"result":${list}}`, [])).toThrow('list');
});
