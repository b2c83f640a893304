import {MINIMUM} from '../layout.ts';
import type {ScreenState} from '../state.ts';
import {fit, span, type Line} from '../text/line.ts';
import {drawMessage} from './foot.ts';
import {drawTitleOnly} from './header.ts';
import {drawNeeds} from './summary.ts';

/** What can be said on a terminal that is too small for panes. Keys still work. */
export const drawNotice = (state: ScreenState): Line[] => {
  const {columns, rows} = state.size;
  const dialog =
    state.view.name === 'quit'
      ? [span(' quit? Enter: leave it running · Esc: stay', 'warn')]
      : state.view.name === 'panes'
        ? []
        : [span(` open: ${state.view.name} · Esc: back`, 'dim')];
  const lines: Line[] = [
    drawTitleOnly(state),
    drawNeeds(state),
    fit([span(` needs ${MINIMUM.columns}x${MINIMUM.rows}, have ${columns}x${rows}`, 'warn')], columns),
    fit(dialog, columns),
    drawMessage(state),
  ];
  return Array.from({length: rows}, (_, index) => lines[index] ?? fit([], columns));
};
