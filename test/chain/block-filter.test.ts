import * as fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {mayHold} from '../../source/chain/block-filter.ts';
import type {BlockHash} from '../../source/primitives/ids.ts';

const HASH = '00000000000000000001'.padEnd(64, 'ab') as BlockHash;

/** Writes Golomb-Rice codes of sorted values, as BIP158 has them. */
const encode = (values: readonly number[]): Buffer => {
  const bits: number[] = [];
  let last = 0;
  for (const value of values) {
    const difference = value - last;
    last = value;
    for (let left = Math.floor(difference / 2 ** 19); left > 0; left--) bits.push(1);
    bits.push(0);
    for (let bit = 18; bit >= 0; bit--) bits.push(Math.floor(difference / 2 ** bit) % 2);
  }
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8));
  bits.forEach((bit, index) => (bytes[index >> 3]! |= bit << (7 - (index & 7))));
  return Buffer.concat([Buffer.from([values.length]), bytes]);
};

const scripts = fc.uniqueArray(fc.uint8Array({minLength: 22, maxLength: 34}), {
  minLength: 1,
  maxLength: 20,
  comparator: (one, other) => Buffer.from(one).equals(other),
});

describe('a block filter', () => {
  // Block 0 of testnet, the first of BIP158's vectors.
  test('of the vectors holds the scripts of its block', () => {
    const genesis = '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943' as BlockHash;
    const output = Buffer.from(
      '4104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac',
      'hex',
    );
    expect(mayHold(Buffer.from('019dfca8', 'hex'), genesis, [output])).toBe(true);
    expect(mayHold(Buffer.from('019dfca8', 'hex'), genesis, [output.subarray(1)])).toBe(false);
  });

  test('that is empty holds nothing', () => {
    expect(mayHold(Buffer.from([0]), HASH, [Buffer.from('0014', 'hex')])).toBe(false);
  });

  test('of random values says no nearly always, whatever is looked for', () => {
    fc.assert(
      fc.property(
        scripts,
        fc.uniqueArray(fc.nat(20 * 784_931 - 1), {minLength: 20, maxLength: 20}),
        (wanted, values) => {
          const filter = encode(values.toSorted((one, other) => one - other));
          expect(
            mayHold(
              filter,
              HASH,
              wanted.map(bytes => Buffer.from(bytes)),
            ),
          ).toBe(false);
        },
      ),
      {numRuns: 50, seed: 7},
    );
  });

  test('that is cut off is refused', () => {
    const filter = encode([1_000_000, 9_000_000, 15_000_000]);
    expect(() => mayHold(filter.subarray(0, 2), HASH, [Buffer.from('0014ff', 'hex')])).toThrow(
      'truncated block filter',
    );
  });
});
