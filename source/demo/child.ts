import {type ChildProcess, spawn} from 'node:child_process';
import {closeSync, openSync} from 'node:fs';

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

// Ends the child, kindly and then not, as soon as the pipe on its stdin closes: however its parent ended.
const GUARD = `read _
kill -TERM "$1" 2>/dev/null
tries=0
while [ $tries -lt 100 ] && kill -0 "$1" 2>/dev/null; do sleep 0.1; tries=$((tries + 1)); done
kill -KILL "$1" 2>/dev/null`;

/**
 * A program that must not outlive this process. It has its own session, so a Ctrl-C in the terminal reaches only us,
 * and a small shell beside it that ends it when this process is gone without a chance to (kill -9).
 */
export class Child {
  readonly ended: Promise<ChildEnd>;
  readonly #child: ChildProcess;
  #end: ChildEnd | undefined;

  /** Starts `command`; what it prints goes to the end of `logFile`. */
  constructor(command: string, args: readonly string[], logFile: string) {
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, {stdio: ['ignore', log, log], detached: true});
    closeSync(log);
    const guard =
      child.pid === undefined
        ? undefined
        : spawn('/bin/sh', ['-c', GUARD, 'guard', String(child.pid)], {
            stdio: ['pipe', 'ignore', 'ignore'],
            detached: true,
          });
    guard?.once('error', () => child.kill('SIGKILL'));
    this.#child = child;
    this.ended = new Promise(resolve => {
      const finish = (end: ChildEnd) => {
        this.#end = end;
        guard?.kill('SIGKILL');
        resolve(end);
      };
      child.once('error', () => finish({code: 127, signal: null}));
      child.once('exit', (code, signal) => finish({code, signal}));
    });
  }

  get running(): boolean {
    return this.#end === undefined;
  }

  /** SIGTERM, and SIGKILL after `patience` ms. Resolves at its end; repeating it is harmless. */
  async stop(patience = 10_000): Promise<ChildEnd> {
    if (this.running) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patience);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }
}
