import {hintsFor} from '../keymap.ts';
import {PANES, shownStatus, type PaneId, type ScreenState} from '../state.ts';
import {fit, fitParts, span, type Line} from '../text/line.ts';
import {rowIds} from '../rows.ts';
import {countIncoming} from './incoming.ts';
import {countPending} from './payouts.ts';

/** The answer to the last key, for a few seconds. */
export const drawMessage = ({toast, now, size}: ScreenState): Line =>
  fit(toast && now < toast.until ? [span(` ${toast.text}`, toast.tone)] : [], size.columns);

export const drawHints = (state: ScreenState): Line => {
  const parts = hintsFor(state).map(({label, hint}, index) => ({
    line: [span(label, 'key'), span(` ${hint}`, 'dim')],
    // Help and the way out are always there.
    drop: ['help', 'quit', 'back', 'cancel', 'leave'].includes(hint) ? 0 : index + 1,
  }));
  return fit([span(' '), ...fitParts(parts, state.size.columns - 2)], state.size.columns);
};

const NAMES: Readonly<Record<PaneId, string>> = {
  payouts: 'Payouts',
  incoming: 'Incoming',
  backends: 'Backends',
  events: 'Events',
  jobs: 'Jobs',
};

/** The narrow screen's panes: `[1 Payouts 4]  2 Incoming 6 …` */
export const drawTabs = (state: ScreenState): Line => {
  const status = shownStatus(state);
  const count = (pane: PaneId): number =>
    pane === 'payouts'
      ? countPending(status)
      : pane === 'incoming'
        ? countIncoming(status)
        : rowIds(pane, status).length;
  const tabs = PANES.flatMap((pane, index): Line => {
    const text = `${index + 1} ${NAMES[pane]} ${count(pane)}`;
    return pane === state.focus ? [span(`[${text}]`, 'frameFocus')] : [span(` ${text} `, 'dim')];
  });
  return fit([span(' '), ...tabs], state.size.columns);
};
