import * as fc from 'fast-check';
import {expect, test} from 'vitest';
import {readBlockReplies} from '../../../source/backends/bitcoind/block-replies.ts';

const blocks = fc.array(fc.uint8Array({minLength: 1, maxLength: 300}), {minLength: 1, maxLength: 6});
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const replies = (contents: readonly Uint8Array[], ids: readonly number[]) =>
  contents.map((bytes, index) => ({result: hex(bytes), error: null, id: ids[index]}));
const read = (text: string, ids: readonly number[]) =>
  readBlockReplies(Buffer.from(text), ids).map(reply => ('raw' in reply ? reply.raw.toString('hex') : reply));

test('blocks come out in the order asked, however the node writes its reply', () => {
  fc.assert(
    fc.property(blocks, fc.nat(1e6), (contents, first) => {
      const ids = contents.map((_, index) => first + index);
      const expected = contents.map(hex);
      const whole = replies(contents, ids);
      expect(read(`${JSON.stringify(whole)}\n`, ids)).toEqual(expected);
      expect(read(JSON.stringify(whole, undefined, 1), ids)).toEqual(expected);
      expect(read(JSON.stringify(whole.toReversed()), ids)).toEqual(expected);
      const reordered = whole.map(({result, error, id}) => ({id, error, result: result.toUpperCase()}));
      expect(read(JSON.stringify(reordered), ids)).toEqual(expected);
    }),
  );
});

test('what the node refused stands in the place of its block', () => {
  const text = JSON.stringify([
    {result: 'abcd', error: null, id: 1},
    {result: null, error: {code: -5, message: 'Block not found'}, id: 2},
  ]);
  expect(read(text, [1, 2])).toEqual(['abcd', {code: -5, words: 'Block not found'}]);
});

test.each([
  ['a cut', '[{"result":"abcd","error":null,"id":1},{"result":"ab', /JSON/],
  ['a reply too few', '[{"result":"abcd","error":null,"id":1}]', /1 replies to 2/],
  [
    'a reply to another call',
    '[{"result":"abcd","error":null,"id":1},{"result":"abcd","error":null,"id":3}]',
    /another/,
  ],
  ['half a byte', '[{"result":"abcd","error":null,"id":1},{"result":"abc","error":null,"id":2}]', /not hex/],
  ['no block', '[{"result":"abcd","error":null,"id":1},{"result":"","error":null,"id":2}]', /not hex/],
  ['letters', '[{"result":"abcd","error":null,"id":1},{"result":"abxy","error":null,"id":2}]', /not hex/],
  ['something behind it', '[{"result":"ab","error":null,"id":1},{"result":"ab","error":null,"id":2}] {}', /JSON/],
  ['nothing', '', /nothing/],
])('%s is said in words', (_name, text, words) => {
  expect(() => read(text, [1, 2])).toThrow(words);
});
