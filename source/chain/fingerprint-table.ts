/** What another thread needs to look things up in a table. Later entries show in it until the table grows. */
export interface SharedTable {
  readonly slots: SharedArrayBuffer;
  readonly hasZero: boolean;
}

/**
 * A set of 64-bit fingerprints, each given as two 32-bit halves: open addressing in one typed array, 16 to 32 bytes an
 * entry, nothing for the garbage collector to walk. It only grows. One thread writes; a reader in another one may see
 * half an entry, which is none yet.
 */
export class FingerprintTable {
  #slots: Uint32Array<SharedArrayBuffer>;
  #mask: number;
  #size = 0;
  /** The one fingerprint that would read as an empty slot. */
  #hasZero = false;

  /** `expected` entries fit without growing. */
  constructor(expected = 512) {
    let capacity = 1024;
    while (capacity < expected * 2) capacity *= 2;
    this.#slots = newSlots(capacity);
    this.#mask = capacity - 1;
  }

  /** Another thread's table, to be looked up in only. */
  static over({slots, hasZero}: SharedTable): FingerprintTable {
    const table = new FingerprintTable();
    table.#slots = new Uint32Array(slots);
    table.#mask = table.#slots.length / 2 - 1;
    table.#hasZero = hasZero;
    return table;
  }

  share(): SharedTable {
    return {slots: this.#slots.buffer, hasZero: this.#hasZero};
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of memory in use. */
  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** `high` should be well mixed: its low bits choose the slot. */
  add(high: number, low: number): void {
    if ((high | low) === 0) {
      if (!this.#hasZero) this.#size++;
      this.#hasZero = true;
      return;
    }
    // At most half full, so that a miss, which is nearly every question, ends after about 1.5 looks.
    if (this.#size * 2 >= this.#mask) this.#grow();
    if (insert(this.#slots, this.#mask, high >>> 0, low >>> 0)) this.#size++;
  }

  has(high: number, low: number): boolean {
    const slots = this.#slots;
    const mask = this.#mask;
    const wantedHigh = high >>> 0;
    const wantedLow = low >>> 0;
    if ((wantedHigh | wantedLow) === 0) return this.#hasZero;
    for (let index = wantedHigh & mask; ; index = (index + 1) & mask) {
      const foundHigh = slots[index * 2]!;
      const foundLow = slots[index * 2 + 1]!;
      if (foundHigh === wantedHigh && foundLow === wantedLow) return true;
      if ((foundHigh | foundLow) === 0) return false;
    }
  }

  /** Whether some entry has this first half: the cheap question that nearly always ends the matter. */
  hasHigh(high: number): boolean {
    const slots = this.#slots;
    const mask = this.#mask;
    const wanted = high >>> 0;
    for (let index = wanted & mask; ; index = (index + 1) & mask) {
      const found = slots[index * 2]!;
      if (found === wanted) return found !== 0 || slots[index * 2 + 1] !== 0 || this.#hasZero;
      if ((found | slots[index * 2 + 1]!) === 0) return false;
    }
  }

  #grow(): void {
    const old = this.#slots;
    const slots = newSlots(old.length);
    const mask = slots.length / 2 - 1;
    for (let at = 0; at < old.length; at += 2) {
      const high = old[at]!;
      const low = old[at + 1]!;
      if ((high | low) !== 0) insert(slots, mask, high, low);
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}

const newSlots = (capacity: number): Uint32Array<SharedArrayBuffer> =>
  new Uint32Array(new SharedArrayBuffer(capacity * 2 * Uint32Array.BYTES_PER_ELEMENT));

/** False when it was there already. */
const insert = (slots: Uint32Array, mask: number, high: number, low: number): boolean => {
  for (let index = high & mask; ; index = (index + 1) & mask) {
    const foundHigh = slots[index * 2]!;
    const foundLow = slots[index * 2 + 1]!;
    if ((foundHigh | foundLow) === 0) {
      slots[index * 2] = high;
      slots[index * 2 + 1] = low;
      return true;
    }
    if (foundHigh === high && foundLow === low) return false;
  }
};
