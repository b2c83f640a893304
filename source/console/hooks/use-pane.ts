import type {Status} from '../../contract/index.ts';
import type {List} from '../lists/list.ts';
import {paneList, totalOf} from '../lists/pane-list.ts';
import {sortOf} from '../lists/sorts.ts';
import type {RowOf} from '../lists/tail.ts';
import type {PaneFrame} from '../panes/list-pane.ts';
import {isBrowsing, shownStatus, staleFor, type PaneId} from '../state.ts';
import {useScreen} from './use-screen.ts';

/** What a pane is drawn from; changes with its own parts of the state only. */
export const usePane = <Pane extends PaneId>(
  pane: Pane,
  width: number,
  height: number,
): {status: Status | undefined; list: List<RowOf[Pane]>; frame: PaneFrame} => {
  const status = useScreen(shownStatus);
  const list = useScreen(state => paneList(pane, state));
  const now = useScreen(state => state.now);
  const isFocused = useScreen(state => state.focus === pane && isBrowsing(state));
  const isFiltering = useScreen(state => state.focus === pane && state.view.name === 'filter');
  const stale = useScreen(staleFor);
  const selection = useScreen(state => state.selections[pane]);
  const {sort, filter} = useScreen(state => state.arrangements[pane]);
  const showsClock = useScreen(state => state.showsClock);
  const logLevel = useScreen(state => state.logLevel);
  const {name, isDescending} = sortOf(pane, sort);
  return {
    status,
    list,
    frame: {
      width,
      height,
      now,
      isFocused,
      isFiltering,
      staleFor: stale,
      selection,
      showsClock,
      sort: `${name} ${isDescending ? '↓' : '↑'}`,
      filter,
      total: totalOf(pane, status),
      logLevel,
    },
  };
};
