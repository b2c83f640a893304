import {EngineError} from '../primitives/errors.ts';
import {type BlockHash} from '../primitives/ids.ts';
import {SipHash} from '../primitives/siphash.ts';

// Basic block filters as in BIP158: of every script that a block pays to or spends from, a value below N * M, sorted,
// their differences Golomb-Rice coded. A block without any of ours is left out by 1 - 1/M per script.

const REMAINDER_BITS = 19;
const RANGE = 784_931;
const WORD = 0x1_0000_0000;

/** Whether a block may pay to one of the scripts, or spend from one. Pure. Throws `bad_backend_answer` for a broken filter. */
export const mayHold = (filter: Uint8Array, hash: BlockHash, scripts: readonly Uint8Array[]): boolean => {
  const bits = new BitReader(filter);
  const elements = bits.readCount();
  if (elements === 0 || scripts.length === 0) return false;
  const wanted = valuesOf(scripts, hash, elements * RANGE);
  let value = 0;
  let next = 0;
  for (let left = elements; left > 0; left--) {
    value += bits.readDifference();
    while (wanted[next]! < value) if (++next === wanted.length) return false;
    if (wanted[next] === value) return true;
  }
  return false;
};

/** Sorted. The key is the beginning of the block's hash as it is on the wire. */
const valuesOf = (scripts: readonly Uint8Array[], hash: BlockHash, range: number): Float64Array => {
  const wire = Buffer.from(hash, 'hex').reverse();
  const sipHash = new SipHash([
    wire.readUInt32LE(0),
    wire.readUInt32LE(4),
    wire.readUInt32LE(8),
    wire.readUInt32LE(12),
  ]);
  const values = new Float64Array(scripts.length);
  for (const [index, script] of scripts.entries()) {
    sipHash.hash(script);
    values[index] = scaled(sipHash.high, sipHash.low, range);
  }
  return values.sort();
};

/** The upper 64 bits of a 64-bit hash times a range below 2^53. */
const scaled = (high: number, low: number, range: number): number => {
  const rangeHigh = Math.floor(range / WORD);
  const rangeLow = range % WORD;
  const [upper, middle] = product(high, rangeLow);
  const [other, second] = product(low, rangeHigh);
  const [carried] = product(low, rangeLow);
  return high * rangeHigh + upper + other + Math.floor((middle + second + carried) / WORD);
};

/** Of two 32-bit numbers, as upper and lower half. */
const product = (one: number, other: number): readonly [upper: number, lower: number] => {
  const lowPart = one * (other & 0xffff);
  const highPart = one * (other >>> 16);
  // Both below 2^48; together (highPart << 16) + lowPart.
  const lower = (highPart % 0x1_0000) * 0x1_0000 + (lowPart % WORD);
  const upper = Math.floor(highPart / 0x1_0000) + Math.floor(lowPart / WORD) + (lower >= WORD ? 1 : 0);
  return [upper, lower % WORD];
};

class BitReader {
  readonly #bytes: Uint8Array;
  #bit = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** CompactSize. */
  readCount(): number {
    const first = this.#readBits(8);
    if (first < 0xfd) return first;
    const size = first === 0xfd ? 2 : 4;
    let value = 0;
    for (let byte = 0; byte < size; byte++) value += this.#readBits(8) * 256 ** byte;
    return value;
  }

  readDifference(): number {
    let quotient = 0;
    while (this.#readBits(1) === 1) quotient++;
    return quotient * 2 ** REMAINDER_BITS + this.#readBits(REMAINDER_BITS);
  }

  #readBits(count: number): number {
    let value = 0;
    for (let left = count; left > 0;) {
      const byte = this.#bytes[this.#bit >>> 3];
      if (byte === undefined)
        throw new EngineError('bad_backend_answer', 'the node sent a truncated block filter', {retry: 'backoff'});
      const room = 8 - (this.#bit & 7);
      const taken = Math.min(room, left);
      value = (value << taken) | ((byte >>> (room - taken)) & ((1 << taken) - 1));
      this.#bit += taken;
      left -= taken;
    }
    return value;
  }
}
