import {spawn} from 'node:child_process';
import {closeSync, fstatSync, mkdirSync, openSync, readSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Config} from '../../config/config.ts';

/** How a hosted engine ended. A signal counts as 128 and is started again like any crash. */
export interface Ending {
  readonly exitCode: number;
  /** `exit 2`, `killed by SIGKILL` */
  readonly how: string;
  readonly words: readonly string[];
}

export interface EngineProcess {
  readonly pid: number | undefined;
  readonly ended: Promise<Ending>;
  /** Asks it to stop cleanly, for when its API does not answer. */
  terminate(): void;
}

export const logPathOf = (config: Config): string =>
  config.service.log.file ?? join(dirname(config.path), 'engine.log');

const TAIL_BYTES = 16_384;
const MAX_WORDS = 4;

/** The message of a structured log line, or the line. */
const wordsOf = (line: string): string => {
  if (!line.startsWith('{')) return line;
  try {
    const entry = JSON.parse(line) as {msg?: unknown; err?: {message?: unknown}};
    const parts = [entry.msg, entry.err?.message].filter(part => typeof part === 'string');
    return parts.length > 0 ? [...new Set(parts)].join(': ') : line;
  } catch {
    // A line cut in the middle is shown as it is.
    return line;
  }
};

/** The last words in the log from `offset` on; empty when it said nothing. */
const lastWords = (path: string, offset: number): string[] => {
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const from = Math.max(offset, size - TAIL_BYTES);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    const read = readSync(file, buffer, 0, buffer.length, from);
    return buffer
      .toString('utf8', 0, read)
      .split('\n')
      .map(line => line.trim())
      .filter(line => line !== '')
      .slice(-MAX_WORDS)
      .map(wordsOf);
  } finally {
    closeSync(file);
  }
};

/** Flags of this process that a child needs too (a loader), but not those that open a debugger's port. */
const inheritedFlags = () => process.execArgv.filter(flag => !flag.startsWith('--inspect'));

/**
 * Starts the engine as a process of its own session, its output in the log file and never in pipes: it neither dies
 * with this console nor blocks on it.
 */
export const startEngine = (config: Config, cliEntry: string): EngineProcess => {
  const logPath = logPathOf(config);
  mkdirSync(dirname(logPath), {recursive: true});
  const log = openSync(logPath, 'a', 0o600);
  const offset = fstatSync(log).size;
  const child = spawn(process.execPath, [...inheritedFlags(), cliEntry, config.path, '--headless'], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  const ended = new Promise<Ending>(resolve => {
    child.once('error', error => {
      resolve({exitCode: 69, how: 'not started', words: [error.message]});
    });
    child.once('exit', (code, signal) => {
      resolve({
        exitCode: code ?? 128,
        how: signal === null ? `exit ${code ?? 128}` : `killed by ${signal}`,
        words: lastWords(logPath, offset),
      });
    });
  });
  return {
    pid: child.pid,
    ended,
    terminate() {
      child.kill('SIGTERM');
    },
  };
};
