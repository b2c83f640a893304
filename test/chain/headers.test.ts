import {describe, expect, test} from 'vitest';
import {type Header, readHeader, targetOf, workFault} from '../../source/chain/headers.ts';
import {btc} from '../../source/coins/btc.ts';
import {doge} from '../../source/coins/doge.ts';
import {ltc} from '../../source/coins/ltc.ts';

/** Header of a chain's first block: only root, time, bits and nonce differ. */
const first = (root: string, time: number, bits: number, nonce: number): Buffer => {
  const raw = Buffer.alloc(80);
  raw.writeUInt32LE(1, 0);
  Buffer.from(root, 'hex').reverse().copy(raw, 36);
  [time, bits, nonce].forEach((value, index) => raw.writeUInt32LE(value, 68 + index * 4));
  return raw;
};
const BITCOIN = first(
  '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
  1_231_006_505,
  0x1d00_ffff,
  2_083_236_893,
);
const LITECOIN = first(
  '97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9',
  1_317_972_665,
  0x1e0f_fff0,
  2_084_524_493,
);
const main = btc.networks.mainnet!;
const withBits = (raw: Buffer, bits: number): Header => {
  const copy = Buffer.from(raw);
  copy.writeUInt32LE(bits, 72);
  return readHeader(copy);
};

test('a header is read, and hashed to what nodes call its block', () => {
  const header = readHeader(Buffer.concat([BITCOIN, Buffer.from('more')]));
  expect(header).toMatchObject({hash: main.genesis, previous: '0'.repeat(64), time: 1_231_006_505, bits: 0x1d00_ffff});
  expect(() => readHeader(BITCOIN.subarray(1))).toThrow('truncated');
});

test('compact targets stand for the numbers that nodes read in them', () => {
  expect(targetOf(0x1d00_ffff)).toBe(0xffffn << 208n);
  expect(targetOf(0x0312_3456)).toBe(0x12_3456n);
  expect(targetOf(0x0112_3456)).toBe(0x12n);
  // Negative, or above 256 bits.
  expect(targetOf(0x0492_3456)).toBe(0n);
  expect(targetOf(0xff12_3456)).toBe(0n);
});

describe('the work of a header', () => {
  test('is that of the real first blocks, by SHA-256 and by scrypt', () => {
    expect(workFault(readHeader(BITCOIN), 0, undefined, btc, main)).toBeUndefined();
    expect(workFault(readHeader(LITECOIN), 0, undefined, ltc, ltc.networks.mainnet!)).toBeUndefined();
    // Litecoin's block hash is far above its target: only its scrypt hash is not.
    expect(workFault(readHeader(LITECOIN), 0, undefined, btc, ltc.networks.mainnet!)).toContain('own target');
  });

  test('must reach the target that it names, and that must not be an easy one', () => {
    expect(workFault(withBits(BITCOIN, 0x1900_ffff), 0, undefined, btc, main)).toContain('does not reach');
    const easy = withBits(BITCOIN, 0x2200_ffff);
    expect(workFault(easy, 0, undefined, btc, main)).toContain('does not reach');
    const regtestLike = {...withBits(BITCOIN, 0x207f_ffff), hash: '0'.repeat(64) as Header['hash']};
    expect(workFault(regtestLike, 0, undefined, btc, main)).toContain('easier than the network allows');
    expect(workFault(regtestLike, 0, undefined, btc, btc.networks.regtest!)).toBeUndefined();
  });

  test('cannot be less than that of the block below, but at an adjustment, and then by a factor of four', () => {
    const cheap = readHeader(BITCOIN);
    const below = (bits: number) => ({...cheap, bits});
    expect(workFault(cheap, 700_001, below(0x1d00_ffff), btc, main)).toBeUndefined();
    expect(workFault(cheap, 700_001, below(0x1c7f_ffff), btc, main)).toContain('the block below');
    expect(workFault(cheap, 2016 * 300, below(0x1c7f_ffff), btc, main)).toBeUndefined();
    expect(workFault(cheap, 2016 * 300, below(0x1c1f_ffff), btc, main)).toContain('one adjustment');
    // Where the network allows easy blocks between hard ones.
    expect(workFault(cheap, 700_001, below(0x1c7f_ffff), btc, btc.networks.testnet!)).toBeUndefined();
  });

  test('of merge-mined chains is not looked at', () => {
    expect(workFault(withBits(BITCOIN, 0x1900_ffff), 0, undefined, doge, doge.networks.mainnet!)).toBeUndefined();
  });
});
