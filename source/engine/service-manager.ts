import {spawn} from 'node:child_process';
import type {Health} from '../contract/index.ts';
import {cleanText} from '../primitives/clean-text.ts';
import {messageOf} from '../primitives/errors.ts';
import type {Log} from '../primitives/log.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** ms between two words about how it goes, when nobody watches for silence. */
const STATUS_EVERY = 10_000;
/** Three chances within the time after which systemd ends a silent service. */
const CHANCES = 3;
const LONGEST_STATUS = 200;

/** Where a service manager waits for our words, and how soon it gives up on us; undefined without one. */
export interface Watch {
  readonly socket: string;
  /** ms between two signs of life; undefined when none are waited for. */
  readonly every: number | undefined;
}

/** Reads what systemd puts into the environment of a `Type=notify` service. */
export const readWatch = (environment: Environment, pid: number): Watch | undefined => {
  const {NOTIFY_SOCKET: socket, WATCHDOG_USEC: microseconds, WATCHDOG_PID: watched} = environment;
  if (socket === undefined || socket === '') return undefined;
  const isMeant = watched === undefined || watched === String(pid);
  const limit = isMeant ? Number(microseconds) / 1000 : Number.NaN;
  return {socket, every: limit > 0 ? Math.max(100, limit / CHANCES) : undefined};
};

/**
 * Tells systemd how the engine is (sd_notify): READY, STATUS, signs of life while all loops are well, STOPPING. Node has
 * no unix datagram sockets, so it is `systemd-notify` that speaks, which is there wherever systemd is; the unit needs
 * NotifyAccess=all for it. Without NOTIFY_SOCKET nothing is done.
 */
export class ServiceManager {
  readonly #watch: Watch | undefined;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  /** Words go out one after the other: STOPPING must not be overtaken by an older READY. */
  #last: Promise<void> = Promise.resolve();
  #failed = false;
  #stopping = false;

  constructor(watch: Watch | undefined, log: Log) {
    this.#watch = watch;
    this.#log = log;
  }

  /** The engine is up. From now on `health` is asked, and silence means that something is dead or stands still. */
  ready(health: () => Promise<Health>): void {
    if (this.#watch === undefined || this.#stopping) return;
    this.#say('READY=1', 'STATUS=running');
    const tick = async () => {
      const {status, reasons} = await health();
      if (this.#stopping) return;
      const words = status === 'ok' ? 'running' : `${status}: ${reasons.join('; ')}`;
      const alive = this.#watch?.every !== undefined && status !== 'failing' ? ['WATCHDOG=1'] : [];
      this.#say(...alive, `STATUS=${cleanText(words, LONGEST_STATUS)}`);
    };
    this.#timer = setInterval(() => {
      // Who cannot say how it is must not look alive.
      void tick().catch((error: unknown) => this.#log.warn({}, `health is not known: ${messageOf(error)}`));
    }, this.#watch.every ?? STATUS_EVERY);
    this.#timer.unref();
  }

  stopping(): void {
    if (this.#watch === undefined || this.#stopping) return;
    this.#stopping = true;
    clearInterval(this.#timer);
    this.#say('STOPPING=1', 'STATUS=stopping');
  }

  /** Resolves when everything was said. */
  async said(): Promise<void> {
    await this.#last;
  }

  #say(...words: string[]): void {
    this.#last = this.#last.then(async () => this.#run(words));
  }

  async #run(words: string[]): Promise<void> {
    const environment = {NOTIFY_SOCKET: this.#watch!.socket, PATH: process.env['PATH']};
    const problem = await new Promise<string | undefined>(resolve => {
      const child = spawn('systemd-notify', words, {stdio: 'ignore', env: environment, timeout: 5000});
      child.once('error', error => resolve(messageOf(error)));
      child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `it ended with ${code ?? signal}`));
    });
    if (problem === undefined || this.#failed) return;
    this.#failed = true;
    this.#log.warn({}, `cannot tell the service manager through systemd-notify: ${problem}`);
  }
}
