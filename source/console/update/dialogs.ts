import {lastFour} from '../acts/act.ts';
import type {Command} from '../binding.ts';
import {textOf, type KeyName} from '../input/split-keys.ts';
import {paneList} from '../lists/pane-list.ts';
import {jobRows, selectedRow} from '../rows.ts';
import type {ScreenState, View} from '../state.ts';
import {withField} from './form.ts';
import {refusal} from './refusal.ts';
import {rescanStarts} from './rescan-starts.ts';
import {stay, withToast, type Step} from './step.ts';

/** A dialog is deaf that long after opening, so that keys meant for what was there before do not answer it. */
export const DEAF_MS = 300;

/** What is written into a command line or a form does nothing yet: only going on with it is deaf there. */
export const isDeaf = (view: View, command: Command, at: number): boolean => {
  if (!('openedAt' in view) || at - view.openedAt >= DEAF_MS) return false;
  return view.name === 'palette' || view.name === 'form' ? command === 'confirm' : true;
};

export const QUIT_CHOICES = ['leave', 'stop', 'stay'] as const;

export const openQuit = (state: ScreenState, at: number): Step => {
  if (state.onQuit === 'stop') return stopAndLeave(state, at);
  // Without a running engine there is nothing to ask.
  if (state.link.state === 'ended' || state.attachment === 'unknown') return stay(state, {do: 'leave'});
  return stay({...state, view: {name: 'quit', openedAt: at, choice: 0}});
};

export const stopAndLeave = (state: ScreenState, at: number): Step =>
  stay({...state, view: {name: 'stopping', since: at}}, {do: 'stop-and-leave'});

export const openRescan = (state: ScreenState, at: number): Step => {
  const chosen = selectedRow(paneList('backends', state), state.selections.backends);
  const coin = chosen?.coin.coin ?? state.status?.coins[0]?.coin;
  if (coin === undefined) return stay(withToast(state, 'no coin to rescan', 'warn', at));
  return stay({...state, view: {name: 'rescan', openedAt: at, coin, from: ''}});
};

/** A height of at most nine digits or a date; empty is the height at which the ledger starts. */
export const rescanProblem = (from: string): string | undefined =>
  from === '' || /^(\d{1,9}|\d{4}-\d{2}-\d{2})$/.test(from)
    ? undefined
    : 'a height such as 905000, or a date such as 2026-01-31';

/** Longer is neither a label nor an address. */
const MOST_TYPED = 200;

export const typeInto = (state: ScreenState, key: KeyName): ScreenState => {
  const {view} = state;
  const text = textOf(key) ?? '';
  if (view.name === 'rescan') return {...state, view: {...view, from: `${view.from}${text}`.slice(0, 10)}};
  if (view.name === 'confirm')
    return {...state, view: {...view, typed: `${view.typed}${text}`.slice(0, lastFour(view.act).length)}};
  if (view.name === 'palette')
    return {...state, view: {...view, input: `${view.input}${text}`.slice(0, MOST_TYPED), choice: 0}};
  return view.name === 'form' ? withField(state, value => `${value}${text}`.slice(0, MOST_TYPED)) : state;
};

export const eraseOne = (state: ScreenState): ScreenState => {
  const {view} = state;
  if (view.name === 'rescan') return {...state, view: {...view, from: view.from.slice(0, -1)}};
  if (view.name === 'confirm') return {...state, view: {...view, typed: view.typed.slice(0, -1)}};
  if (view.name === 'palette') return {...state, view: {...view, input: view.input.slice(0, -1), choice: 0}};
  return view.name === 'form' ? withField(state, value => value.slice(0, -1)) : state;
};

export const otherCoin = (state: ScreenState): ScreenState => {
  const {view} = state;
  if (view.name !== 'rescan') return state;
  const coins = (state.status?.coins ?? []).map(({coin}) => coin);
  const coin = coins[(coins.indexOf(view.coin) + 1) % Math.max(1, coins.length)] ?? view.coin;
  return {...state, view: {...view, coin}};
};

/** The next place to begin at, after the one that is written. */
export const chooseStart = (state: ScreenState, step: 1 | -1): ScreenState => {
  const {view} = state;
  if (view.name !== 'rescan') return state;
  const starts = rescanStarts(
    state.status?.coins.find(({coin}) => coin === view.coin),
    state.now,
  );
  const current = starts.findIndex(({from}) => from === view.from);
  const {from} = starts[(Math.max(0, current) + step + starts.length) % starts.length]!;
  return {...state, view: {...view, from}};
};

export const chooseQuit = (state: ScreenState, step: 1 | -1): ScreenState => {
  const {view} = state;
  if (view.name !== 'quit') return state;
  const choice = (view.choice + step + QUIT_CHOICES.length) % QUIT_CHOICES.length;
  return {...state, view: {...view, choice}};
};

export const confirm = (state: ScreenState, at: number): Step => {
  const {view} = state;
  if (view.name === 'rescan') {
    const problem = rescanProblem(view.from);
    if (problem !== undefined) return stay(withToast(state, `from: ${problem}`, 'bad', at));
    const refused = refusal(state, at);
    if (refused) return refused;
    return stay(
      {...state, view: {name: 'panes'}, focus: 'jobs'},
      {do: 'start-rescan', coin: view.coin, from: view.from === '' ? undefined : view.from},
    );
  }
  if (view.name !== 'quit') return stay(state);
  const choice = QUIT_CHOICES[view.choice];
  if (choice === 'leave') return stay(state, {do: 'leave'});
  return choice === 'stop' ? stopAndLeave(state, at) : stay({...state, view: {name: 'panes'}});
};

export const cancelJob = (state: ScreenState, at: number): Step => {
  const running = jobRows(state.status).filter(row => row.job.status === 'running');
  const selected = selectedRow(paneList('jobs', state), state.selections.jobs);
  const row = (state.focus === 'jobs' ? running.find(row => row.id === selected?.id) : undefined) ?? running[0];
  if (!row) return stay(withToast(state, 'no job is running', 'warn', at));
  return stay(withToast(state, `cancelling ${row.job.kind.replace('_', ' ')} ${row.job.id}`, 'ok', at), {
    do: 'cancel-job',
    coin: row.coin.coin,
    id: row.job.id,
  });
};

export const initialise = (state: ScreenState): Step => {
  const {view} = state;
  if (view.name !== 'init' || view.phase === 'running') return stay(state);
  return stay({...state, view: {...view, phase: 'running', rows: []}}, {do: 'initialise'});
};
