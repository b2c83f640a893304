import {paneList} from './lists/pane-list.ts';
import type {AnyRow, RowOf} from './lists/tail.ts';
import {selectedRow} from './rows.ts';
import type {PaneId, ScreenState, Target} from './state.ts';

const TARGETS: {readonly [Pane in PaneId]: (row: RowOf[Pane]) => Target | undefined} = {
  payouts: ({coin, payout}) => ({kind: 'payout', coin: coin.coin, id: payout.id}),
  incoming: ({coin, deposit}) => ({kind: 'deposit', coin: coin.coin, id: deposit.id}),
  backends: ({coin}) => ({kind: 'backend', coin: coin.coin, id: coin.coin}),
  events: ({event}) => ({kind: 'event', coin: event.coin, id: String(event.sequence)}),
  // A line of the log is all that is known of it.
  log: () => undefined,
  jobs: ({coin, job}) => ({kind: 'job', coin: coin.coin, id: job.id}),
};

/** What Enter opens: bound to the id of the row, not to its place. */
export const selectedTarget = (state: ScreenState): Target | undefined => {
  const row = selectedRow(paneList(state.focus, state), state.selections[state.focus]);
  return row && (TARGETS[state.focus] as (row: AnyRow) => Target | undefined)(row);
};

/** What a key is about now: the open detail, else the selected row. */
export const targetNow = (state: ScreenState): Target | undefined => {
  if (state.view.name === 'detail') return state.view.target;
  return state.view.name === 'panes' ? selectedTarget(state) : undefined;
};
