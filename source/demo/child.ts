import {type ChildProcess, spawn} from 'node:child_process';
import {closeSync, openSync} from 'node:fs';

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

// Reads the child's id, and ends it, kindly and then not, as soon as the pipe closes: however its parent ended.
const GUARD = `read child || exit
read _
kill -TERM "$child" 2>/dev/null
tries=0
while [ $tries -lt 100 ] && kill -0 "$child" 2>/dev/null; do sleep 0.1; tries=$((tries + 1)); done
kill -KILL "$child" 2>/dev/null`;

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
    // First, so that there is no time in which a child runs unguarded.
    const guard = spawn('/bin/sh', ['-c', GUARD], {stdio: ['pipe', 'ignore', 'ignore'], detached: true});
    // It may have ended before its child; a pipe without a reader is no news then.
    guard.stdin.on('error', () => undefined);
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, {stdio: ['ignore', log, log], detached: true});
    closeSync(log);
    if (child.pid !== undefined) guard.stdin.write(`${child.pid}\n`);
    guard.once('error', () => child.kill('SIGKILL'));
    this.#child = child;
    this.ended = new Promise(resolve => {
      const finish = (end: ChildEnd) => {
        this.#end = end;
        guard.kill('SIGKILL');
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
