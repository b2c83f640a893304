/**
 * SipHash-2-4 (Aumasson, Bernstein), 64 bits as two halves, in 32-bit arithmetic: BigInt takes twenty times as long.
 * `key`: its 16 bytes as four little-endian words, `k0` low and high, then `k1`.
 */
export class SipHash {
  /** Halves of the last hash, unsigned. */
  high = 0;
  low = 0;
  readonly #key: readonly [number, number, number, number];
  // v0 to v3, low and high halves.
  #a = 0;
  #A = 0;
  #b = 0;
  #B = 0;
  #c = 0;
  #C = 0;
  #d = 0;
  #D = 0;

  constructor(key: readonly [number, number, number, number]) {
    this.#key = key;
  }

  hash(bytes: Uint8Array): void {
    const [k0, K0, k1, K1] = this.#key;
    this.#a = k0 ^ 0x70736575;
    this.#A = K0 ^ 0x736f6d65;
    this.#b = k1 ^ 0x6e646f6d;
    this.#B = K1 ^ 0x646f7261;
    this.#c = k0 ^ 0x6e657261;
    this.#C = K0 ^ 0x6c796765;
    this.#d = k1 ^ 0x79746573;
    this.#D = K1 ^ 0x74656462;
    const length = bytes.length;
    const whole = length - (length % 8);
    for (let at = 0; at < whole; at += 8) this.#take(word(bytes, at), word(bytes, at + 4));
    let low = 0;
    let high = length << 24;
    for (let at = whole; at < length; at++) {
      const shift = (at - whole) * 8;
      if (shift < 32) low |= bytes[at]! << shift;
      else high |= bytes[at]! << (shift - 32);
    }
    this.#take(low, high);
    this.#c ^= 0xff;
    for (let round = 0; round < 4; round++) this.#round();
    this.low = (this.#a ^ this.#b ^ this.#c ^ this.#d) >>> 0;
    this.high = (this.#A ^ this.#B ^ this.#C ^ this.#D) >>> 0;
  }

  #take(low: number, high: number): void {
    this.#d ^= low;
    this.#D ^= high;
    this.#round();
    this.#round();
    this.#a ^= low;
    this.#A ^= high;
  }

  #round(): void {
    let a = this.#a >>> 0;
    let A = this.#A >>> 0;
    let b = this.#b;
    let B = this.#B;
    let c = this.#c >>> 0;
    let C = this.#C >>> 0;
    let d = this.#d;
    let D = this.#D;
    let sum: number;
    let other: number;
    // v0 += v1; v1 <<<= 13; v1 ^= v0; v0 <<<= 32
    sum = a + (b >>> 0);
    A = (A + (B >>> 0) + (sum > 0xffff_ffff ? 1 : 0)) >>> 0;
    a = sum >>> 0;
    other = (B << 13) | (b >>> 19);
    b = (b << 13) | (B >>> 19);
    B = other ^ A;
    b ^= a;
    other = a;
    a = A;
    A = other;
    // v2 += v3; v3 <<<= 16; v3 ^= v2
    sum = c + (d >>> 0);
    C = (C + (D >>> 0) + (sum > 0xffff_ffff ? 1 : 0)) >>> 0;
    c = sum >>> 0;
    other = (D << 16) | (d >>> 16);
    d = (d << 16) | (D >>> 16);
    D = other ^ C;
    d ^= c;
    // v0 += v3; v3 <<<= 21; v3 ^= v0
    sum = a + (d >>> 0);
    A = (A + (D >>> 0) + (sum > 0xffff_ffff ? 1 : 0)) >>> 0;
    a = sum >>> 0;
    other = (D << 21) | (d >>> 11);
    d = (d << 21) | (D >>> 11);
    D = other ^ A;
    d ^= a;
    // v2 += v1; v1 <<<= 17; v1 ^= v2; v2 <<<= 32
    sum = c + (b >>> 0);
    C = (C + (B >>> 0) + (sum > 0xffff_ffff ? 1 : 0)) >>> 0;
    c = sum >>> 0;
    other = (B << 17) | (b >>> 15);
    b = (b << 17) | (B >>> 15);
    B = other ^ C;
    b ^= c;
    this.#a = a;
    this.#A = A;
    this.#b = b;
    this.#B = B;
    this.#c = C;
    this.#C = c;
    this.#d = d;
    this.#D = D;
  }
}

const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
