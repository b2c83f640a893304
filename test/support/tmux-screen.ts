import {execFile} from 'node:child_process';
import {rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {until, type UntilOptions} from './until.ts';

const run = promisify(execFile);
let screens = 0;
/** Where consoles remember their operator: out of the home of whoever runs the tests. */
export const OPERATOR_STATE = join(tmpdir(), `cac-state-${process.pid}`);
process.once('exit', () => rmSync(OPERATOR_STATE, {recursive: true, force: true}));

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A real terminal for one command, in a tmux server of its own. */
export class TmuxScreen {
  readonly #tmux: string;
  readonly #server: string;

  private constructor(tmux: string, server: string) {
    this.#tmux = tmux;
    this.#server = server;
  }

  /** Runs `command` in a screen of that size; what it printed stays readable after its end. */
  static async start(
    tmux: string,
    command: readonly string[],
    {columns = 120, rows = 40, directory}: {columns?: number; rows?: number; directory?: string} = {},
  ): Promise<TmuxScreen> {
    screens += 1;
    const screen = new TmuxScreen(tmux, `cac-${process.pid}-${screens}`);
    // Ink draws only its last frame when CI is in the environment, even empty. The shell stays and shows the exit code.
    const line = `env -u CI NODE_ENV=production XDG_STATE_HOME=${quoted(OPERATOR_STATE)} ${command.map(quoted).join(' ')}; echo "ended with $?"; exec cat`;
    const size = ['-x', String(columns), '-y', String(rows)];
    const start = directory === undefined ? [] : ['-c', directory];
    await screen.#run('-f', '/dev/null', 'new-session', '-d', ...size, ...start, '/bin/sh', '-c', line);
    return screen;
  }

  async #run(...args: string[]): Promise<string> {
    return (await run(this.#tmux, ['-L', this.#server, ...args])).stdout;
  }

  /** Keys in tmux's names: `r`, `Enter`, `Escape`, `C-c`. */
  async press(...keys: string[]): Promise<void> {
    await this.#run('send-keys', ...keys);
  }

  /** What is on the screen now. */
  async text(): Promise<string> {
    return this.#run('capture-pane', '-p');
  }

  /** Everything that can be scrolled back to, and the screen. */
  async history(): Promise<string> {
    return this.#run('capture-pane', '-p', '-S', '-');
  }

  /** Waits until the screen matches, and returns it. */
  async shows(pattern: RegExp, options: UntilOptions = {}): Promise<string> {
    let last = '';
    try {
      return await until(
        `the screen to show ${pattern}`,
        async () => {
          last = await this.text();
          return pattern.test(last) ? last : undefined;
        },
        options,
      );
    } catch (error) {
      throw new Error(`${String(error)}; it shows:\n${last}`, {cause: error});
    }
  }

  async close(): Promise<void> {
    await this.#run('kill-server').catch(() => 'it ended with its last program');
  }
}
