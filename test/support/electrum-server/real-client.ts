import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {until} from '../until.ts';

const run = promisify(execFile);

/** Debian's Electrum wallet on regtest, with a wallet of its own, connected to one server and no other. */
export class RealElectrum {
  readonly #program: string;
  readonly #folder: string;
  #daemon: ChildProcess | undefined;

  private constructor(program: string) {
    this.#program = program;
    this.#folder = mkdtempSync(join(tmpdir(), 'electrum-'));
  }

  /** Resolves when it is connected and its wallet loaded. */
  static async start(program: string, port: number): Promise<RealElectrum> {
    const client = new RealElectrum(program);
    try {
      await client.command('create', '--offline');
      // Else whichever of the daemon and the first command comes later makes a password of its own, and is refused.
      await client.command('setconfig', '--offline', 'rpcuser', 'tests');
      await client.command('setconfig', '--offline', 'rpcpassword', randomUUID());
      client.#launch(port);
      await until('electrum to be connected', async () => {
        const {connected} = JSON.parse(await client.command('getinfo')) as {connected: boolean};
        return connected;
      });
      await client.command('load_wallet');
    } catch (error) {
      await client.dispose();
      throw error;
    }
    return client;
  }

  get #home(): string[] {
    return ['--regtest', '-D', this.#folder];
  }

  get #environment(): NodeJS.ProcessEnv {
    return {...process.env, HOME: this.#folder};
  }

  #launch(port: number): void {
    // In the foreground: a daemon that detaches itself could outlive the tests.
    this.#daemon = spawn(this.#program, [...this.#home, 'daemon', '--oneserver', '-s', `127.0.0.1:${port}:t`], {
      stdio: 'ignore',
      env: this.#environment,
    });
  }

  /** A command of its command line; what it prints. */
  async command(...args: string[]): Promise<string> {
    const {stdout} = await run(this.#program, [...this.#home, ...args], {env: this.#environment, timeout: 60_000});
    return stdout.trim();
  }

  /** In coins; `unconfirmed` is left out while there is none. */
  async balance(): Promise<{confirmed?: string; unconfirmed?: string}> {
    return JSON.parse(await this.command('getbalance')) as {confirmed?: string; unconfirmed?: string};
  }

  async dispose(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon !== undefined && daemon.exitCode === null) {
      const ended = new Promise(resolve => daemon.once('close', resolve));
      daemon.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, {recursive: true, force: true});
  }
}
