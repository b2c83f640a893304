import {Child} from './child.ts';
import type {Narrator} from './narrator.ts';

export interface EngineKeeperOptions {
  /** Absolute path of the program's entry. */
  readonly cliEntry: string;
  readonly configPath: string;
  /** Where its standard output and error go. */
  readonly outputFile: string;
  readonly narrator: Narrator;
}

/** Ends that starting again would not mend: usage, bad config or database. */
const HOPELESS = new Set([64, 78]);

/** Keeps the demo's engine running: what supervisord does in production. */
export class EngineKeeper {
  /** Resolves with the exit code when the engine ended for good: it was stopped, or cannot start. */
  readonly ended: Promise<number>;
  readonly #options: EngineKeeperOptions;
  #child: Child | undefined;
  #stopping = false;

  constructor(options: EngineKeeperOptions) {
    this.#options = options;
    this.ended = this.#keep();
  }

  async #keep(): Promise<number> {
    const {cliEntry, configPath, outputFile, narrator} = this.#options;
    for (let starts = 1; ; starts += 1) {
      // execArgv holds what lets Node run this very program (nothing, once built).
      const args = [...process.execArgv, cliEntry, configPath, '--headless'];
      this.#child = new Child(process.execPath, args, outputFile);
      const {code, signal} = await this.#child.ended;
      if (this.#stopping || code === 0) return 0;
      if (code !== null && (HOPELESS.has(code) || starts > 20)) return code;
      narrator.say('engine', `ended (${signal ?? `code ${code}`}): starting it again`);
      await new Promise(resolve => setTimeout(resolve, 500));
      if (this.#stopping) return 0;
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#child?.stop();
    await this.ended;
  }
}
