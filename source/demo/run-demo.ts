import {randomBytes} from 'node:crypto';
import {resolve} from 'node:path';
import type {ConsoleOptions, DemoOptions, Finding} from '../commands/supplies.ts';
import type {Config} from '../config/config.ts';
import type {Application} from '../engine/application.ts';
import {takeSignals} from '../primitives/early-signals.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';
import {demoFiles, type DemoFiles, writeDemoConfig} from './demo-config.ts';
import {prepareDemoFolder} from './demo-folder.ts';
import {EngineKeeper} from './engine-keeper.ts';
import {findBitcoind, findLitecoind} from './find-daemon.ts';
import {eventWords, loggingNarrator, type Narrator, printingNarrator, Teller} from './narrator.ts';
import {BITCOIN, type DaemonKind, LITECOIN, RegtestNode} from './regtest-node.ts';
import {actsAt} from './schedule.ts';
import {OUTSIDE, Traffic} from './traffic.ts';
import {startWebhookReceiver} from './webhook-receiver.ts';

/** What the demo needs of the rest of the program; the composition root supplies it. */
export interface DemoDeps {
  loadConfig(path: string): Config | Promise<Config>;
  initialise(config: Config): Promise<readonly Finding[]>;
  createApiClient(socketPath: string): Application & {close(): void | Promise<void>};
  runConsole(configPath: string, options: ConsoleOptions & {onQuit: 'stop'}): Promise<number>;
  /** Absolute path of the program's entry, spawned with `<config> --headless`. */
  readonly cliEntry: string;
}

/** What was started, ended in reverse order, each even when another fails. */
class Cleanups {
  readonly #all: {what: string; end: () => Promise<void>}[] = [];

  add(what: string, end: () => Promise<void>): void {
    this.#all.push({what, end});
  }

  async run(narrator: Narrator): Promise<void> {
    for (const {what, end} of this.#all.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        narrator.say('demo', `while ending ${what}: ${messageOf(error)}`);
      }
    }
  }
}

/** Aborts at a signal, and when nobody reads what is printed any more. */
const watchForEnd = (cleanups: Cleanups): AbortSignal => {
  const controller = new AbortController();
  const end = () => controller.abort(new EngineError('demo_ended', 'the demo was asked to end'));
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, end);
  takeSignals();
  process.stdout.on('error', end);
  cleanups.add('the signal handlers', async () => {
    for (const signal of signals) process.off(signal, end);
  });
  return controller.signal;
};

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise(done => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      done();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener('abort', finish, {once: true});
    if (signal.aborted) finish();
  });

/** A fresh chain with the engine's wallet and everybody else's, who mined enough to be rich. */
const prepareChain = async (node: RegtestNode): Promise<void> => {
  for (const wallet of ['hot', OUTSIDE])
    await node.rpc('createwallet', [wallet, false, false, '', false, node.kind.descriptors, true]);
  await node.rpc('generatetoaddress', [120, await node.rpc<string>('getnewaddress', [], OUTSIDE)]);
  await node.rpc('gettxoutsetinfo', ['none']);
};

const initialise = async (deps: DemoDeps, path: string): Promise<void> => {
  const findings = await deps.initialise(await deps.loadConfig(path));
  const bad = findings.find(finding => !finding.ok);
  if (bad !== undefined) throw new EngineError('demo_init_failed', `${bad.subject}: ${bad.words}`);
};

const waitForEngine = async (application: Application, engine: EngineKeeper, signal: AbortSignal): Promise<void> => {
  let ended: number | undefined;
  void engine.ended.then(code => (ended = code));
  const deadline = performance.now() + 20_000;
  let problem = '';
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    if (ended !== undefined) throw new EngineError('demo_engine_failed', `the engine ended with code ${ended}`);
    try {
      await application.health();
      return;
    } catch (error) {
      // Not listening yet; at the deadline this becomes the reason.
      problem = messageOf(error);
    }
    await pause(25, signal);
  }
  throw new EngineError('demo_engine_failed', `the engine does not answer: ${problem}`);
};

/** One second after another until the signal; what fails in between (a node just killed) is told and tried again. */
const makeTraffic = async (traffic: Traffic, parts: {node: RegtestNode; narrator: Narrator; signal: AbortSignal}) => {
  const {node, narrator, signal} = parts;
  const begun = performance.now();
  for (let second = 0; !signal.aborted; second += 1) {
    await pause(Math.max(0, begun + second * 1000 - performance.now()), signal);
    for (const act of actsAt(second)) {
      if (signal.aborted) return;
      try {
        if (!node.running) {
          narrator.say('node', 'is gone: starting it again');
          await node.launch(signal);
        }
        await traffic.perform(act);
      } catch (error) {
        if (!signal.aborted) narrator.say('demo', `could not make a ${act}: ${messageOf(error)}`);
      }
    }
  }
};

/** A daemon of the demo and the program that runs it. */
interface Daemon {
  readonly kind: DaemonKind;
  readonly program: string;
}

/** Bitcoin, and Litecoin where its daemon is there. */
const findDaemons = (): Daemon[] => {
  const litecoind = findLitecoind(process.env);
  return [
    {kind: BITCOIN, program: findBitcoind(process.env)},
    ...(litecoind === undefined ? [] : [{kind: LITECOIN, program: litecoind}]),
  ];
};

interface Stage {
  readonly nodes: readonly RegtestNode[];
  readonly engine: EngineKeeper;
  readonly application: Application;
}

const startNode = async (
  files: DemoFiles,
  {kind, program}: Daemon,
  {narrator, cleanups, signal}: {narrator: Narrator; cleanups: Cleanups; signal: AbortSignal},
): Promise<RegtestNode> => {
  const node = await RegtestNode.start(kind, program, files.nodeDirectory(kind.coin), signal);
  cleanups.add(`the ${kind.network} node`, () => node.stop());
  await prepareChain(node);
  const words = `a ${kind.network} regtest node runs at ${node.url}; customers have mined 120 blocks`;
  narrator.say('node', words, {url: node.url});
  return node;
};

/** Nodes, endpoint, config, ledgers and engine, ready for traffic. */
const setStage = async (
  files: DemoFiles,
  daemons: readonly Daemon[],
  parts: {deps: DemoDeps; narrator: Narrator; cleanups: Cleanups; signal: AbortSignal},
): Promise<Stage> => {
  const {deps, narrator, cleanups, signal} = parts;
  const nodes = await Promise.all(daemons.map(async daemon => startNode(files, daemon, parts)));

  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const receiver = await startWebhookReceiver(secret, event => narrator.say('webhook', eventWords(event), {event}));
  cleanups.add('the webhook receiver', () => receiver.close());
  writeDemoConfig(files, {nodes, webhook: {url: receiver.url, secret}});
  await initialise(deps, files.config);
  signal.throwIfAborted();

  const engine = new EngineKeeper({
    cliEntry: deps.cliEntry,
    configPath: files.config,
    outputFile: files.engineOutput,
    narrator,
  });
  cleanups.add('the engine', () => engine.stop());
  const application = deps.createApiClient(files.socket);
  cleanups.add('the API client', async () => application.close());
  await waitForEngine(application, engine, signal);
  narrator.say('engine', `runs with ${files.config}`, {config: files.config, socket: files.socket});
  return {nodes, engine, application};
};

const nodesOf = (daemons: readonly Daemon[]): string => daemons.map(({kind}) => `a ${kind.network} node`).join(' and ');

/** Until the engine ended for good or the demo was asked to end. */
const untilEnd = async (engine: EngineKeeper, signal: AbortSignal): Promise<number> => {
  const asked = new Promise<number>(done => {
    signal.addEventListener('abort', () => done(0), {once: true});
    if (signal.aborted) done(0);
  });
  return Promise.race([asked, engine.ended]);
};

/**
 * Own regtest nodes, ledgers, a webhook endpoint and example traffic in one folder, drawn by the console on a terminal
 * and told line by line elsewhere. Resolves with the exit code when it was asked to end (Ctrl-C, a signal, `q`); by
 * then, and even after a kill -9 of this process, nothing that it started runs any more. Throws `node_program_missing`,
 * `demo_folder_taken`, `demo_busy`, `demo_init_failed`, `demo_engine_failed`.
 */
export const runDemo = async (options: DemoOptions, deps: DemoDeps): Promise<number> => {
  const directory = resolve(options.directory);
  const files = demoFiles(directory);
  const printing = printingNarrator(options.json);
  const cleanups = new Cleanups();
  const signal = watchForEnd(cleanups);
  const narrator = new Teller(printing);
  try {
    const daemons = findDaemons();
    await prepareDemoFolder(directory, words => narrator.say('demo', words));
    narrator.say(
      'demo',
      `starts ${nodesOf(daemons)}, ${daemons.length === 1 ? 'a ledger' : 'ledgers'} and an engine of its own in ${directory}; no real money`,
    );
    cleanups.add('the demo', async () => printing.say('demo', `ended; its files are in ${directory}`));
    const {nodes, engine, application} = await setStage(files, daemons, {deps, narrator, cleanups, signal});
    if (!options.headless) narrator.redirect(loggingNarrator(files.demoLog));
    const done = new AbortController();
    const live = AbortSignal.any([signal, done.signal]);
    const running = Promise.all(
      nodes.map(async node => {
        const traffic = new Traffic({node, application, narrator, random: Math.random});
        await traffic.open();
        await makeTraffic(traffic, {node, narrator, signal: live});
      }),
    );
    running.catch(error => narrator.say('demo', `makes no more traffic: ${messageOf(error)}`));
    cleanups.add('the traffic', async () => {
      done.abort();
      await running;
    });
    if (options.headless) return await Promise.race([untilEnd(engine, signal), running.then(() => 0)]);
    return await deps.runConsole(files.config, {...options.console, onQuit: 'stop'});
  } catch (error) {
    // Asked to end while it was still being set up.
    if (signal.aborted) return 0;
    throw error;
  } finally {
    await cleanups.run(narrator);
  }
};
