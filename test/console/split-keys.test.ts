import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {splitKeys} from '../../source/console/input/split-keys.ts';

const keys = (input: string) => splitKeys(input).keys;

describe('keys out of a chunk of input', () => {
  it('counts every key of a burst that arrived as one chunk', () => {
    expect(keys('\rjjk\ty')).toEqual(['enter', 'j', 'j', 'k', 'tab', 'y']);
  });

  it('tells arrows, page keys and Home apart from letters around them', () => {
    expect(keys('j\u001b[A\u001b[6~\u001bOB\u001b[1;5CG\u001b[H\u001b[Z')).toEqual([
      'j',
      'up',
      'pagedown',
      'down',
      'right',
      'G',
      'home',
      'shift-tab',
    ]);
  });

  it('takes Escape and a key in one chunk as both', () => {
    expect(keys('\u001bq')).toEqual(['escape', 'q']);
    expect(keys('\u001b\u001b[A')).toEqual(['escape', 'up']);
  });

  it('keeps an unfinished sequence for the next chunk', () => {
    expect(splitKeys('j\u001b[')).toEqual({keys: ['j'], rest: '\u001b['});
    expect(splitKeys('\u001b')).toEqual({keys: [], rest: '\u001b'});
  });

  it('drops replies of the terminal', () => {
    expect(keys('\u001b[?62;4c\u001b[I\u001b[24;80Rj')).toEqual(['j']);
  });

  it('never lets a paste press a key that does something', () => {
    expect(keys('\u001b[200~q\r90\u0003\n5\u001b[201~j')).toEqual(['paste-q', 'paste-9', 'paste-0', 'paste-5', 'j']);
  });

  it('splits the same however the input is cut into chunks', () => {
    const piece = fc.constantFrom(
      'j',
      '\r',
      '\u001b[A',
      '\u001bOB',
      '\u001b[5~',
      'é',
      '日',
      '\u0003',
      '\u001b[200~9\u001b[201~',
    );
    fc.assert(
      fc.property(fc.array(piece), fc.nat(), (pieces, seed) => {
        const input = pieces.join('');
        const cut = input.length === 0 ? 0 : seed % input.length;
        // A cut inside a surrogate pair cannot happen: the stream decodes whole characters. One after a lone Escape is
        // a matter of time, not of splitting.
        if (input[cut - 1] === '\u001b') return;
        const first = splitKeys(input.slice(0, cut));
        const second = splitKeys(first.rest + input.slice(cut));
        expect([...first.keys, ...second.keys]).toEqual(keys(input));
      }),
    );
  });
});
