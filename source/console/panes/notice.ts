import {describe} from '../acts/describe.ts';
import {FIELDS} from '../update/form.ts';
import {MINIMUM} from '../layout.ts';
import type {ScreenState} from '../state.ts';
import {fit, span, type Line} from '../text/line.ts';
import {QUIT_CHOICES} from '../update/dialogs.ts';
import {drawMessage} from './foot.ts';
import {drawTitleOnly} from './header.ts';
import {drawNeeds} from './summary.ts';

const QUIT_WORDS = {leave: 'leave it running', stop: 'stop the engine', stay: 'stay here'} as const;

/** What an open dialog would do on Enter: never less than its choice. */
const dialogLine = (state: ScreenState): Line => {
  const {view} = state;
  if (view.name === 'panes') return [];
  if (view.name === 'quit')
    return [span(` quit? Enter: ${QUIT_WORDS[QUIT_CHOICES[view.choice] ?? 'stay']} · Tab: other · Esc`, 'warn')];
  if (view.name === 'rescan')
    return [span(` rescan ${view.coin} from ${view.from || 'the start'}? Enter: do it · Esc`, 'warn')];
  if (view.name === 'confirm')
    return [
      span(
        ` ${describe(state, view.act).title} · Enter: ${view.choice === 0 ? 'cancel' : 'do it'} · Tab: other`,
        'warn',
      ),
    ];
  if (view.name === 'palette') return [span(` :${view.input}`, 'strong')];
  if (view.name === 'form') {
    const {label, name} = FIELDS[view.form][view.field]!;
    return [span(` ${label}: ${view.values[name] ?? ''}`, 'strong')];
  }
  if (view.name === 'init') return [span(' no ledger yet · i: create it · q: leave', 'warn')];
  return [span(` open: ${view.name} · Esc: back`, 'dim')];
};

/** What can be said on a terminal that is too small for panes. Keys still work. */
export const drawNotice = (state: ScreenState): Line[] => {
  const {columns, rows} = state.size;
  const lines: Line[] = [
    drawTitleOnly(state),
    drawNeeds(state),
    fit([span(` needs ${MINIMUM.columns}x${MINIMUM.rows}, have ${columns}x${rows}`, 'warn')], columns),
    fit(dialogLine(state), columns),
    drawMessage(state),
  ];
  return Array.from({length: rows}, (_, index) => lines[index] ?? fit([], columns));
};
