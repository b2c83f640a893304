import {execFileSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {until} from '../../support/until.ts';

const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

// What a console remembers of its operator stays out of the home of whoever runs the tests.
const STATE = join(tmpdir(), `console-state-${process.pid}`);
process.once('exit', () => rmSync(STATE, {recursive: true, force: true}));
const SHELL = `env -u CI -u NO_COLOR XDG_STATE_HOME=${STATE} LANG=C.UTF-8 PS1=shell% sh`;

/** A shell in a terminal of its own: keys go in, what is on the screen comes out. */
export class Tmux {
  readonly #socket = `console-${randomBytes(4).toString('hex')}`;

  constructor(columns: number, rows: number) {
    const size = ['-x', String(columns), '-y', String(rows)];
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, '-s', 'main', SHELL);
  }

  /** Another shell in the same terminal, after a program was killed in raw mode. */
  renew(): void {
    this.#tmux('respawn-pane', '-k', '-t', 'main', SHELL);
  }

  #tmux(...parameters: string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...parameters], {encoding: 'utf8'});
  }

  /** Types a command line and presses Enter. */
  run(...words: string[]): void {
    this.#tmux('send-keys', '-t', 'main', '-l', `${words.map(quoted).join(' ')}; echo EXIT $?`);
    this.keys('Enter');
  }

  keys(...keys: string[]): void {
    this.#tmux('send-keys', '-t', 'main', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-t', 'main', '-x', String(columns), '-y', String(rows));
  }

  /** What is visible; with `history` what has scrolled away too, with `codes` as it is coloured. */
  screen({history = false, codes = false} = {}): string {
    return this.#tmux('capture-pane', '-p', '-t', 'main', ...(history ? ['-S', '-'] : []), ...(codes ? ['-e'] : []));
  }

  /** Waits until the screen shows it and returns the screen. */
  async sees(expected: string | RegExp, timeout = 30_000): Promise<string> {
    let screen = '';
    try {
      return await until(
        String(expected),
        () => {
          screen = this.screen();
          return (typeof expected === 'string' ? screen.includes(expected) : expected.test(screen)) && screen;
        },
        {timeout, every: 40},
      );
    } catch (error) {
      throw new Error(`${String(error)}\n${screen}`, {cause: error});
    }
  }

  dispose(): void {
    this.#tmux('kill-server');
  }
}
