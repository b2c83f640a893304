import type {Config} from '../config/config.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError} from '../primitives/errors.ts';
import type {Log} from '../primitives/log.ts';
import {noMeter, type Meter} from '../primitives/meter.ts';
import type {Application} from './application.ts';
import {CoinEngine, type CoinContext} from './coin-engine.ts';
import {Consoles} from './consoles.ts';
import {EngineApplication, type Ledgers} from './engine-application.ts';
import {LogLines} from './log-lines.ts';
import {examineHealth} from './health.ts';
import {measureCoins, type Measures} from './measure.ts';
import type {Parts} from './parts.ts';
import {SnapshotCache} from './snapshot-cache.ts';
import {StatusBuilder} from './status-builder.ts';

export interface EngineOptions {
  readonly config: Config;
  readonly parts: Parts;
  readonly clock: Clock;
  readonly log: Log;
  /** What `log` wrote last; nothing unless given. */
  readonly logLines?: LogLines;
  readonly version: string;
  /** Counts what the parts report; nobody unless given. */
  readonly meter?: Meter;
}

/** Why an engine came to its end. */
export type EngineEnd = {readonly kind: 'stopped'} | {readonly kind: 'fatal'; readonly error: EngineError};

/**
 * All coins of a config, run by this process. `open` takes the ledgers, `start` begins the work, `ending` tells when
 * to `close`. Everything that a crash could interrupt is safe to interrupt: a clean stop only spares the next start
 * some waiting.
 */
export class Engine {
  readonly application: Application;
  /** Resolves when the engine was asked to stop, or cannot go on. */
  readonly ending: Promise<EngineEnd>;
  readonly #options: EngineOptions;
  readonly #stopping = new AbortController();
  readonly #coins: CoinEngine[] = [];
  readonly #snapshots: SnapshotCache;
  readonly #consoles: Consoles;
  readonly #logLines: LogLines;
  readonly #end: (end: EngineEnd) => void;
  #closing: Promise<void> | undefined;
  #phase: 'starting' | 'running' | 'stopping' = 'starting';

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#logLines = options.logLines ?? new LogLines();
    const {promise, resolve} = Promise.withResolvers<EngineEnd>();
    this.ending = promise;
    this.#end = resolve;
    this.#consoles = new Consoles(options.clock, () => this.#snapshots.markChanged());
    const builder = new StatusBuilder({
      coins: () => this.#coins,
      phase: () => this.#phase,
      version: options.version,
      configPath: options.config.path,
      consoles: () => this.#consoles.list(),
      clock: options.clock,
      logLines: this.#logLines,
    });
    this.#snapshots = new SnapshotCache(async () => builder.build(), options.clock);
    this.application = new EngineApplication(this.#ledgers());
  }

  /** Opens every ledger and takes its lease. Throws `not_initialised`, `database_…`, `wrong_ledger`, `already_running`. */
  async open(): Promise<void> {
    const {config} = this.#options;
    // All before any lease is taken: a ledger that cannot be opened must not cost another engine its own.
    for (const coin of config.coins.values()) this.#coins.push(await CoinEngine.open(coin, this.#context()));
    await Promise.all(this.#coins.map(async coin => coin.lease({impatient: false})));
  }

  async start(): Promise<void> {
    for (const coin of this.#coins) await coin.start();
    if (this.#phase === 'starting') this.#phase = 'running';
    this.#snapshots.markChanged();
  }

  /** Begins the end; the first one counts. */
  stop(end: EngineEnd = {kind: 'stopped'}): void {
    if (this.#phase === 'stopping') return;
    this.#phase = 'stopping';
    this.#snapshots.markChanged();
    this.#end(end);
  }

  /** The numbers of this moment. Answers also while a database does not. */
  async measure(): Promise<Measures> {
    const [status, {status: health}, coins] = await Promise.all([
      this.#snapshots.get(),
      examineHealth(this.#coins),
      measureCoins(this.#coins),
    ]);
    return {at: this.#options.clock.now(), status, health, coins};
  }

  /** Lets the loops end. */
  halt(): void {
    this.stop();
    this.#stopping.abort();
  }

  /** Waits for every loop to finish its round, gives the leases back, closes nodes, sinks and ledgers. Once. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.halt();
    await Promise.all(this.#coins.map(async coin => coin.close()));
  }

  #context(): CoinContext {
    const {config, parts, clock, log, meter = noMeter} = this.#options;
    return {
      config,
      parts,
      clock,
      log,
      meter,
      signal: this.#stopping.signal,
      onFatal: error => this.stop({kind: 'fatal', error}),
      onChange: () => this.#snapshots.markChanged(),
    };
  }

  #ledgers(): Ledgers {
    return {
      ledger: async name => {
        const found = this.#coins.find(coin => coin.name === name);
        if (found === undefined) throw unknownCoin(name, this.#options.config);
        return found;
      },
      all: async () => this.#coins,
      snapshots: this.#snapshots,
      consoles: () => this.#consoles,
      clock: this.#options.clock,
      logLines: this.#logLines,
      requireOpen: () => {
        if (this.#phase === 'stopping') throw new EngineError('stopping', 'the engine is stopping', {retry: 'backoff'});
      },
      stop: () => this.stop(),
    };
  }
}

export const unknownCoin = (name: string, config: Config): EngineError =>
  new EngineError(
    'unknown_coin',
    `no coin ${JSON.stringify(name.slice(0, 50))} in the config; it has ${[...config.coins.keys()].join(', ')}`,
    {field: 'coin'},
  );
