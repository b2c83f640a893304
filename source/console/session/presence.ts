import {hostname, userInfo} from 'node:os';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Clock} from '../../primitives/clock.ts';
import {hasCode} from '../../primitives/errors.ts';
import type {ApiClient} from '../deps.ts';
import type {ScreenState} from '../state.ts';
import type {Store} from '../store.ts';

/** Well within the time after which the engine forgets a console. */
const EVERY = 3000;
/** ms that leaving waits for the engine to give control back. */
const LONGEST_GOODBYE = 500;

/** `ann@prod-1 pts/3`, as the other operators know this screen. */
const nameOfThis = (environment: NodeJS.ProcessEnv): string => {
  const terminal = environment['SSH_TTY']?.replace('/dev/', '') ?? `pid ${process.pid}`;
  return `${userInfo().username}@${hostname()} ${terminal}`.slice(0, 100);
};

export interface Presence {
  /** From the first status on; repeating it is harmless. */
  begin(): void;
  takeControl(): Promise<void>;
  /** Gives control back at once instead of letting it run out. */
  end(): Promise<void>;
}

/**
 * Tells the engine every few seconds that this console is there. Whether it has control is read from the status, like
 * everything else on the screen.
 */
export const createPresence = (createClient: () => ApiClient, store: Store<ScreenState>, clock: Clock): Presence => {
  const name = nameOfThis(process.env);
  const {consoleId} = store.get();
  let client: ApiClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  const attend = async (takeControl: boolean): Promise<void> => {
    client ??= createClient();
    const {items} = await client.attendConsole(consoleId, name, takeControl);
    store.update(state => ({
      ...state,
      attended: {items, at: clock.now()},
      ...(state.status && {status: {...state.status, consoles: items}}),
    }));
  };
  const repeat = () => {
    // A lost engine is the connection's to notice; an older one knows no consoles.
    attend(false).catch((error: unknown) => {
      if (hasCode(error, 'not_found')) clearInterval(timer);
    });
  };
  return {
    begin() {
      if (timer) return;
      timer = setInterval(repeat, EVERY);
      repeat();
    },
    takeControl: async () => attend(true),
    async end() {
      clearInterval(timer);
      if (!client) return;
      // An engine that does not answer forgets this console by itself; nobody waits for that.
      await Promise.race([
        client.leaveConsole(consoleId).catch(() => 'it is forgotten in seconds anyway'),
        sleep(LONGEST_GOODBYE, undefined, {ref: false}),
      ]);
      await client.close();
    },
  };
};
