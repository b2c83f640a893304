import type {Config} from '../config/config.ts';
import type {OpenApplication, Supplies} from './supplies.ts';
import type {FlagName, Flags} from './shell/flags.ts';
import type {Input} from './shell/input.ts';
import type {Output} from './shell/output.ts';

/** One command of the program. What stands here is also its help and its argument check. */
export interface Verb {
  /** Words that call it, `account create`; empty for the console. */
  readonly name: string;
  readonly summary: string;
  /** `<required>` and `[optional]`, in order. `[config]` is the config file when given. */
  readonly parameters: readonly string[];
  /** Besides --config, --json and --help, which every verb takes. */
  readonly flags: readonly FlagName[];
  readonly required?: readonly FlagName[];
  /** Where a flag of a common name says something else to this verb: its value and help. */
  readonly flagWords?: Partial<Record<FlagName, {readonly value: string; readonly help: string}>>;
  /** All values that a flag may have here, for completion. */
  readonly choices?: Readonly<Partial<Record<FlagName, readonly string[]>>>;
  /** What follows the program's name in the examples of its help. */
  readonly examples: readonly string[];
  readonly notes?: string;
  /** Resolves with the exit code; throws EngineErrors, which become an exit code and a line on stderr. */
  run(context: Context): Promise<number>;
}

/** What a verb is given. */
export interface Context {
  /** Values of `parameters`, without the config. */
  readonly values: readonly string[];
  readonly flags: Flags;
  /** As the user named it. */
  readonly configPath: string;
  readonly output: Output;
  readonly input: Input;
  /** Whether a full-screen console can be drawn. */
  readonly isTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Read and checked at the first call; throws ConfigError. */
  readonly config: () => Config;
  readonly supplies: () => Promise<Supplies>;
  /** Opens the application (over the engine's socket, or on the ledger when none runs), uses and closes it. */
  withApplication<Result>(use: (opened: OpenApplication) => Promise<Result>): Promise<Result>;
}
