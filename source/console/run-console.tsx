import {randomUUID} from 'node:crypto';
import type {Config} from '../config/config.ts';
import {messageOf} from '../primitives/errors.ts';
import type {ConsoleDeps, ConsoleOptions} from './deps.ts';
import {listenKeyboard} from './input/keyboard.ts';
import type {KeyName} from './input/split-keys.ts';
import {watchAbsence} from './session/away.ts';
import {createReader} from './reader/reader.ts';
import {createReaderOutput} from './reader/reader-output.ts';
import {createEffectRunner, type Outcome} from './session/effects.ts';
import {followDetail} from './session/follow-detail.ts';
import {followRescan} from './session/follow-rescan.ts';
import {followTail} from './session/follow-tail.ts';
import {createSession} from './session/session.ts';
import {initialState, type ScreenState} from './state.ts';
import {createStore, type Store} from './store.ts';
import {clipboardCode} from './terminal/clipboard.ts';
import {createJobControl} from './terminal/job-control.ts';
import {createScreenOutput, type ScreenOutput} from './terminal/screen-output.ts';
import {PLAIN_THEME, themeOf} from './theme.ts';
import {pressAll} from './update/press.ts';
import {stopAndLeave} from './update/dialogs.ts';
import type {Effect} from './update/step.ts';

// Exit code when the screen itself fails; the engine is not touched.
const SCREEN_FAILED = 1;

const hasTerminal = (): boolean => process.stdout.isTTY && process.stdin.isTTY && process.env['TERM'] !== 'dumb';

/**
 * The console: hosts an engine or attaches to the one that runs, and draws it until the operator leaves. Resolves with
 * the exit code. Throws EngineError when the config or a ledger is at fault. Without a terminal it is `--headless`.
 */
export const runConsole = async (configPath: string, options: ConsoleOptions, deps: ConsoleDeps): Promise<number> => {
  const config = await deps.loadConfig(configPath);
  if (!hasTerminal()) {
    process.stderr.write('no terminal to draw on: running headless\n');
    return deps.runEngine(config);
  }
  // React's development build costs three times as much and keeps a record of every frame until memory runs out.
  process.env['NODE_ENV'] ??= 'production';
  const {drawScreen} = await import('./screen.tsx');
  const isReader = options.screenReader === true;
  let read: (frame: readonly string[]) => void = () => undefined;
  const output = isReader
    ? createReaderOutput(frame => {
        read(frame);
      })
    : createScreenOutput(process.stdout);
  const store = createStore(
    initialState({
      now: deps.clock.now(),
      ...output.size(),
      configPath: config.path,
      onQuit: options.onQuit ?? 'ask',
      consoleId: randomUUID(),
    }),
  );
  if (isReader)
    ({read} = createReader(store, line => {
      process.stdout.write(`${line}\n`);
    }));
  const screen = drawScreen(store, isReader ? PLAIN_THEME : themeOf(options, process.env), output);
  const failed = screen.ended.then(
    () => new Promise<never>(() => undefined),
    (error: unknown) => Promise.reject(error instanceof Error ? error : new Error(messageOf(error))),
  );
  const {run, release} = operate(deps, config, store, output);
  let outcome: Outcome;
  let fault: unknown;
  try {
    outcome = await Promise.race([run, failed]);
  } catch (error) {
    fault = error;
    outcome = {exitCode: SCREEN_FAILED, words: undefined};
  } finally {
    const released = release();
    await screen.close();
    await released;
  }
  if (fault !== undefined) return explain(fault, store);
  if (outcome.words !== undefined)
    (outcome.exitCode === 0 ? process.stdout : process.stderr).write(`${outcome.words}\n`);
  return outcome.exitCode;
};

/** EngineErrors are the caller's to word; anything else is a fault of the screen, and the engine lives on. */
const explain = (fault: unknown, store: Store<ScreenState>): number => {
  if (fault instanceof Error && fault.name === 'EngineError') throw fault;
  const pid = store.get().status?.engine.pid;
  const engine = pid === undefined ? '' : ` The engine goes on (pid ${pid}).`;
  process.stderr.write(`the screen failed: ${messageOf(fault)}.${engine}\n`);
  if (fault instanceof Error && fault.stack !== undefined) process.stderr.write(`${fault.stack}\n`);
  return SCREEN_FAILED;
};

/** Keys, signals and the session at work on one store; `run` resolves when the operator leaves. */
const operate = (
  deps: ConsoleDeps,
  config: Config,
  store: Store<ScreenState>,
  output: ScreenOutput,
): {run: Promise<Outcome>; release: () => Promise<void>} => {
  const session = createSession(deps, config, store);
  const {promise: run, resolve: leave, reject: fail} = Promise.withResolvers<Outcome>();
  const perform = createEffectRunner({
    deps,
    config,
    store,
    session,
    leave,
    copy(text) {
      process.stdout.write(clipboardCode(text, process.env));
    },
    suspend() {
      jobControl.suspend();
    },
  });
  const take = (step: {state: ScreenState; effects: readonly Effect[]}) => {
    store.set(step.state);
    for (const effect of step.effects) perform(effect);
  };
  const press = (keys: readonly KeyName[]) => {
    take(pressAll(store.get(), keys, deps.clock.now()));
  };
  /** The terminal is gone or somebody ends us: a demo's engine ends too, any other goes on. */
  let hasDeparted = false;
  const depart = () => {
    // A terminal goes away in several ways at once: end of input, errors, SIGHUP.
    if (hasDeparted) return;
    hasDeparted = true;
    const state = store.get();
    if (state.onQuit === 'stop') take(stopAndLeave(state, deps.clock.now()));
    else leave({exitCode: 0, words: undefined});
  };
  const interrupted = () => {
    press(['ctrl-c']);
  };
  const jobControl = createJobControl(output, process.stdin);
  const releaseKeyboard = listenKeyboard(process.stdin, process.stdout, press, depart);
  const stopFollowing = [
    followDetail(store, session),
    followRescan(store, session),
    followTail(store, session),
    watchAbsence(store, session, {configPath: config.path, clock: deps.clock, environment: process.env}),
  ];
  // Stays after the release: what is still written to a terminal that went away fails, and matters to nobody.
  process.stdout.on('error', depart);
  process.on('SIGTERM', depart);
  process.on('SIGHUP', depart);
  process.on('SIGINT', interrupted);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  session.start().catch(fail);
  return {
    run,
    async release() {
      for (const stop of stopFollowing) stop();
      const closed = session.close();
      releaseKeyboard();
      jobControl.release();
      // A terminal that goes away sends SIGHUP more than once: none may end us before control is given back.
      await closed;
      process.off('SIGTERM', depart);
      process.off('SIGHUP', depart);
      process.off('SIGINT', interrupted);
      process.off('uncaughtException', fail);
      process.off('unhandledRejection', fail);
    },
  };
};
