import {type ChildProcess, spawn} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {cleanText} from '../../primitives/clean-text.ts';
import {readLines, type SignReply, type SignRequest, type StartAnswer, type StartMessage} from './protocol.ts';

const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './signer-process.ts' : './signer-process.js', import.meta.url),
);

/** ms: the slowest allowed scrypt on a busy machine, and a batch of the largest size. */
const LONGEST_ANSWER = 60_000;
const TAIL = 500;

/** No core file: a dump of this process is its key. The shell is replaced, so that the process has no other parent. */
const WITHOUT_CORE = 'ulimit -c 0 2>/dev/null; exec "$0" "$@"';

/**
 * Flags where this Node has them: no debugger by signal; no writing of files, no programs, threads or native code, and
 * (from Node 25) no network. Sources, as tests run them, load in ways that these forbid.
 */
const hardening = (): string[] =>
  [['--disable-sigusr1'], ...(ENTRY.endsWith('.ts') ? [] : [['--permission', '--allow-fs-read=*']])].flatMap(flags =>
    process.allowedNodeEnvironmentFlags.has(flags[0]!) ? flags : [],
  );

/** The process that holds the key, seen from the engine. Every question gets an answer or ends with SignerDied. */
export class SignerChild {
  readonly #child: ChildProcess;
  readonly #waiting: {resolve(answer: unknown): void; reject(death: SignerDied): void}[] = [];
  #tail = '';
  #death: SignerDied | undefined;

  /** `passphraseFd`: its own descriptor is not needed once this returns. */
  constructor(passphraseFd: number, onDeath: (words: string) => void) {
    const child = spawn('/bin/sh', ['-c', WITHOUT_CORE, process.execPath, ...hardening(), ENTRY], {
      // The fourth is PASSPHRASE_FD.
      stdio: ['pipe', 'pipe', 'pipe', passphraseFd],
      // Nothing of the engine's environment: neither its secrets nor NODE_OPTIONS.
      env: {NODE_ENV: 'production'},
      cwd: '/',
      // A session of its own: no signal to the engine's group, nor a Ctrl-C, ends it under a payout.
      detached: true,
    });
    this.#child = child;
    const over = (words: string) => {
      if (this.#death !== undefined) return;
      this.#death = new SignerDied(this.#tail === '' ? words : `${words}: ${cleanText(this.#tail, TAIL)}`);
      for (const question of this.#waiting.splice(0)) question.reject(this.#death);
      onDeath(this.#death.message);
    };
    child.once('error', error => over(`the signer process could not be started: ${error.message}`));
    child.once('close', (code, signal) => over(`the signer process ended (${signal ?? `exit code ${code}`})`));
    // It went away while being written to: its end says so.
    child.stdin?.on('error', () => undefined);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#tail = (this.#tail + text).slice(-TAIL)));
    if (child.stdout)
      readLines(
        child.stdout,
        line => this.#answer(line),
        () => this.kill(),
      );
    child.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async start(message: StartMessage): Promise<StartAnswer> {
    return this.#ask(message) as Promise<StartAnswer>;
  }

  /** Throws SignerDied. */
  async sign(request: SignRequest): Promise<SignReply> {
    return this.#ask(request) as Promise<SignReply>;
  }

  /** Closes its pipe: it wipes its key and ends. */
  end(): void {
    this.#child.stdin?.end();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #ask(question: unknown): Promise<unknown> {
    if (this.#death !== undefined) throw this.#death;
    const {promise, resolve, reject} = Promise.withResolvers<unknown>();
    this.#waiting.push({resolve, reject});
    // A process that hangs is as good as dead, and is made so.
    const timer = setTimeout(() => this.kill(), LONGEST_ANSWER);
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #answer(line: string): void {
    try {
      this.#waiting.shift()?.resolve(JSON.parse(line));
    } catch {
      // It speaks of something else: nothing that it says is worth anything now.
      this.kill();
    }
  }
}

/** The process is gone; what it was asked may be asked again of the next one. */
export class SignerDied extends Error {}
