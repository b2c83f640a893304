import {cleanText} from '../../primitives/clean-text.ts';
import {formatTable, type Column} from './table.ts';

/** The part of a stream that is used. */
export interface OutputStream {
  readonly isTTY?: boolean;
  /** Of a terminal. */
  readonly columns?: number;
  write(text: string): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * Where verbs write: results to stdout, everything else to stderr. With `--json`, stdout holds JSON and nothing else.
 * A reader that went away (`| head`) is no error: writing becomes a no-op and `closed` aborts.
 */
export class Output {
  readonly json: boolean;
  readonly #colours: boolean;
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly #closed = new AbortController();
  #hasResult = false;
  #progressWidth = 0;
  #lastProgress = '';

  /** `colours`: whether a terminal may get any (NO_COLOR, TERM=dumb). */
  constructor(stdout: OutputStream, stderr: OutputStream, json: boolean, colours = false) {
    this.json = json;
    this.#colours = colours;
    this.#stdout = stdout;
    this.#stderr = stderr;
    for (const stream of [stdout, stderr])
      stream.on('error', error => {
        if (!('code' in error) || error.code !== 'EPIPE') throw error;
        if (stream === stdout) this.#closed.abort();
      });
  }

  /** Aborts when nobody reads stdout any more. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** The result: as JSON with `--json`, else as the lines of `human`. Called once by a verb, or once a streamed item. */
  result(value: unknown, human: () => string | readonly string[]): void {
    this.#endProgress();
    this.#hasResult = true;
    const lines = this.json ? [JSON.stringify(value)] : [human()].flat();
    this.#write(this.#stdout, lines.map(line => `${line}\n`).join(''));
  }

  /** Lines of a table, as wide and as colourful as where they go. */
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
    const isTerminal = this.#stdout.isTTY === true;
    return formatTable(rows, columns, {
      width: isTerminal ? this.#stdout.columns : undefined,
      colours: isTerminal && this.#colours,
    });
  }

  /**
   * Why there is no result, as JSON: the one value on stdout, unless a stream of results has begun there; and on stderr,
   * where errors are looked for.
   */
  failure(value: unknown): void {
    if (this.#hasResult) this.note(JSON.stringify(value));
    else {
      this.result(value, () => []);
      if (!this.#stderr.isTTY) this.note(JSON.stringify(value));
    }
  }

  /** What to do next, in a human result only. */
  hint(...lines: string[]): void {
    if (!this.json) this.note(...lines);
  }

  /** For the person at the terminal, on stderr. */
  note(...lines: string[]): void {
    this.#endProgress();
    this.#write(this.#stderr, lines.map(line => `${line}\n`).join(''));
  }

  /** One line that is rewritten on a terminal; elsewhere a line whenever `milestone` differs from the last one. */
  progress(text: string, milestone: string): void {
    const line = cleanText(text, 200);
    if (this.#stderr.isTTY) {
      this.#write(this.#stderr, `\r${line.padEnd(this.#progressWidth)}`);
      this.#progressWidth = line.length;
    } else if (milestone !== this.#lastProgress) this.#write(this.#stderr, `${line}\n`);
    this.#lastProgress = milestone;
  }

  #endProgress(): void {
    if (this.#progressWidth > 0) this.#write(this.#stderr, `\r${' '.repeat(this.#progressWidth)}\r`);
    this.#progressWidth = 0;
  }

  #write(stream: OutputStream, text: string): void {
    if (text !== '' && !(stream === this.#stdout && this.#closed.signal.aborted)) stream.write(text);
  }
}
