import {fileURLToPath} from 'node:url';
import type {ConsoleOptions, Finding, Introduction, OpenApplication, Supplies} from './commands/supplies.ts';
import {programVersion} from './commands/shell/version.ts';
import {createBackend} from './compose-backend.ts';
import type {Config} from './config/config.ts';
import {LOCAL} from './contract/index.ts';
import type {Parts} from './engine/parts.ts';
import {EngineError, hasCode} from './primitives/errors.ts';
import {silentLog} from './primitives/log.ts';
import {systemClock} from './primitives/clock.ts';
import {keepYoungGenerationSmall} from './primitives/young-generation.ts';

// The composition root: the only place that knows every part. Each is loaded when it is used, so that a verb starts as
// fast as what it needs and no faster one pays for a slower.

/** The program's entry, for those that start a copy of it. */
const CLI_ENTRY = fileURLToPath(import.meta.resolve(import.meta.url.endsWith('.ts') ? './cli.tsx' : './cli.js'));

export const createSupplies = (): Supplies => ({
  openApplication,
  runEngine,
  initialise,
  runConsole,
  check: async config => (await import('./engine/check.ts')).check(verbOptions(config)),
  backup: async (config, folder) =>
    (await import('./engine/backup.ts')).backup(config, folder, {clock: systemClock, version: programVersion()}),
  restore: async (config, folder) => {
    // One whose files were deleted under it would go on with them, and pay beside the restored ledger.
    if (await engineAnswers(config.api.socket))
      throw new EngineError('already_running', `an engine answers at ${config.api.socket}: stop it before a restore`);
    return (await import('./engine/backup.ts')).restore(config, folder, {clock: systemClock});
  },
  keyTools: async () => import('./signers/key/key-tools.ts'),
  runDemo: async options => {
    const [{runDemo}, deps] = await Promise.all([import('./demo/run-demo.ts'), clientParts()]);
    return runDemo(options, {...deps, runConsole});
  },
});

const initialise = async (config: Config): Promise<Finding[]> =>
  (await import('./engine/initialise.ts')).initialise(verbOptions(config));

const runConsole = async (configPath: string, options: ConsoleOptions): Promise<number> => {
  // Before React and Ink: a screen may stand open for weeks, and what loading them takes is never given back.
  keepYoungGenerationSmall();
  const [{runConsole: run}, deps] = await Promise.all([import('./console/run-console.tsx'), clientParts()]);
  return run(configPath, options, {...deps, uninitialisedCoins, runEngine, clock: systemClock});
};

/** What console and demo share: they are clients of an engine in another process. */
const clientParts = async () => {
  const [{loadConfig}, {createApiClient}] = await Promise.all([import('./config/load.ts'), import('./api/client.ts')]);
  return {
    loadConfig: (path: string) => loadConfig(path, process.env),
    createApiClient,
    initialise,
    cliEntry: CLI_ENTRY,
  };
};

const parts: Parts = {
  createBackend,
  createSink: async (name, config, {coin, log}) => {
    switch (config.type) {
      case 'webhook':
        return (await import('./sinks/webhook.ts')).createWebhookSink(name, config);
      case 'script':
        return (await import('./sinks/script.ts')).createScriptSink(name, config);
      case 'module':
        return (await import('./sinks/module.ts')).createModuleSink(name, config, {log});
      case 'nats':
        return (await import('./sinks/nats.ts')).createNatsSink(name, coin, config);
      default:
        return config satisfies never;
    }
  },
};

const verbOptions = (config: Config) => ({config, parts, clock: systemClock, log: silentLog});

/** ms for an engine to say that it is there. One that was stopped (SIGSTOP) takes connections and never answers. */
const PROBE_TIMEOUT = 5000;

const engineAnswers = async (socket: string): Promise<boolean> => {
  const {createApiClient} = await import('./api/client.ts');
  const probe = createApiClient(socket, PROBE_TIMEOUT);
  try {
    await probe.health();
    return true;
  } catch (error) {
    if (!hasCode(error, 'engine_unreachable')) throw error;
    return false;
  } finally {
    await probe.close();
  }
};

/** The engine's application when one answers on the socket, else the ledgers themselves. */
const openApplication = async (config: Config, by: Introduction = {}): Promise<OpenApplication> => {
  const actor = {...LOCAL, ...by};
  if (await engineAnswers(config.api.socket)) {
    const {createApiClient} = await import('./api/client.ts');
    const client = createApiClient(config.api.socket);
    return {application: client.as(actor), via: 'engine', close: async () => client.close()};
  }
  const {openDirectly} = await import('./engine/direct.ts');
  const direct = openDirectly({...verbOptions(config), version: programVersion()});
  return {application: direct.application.as(actor), via: 'ledger', close: async () => direct.close()};
};

const runEngine = async (config: Config): Promise<number> => {
  const [{createLog}, {runEngine: run}, {startApi}, {Metrics}] = await Promise.all([
    import('./engine/log.ts'),
    import('./engine/run-engine.ts'),
    import('./api/start-api.ts'),
    import('./engine/metrics.ts'),
  ]);
  const exposition = new Metrics();
  const log = createLog(config.service.log, config.secrets);
  const version = programVersion();
  return run({
    config,
    parts,
    clock: systemClock,
    log,
    version,
    exposition,
    startApi: async (application, metrics) =>
      startApi(application, config.api, {log, version, meter: exposition, metrics}),
  });
};

const uninitialisedCoins = async (config: Config): Promise<string[]> => {
  const {ledgerState} = await import('./store/open-store.ts');
  const missing: string[] = [];
  for (const coin of config.coins.keys()) {
    const state = await ledgerState({type: config.database.type, path: config.database.path, coin});
    if (state !== 'ready' && state !== 'needs_migration') missing.push(coin);
  }
  return missing;
};
