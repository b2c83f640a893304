import {readFileSync} from 'node:fs';
import {ApiClient} from './api-client.ts';
import type {ConfigFile} from './config-file.ts';
import {Program, type ProgramResult} from './program.ts';
import {Hopeless, until} from './until.ts';

/** The real `--headless` engine in a process of its own, as supervisord would run it. */
export class Engine {
  readonly #config: ConfigFile;
  readonly #env: Record<string, string | undefined>;
  #program: Program | undefined;
  #api: ApiClient | undefined;
  /** Milliseconds from spawn to the first answer of /health, of the last start. */
  readyAfter = 0;

  constructor(config: ConfigFile, env: Record<string, string | undefined> = {}) {
    this.#config = config;
    this.#env = env;
  }

  get api(): ApiClient {
    if (this.#api === undefined) throw new Error('the engine was not started');
    if (!this.program.running) throw new Hopeless(`the engine ended; its last words:\n${this.logs()}`);
    return this.#api;
  }

  get program(): Program {
    if (this.#program === undefined) throw new Error('the engine was not started');
    return this.#program;
  }

  get pid(): number {
    return this.program.pid;
  }

  /** Starts it and waits until /health answers, whatever it says: a node may be away. */
  async start(): Promise<void> {
    const begun = performance.now();
    const program = new Program([this.#config.path, '--headless'], {env: this.#env});
    this.#program = program;
    this.#api = new ApiClient(this.#config.socket, this.#config.coin);
    try {
      await Promise.race([
        until('the engine to answer', async () => (await this.api.health()).status > 0, {every: 10}),
        program.ended.then(result => {
          throw new EngineEnded(result);
        }),
      ]);
    } catch (error) {
      program.child.kill('SIGKILL');
      throw new Error(`${String(error)}\n${this.logs()}`, {cause: error});
    }
    this.readyAfter = performance.now() - begun;
  }

  /** Ends it by a signal and returns how it ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProgramResult> {
    const result = await this.program.stop(signal);
    await this.#api?.close();
    return result;
  }

  async kill(): Promise<void> {
    await this.stop('SIGKILL');
  }

  /** What it printed and logged so far. */
  logs(): string {
    let file = '';
    try {
      file = readFileSync(this.#config.log, 'utf8');
    } catch {
      // It ended before it opened its log; what it printed says why.
    }
    return [file, this.#program?.stdout, this.#program?.stderr].filter(Boolean).join('\n').slice(-6000);
  }

  async dispose(): Promise<void> {
    if (this.#program?.running === true) await this.kill();
    await this.#api?.close();
  }
}

class EngineEnded extends Error {
  constructor(result: ProgramResult) {
    super(`the engine ended with code ${result.code} ${result.signal ?? ''}: ${result.stderr.slice(-2000)}`);
  }
}
