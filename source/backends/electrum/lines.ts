const NEWLINE = 0x0a;

/** Cuts a stream of bytes into the lines that messages are. Holds at most `cap` bytes of an unfinished one. */
export class Lines {
  readonly #cap: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** The lines that these bytes complete; undefined when one is longer than the cap. */
  take(bytes: Buffer): string[] | undefined {
    const lines: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      if (!this.#keep(bytes.subarray(from, end))) return undefined;
      lines.push(this.#parts.length === 1 ? this.#parts[0]!.toString() : Buffer.concat(this.#parts).toString());
      this.#parts = [];
      this.#length = 0;
      from = end + 1;
    }
    return this.#keep(bytes.subarray(from)) ? lines : undefined;
  }

  #keep(bytes: Buffer): boolean {
    this.#length += bytes.length;
    if (this.#length > this.#cap) return false;
    this.#parts.push(bytes);
    return true;
  }
}
