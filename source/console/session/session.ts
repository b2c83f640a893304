import {setTimeout as sleep} from 'node:timers/promises';
import type {Config} from '../../config/config.ts';
import type {Status} from '../../contract/index.ts';
import {messageOf} from '../../primitives/errors.ts';
import type {ApiClient, ConsoleDeps} from '../deps.ts';
import type {ScreenState} from '../state.ts';
import type {Store} from '../store.ts';
import {actingAs} from './acts.ts';
import {isListening, keepConnected} from './connection.ts';
import {startEngine, type Ending, type EngineProcess} from './engine-process.ts';
import {createFeed} from './feed.ts';
import {createPresence} from './presence.ts';

/** Starting it again would end the same way: it was stopped on purpose, called wrongly, or its config is bad. */
const FINAL_EXITS: ReadonlySet<number> = new Set([0, 64, 78]);
const FIRST_BACKOFF = 500;
const LONGEST_BACKOFF = 30_000;
/** Having lived so long, an engine is started again at once. */
const STEADY_MS = 60_000;
/** A clean stop takes seconds; then we stop waiting and say so. */
const STOP_TIMEOUT = 30_000;

export interface Session {
  /** Attaches to a running engine, or hosts one, or invites to init. Rejects when the ledger is at fault. */
  start(): Promise<void>;
  host(): Promise<void>;
  withClient<Value>(use: (client: ApiClient) => Promise<Value>): Promise<Value>;
  /** Act from this console; another one that had control looks on from now on. */
  takeControl(): Promise<void>;
  /** Resolves when the engine has stopped, or with `false` when it did not in time. */
  stopEngine(): Promise<boolean>;
  /** Resolves when control is given back, or soon after. */
  close(): Promise<void>;
}

/** Everything between the screen and the engine: who runs it, the connection to it, starting it again. */
export const createSession = (deps: ConsoleDeps, config: Config, store: Store<ScreenState>): Session => {
  const {clock} = deps;
  const closing = new AbortController();
  const feed = createFeed(store, clock);
  let engine: EngineProcess | undefined;
  let isConnecting = false;
  let isRestarting = false;
  let backoff = FIRST_BACKOFF;
  const createClient = () => deps.createApiClient(config.api.socket);
  const presence = createPresence(createClient, store, clock);

  const say = (words: string) => {
    store.update(state => ({...state, link: {state: 'connecting', since: clock.now(), words}}));
  };

  const lost = (words: string) => {
    store.update(state => {
      const {link} = state;
      if (link.state === 'live')
        return {
          ...state,
          now: clock.now(),
          link: {state: 'lost', since: clock.now(), receivedAt: link.receivedAt, words},
        };
      // That our own engine ended, and why, says more than that nobody answers.
      return link.state === 'lost' && !isRestarting && link.words !== words
        ? {...state, link: {...link, words}}
        : state;
    });
  };

  const heard = (status: Status) => {
    isRestarting = false;
    presence.begin();
    feed.offer(status);
  };

  const connect = () => {
    if (isConnecting) return;
    isConnecting = true;
    void keepConnected({createClient, clock, signal: closing.signal, onStatus: heard, onLost: lost});
  };

  const ended = async (ending: Ending, startedAt: number) => {
    engine = undefined;
    if (closing.signal.aborted || store.get().view.name === 'stopping') return;
    if (FINAL_EXITS.has(ending.exitCode)) {
      store.update(state => ({
        ...state,
        link: {state: 'ended', since: clock.now(), exitCode: ending.exitCode, words: ending.words},
      }));
      return;
    }
    isRestarting = true;
    backoff = clock.monotonic() - startedAt > STEADY_MS ? FIRST_BACKOFF : Math.min(LONGEST_BACKOFF, backoff * 2);
    const seconds = Math.ceil(backoff / 1000);
    const lastWord = ending.words.at(-1);
    store.update(state => ({
      ...state,
      now: clock.now(),
      link: {
        state: 'lost',
        since: clock.now(),
        receivedAt: state.link.state === 'live' || state.link.state === 'lost' ? state.link.receivedAt : undefined,
        words: `it ended (${ending.how}), starting it again in ${seconds}s${lastWord === undefined ? '' : `: ${lastWord}`}`,
      },
    }));
    await sleep(backoff);
    if (!closing.signal.aborted) await host();
  };

  const host = async (): Promise<void> => {
    if (engine) return;
    // Somebody else (supervisord) may have been faster.
    if (await isListening(config.api.socket)) {
      store.update(state => ({...state, attachment: 'attached'}));
      connect();
      return;
    }
    const startedAt = clock.monotonic();
    engine = startEngine(config, deps.cliEntry);
    store.update(state => ({...state, attachment: 'hosting'}));
    if (store.get().link.state !== 'lost') say('starting the engine');
    connect();
    void engine.ended.then(async ending => ended(ending, startedAt));
  };

  const hasStopped = async (): Promise<boolean> => {
    const deadline = clock.monotonic() + STOP_TIMEOUT;
    if (engine) return Promise.race([engine.ended.then(() => true), sleep(STOP_TIMEOUT, false, {ref: false})]);
    while (clock.monotonic() < deadline) {
      if (!(await isListening(config.api.socket))) return true;
      await sleep(100);
    }
    return false;
  };

  const withClient: Session['withClient'] = async use => {
    const client = createClient();
    try {
      return await use(client);
    } finally {
      await client.close();
    }
  };

  return {
    async start() {
      if (await isListening(config.api.socket)) {
        store.update(state => ({...state, attachment: 'attached'}));
        connect();
        return;
      }
      const coins = await deps.uninitialisedCoins(config);
      if (coins.length === 0) {
        await host();
        return;
      }
      const openedAt = clock.now();
      store.update(state => ({...state, view: {name: 'init', openedAt, phase: 'invitation', coins, rows: []}}));
      say('no ledger yet');
    },
    host,
    withClient,
    takeControl: async () => presence.takeControl(),
    async stopEngine() {
      const running = engine;
      try {
        await withClient(async client => actingAs(client).stop());
      } catch (error) {
        // Its API is away. An engine of ours can still be asked by signal; another one is not ours to signal.
        if (!running) {
          if (!(await isListening(config.api.socket))) return true;
          throw new Error(`the engine was not stopped: ${messageOf(error)}`, {cause: error});
        }
        running.terminate();
      }
      return hasStopped();
    },
    async close() {
      closing.abort();
      feed.stop();
      await presence.end();
    },
  };
};
