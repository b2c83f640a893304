import type {Status} from '../../contract/index.ts';
import {PANES, shownStatus, type PaneId, type ScreenState, type Selection, type Target} from '../state.ts';
import {detailScrollLimit} from '../dialogs/detail-lines.ts';
import {helpScrollLimit} from '../dialogs/help-rows.ts';
import {bodyHeight, chooseLayout, pageOf} from '../layout.ts';
import {backendRows, depositRows, eventRows, jobRows, payoutRows, rowIds, selectedIndex, selectedRow} from '../rows.ts';

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

const pageSize = (state: ScreenState): number =>
  pageOf(chooseLayout(state.size, shownStatus(state)?.coins.length ?? 1, state.focus), state.focus);

const select = (state: ScreenState, motion: Motion): ScreenState => {
  const rows = rowIds(state.focus, shownStatus(state));
  if (rows.length === 0) return state;
  const current = selectedIndex(rows, state.selections[state.focus]);
  const index = moved(current, rows.length, pageSize(state), motion);
  // The first row is followed as a place: newer rows take it. Any other is followed as itself.
  const id = motion === 'first' ? undefined : rows[index]!.id;
  return {...state, selections: {...state.selections, [state.focus]: {id, index}}};
};

/** How far the open detail or help can be scrolled on a terminal of this size. */
const scrollLimit = (state: ScreenState): number => {
  const height = bodyHeight(state.size);
  return state.view.name === 'help' ? helpScrollLimit(height) : detailScrollLimit(state, state.size.columns, height);
};

export const move = (state: ScreenState, motion: Motion): ScreenState => {
  const {view} = state;
  if (view.name === 'panes') return select(state, motion);
  if (view.name !== 'detail' && view.name !== 'help') return state;
  const limit = scrollLimit(state);
  const page = Math.max(1, bodyHeight(state.size) - 3);
  return {...state, view: {...view, scroll: moved(Math.min(view.scroll, limit), limit + 1, page, motion)}};
};

const TARGETS: Readonly<Record<PaneId, (status: Status | undefined, selection: Selection) => Target | undefined>> = {
  payouts(status, selection) {
    const row = selectedRow(payoutRows(status), selection);
    return row && {kind: 'payout', coin: row.coin.coin, id: row.payout.id};
  },
  incoming(status, selection) {
    const row = selectedRow(depositRows(status), selection);
    return row && {kind: 'deposit', coin: row.coin.coin, id: row.deposit.id};
  },
  backends(status, selection) {
    const row = selectedRow(backendRows(status), selection);
    return row && {kind: 'backend', coin: row.coin.coin, id: row.coin.coin};
  },
  events(status, selection) {
    const row = selectedRow(eventRows(status), selection);
    return row && {kind: 'event', coin: row.event.coin, id: String(row.event.sequence)};
  },
  jobs(status, selection) {
    const row = selectedRow(jobRows(status), selection);
    return row && {kind: 'job', coin: row.coin.coin, id: row.job.id};
  },
};

/** What Enter opens: bound to the id of the row, not to its place. */
export const selectedTarget = (state: ScreenState): Target | undefined =>
  TARGETS[state.focus](shownStatus(state), state.selections[state.focus]);
