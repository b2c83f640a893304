import type {Status} from '../../contract/index.ts';
import type {PaneFrame} from '../panes/list-pane.ts';
import {isStale, shownStatus, type PaneId} from '../state.ts';
import {useScreen} from './use-screen.ts';

/** What a pane is drawn from; changes with its own parts of the state only. */
export const usePane = (
  pane: PaneId,
  width: number,
  height: number,
): {status: Status | undefined; frame: PaneFrame} => {
  const status = useScreen(shownStatus);
  const now = useScreen(state => state.now);
  const isFocused = useScreen(state => state.focus === pane && state.view.name === 'panes');
  const stale = useScreen(isStale);
  const selection = useScreen(state => state.selections[pane]);
  return {status, frame: {width, height, now, isFocused, isStale: stale, selection}};
};
