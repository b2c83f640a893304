import {spawn, type ChildProcess} from 'node:child_process';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * How to start the product: as built when `npm test` has just built it, else straight from the sources, so that a
 * single suite under vitest always tests what is there now.
 */
export const programCommand = (): readonly [string, ...string[]] =>
  process.env['TEST_PROGRAM'] === 'dist'
    ? [process.execPath, `${root}dist/cli.js`]
    : [process.execPath, '--import', fileURLToPath(import.meta.resolve('tsx')), `${root}source/cli.tsx`];

export interface ProgramResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string | undefined>;
  /** ms after which it is killed; 60 s unless said. */
  readonly timeout?: number;
}

/** A running copy of the product, with what it printed so far. */
export class Program {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<ProgramResult>;

  constructor(args: readonly string[], {cwd, env}: ProgramOptions = {}) {
    const [command, ...first] = programCommand();
    this.child = spawn(command, [...first, ...args], {
      cwd,
      env: {...process.env, NODE_ENV: 'production', ...env},
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => resolve({code, signal, stdout: this.stdout, stderr: this.stderr}));
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProgramResult> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Runs one verb to its end. */
export const runProgram = async (args: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> => {
  const program = new Program(args, options);
  const timer = setTimeout(() => program.child.kill('SIGKILL'), options.timeout ?? 60_000);
  try {
    return await program.ended;
  } finally {
    clearTimeout(timer);
  }
};
