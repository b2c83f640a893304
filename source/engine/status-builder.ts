import type {AttachedConsole, CoinStatus, Status} from '../contract/index.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError} from '../primitives/errors.ts';
import {AlertBook} from './alerts.ts';
import type {CoinEngine} from './coin-engine.ts';
import {coinSnapshot, ROWS, type CoinPart} from './coin-snapshot.ts';
import {engineState} from './health.ts';
import type {LogLines} from './log-lines.ts';

export interface StatusSources {
  readonly coins: () => readonly CoinEngine[];
  readonly phase: () => 'starting' | 'running' | 'stopping';
  readonly version: string;
  readonly configPath: string;
  readonly consoles?: () => AttachedConsole[];
  readonly clock: Clock;
  readonly logLines: LogLines;
}

/** Puts the snapshot together. A ledger that cannot be read shows as it last was, and as a fault of the database. */
export class StatusBuilder {
  readonly #sources: StatusSources;
  readonly #alerts = new AlertBook();
  readonly #parts = new Map<string, CoinPart>();
  readonly #startedAt: number;

  constructor(sources: StatusSources) {
    this.#sources = sources;
    this.#startedAt = sources.clock.now();
  }

  async build(): Promise<Status> {
    const {clock, version, configPath} = this.#sources;
    const engines = this.#sources.coins();
    const fault = await this.#readParts(engines);
    const parts = engines.flatMap(({name}) => this.#parts.get(name) ?? []);
    const shown = {
      at: new Date(clock.now()).toISOString(),
      database: {
        ok: fault === undefined,
        latency_ms: parts.length === 0 ? null : Math.max(...parts.map(part => part.databaseLatency)),
        error: fault?.message ?? null,
      },
      loops: engines.flatMap(engine => engine.loopStatuses()),
      coins: parts.map((part): CoinStatus => part.coin),
      sinks: parts.flatMap(part => part.sinks),
    };
    return {
      at: shown.at,
      engine: {
        state: engineState(this.#sources.phase(), shown),
        version,
        pid: process.pid,
        config: configPath,
        started_at: new Date(this.#startedAt).toISOString(),
      },
      database: shown.database,
      loops: shown.loops,
      coins: shown.coins,
      sinks: shown.sinks,
      events: parts
        .flatMap(part => part.events)
        .sort((one, other) => other.created_at.localeCompare(one.created_at) || other.sequence - one.sequence)
        .slice(0, ROWS),
      deliveries: parts.flatMap(part => part.deliveries).slice(0, ROWS),
      alerts: this.#alerts.update(shown),
      consoles: this.#sources.consoles?.() ?? [],
      log: this.#sources.logLines.newest(ROWS),
    };
  }

  /** Reads what can be read; the first fault of a database is returned. */
  async #readParts(engines: readonly CoinEngine[]): Promise<EngineError | undefined> {
    let fault: EngineError | undefined;
    for (const engine of engines) {
      try {
        this.#parts.set(engine.name, await coinSnapshot(engine, this.#startedAt));
        fault ??= engine.store.writeFault();
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        fault ??= error;
      }
    }
    return fault;
  }
}
