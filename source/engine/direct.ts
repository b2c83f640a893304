import type {Config} from '../config/config.ts';
import {EngineError} from '../primitives/errors.ts';
import {noMeter} from '../primitives/meter.ts';
import type {Application} from './application.ts';
import {CoinEngine, type CoinContext} from './coin-engine.ts';
import type {EngineOptions} from './engine.ts';
import {unknownCoin} from './engine.ts';
import {EngineApplication} from './engine-application.ts';
import {LogLines} from './log-lines.ts';
import {SnapshotCache} from './snapshot-cache.ts';
import {StatusBuilder} from './status-builder.ts';

export interface DirectApplication {
  readonly application: Application;
  close(): Promise<void>;
}

/**
 * The Application on the ledgers themselves, for a verb while no engine runs. Opens a ledger when it is first asked
 * for; takes its lease with the first write, or throws `already_running`; starts its loops only for a rescan.
 */
export const openDirectly = (options: EngineOptions): DirectApplication => {
  const {config, parts, clock, log, version} = options;
  const stopping = new AbortController();
  let fatal: EngineError | undefined;
  const context: CoinContext = {
    config,
    parts,
    clock,
    log,
    meter: noMeter,
    signal: stopping.signal,
    onFatal: error => {
      fatal ??= error;
      stopping.abort();
    },
    onChange: () => undefined,
  };
  const opened = new Map<string, Promise<CoinEngine>>();
  const ledger = async (name: string): Promise<CoinEngine> => {
    if (fatal !== undefined) throw fatal;
    const coinConfig = config.coins.get(name);
    if (coinConfig === undefined) throw unknownCoin(name, config);
    const engine = opened.get(name) ?? CoinEngine.open(coinConfig, context);
    opened.set(name, engine);
    return engine;
  };
  const all = async () => Promise.all([...config.coins.keys()].map(ledger));
  let engines: readonly CoinEngine[] = [];
  const logLines = new LogLines();
  const builder = new StatusBuilder({
    coins: () => engines,
    phase: () => 'starting',
    version,
    configPath: config.path,
    clock,
    logLines,
  });
  const buildStatus = async () => {
    engines = await all();
    return builder.build();
  };
  const application = new EngineApplication({
    ledger,
    all,
    snapshots: new SnapshotCache(buildStatus, clock),
    clock,
    consoles: () => {
      throw noEngine(config);
    },
    logLines,
    requireOpen: () => undefined,
    stop: () => {
      throw noEngine(config);
    },
  });
  return {
    application,
    close: async () => {
      stopping.abort();
      const settled = await Promise.allSettled(opened.values());
      for (const result of settled) if (result.status === 'fulfilled') await result.value.close();
    },
  };
};

const noEngine = (config: Config): EngineError =>
  new EngineError('engine_unreachable', `no engine answers at ${config.api.socket}`);
