import {execFile} from 'node:child_process';
import {constants, lstatSync, open} from 'node:fs';
import {Socket} from 'node:net';
import {promisify} from 'node:util';
import type {Hint} from '../../chain/ports.ts';
import type {Clock} from '../../primitives/clock.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import type {Channel, ChannelState} from './channel.ts';
import {hintsOf, readNotice} from './walletnotify.ts';

const LONGEST_LINE = 1024;

/**
 * Reads `walletnotify=echo %s >> PIPE` from a named pipe, which is made when it is not there. A line says nothing that
 * is believed: whoever may write to the pipe can make the engine look, and no more.
 */
export class PipeChannel implements Channel {
  readonly #path: string;
  readonly #clock: Clock;
  #isOpen = false;
  #lastAt: number | undefined;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  state(): ChannelState {
    return {
      channel: `pipe ${this.#path}`,
      state: this.#isOpen ? (this.#lastAt === undefined ? 'quiet' : 'ok') : 'lost',
      lastAt: this.#lastAt,
      // A hook that fails tells nobody.
      reliable: false,
    };
  }

  async run(onHint: (hint: Hint) => void, signal: AbortSignal): Promise<void> {
    await this.#make();
    // For reading and writing, so that it does not end whenever a writer closes its end, and without waiting for one.
    const file = await promisify(open)(this.#path, constants.O_RDWR | constants.O_NONBLOCK);
    const socket = new Socket({fd: file, readable: true, writable: false});
    this.#isOpen = true;
    const end = () => socket.destroy();
    signal.addEventListener('abort', end, {once: true});
    try {
      if (signal.aborted) return;
      let rest = '';
      for await (const chunk of socket) {
        const lines = (rest + (chunk as Buffer).toString('latin1')).split('\n');
        rest = (lines.pop() ?? '').slice(-LONGEST_LINE);
        for (const line of lines) this.#take(line, onHint);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#isOpen = false;
      signal.removeEventListener('abort', end);
      socket.destroy();
    }
  }

  #take(line: string, onHint: (hint: Hint) => void): void {
    const notice = readNotice(line);
    if (!notice) return;
    this.#lastAt = this.#clock.now();
    for (const hint of hintsOf(notice)) onHint(hint);
  }

  async #make(): Promise<void> {
    const found = lstatSync(this.#path, {throwIfNoEntry: false});
    if (found?.isFIFO()) return;
    if (found) throw this.#unavailable('is a file and no named pipe; move it away');
    try {
      await promisify(execFile)('mkfifo', ['-m', '622', this.#path]);
    } catch (error) {
      throw this.#unavailable(`cannot be made: ${messageOf(error)}`, error);
    }
  }

  #unavailable(words: string, cause?: unknown): EngineError {
    return new EngineError('notify_unavailable', `${this.#path} (notify) ${words}`, {cause});
  }
}
