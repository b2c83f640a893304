import {setTimeout as sleep} from 'node:timers/promises';
import {connect} from 'node:net';
import type {Status} from '../../contract/index.ts';
import type {Clock} from '../../primitives/clock.ts';
import {messageOf} from '../../primitives/errors.ts';
import type {ApiClient} from '../deps.ts';

const FIRST_PAUSE = 150;
const LONGEST_PAUSE = 1000;
/** A stream that says nothing for so long is asked whether anybody is there: quiet and frozen look the same. */
const QUIET_MS = 2000;
const PROBE_TIMEOUT = 2000;
/** Questions unanswered for so long: the connection itself is given up and made anew. */
const GIVE_UP_MS = 15_000;

export interface ConnectionOptions {
  readonly createClient: () => ApiClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onStatus: (status: Status) => void;
  /** Called again for every failed attempt. */
  readonly onLost: (words: string) => void;
}

const withTimeout = async <Value>(promise: Promise<Value>, ms: number): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('the engine does not answer'));
    }, ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
};

/** One connection, until it ends. Watches over its silence. */
const follow = async ({createClient, clock, signal, onStatus, onLost}: ConnectionOptions): Promise<void> => {
  const client = createClient();
  const attempt = new AbortController();
  let heardAt = clock.monotonic();
  let isProbing = false;
  const hear = (status: Status) => {
    heardAt = clock.monotonic();
    onStatus(status);
  };
  const probe = async () => {
    isProbing = true;
    try {
      hear(await withTimeout(client.status(), PROBE_TIMEOUT));
    } catch (error) {
      if (!signal.aborted) onLost(messageOf(error));
      if (clock.monotonic() - heardAt > GIVE_UP_MS) attempt.abort();
    } finally {
      isProbing = false;
    }
  };
  const watch = setInterval(() => {
    if (!isProbing && clock.monotonic() - heardAt > QUIET_MS) void probe();
  }, 500);
  try {
    for await (const status of client.stream(AbortSignal.any([signal, attempt.signal]))) hear(status);
  } finally {
    clearInterval(watch);
    await client.close();
  }
};

/** Follows the engine's status until the signal aborts, connecting again for ever. */
export const keepConnected = async (options: ConnectionOptions): Promise<void> => {
  const {signal, clock, onLost} = options;
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    const begun = clock.monotonic();
    try {
      await follow(options);
      if (!signal.aborted) onLost('the engine closed the connection');
    } catch (error) {
      if (!signal.aborted) onLost(messageOf(error));
    }
    pause = clock.monotonic() - begun > LONGEST_PAUSE ? FIRST_PAUSE : Math.min(LONGEST_PAUSE, pause * 1.5);
    await sleep(pause, undefined, {signal}).catch(ignoreAbort);
  }
};

const ignoreAbort = (error: unknown) => {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
};

/** Whether something listens on the socket, be it busy or frozen. */
export const isListening = async (socketPath: string): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(socketPath);
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      settle(true);
    });
    socket.once('error', () => {
      settle(false);
    });
  });
