import {isBrowsing, type ScreenState} from '../state.ts';
import type {Store} from '../store.ts';
import {announcements} from './announce.ts';

const BORDERS = /[─━│┃╭╮╰╯┏┓┗┛█░▁▂▃▄▅▆▇]+/gu;
/** Lines of a frame above and below the body. */
const HEAD_LINES = 2;
const FOOT_LINES = 2;

const cleaned = (line: string): string => line.replace(BORDERS, ' ').replace(/\s+/g, ' ').trim();
/** Ages and counts go on every second; a line that only counts is not news. */
const shapeOf = (line: string): string => line.replace(/\d+/g, '#');

/** What the keys have moved: while it is the same, the panes themselves are not read out. */
const placeOf = ({focus, selections, arrangements, view}: ScreenState) => {
  const {id, index} = selections[focus];
  const {sort, filter} = arrangements[focus];
  return {pane: `${focus} ${sort} ${filter}`, row: id ?? String(index), view: view.name};
};

export interface Reader {
  /** A frame as it would be on a screen. */
  readonly read: (frame: readonly string[]) => void;
}

/** Reads the screen out: what changed, what the keys reached, dialogs when they open. One line each, in order. */
export const createReader = (store: Store<ScreenState>, print: (line: string) => void): Reader => {
  let before = store.get();
  let place = {pane: '', row: '', view: ''};
  let known: ReadonlySet<string> = new Set();
  let hasIntroduced = false;

  store.subscribe(() => {
    const now = store.get();
    for (const line of announcements(before, now)) print(line);
    before = now;
  });

  const readRow = (lines: readonly string[]) => {
    print(
      lines
        .find(line => line.startsWith('▶'))
        ?.slice(1)
        .trim() ?? 'no row',
    );
  };

  const readPanes = (lines: readonly string[], state: ScreenState) => {
    const next = placeOf(state);
    if (next.pane !== place.pane || next.view !== place.view) {
      print(lines.find(line => /^\d [A-Z]/.test(line) && !line.startsWith('[')) ?? next.pane);
      readRow(lines);
    } else if (next.row !== place.row) readRow(lines);
    // A dialog lies over the panes: what was there before is not its words.
    known = new Set(lines.map(shapeOf));
    place = next;
  };

  const readDialog = (lines: readonly string[], state: ScreenState) => {
    const body = lines.slice(HEAD_LINES, -FOOT_LINES).filter(line => line !== '');
    const hasOpened = state.view.name !== place.view;
    for (const line of body) if (!known.has(shapeOf(line))) print(line);
    if (hasOpened) print(`keys: ${lines.at(-1) ?? ''}`);
    known = new Set(body.map(shapeOf));
    place = {...place, view: state.view.name};
  };

  return {
    read(frame) {
      const lines = frame.map(cleaned);
      const state = store.get();
      if (!state.status && isBrowsing(state)) return;
      if (!hasIntroduced && state.status) {
        hasIntroduced = true;
        for (const line of [...lines.slice(0, HEAD_LINES), `keys: ${lines.at(-1) ?? ''}`]) print(line);
      }
      if (isBrowsing(state)) readPanes(lines, state);
      else readDialog(lines, state);
    },
  };
};
