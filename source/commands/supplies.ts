import type {ScriptType} from '../coins/index.ts';
import type {CoinConfig, Config, KeySignerConfig} from '../config/config.ts';
import type {Actor, KeyDescription} from '../contract/index.ts';
import type {Application} from '../engine/application.ts';

/** One line of `init` and `check`: what was looked at, whether it is well, and the fix when not. */
export interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  readonly words: string;
  /** Exit code this finding asks for when not ok: 69 out of reach, 78 config or database, 1 books. */
  readonly exitCode?: 1 | 69 | 78;
  /** Code of the EngineError behind it, when there is one: the verbs know advice for some (shell/explain.ts). */
  readonly code?: string;
}

/** How a verb introduces itself. */
export type Introduction = Pick<Actor, 'client' | 'command'>;

/** What a backup says about itself (engine/backup.ts). */
export interface BackupManifest {
  readonly made_at: string;
  readonly ledgers: readonly {
    readonly coin: string;
    readonly network: string;
    readonly height: number;
    readonly sequence: number;
    readonly file: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

/** What the verbs of the key signer need (signers/key/key-tools.ts has the contracts). */
export interface KeyTools {
  newMnemonic(): string;
  readMnemonic(typed: string): string;
  requireStrong(passphrase: Uint8Array): void;
  requireNoKey(signer: KeySignerConfig): void;
  createKey(
    config: CoinConfig,
    signer: KeySignerConfig,
    request: {
      readonly mnemonic: string;
      readonly passphrase: Buffer;
      readonly type: ScriptType;
      readonly accountNumber: number;
    },
  ): Promise<KeyDescription>;
  describeKey(config: CoinConfig, signer: KeySignerConfig): KeyDescription;
  changePassphrase(signer: KeySignerConfig, old: Buffer, next: Buffer): void;
  configuredPassphrase(signer: KeySignerConfig): Buffer;
}

export interface OpenApplication {
  readonly application: Application;
  /** `engine`: over the socket of the one that runs. `ledger`: directly, because none runs. */
  readonly via: 'engine' | 'ledger';
  close(): Promise<void>;
}

/** What compose.ts supplies to the verbs, which themselves see only these and the Application. */
export interface Supplies {
  /** `by`: the program and the command line that the audit log shall know. */
  openApplication(config: Config, by?: Introduction): Promise<OpenApplication>;
  /** Runs until a signal or a fault; resolves with the exit code. */
  runEngine(config: Config): Promise<number>;
  /** Creates every coin's ledger that is not there; changes nothing when a node is out of reach. */
  initialise(config: Config): Promise<Finding[]>;
  check(config: Config): Promise<Finding[]>;
  /** Copies every ledger into a new folder. */
  backup(config: Config, folder: string): Promise<BackupManifest>;
  /** Puts the ledgers of a backup where none are. */
  restore(config: Config, folder: string): Promise<BackupManifest>;
  /** Tools for the file of an encrypted key. */
  keyTools(): Promise<KeyTools>;
  runConsole(configPath: string, options: ConsoleOptions): Promise<number>;
  runDemo(options: DemoOptions): Promise<number>;
}

export interface ConsoleOptions {
  /** ASCII borders and marks only. */
  readonly ascii: boolean;
  readonly theme?: (typeof THEMES)[number] | undefined;
  /** Lines instead of a screen. */
  readonly screenReader?: boolean;
}

/** Of --theme and CRYPTOASSETS_THEME. */
export const THEMES = ['auto', 'ansi', 'dark', 'light', 'okabe-ito', 'okabe-ito-light'] as const;

export interface DemoOptions {
  /** Where config, ledger and node live. */
  readonly directory: string;
  readonly json: boolean;
  readonly console: ConsoleOptions;
  readonly headless: boolean;
}
