import type {Config} from '../config/config.ts';
import type {Application} from '../engine/application.ts';
import type {ThemeName} from './palette.ts';
import type {Clock} from '../primitives/clock.ts';

export interface ConsoleOptions {
  /** ASCII borders and marks only. */
  readonly ascii: boolean;
  /** Without one, the environment's (CRYPTOASSETS_THEME), else `auto`. */
  readonly theme?: ThemeName;
  /** Lines instead of a screen, for a screen reader. */
  readonly screenReader?: boolean;
  /** `stop`: quitting stops the engine without asking, for a demo whose parts end with it. Default `ask`. */
  readonly onQuit?: 'ask' | 'stop';
}

/** One line of the init checklist (commands/supplies.ts `Finding`). */
export interface ChecklistItem {
  readonly subject: string;
  readonly ok: boolean;
  readonly words: string;
}

export type ApiClient = Application & {close(): void | Promise<void>};

/** What the console needs of the rest of the program; the composition root supplies it. */
export interface ConsoleDeps {
  /** Throws EngineError naming every problem of the file. */
  loadConfig(path: string): Config | Promise<Config>;
  createApiClient(socketPath: string): ApiClient;
  /** Coins whose ledger is not there yet. Throws `database_newer`, `database_fault`. */
  uninitialisedCoins(config: Config): Promise<readonly string[]>;
  initialise(config: Config): Promise<readonly ChecklistItem[]>;
  /** The engine without a screen, in this process: what runs when there is no terminal to draw on. */
  runEngine(config: Config): Promise<number>;
  /** Absolute path of the program's entry, spawned with `<config> --headless` to host an engine. */
  readonly cliEntry: string;
  readonly clock: Clock;
}
