import type {KeyName} from '../input/split-keys.ts';
import {bindingFor, type Command} from '../keymap.ts';
import {isStale, PANES, shownStatus, type ScreenState} from '../state.ts';
import {cyclePane, focusPane, move, selectedTarget} from './browse.ts';
import {
  cancelJob,
  chooseQuit,
  confirm,
  eraseOne,
  initialise,
  isDeaf,
  openQuit,
  openRescan,
  otherCoin,
  stopAndLeave,
  typeInto,
} from './dialogs.ts';
import {stay, withTarget, withToast, type Effect, type Step} from './step.ts';

/** A second Ctrl-C within this time leaves. */
const INTERRUPT_MS = 3000;

const interrupt = (state: ScreenState, at: number): Step => {
  const isHosting = state.onQuit === 'stop' || state.attachment === 'hosting';
  if (state.view.name === 'stopping')
    return at < state.interruptUntil
      ? stay(state, {do: 'leave'})
      : stay(
          withToast(
            {...state, interruptUntil: at + INTERRUPT_MS},
            'still stopping; Ctrl-C again: do not wait',
            'warn',
            at,
          ),
        );
  if (at >= state.interruptUntil) {
    const words = isHosting ? 'Ctrl-C again: stop the engine and leave' : 'Ctrl-C again: leave; the engine goes on';
    return stay(withToast({...state, interruptUntil: at + INTERRUPT_MS}, words, 'warn', at));
  }
  const rested = {...state, interruptUntil: 0};
  return isHosting && state.link.state !== 'ended' ? stopAndLeave(rested, at) : stay(rested, {do: 'leave'});
};

const back = (state: ScreenState): Step => {
  const {view} = state;
  if (view.name === 'help') return stay({...state, view: view.under});
  // There is nothing behind the invitation: leaving it leaves the console.
  if (view.name === 'init') return view.phase === 'running' ? stay(state) : stay(state, {do: 'leave'});
  return stay({...state, view: {name: 'panes'}});
};

const freeze = (state: ScreenState, at: number): ScreenState => {
  if (state.frozen) return {...state, frozen: undefined};
  return state.status ? {...state, frozen: {status: state.status, at}} : state;
};

const open = (state: ScreenState, at: number): ScreenState => {
  const target = selectedTarget(state);
  return target ? withTarget(state, target) : withToast(state, 'nothing to open here', 'warn', at);
};

const run = (state: ScreenState, command: Command, key: KeyName, at: number): Step => {
  switch (command) {
    case 'next-pane':
      return stay(cyclePane(state, 1));
    case 'previous-pane':
      return stay(cyclePane(state, -1));
    case 'go-to-pane':
      return stay(focusPane(state, PANES[Number(key) - 1] ?? state.focus));
    case 'up':
    case 'down':
    case 'page-up':
    case 'page-down':
    case 'first':
    case 'last':
      return stay(move(state, command));
    case 'open':
      return stay(open(state, at));
    case 'back':
      return back(state);
    case 'help':
      return stay({...state, view: {name: 'help', under: state.view, scroll: 0}});
    case 'freeze':
      return stay(freeze(state, at));
    case 'rescan':
      return openRescan(state, at);
    case 'cancel-job':
      return cancelJob(state, at);
    case 'start-engine':
      return stay(state, {do: 'start-engine'});
    case 'quit':
      return openQuit(state, at);
    case 'interrupt':
      return interrupt(state, at);
    case 'choose-next':
      return stay(chooseQuit(state, 1));
    case 'choose-previous':
      return stay(chooseQuit(state, -1));
    case 'confirm':
      return confirm(state, at);
    case 'type':
      return stay(typeInto(state, key));
    case 'erase':
      return stay(eraseOne(state));
    case 'other-coin':
      return stay(otherCoin(state));
    case 'initialise':
      return initialise(state);
  }
};

/** One key against the state of this moment. Pure; effects are run by the caller, in order. */
export const press = (state: ScreenState, key: KeyName, at: number): Step => {
  const binding = bindingFor(key, state);
  if (!binding) return stay(state);
  if (binding.command !== 'interrupt' && isDeaf(state.view, at)) return stay(state);
  if (binding.mutates && (isStale(state) || !shownStatus(state)))
    return stay(withToast(state, 'refused: what you see may be out of date, the engine does not answer', 'bad', at));
  return run(state, binding.command, key, at);
};

/** All keys of one chunk, in order. A dialog opened by one of them is deaf to the others. */
export const pressAll = (state: ScreenState, keys: readonly KeyName[], at: number): Step => {
  const effects: Effect[] = [];
  let current = state;
  for (const key of keys) {
    const step = press(current, key, at);
    current = step.state;
    effects.push(...step.effects);
  }
  return {state: current, effects};
};
