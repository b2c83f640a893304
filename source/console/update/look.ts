import {textOf, type KeyName} from '../input/split-keys.ts';
import {SORTS} from '../lists/sorts.ts';
import type {Arrangement, LogLevelShown, ScreenState} from '../state.ts';
import {withToast} from './step.ts';

// How the panes are shown: nothing here reaches the engine.

const LONGEST_FILTER = 40;

export const zoom = (state: ScreenState): ScreenState => ({...state, isZoomed: !state.isZoomed});

const arrange = (state: ScreenState, change: Partial<Arrangement>): ScreenState => ({
  ...state,
  arrangements: {...state.arrangements, [state.focus]: {...state.arrangements[state.focus], ...change}},
});

export const sort = (state: ScreenState): ScreenState => {
  const {focus, arrangements} = state;
  return arrange(state, {sort: (arrangements[focus].sort + 1) % SORTS[focus].length});
};

const withFilter = (state: ScreenState, filter: string): ScreenState => arrange(state, {filter});

export const openFilter = (state: ScreenState): ScreenState => ({...state, view: {name: 'filter'}});

export const typeFilter = (state: ScreenState, key: KeyName): ScreenState => {
  return withFilter(state, `${state.arrangements[state.focus].filter}${textOf(key) ?? ''}`.slice(0, LONGEST_FILTER));
};

export const eraseFilter = (state: ScreenState): ScreenState =>
  withFilter(state, state.arrangements[state.focus].filter.slice(0, -1));

export const clearFilter = (state: ScreenState): ScreenState => withFilter({...state, view: {name: 'panes'}}, '');

export const keepFilter = (state: ScreenState): ScreenState => ({...state, view: {name: 'panes'}});

export const toggleClock = (state: ScreenState, at: number): ScreenState =>
  withToast(
    {...state, showsClock: !state.showsClock},
    state.showsClock ? 'times as ages' : 'times as they were, UTC',
    'ok',
    at,
  );

export const toggleMask = (state: ScreenState, at: number): ScreenState =>
  withToast(
    {...state, masksAmounts: !state.masksAmounts},
    state.masksAmounts ? 'amounts are shown' : 'amounts are hidden; $ shows them',
    'ok',
    at,
  );

const NEXT_LEVEL: Readonly<Record<LogLevelShown, LogLevelShown>> = {
  info: 'warn',
  warn: 'error',
  error: 'debug',
  debug: 'info',
};

export const nextLogLevel = (state: ScreenState, at: number): ScreenState => {
  const logLevel = NEXT_LEVEL[state.logLevel];
  return withToast({...state, logLevel}, `log: ${logLevel} and worse`, 'ok', at);
};
