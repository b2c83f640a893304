import {spawn, type ChildProcess} from 'node:child_process';
import {accessSync, constants, statSync} from 'node:fs';
import {delimiter, join} from 'node:path';
import type {ScriptConfig} from '../config/config.ts';
import type {Event} from '../contract/index.ts';
import type {DeliveryAnswer, Sink} from '../outbox/ports.ts';
import {cleanText} from '../primitives/clean-text.ts';
import {EngineError} from '../primitives/errors.ts';
import {OutputTail} from './output-tail.ts';

export interface ScriptLimits {
  /** ms between asking the group to end (SIGTERM) and ending it (SIGKILL). */
  readonly grace: number;
  /** Bytes that one run may write, to stdout and stderr together. */
  readonly outputBytes: number;
}

/** ms for the pipes of a run that is over: only a child in a session of its own can hold them open. */
const LAST_WORDS = 500;

const LIMITS: ScriptLimits = {grace: 2000, outputBytes: 1024 * 1024};

/** The environment of the engine holds its secrets; a script gets what programs need to run at all. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/**
 * Runs a program for each event, which it reads as one line of JSON on its stdin, in a process group of its own: exit
 * code 0 is an arrival, every other one (75, say) a failure. A run that takes too long or writes too much is stopped as
 * a group, and so is whatever a run leaves behind in it. What it wrote last stands in the words of a failure.
 */
export const createScriptSink = (
  name: string,
  config: Pick<ScriptConfig, 'command' | 'folder' | 'timeout'>,
  limits: ScriptLimits = LIMITS,
): Sink => new ScriptSink(name, config, limits);

/** How a run ended. */
type End =
  | {readonly kind: 'exit'; readonly code: number | null; readonly signal: NodeJS.Signals | null}
  | {readonly kind: 'not-started'; readonly words: string};

class ScriptSink implements Sink {
  readonly name: string;
  readonly type = 'script';
  readonly #config: Pick<ScriptConfig, 'command' | 'folder' | 'timeout'>;
  readonly #limits: ScriptLimits;

  constructor(name: string, config: Pick<ScriptConfig, 'command' | 'folder' | 'timeout'>, limits: ScriptLimits) {
    this.name = name;
    this.#config = config;
    this.#limits = limits;
  }

  get longest(): number {
    return this.#config.timeout + this.#limits.grace + LAST_WORDS;
  }

  async deliver(event: Event, body: string, signal: AbortSignal): Promise<DeliveryAnswer> {
    if (signal.aborted) return {kind: 'failed', words: 'the engine stopped before it was run'};
    let child: ChildProcess;
    try {
      child = this.#start(event);
    } catch (error) {
      // Most faults come as events; what the system refuses outright is thrown.
      return {kind: 'failed', words: whyNotStarted(error as NodeJS.ErrnoException)};
    }
    const output = new OutputTail(this.#limits.outputBytes);
    const end = watchEnd(child);
    const closed = watchClose(child);
    const group = new Group(child, this.#limits.grace);
    const timer = setTimeout(
      () => group.stop(`took longer than ${this.#config.timeout / 1000} s`),
      this.#config.timeout,
    );
    const onAbort = () => group.stop('was stopped with the engine');
    signal.addEventListener('abort', onAbort, {once: true});
    output.onFull = () => group.stop(`wrote more than ${this.#limits.outputBytes} bytes`);
    output.readFrom(child.stdout);
    output.readFrom(child.stderr);
    // A program that does not read its input is none of our faults.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${body}\n`);
    try {
      const found = await end;
      group.end();
      await lastWords(closed);
      return answerOf(found, group.reason, output.text());
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      // Whatever still holds the other end (a grandchild in a session of its own) is not waited for.
      for (const stream of [child.stdout, child.stderr, child.stdin]) stream?.destroy();
    }
  }

  async probe(): Promise<string> {
    const [program = ''] = this.#config.command;
    const path = findProgram(program, process.env['PATH'] ?? '');
    if (path === undefined)
      throw new EngineError(
        'bad_config',
        `${program}: is no program that this user can run; chmod +x it, or correct the path`,
      );
    return `${path} can be run`;
  }

  async close(): Promise<void> {
    // Whoever closes a sink has stopped its loop, and that its run.
  }

  #start({id, coin, type}: Event): ChildProcess {
    const [program = '', ...rest] = this.#config.command;
    const environment: NodeJS.ProcessEnv = {
      CRYPTOASSETS_EVENT_ID: id,
      CRYPTOASSETS_EVENT_TYPE: type,
      CRYPTOASSETS_COIN: coin,
    };
    for (const key of PASSED_ON) if (process.env[key] !== undefined) environment[key] = process.env[key];
    return spawn(program, rest, {
      cwd: this.#config.folder,
      env: environment,
      // A session and group of its own: a signal to the group reaches whatever it starts.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }
}

/** The process group of one run. */
class Group {
  readonly #child: ChildProcess;
  readonly #grace: number;
  /** Why it was stopped. */
  reason: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess, grace: number) {
    this.#child = child;
    this.#grace = grace;
  }

  stop(reason: string): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.#signal('SIGTERM');
    this.#timer = setTimeout(() => this.#signal('SIGKILL'), this.#grace);
  }

  /** The program itself is gone: so shall be what it left behind. */
  end(): void {
    clearTimeout(this.#timer);
    this.#signal('SIGKILL');
  }

  #signal(signal: NodeJS.Signals): void {
    const {pid} = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // ESRCH: nobody is left in it.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Of the program itself and not of its pipes, which a child that it left behind may keep open for ever. */
const watchEnd = async (child: ChildProcess): Promise<End> =>
  new Promise(resolve => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({kind: 'not-started', words: whyNotStarted(error)}));
    child.once('exit', (code, signal) => resolve({kind: 'exit', code, signal}));
  });

/** Resolves at the end of its pipes. Asked for at its start: the end of a quick run comes with its exit. */
const watchClose = async (child: ChildProcess): Promise<void> =>
  new Promise(resolve => {
    child.once('close', () => resolve());
    // One that was never started closes nothing.
    child.once('error', () => resolve());
  });

/** What it wrote last may still be in the pipes, which end with the last of its group. */
const lastWords = async (closed: Promise<void>): Promise<void> => {
  const {promise: late, resolve} = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LAST_WORDS);
  await Promise.race([closed, late]);
  clearTimeout(timer);
};

const whyNotStarted = ({code, message}: NodeJS.ErrnoException): string => {
  if (code === 'ENOENT')
    return 'cannot be run: there is no such program, or the interpreter of its first line is missing';
  if (code === 'EACCES') return 'cannot be run: it is not executable (chmod +x)';
  return `cannot be run: ${cleanText(message, 200)}`;
};

const answerOf = (end: End, stopped: string | undefined, tail: string): DeliveryAnswer => {
  const withTail = (words: string) => (tail === '' ? words : `${words}: ${tail}`);
  if (end.kind === 'not-started') return {kind: 'failed', words: end.words};
  if (stopped !== undefined) return {kind: 'failed', words: withTail(stopped)};
  if (end.code === 0) return {kind: 'delivered', status: 0};
  if (end.code === null) return {kind: 'failed', words: withTail(`ended by ${end.signal ?? 'a signal'}`)};
  return {kind: 'failed', words: withTail(`exit code ${end.code}`), status: end.code};
};

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not for us: both are "no".
    return false;
  }
};

const findProgram = (program: string, path: string): string | undefined =>
  program.includes('/')
    ? [program].find(isProgram)
    : path
        .split(delimiter)
        .map(folder => join(folder, program))
        .find(isProgram);
