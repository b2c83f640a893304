import type {Readable} from 'node:stream';
import {cleanText} from '../primitives/clean-text.ts';

/** Characters of a program's last words that an operator is shown. */
const SHOWN = 300;

/** What a program wrote, counted, and its end kept. */
export class OutputTail {
  /** Called once, when more was written than allowed. */
  onFull: (() => void) | undefined;
  readonly #limit: number;
  #bytes = 0;
  #tail = Buffer.alloc(0);

  /** `limit`: bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  readFrom(stream: Readable | null): void {
    stream?.on('error', () => undefined);
    stream?.on('data', (chunk: Buffer) => {
      const wasFull = this.#bytes > this.#limit;
      this.#bytes += chunk.length;
      this.#tail = Buffer.concat([this.#tail, chunk.subarray(-SHOWN * 4)]).subarray(-SHOWN * 4);
      if (!wasFull && this.#bytes > this.#limit) this.onFull?.();
    });
  }

  /** One clean line, the last words of it. */
  text(): string {
    const line = this.#tail
      .toString('utf8')
      .trim()
      .replaceAll(/\s*\n\s*/g, ' | ');
    return cleanText(line.length > SHOWN ? `…${line.slice(-SHOWN)}` : line, SHOWN * 2);
  }
}
