import type {KeyName} from '../input/split-keys.ts';
import {bindingFor, type Command} from '../keymap.ts';
import {isStale, PANES, shownStatus, type ScreenState} from '../state.ts';
import {cyclePane, focusPane, move, selectedTarget, type Motion} from './browse.ts';
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
import {
  clearFilter,
  eraseFilter,
  keepFilter,
  nextLogLevel,
  openFilter,
  sort,
  toggleClock,
  toggleMask,
  typeFilter,
  zoom,
} from './look.ts';
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

type Handler = (state: ScreenState, at: number, key: KeyName) => Step;
const moving =
  (motion: Motion): Handler =>
  state =>
    stay(move(state, motion));

const HANDLERS: Readonly<Record<Command, Handler>> = {
  'next-pane': state => stay(cyclePane(state, 1)),
  'previous-pane': state => stay(cyclePane(state, -1)),
  'go-to-pane': (state, _at, key) => stay(focusPane(state, PANES[Number(key) - 1] ?? state.focus)),
  up: moving('up'),
  down: moving('down'),
  'page-up': moving('page-up'),
  'page-down': moving('page-down'),
  first: moving('first'),
  last: moving('last'),
  open: (state, at) => stay(open(state, at)),
  back,
  help: state => stay({...state, view: {name: 'help', under: state.view, scroll: 0}}),
  freeze: (state, at) => stay(freeze(state, at)),
  zoom: state => stay(zoom(state)),
  sort: state => stay(sort(state)),
  filter: state => stay(openFilter(state)),
  'type-filter': (state, _at, key) => stay(typeFilter(state, key)),
  'erase-filter': state => stay(eraseFilter(state)),
  'clear-filter': state => stay(clearFilter(state)),
  'keep-filter': state => stay(keepFilter(state)),
  'time-mode': (state, at) => stay(toggleClock(state, at)),
  mask: (state, at) => stay(toggleMask(state, at)),
  'log-level': (state, at) => stay(nextLogLevel(state, at)),
  rescan: openRescan,
  'cancel-job': cancelJob,
  'start-engine': state => stay(state, {do: 'start-engine'}),
  quit: openQuit,
  interrupt,
  'choose-next': state => stay(chooseQuit(state, 1)),
  'choose-previous': state => stay(chooseQuit(state, -1)),
  confirm,
  type: (state, _at, key) => stay(typeInto(state, key)),
  erase: state => stay(eraseOne(state)),
  'other-coin': state => stay(otherCoin(state)),
  initialise,
};

/** Escape answers no question, so it is heard at once. On the invitation it would leave the console. */
const isRetreat = ({view}: ScreenState, key: KeyName) => key === 'escape' && view.name !== 'init';

/** One key against the state of this moment. Pure; effects are run by the caller, in order. */
export const press = (state: ScreenState, key: KeyName, at: number): Step => {
  const binding = bindingFor(key, state);
  if (!binding) return stay(state);
  if (binding.command !== 'interrupt' && !isRetreat(state, key) && isDeaf(state.view, at)) return stay(state);
  if (binding.mutates && (isStale(state) || !shownStatus(state)))
    return stay(withToast(state, 'refused: what you see may be out of date, the engine does not answer', 'bad', at));
  return HANDLERS[binding.command](state, at, key);
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
