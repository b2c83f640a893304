import {Worker} from 'node:worker_threads';
import type {ModuleConfig} from '../config/config.ts';
import type {Event} from '../contract/index.ts';
import type {DeliveryAnswer, Sink} from '../outbox/ports.ts';
import {cleanText} from '../primitives/clean-text.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';
import type {Log} from '../primitives/log.ts';
import type {Answer, Question} from './module-worker.ts';

/** ms a module may take to load, its top-level awaits included. */
const LOAD_TIMEOUT = 10_000;
/** A handler that leaks ends its own thread, and not the engine. */
const MEMORY_MB = 512;
/** Lines that a handler may print per event; the rest is dropped. */
const LINES_PER_EVENT = 20;

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './module-worker.ts' : './module-worker.js', import.meta.url);

export interface ModuleSurroundings {
  readonly log: Log;
  readonly loadTimeout?: number;
}

/**
 * Calls the default export of a module for each event, in a thread of its own: one that blocks, leaks or exits harms
 * only itself. Resolving is an arrival, a throw a failure, too long a time ends the thread; the next event starts
 * another. What it prints goes to the log. Throws `bad_config` naming the file when it cannot be loaded now.
 */
export const createModuleSink = async (
  name: string,
  config: Pick<ModuleConfig, 'path' | 'timeout'>,
  surroundings: ModuleSurroundings,
): Promise<Sink> => {
  const sink = new ModuleSink(name, config, surroundings);
  await sink.probe();
  return sink;
};

class ModuleSink implements Sink {
  readonly name: string;
  readonly type = 'module';
  readonly #config: Pick<ModuleConfig, 'path' | 'timeout'>;
  readonly #log: Log;
  readonly #loadTimeout: number;
  #thread: Promise<Thread> | undefined;

  constructor(
    name: string,
    config: Pick<ModuleConfig, 'path' | 'timeout'>,
    {log, loadTimeout = LOAD_TIMEOUT}: ModuleSurroundings,
  ) {
    this.name = name;
    this.#config = config;
    this.#log = log;
    this.#loadTimeout = loadTimeout;
  }

  get longest(): number {
    return this.#loadTimeout + this.#config.timeout;
  }

  async deliver(event: Event, _body: string, signal: AbortSignal): Promise<DeliveryAnswer> {
    if (signal.aborted) return {kind: 'failed', words: 'the engine stopped before it was called'};
    try {
      const thread = await this.#running();
      const answer = await thread.ask(event, this.#config.timeout, signal);
      return answer === undefined
        ? {kind: 'delivered', status: undefined}
        : {kind: 'failed', words: cleanText(answer, 400)};
    } catch (error) {
      return {kind: 'failed', words: cleanText(messageOf(error), 400)};
    }
  }

  async probe(): Promise<string> {
    await this.#running();
    return `${this.#config.path} is loaded`;
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    try {
      await (await thread)?.end();
    } catch {
      // It never loaded: there is nothing to end.
    }
  }

  async #running(): Promise<Thread> {
    this.#thread ??= this.#start();
    try {
      return await this.#thread;
    } catch (error) {
      this.#thread = undefined;
      throw error;
    }
  }

  async #start(): Promise<Thread> {
    const thread = new Thread(this.#config.path, {
      print: line => this.#log.info({sink: this.name}, line),
      onEnd: () => (this.#thread = undefined),
    });
    await thread.loaded(this.#loadTimeout);
    return thread;
  }
}

/** One thread with the module in it; it serves until it ends, whatever ends it. */
class Thread {
  readonly #path: string;
  readonly #worker: Worker;
  readonly #onEnd: () => void;
  #printed = 0;
  /** Who waits for its next word: the answer, or why there will be none. */
  #waiting: {answer(answer: Answer): void; fail(words: string): void} | undefined;
  #ended: string | undefined;

  constructor(path: string, {print, onEnd}: {print: (line: string) => void; onEnd: () => void}) {
    this.#path = path;
    this.#onEnd = onEnd;
    this.#worker = new Worker(WORKER, {
      workerData: {path},
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: {maxOldGenerationSizeMb: MEMORY_MB},
    });
    this.#worker.on('message', (answer: Answer) => this.#waiting?.answer(answer));
    this.#worker.on('error', error => this.#over(`${this.#path}: ${messageOf(error)}`));
    this.#worker.on('exit', code => this.#over(`${this.#path}: its thread ended with code ${code}`));
    for (const stream of [this.#worker.stdout, this.#worker.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => this.#print(text, print));
  }

  async loaded(timeout: number): Promise<void> {
    try {
      const problem = await this.#next(timeout, undefined);
      if (problem !== undefined) throw new Error(problem);
    } catch (error) {
      await this.end();
      throw new EngineError('bad_config', cleanText(`${this.#path} cannot be loaded: ${messageOf(error)}`, 500), {
        cause: error,
      });
    }
  }

  /** Undefined once the handler has resolved, else what it threw. Throws when the thread came to its end over it. */
  async ask(event: Event, timeout: number, signal: AbortSignal): Promise<string | undefined> {
    this.#printed = 0;
    const next = this.#next(timeout, signal);
    this.#worker.postMessage({event} satisfies Question);
    return next;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  async #next(timeout: number, signal: AbortSignal | undefined): Promise<string | undefined> {
    if (this.#ended !== undefined) throw new Error(this.#ended);
    const {promise, resolve, reject} = Promise.withResolvers<string | undefined>();
    // A thread cannot be interrupted and go on: whatever it was doing, it ends.
    const giveUp = (words: string) => {
      this.#onEnd();
      void this.#worker.terminate();
      reject(new Error(words));
    };
    const timer = setTimeout(() => giveUp(`took longer than ${timeout / 1000} s`), timeout);
    const onAbort = () => giveUp('was stopped with the engine');
    signal?.addEventListener('abort', onAbort, {once: true});
    // Listeners are not told of the past.
    if (signal?.aborted === true) onAbort();
    this.#waiting = {answer: ({problem}) => resolve(problem), fail: words => reject(new Error(words))};
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#waiting = undefined;
    }
  }

  #over(words: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = words;
    this.#onEnd();
    this.#waiting?.fail(words);
  }

  #print(text: string, print: (line: string) => void): void {
    for (const line of text.split('\n')) {
      if (line.trim() === '' || this.#printed > LINES_PER_EVENT) continue;
      this.#printed += 1;
      print(this.#printed > LINES_PER_EVENT ? '… and more lines, not logged' : cleanText(line, 500));
    }
  }
}
