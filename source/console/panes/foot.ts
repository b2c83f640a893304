import {hintsFor} from '../keymap.ts';
import {PANES, shownStatus, type PaneId, type ScreenState} from '../state.ts';
import {fit, fitParts, joinLines, span, type Line} from '../text/line.ts';
import {formatShort} from '../text/format.ts';
import {countIncoming} from './incoming.ts';
import {countPending} from './payouts.ts';
import {drawNeeds} from './summary.ts';

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
  payouts: 'Pending',
  incoming: 'Incoming',
  backends: 'Backends',
  events: 'Events',
  log: 'Log',
  jobs: 'Jobs',
};

/** What a tab says beside its name; `!` when something in it needs a person. */
const counts = (state: ScreenState): Readonly<Record<PaneId, string>> => {
  const status = shownStatus(state);
  const coins = status?.coins ?? [];
  const needs = (does: boolean) => (does ? '!' : '');
  return {
    payouts: `${formatShort(countPending(status))}${needs(coins.some(coin => coin.counts.held_payouts > 0))}`,
    incoming: formatShort(countIncoming(status)),
    backends: `${coins.length}${needs(coins.some(coin => coin.backend.state !== 'ok'))}`,
    events: needs(status?.sinks.some(sink => sink.state !== 'ok' || sink.dead > 0) === true),
    log: needs(status?.log.some(line => line.level === 'error') === true),
    jobs: needs(coins.some(coin => coin.jobs.some(job => job.status === 'failed'))),
  };
};

/** The narrow screen's panes: `[1 Pending 4!] 2 Incoming 6 …` */
export const drawTabs = (state: ScreenState): Line => {
  const said = counts(state);
  const tabs = PANES.map((pane, index): Line => {
    const text = `${index + 1} ${NAMES[pane]} ${said[pane]}`.trimEnd();
    return pane === state.focus ? [span(`[${text}]`, 'frameFocus')] : [span(text, 'dim')];
  });
  return fit([span(' '), ...joinLines(tabs, span(' '))], state.size.columns);
};

/** The narrow screen has one line for the answer to the last key and for what needs a person. */
export const drawMessageOrNeeds = (state: ScreenState): Line =>
  state.toast && state.now < state.toast.until ? drawMessage(state) : drawNeeds(state);
