const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
/** Space, tab, line feed, carriage return, comma. */
const SEPARATORS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0x2c]);

/**
 * Cuts the items out of `{"result": [{…}, {…}], …}` while it arrives, so that a list of 60 MB is never in memory as a
 * whole. What is left is the same reply with an empty list. It looks at quotes and brackets only: whether an item is
 * JSON, and whether the rest is a reply, is for others to say.
 */
export class ItemScanner {
  readonly #onItem: (text: string) => void;
  readonly #rest: Buffer[] = [];
  /** The beginning of an item whose end has not come yet. */
  #partial: Buffer[] = [];
  #mode: 'before' | 'list' | 'item' | 'after' = 'before';
  /** Brackets open: of the reply, or of the item in which we are. */
  #depth = 0;
  #inString = false;
  #isEscaped = false;

  constructor(onItem: (text: string) => void) {
    this.#onItem = onItem;
  }

  /** Throws for a list of something else than objects, and whatever `onItem` throws. */
  push(chunk: Buffer): void {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#inString) this.#walkString(byte);
      else if (this.#mode === 'list') {
        if (this.#leavesList(byte)) start = at;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#depth++;
        // Inside `{"result": [`.
        if (this.#mode === 'before' && this.#depth === 2 && byte === OPEN_BRACKET) {
          this.#rest.push(chunk.subarray(start, at + 1));
          this.#mode = 'list';
        }
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth--;
        if (this.#mode === 'item' && this.#depth === 0) this.#finishItem(chunk.subarray(start, at + 1));
      }
    }
    if (this.#mode === 'item') this.#partial.push(chunk.subarray(start));
    else if (this.#mode !== 'list') this.#rest.push(chunk.subarray(start));
  }

  /** The reply without its items. */
  rest(): Buffer {
    return Buffer.concat(this.#rest);
  }

  #leavesList(byte: number): boolean {
    if (SEPARATORS.has(byte)) return false;
    if (byte === OPEN_BRACE) {
      this.#mode = 'item';
      this.#depth = 1;
    } else if (byte === CLOSE_BRACKET) this.#mode = 'after';
    else throw new Error('a list of something else than objects');
    return true;
  }

  #walkString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }

  #finishItem(end: Buffer): void {
    const text = this.#partial.length === 0 ? end : Buffer.concat([...this.#partial, end]);
    this.#partial = [];
    this.#mode = 'list';
    this.#onItem(text.toString('utf8'));
  }
}
