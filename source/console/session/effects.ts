import {setTimeout as sleep} from 'node:timers/promises';
import type {Config} from '../../config/config.ts';
import {messageOf} from '../../primitives/errors.ts';
import {commandLine, rescanCommand} from '../acts/act.ts';
import type {ChecklistItem, ConsoleDeps} from '../deps.ts';
import type {ScreenState, Toast} from '../state.ts';
import type {Store} from '../store.ts';
import {withToast, type Effect} from '../update/step.ts';
import {actingAs, learnAddresses, performAct} from './acts.ts';
import type {Session} from './session.ts';

/** How long the finished checklist stays to be read before the panes take over. */
const READ_MS = 1500;

/** How a console's run ends; `words` are printed once the terminal is the shell's again. */
export interface Outcome {
  readonly exitCode: number;
  readonly words: string | undefined;
}

interface Surroundings {
  readonly deps: ConsoleDeps;
  readonly config: Config;
  readonly store: Store<ScreenState>;
  readonly session: Session;
  readonly leave: (outcome: Outcome) => void;
  /** Puts text on the operator's clipboard. */
  readonly copy: (text: string) => void;
  readonly suspend: () => void;
}

const leaving = ({store, config}: Surroundings): Outcome => {
  const {link, status, view} = store.get();
  if (link.state === 'ended') return {exitCode: link.exitCode, words: link.words.join('\n') || undefined};
  if (view.name === 'init' || !status) return {exitCode: 0, words: undefined};
  return {
    exitCode: 0,
    words: `The engine goes on (pid ${status.engine.pid}). Its screen again: cryptoassets-console ${config.path}`,
  };
};

const initialise = async ({deps, config, store, session}: Surroundings): Promise<void> => {
  let rows: readonly ChecklistItem[];
  try {
    rows = await deps.initialise(config);
  } catch (error) {
    rows = [{subject: 'init', ok: false, words: messageOf(error)}];
  }
  store.update(state =>
    state.view.name === 'init' ? {...state, view: {...state.view, phase: 'finished', rows}} : state,
  );
  if (rows.some(row => !row.ok)) return;
  await session.host();
  await sleep(READ_MS);
  store.update(state => (state.view.name === 'init' ? {...state, view: {name: 'panes'}} : state));
};

const stopAndLeave = async ({store, session, leave}: Surroundings): Promise<void> => {
  const pid = store.get().status?.engine.pid;
  const hasStopped = await session.stopEngine();
  leave({
    exitCode: 0,
    words: hasStopped ? 'The engine has stopped.' : `The engine is still stopping (pid ${pid ?? 'unknown'}).`,
  });
};

/** Runs what a key asked for. Failures become a message on the screen; nothing here throws. */
export const createEffectRunner = (surroundings: Surroundings): ((effect: Effect) => void) => {
  const {store, session, deps, leave, copy, suspend} = surroundings;
  const toast = (text: string, tone: Toast['tone']) => {
    store.update(state => withToast(state, text, tone, deps.clock.now()));
  };
  const perform = async (effect: Effect): Promise<void> => {
    switch (effect.do) {
      case 'start-rescan': {
        const command = rescanCommand(effect.coin, effect.from);
        const job = await session.withClient(async client =>
          actingAs(client, command).startRescan(effect.coin, effect.from),
        );
        toast(`rescan ${job.id} of ${effect.coin} has begun at height ${job.from_height} · ${command}`, 'ok');
        return;
      }
      case 'cancel-job': {
        const job = await session.withClient(async client => actingAs(client).cancelJob(effect.coin, effect.id));
        toast(`job ${job.id} ${job.status}`, 'ok');
        return;
      }
      case 'act': {
        const words = await session.withClient(async client => performAct(client, effect.act));
        toast(`${words} · ${commandLine(effect.act)}`, 'ok');
        return;
      }
      case 'learn-addresses': {
        const known = await session.withClient(async client => learnAddresses(client, effect.coin));
        store.update(state => ({...state, known: {...state.known, [effect.coin]: known}}));
        return;
      }
      case 'copy':
        copy(effect.text);
        return;
      case 'suspend':
        suspend();
        return;
      case 'take-control':
        await session.takeControl();
        toast('this console has control', 'ok');
        return;
      case 'initialise':
        return initialise(surroundings);
      case 'start-engine':
        return session.host();
      case 'leave':
        leave(leaving(surroundings));
        return;
      case 'stop-and-leave':
        return stopAndLeave(surroundings);
    }
  };
  return effect => {
    perform(effect).catch((error: unknown) => {
      toast(messageOf(error), 'bad');
      store.update(state => (state.view.name === 'stopping' ? {...state, view: {name: 'panes'}} : state));
    });
  };
};
