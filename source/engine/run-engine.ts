import type {Config} from '../config/config.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';
import {collectGarbage} from '../primitives/collect-garbage.ts';
import {takeSignals} from '../primitives/early-signals.ts';
import type {Application} from './application.ts';
import {Engine, type EngineEnd, type EngineOptions} from './engine.ts';
import type {EngineLog} from './log.ts';
import {readWatch, ServiceManager} from './service-manager.ts';
import type {Exposition} from './measure.ts';

/** ms a clean stop may take in all; supervisord kills after ten seconds. */
const DRAIN = 6000;
/** ms after a second signal: somebody is waiting. */
const HURRIED_DRAIN = 500;
/** ms for requests that are being answered while the engine ends. */
const API_GRACE = 1000;
/** ms to put things down after a fault; whatever is left is safe to lose. */
const FATAL_DRAIN = 1000;

/** ms after which what the start needed is garbage, unless it had much to catch up. */
const START_IS_OVER = 5_000;
/** ms for the last words to the service manager. */
const LAST_WORDS = 1000;

const EXIT_CLEAN = 0;
const EXIT_FAULT = 2;

export interface RunningApi {
  /** Lets requests being answered finish for `grace` ms. */
  close(grace: number): Promise<void>;
}

export interface RunOptions extends Omit<EngineOptions, 'log'> {
  readonly log: EngineLog;
  readonly exposition: Exposition;
  /** Serves the application, and its metrics as text, from now on. */
  readonly startApi: (application: Application, metrics: () => Promise<string>) => Promise<RunningApi>;
}

/** Lets whoever waits know how a run was asked to end, and by which signal for the how-manieth time. */
class Signals {
  readonly first: Promise<NodeJS.Signals>;
  readonly second: Promise<void>;
  readonly #handlers: [NodeJS.Signals, () => void][];

  constructor() {
    const first = Promise.withResolvers<NodeJS.Signals>();
    const second = Promise.withResolvers<void>();
    let count = 0;
    this.first = first.promise;
    this.second = second.promise;
    this.#handlers = (['SIGTERM', 'SIGINT'] as const).map(signal => [
      signal,
      () => {
        count += 1;
        if (count === 1) first.resolve(signal);
        else second.resolve();
      },
    ]);
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
    takeSignals();
  }

  release(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}

const after = async (milliseconds: number): Promise<'late'> =>
  new Promise(resolve => {
    setTimeout(() => resolve('late'), milliseconds).unref();
  });

/** logrotate moved the log away. From a terminal that was closed it means the end, as for every program. */
const reopenLogAtHangup = (engine: Engine, log: EngineLog): {release(): void} => {
  const onHangup = () => {
    if (process.stdin.isTTY) {
      log.info({signal: 'SIGHUP'}, 'stopping with its terminal');
      engine.stop();
      return;
    }
    try {
      log.reopen();
      log.info({signal: 'SIGHUP'}, 'log opened anew');
    } catch (error) {
      log.warn({signal: 'SIGHUP'}, messageOf(error));
    }
  };
  process.on('SIGHUP', onHangup);
  return {release: () => process.off('SIGHUP', onHangup)};
};

/** Puts things down, at most so long. What fails in that is said and changes nothing: the next start finds all it needs. */
const putDown = async (
  closing: Promise<void>,
  log: EngineLog,
  limits: readonly Promise<unknown>[],
): Promise<boolean> => {
  const closed = closing.then(
    () => 'closed',
    (error: unknown) => {
      log.warn({}, `while stopping: ${messageOf(error)}`);
      return 'closed';
    },
  );
  return (await Promise.race([closed, ...limits])) === 'closed';
};

/**
 * Runs the engine of a config until a signal, a stop over the API or a fault, and resolves with the exit code: 0 after
 * a stop, 2 after a fault, which the log names in one line. Throws what makes a start impossible (see Engine.open).
 */
export const runEngine = async (options: RunOptions): Promise<number> => {
  const {log, config} = options;
  const signals = new Signals();
  const engine = new Engine({...options, meter: options.exposition, logLines: log.lines});
  const strayFault = watchStrayErrors(engine);
  const hangup = reopenLogAtHangup(engine, log);
  const manager = new ServiceManager(readWatch(process.env, process.pid), log);
  // What is started from here is none of the service manager's business.
  delete process.env['NOTIFY_SOCKET'];
  try {
    log.info({pid: process.pid, version: options.version, config: config.path}, 'starting');
    void stopAtSignal(engine, signals, log);
    const api = await startUnlessEnded(engine, options);
    if (api !== undefined) logReady(log, config);
    setTimeout(collectGarbage, START_IS_OVER).unref();
    if (api !== undefined) manager.ready(async () => engine.application.health());
    const end = await engine.ending;
    manager.stopping();
    return await finish(engine, api, end, {signals, log});
  } catch (error) {
    log.error({code: error instanceof EngineError ? error.code : 'internal'}, messageOf(error));
    throw error;
  } finally {
    manager.stopping();
    strayFault.release();
    hangup.release();
    signals.release();
    // What a service manager that hangs is not told, it sees.
    await Promise.race([manager.said(), after(LAST_WORDS)]);
    log.flush();
  }
};

const stopAtSignal = async (engine: Engine, signals: Signals, log: EngineLog): Promise<void> => {
  const signal = await signals.first;
  log.info({signal}, 'stopping');
  engine.stop();
};

const start = async (engine: Engine, options: RunOptions): Promise<RunningApi> => {
  await engine.open();
  const api = await options.startApi(engine.application, async () => options.exposition.text(await engine.measure()));
  await engine.start();
  return api;
};

/** Undefined when the end came before the engine was up, as by a signal while it waited for somebody else's lease. */
const startUnlessEnded = async (engine: Engine, options: RunOptions): Promise<RunningApi | undefined> => {
  const starting = start(engine, options);
  try {
    return await Promise.race([starting, engine.ending.then(() => undefined)]);
  } catch (error) {
    // What was opened is given back at once: a lease must not make the next start wait.
    await putDown(engine.close(), options.log, [after(FATAL_DRAIN)]);
    throw error;
  }
};

const logReady = (log: EngineLog, config: Config): void => {
  // Since the process began, loading the program included.
  const ready = Math.round(performance.now());
  const tcp = config.api.listen === undefined ? {} : {listen: `${config.api.listen.host}:${config.api.listen.port}`};
  log.info({ready_ms: ready, socket: config.api.socket, ...tcp, coins: [...config.coins.keys()]}, 'ready');
};

/** The loops end while the last requests are answered; only then the ledgers close under them. */
const closeAll = async (engine: Engine, api: RunningApi | undefined, grace: number): Promise<void> => {
  engine.halt();
  await api?.close(grace);
  await engine.close();
};

const finish = async (
  engine: Engine,
  api: RunningApi | undefined,
  end: EngineEnd,
  {signals, log}: {signals: Signals; log: EngineLog},
): Promise<number> => {
  if (end.kind === 'fatal') {
    const {cause} = end.error;
    // A bug has no name of its own: where it happened is what helps.
    const stack = cause instanceof Error && !(cause instanceof EngineError) ? {stack: cause.stack} : {};
    log.error({code: end.error.code, fatal: true, ...stack}, end.error.message);
    // What a fenced engine holds is not its own any more, and after any other fault a fresh start finds all it needs.
    await putDown(closeAll(engine, api, 0), log, [after(FATAL_DRAIN)]);
    return EXIT_FAULT;
  }
  const hurried = signals.second.then(async () => after(HURRIED_DRAIN));
  if (await putDown(closeAll(engine, api, API_GRACE), log, [after(DRAIN), hurried])) log.info({}, 'stopped');
  else log.warn({}, 'stopped without waiting for everything: what was going on is resumed at the next start');
  return EXIT_CLEAN;
};

/** A promise that nobody awaits, or a throw in a callback, is a bug: the engine ends, and supervisord starts it afresh. */
const watchStrayErrors = (engine: Engine): {release(): void} => {
  const onError = (error: unknown) => {
    const stack = error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error);
    engine.stop({kind: 'fatal', error: new EngineError('internal', `internal error: ${stack}`, {cause: error})});
  };
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  return {
    release: () => {
      process.off('uncaughtException', onError);
      process.off('unhandledRejection', onError);
    },
  };
};
