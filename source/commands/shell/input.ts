import {createInterface} from 'node:readline/promises';
import {Writable} from 'node:stream';
import {EngineError} from '../../primitives/errors.ts';

/** What verbs read from whoever calls them. */
export interface Input {
  /** Whether somebody sits there who can be asked, and is the only one to see what is shown. */
  readonly isTerminal: boolean;
  /** Asks on the terminal. What is typed is not shown. Throws `interrupted` at Ctrl-C or Ctrl-D. */
  askSecret(question: string): Promise<string>;
  ask(question: string): Promise<string>;
  /** Lines that stay on the screen until Enter is pressed, and then in no scrollback. */
  showOnce(lines: readonly string[], question: string): Promise<void>;
  /** Everything that comes on stdin. */
  readAll(): Promise<string>;
}

/** More than any words or passphrase. */
const LONGEST = 64 * 1024;
const ALTERNATE_SCREEN = '\u001B[?1049h\u001B[2J\u001B[H';
const MAIN_SCREEN = '\u001B[?1049l';

/** stdin, with questions on stderr: stdout is for results. */
export const createInput = (
  stdin: NodeJS.ReadStream,
  stderr: NodeJS.WriteStream,
  environment: Readonly<Record<string, string | undefined>>,
): Input => new TerminalInput(stdin, stderr, environment['TERM'] === 'dumb');

/** Where nobody can be asked. */
export const NO_INPUT: Input = {
  isTerminal: false,
  askSecret: async () => '',
  ask: async () => '',
  showOnce: async () => undefined,
  readAll: async () => '',
};

class TerminalInput implements Input {
  readonly isTerminal: boolean;
  readonly #stdin: NodeJS.ReadStream;
  readonly #stderr: NodeJS.WriteStream;

  constructor(stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream, isDumb: boolean) {
    this.#stdin = stdin;
    this.#stderr = stderr;
    this.isTerminal = stdin.isTTY && stderr.isTTY && !isDumb;
  }

  async askSecret(question: string): Promise<string> {
    this.#stderr.write(question);
    try {
      return await this.#line('', new Writable({write: (_chunk, _encoding, done) => done()}));
    } finally {
      this.#stderr.write('\n');
    }
  }

  async ask(question: string): Promise<string> {
    return this.#line(question, this.#stderr);
  }

  async showOnce(lines: readonly string[], question: string): Promise<void> {
    this.#stderr.write(ALTERNATE_SCREEN);
    // However this ends (Ctrl-C is read as a key), the words are gone from the screen.
    try {
      this.#stderr.write(`${lines.join('\n')}\n`);
      await this.#line(question, this.#stderr);
    } finally {
      this.#stderr.write(MAIN_SCREEN);
    }
  }

  async readAll(): Promise<string> {
    // What is typed would be shown on the screen, and stay there.
    if (this.#stdin.isTTY)
      throw new EngineError(
        'no_terminal',
        'stdin is a terminal that secrets cannot be typed into unseen (stderr is redirected, or TERM is dumb); use a pipe',
      );
    let text = '';
    for await (const chunk of this.#stdin.setEncoding('utf8')) {
      text += String(chunk);
      if (text.length > LONGEST) throw new EngineError('bad_input', 'stdin holds far more than was expected');
    }
    return text;
  }

  async #line(question: string, output: NodeJS.WritableStream): Promise<string> {
    const reader = createInterface({input: this.#stdin, output, terminal: true, history: [], historySize: 0});
    const stopped = new AbortController();
    for (const over of ['SIGINT', 'close'] as const) reader.once(over, () => stopped.abort());
    try {
      return await reader.question(question, {signal: stopped.signal});
    } catch (error) {
      if (!stopped.signal.aborted) throw error;
      throw new EngineError('interrupted', 'nothing was changed', {cause: error});
    } finally {
      reader.close();
    }
  }
}
