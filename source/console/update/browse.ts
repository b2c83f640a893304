import {paneList} from '../lists/pane-list.ts';
import {isBrowsing, PANES, type PaneId, type ScreenState} from '../state.ts';
import {detailScrollLimit} from '../detail/detail-lines.ts';
import {helpScrollLimit} from '../dialogs/help-rows.ts';
import {bodyHeight, layoutOf, pageOf} from '../layout.ts';
import {selectedIndex} from '../rows.ts';

// Moving about: nothing here reaches the engine.

export const focusPane = (state: ScreenState, focus: PaneId): ScreenState => ({...state, focus});

export const cyclePane = (state: ScreenState, step: 1 | -1): ScreenState => {
  const index = PANES.indexOf(state.focus) + step;
  return focusPane(state, PANES[(index + PANES.length) % PANES.length]!);
};

export type Motion = 'up' | 'down' | 'page-up' | 'page-down' | 'first' | 'last';

const moved = (index: number, count: number, page: number, motion: Motion): number => {
  const target = {
    up: index - 1,
    down: index + 1,
    'page-up': index - page,
    'page-down': index + page,
    first: 0,
    last: count - 1,
  }[motion];
  return Math.max(0, Math.min(count - 1, target));
};

const pageSize = (state: ScreenState): number => pageOf(layoutOf(state), state.focus);

const select = (state: ScreenState, motion: Motion): ScreenState => {
  const list = paneList(state.focus, state);
  if (list.length === 0) return state;
  const current = selectedIndex(list, state.selections[state.focus]);
  const index = moved(current, list.length, pageSize(state), motion);
  // The first row is followed as a place: newer rows take it. Any other is followed as itself once it is loaded.
  const id = motion === 'first' ? undefined : list.at(index)?.id;
  return {...state, selections: {...state.selections, [state.focus]: {id, index}}};
};

/** How far the open detail or help can be scrolled on a terminal of this size. */
const scrollLimit = (state: ScreenState): number => {
  const height = bodyHeight(state.size);
  return state.view.name === 'help' ? helpScrollLimit(height) : detailScrollLimit(state, state.size.columns, height);
};

export const move = (state: ScreenState, motion: Motion): ScreenState => {
  const {view} = state;
  if (isBrowsing(state)) return select(state, motion);
  if (view.name !== 'detail' && view.name !== 'help') return state;
  const limit = scrollLimit(state);
  const page = Math.max(1, bodyHeight(state.size) - 3);
  return {...state, view: {...view, scroll: moved(Math.min(view.scroll, limit), limit + 1, page, motion)}};
};
