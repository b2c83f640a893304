import {relatedNow} from '../acts/related.ts';
import type {KeyName} from '../input/split-keys.ts';
import type {Binding, Command} from '../binding.ts';
import {bindingFor} from '../keymap.ts';
import {PANES, type ScreenState} from '../state.ts';
import {selectedTarget} from '../targets.ts';
import {
  bump,
  cancelPayout,
  confirmAct,
  mute,
  nextNeed,
  onPayout,
  releasePayout,
  sendAgain,
  showAway,
  takeControl,
  togglePayouts,
  toggleSink,
} from './acts.ts';
import {cyclePane, focusPane, move, type Motion} from './browse.ts';
import {copyValue, copyWhole} from './copy.ts';
import {moveField, openAddressForm, openPayoutForm, submitForm} from './form.ts';
import {completePalette, movePalette, openPalette, runPalette} from './palette.ts';
import {
  cancelJob,
  chooseQuit,
  chooseStart,
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
import {refusal} from './refusal.ts';
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
  if (view.name !== 'panes' && 'under' in view) return stay({...state, view: view.under});
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

const choose = (state: ScreenState, step: 1 | -1): ScreenState => {
  const {view} = state;
  if (view.name === 'confirm') return {...state, view: {...view, choice: view.choice === 0 ? 1 : 0}};
  if (view.name === 'rescan') return chooseStart(state, step);
  return view.name === 'palette' ? movePalette(state, step) : chooseQuit(state, step);
};

const confirmAny = (state: ScreenState, at: number): Step => {
  if (state.view.name === 'confirm') return confirmAct(state, at);
  if (state.view.name === 'form') return submitForm(state, at);
  if (state.view.name === 'palette')
    return runPalette(state, at, (under, binding) => dispatch(under, binding, binding.keys[0] ?? '', at));
  return confirm(state, at);
};

const openInit = (state: ScreenState, at: number): Step =>
  stay(withToast(state, 'every configured coin has its ledger; one that exists is never overwritten', 'ok', at));

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
  suspend: state => stay(state, {do: 'suspend'}),
  'choose-next': state => stay(choose(state, 1)),
  'choose-previous': state => stay(choose(state, -1)),
  confirm: confirmAny,
  type: (state, _at, key) => stay(typeInto(state, key)),
  erase: state => stay(eraseOne(state)),
  'other-coin': state => stay(otherCoin(state)),
  initialise,
  'open-related': state => {
    const target = relatedNow(state);
    return stay(target ? withTarget(state, target) : state);
  },
  copy: copyValue,
  'copy-json': copyWhole,
  palette: openPalette,
  complete: state => stay(completePalette(state)),
  'next-field': state => stay(moveField(state, 1)),
  'previous-field': state => stay(moveField(state, -1)),
  'next-need': nextNeed,
  mute,
  'take-control': takeControl,
  away: showAway,
  'cancel-payout': cancelPayout,
  'release-payout': releasePayout,
  'approve-payout': onPayout('approve-payout'),
  'repay-payout': onPayout('repay-payout'),
  bump,
  'toggle-payouts': togglePayouts,
  'toggle-sink': toggleSink,
  'send-again': sendAgain,
  'new-address': openAddressForm,
  'new-payout': openPayoutForm,
  init: openInit,
};

/** Escape answers no question, so it is heard at once. On the invitation it would leave the console. */
const isRetreat = ({view}: ScreenState, key: KeyName) => key === 'escape' && view.name !== 'init';

/** What a binding does on this screen, unless the engine may not be changed now. */
const dispatch = (state: ScreenState, binding: Binding, key: KeyName, at: number): Step =>
  (binding.mutates ? refusal(state, at) : undefined) ?? HANDLERS[binding.command](state, at, key);

/** One key against the state of this moment. Pure; effects are run by the caller, in order. */
export const press = (state: ScreenState, key: KeyName, at: number): Step => {
  const binding = bindingFor(key, state);
  if (!binding) return stay(state);
  if (binding.command !== 'interrupt' && !isRetreat(state, key) && isDeaf(state.view, binding.command, at))
    return stay(state);
  return dispatch(state, binding, key, at);
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
