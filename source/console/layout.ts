import {shownStatus, type PaneId, type ScreenState} from './state.ts';

export const MINIMUM = {columns: 60, rows: 16} as const;

export interface Area {
  readonly pane: PaneId;
  readonly width: number;
  readonly height: number;
}

/** Which panes are drawn and how large. Rows of areas fill the body from top to bottom. */
export type Layout =
  | {readonly kind: 'small'}
  | {readonly kind: 'tabs'; readonly logLines: number; readonly hasJobLine: boolean; readonly area: Area}
  | {readonly kind: 'wide'; readonly rows: readonly (readonly Area[])[]};

interface Size {
  readonly columns: number;
  readonly rows: number;
}

const FRAME_LINES = 2;
/** Lines around the body. Wide: header, loops, books, what needs you; message, hints. Narrow: header, loops; what needs you, hints. */
const AROUND = {wide: 6, tabs: 4} as const;

const isNarrow = ({columns, rows}: Size): boolean => columns < 100 || rows < 30;

export const hasBooksLine = (size: Size): boolean => !isNarrow(size);

export const bodyHeight = (size: Size): number => size.rows - (isNarrow(size) ? AROUND.tabs : AROUND.wide);

const tabs = (size: Size, pane: PaneId): Layout => {
  const logLines = size.rows >= 22 ? 2 : 0;
  const hasJobLine = size.rows >= 20;
  // Two lines for the backends and the tabs.
  const height = bodyHeight(size) - 2 - logLines - (hasJobLine ? 1 : 0);
  return {kind: 'tabs', logLines, hasJobLine, area: {pane, width: size.columns, height}};
};

const wide = (size: Size, coins: number): Layout => {
  const {columns} = size;
  const body = bodyHeight(size);
  const backends = FRAME_LINES + 1 + Math.max(1, Math.min(coins, 6));
  const log = FRAME_LINES + Math.max(2, Math.floor((body - backends) * 0.18));
  const left = Math.ceil(columns / 2);
  const middle = Math.ceil((body - backends - log) * 0.55);
  const bottom = body - backends - log - middle;
  const events = Math.ceil(columns * 0.55);
  return {
    kind: 'wide',
    rows: [
      [{pane: 'backends', width: columns, height: backends}],
      [
        {pane: 'payouts', width: left, height: middle},
        {pane: 'incoming', width: columns - left, height: middle},
      ],
      [
        {pane: 'events', width: events, height: bottom},
        {pane: 'jobs', width: columns - events, height: bottom},
      ],
      [{pane: 'log', width: columns, height: log}],
    ],
  };
};

export const chooseLayout = (size: Size, coins: number, focus: PaneId, isZoomed: boolean): Layout => {
  if (size.columns < MINIMUM.columns || size.rows < MINIMUM.rows) return {kind: 'small'};
  if (isNarrow(size)) return tabs(size, focus);
  if (!isZoomed) return wide(size, coins);
  return {kind: 'wide', rows: [[{pane: focus, width: size.columns, height: bodyHeight(size)}]]};
};

export const layoutOf = (state: ScreenState): Layout =>
  chooseLayout(state.size, shownStatus(state)?.coins.length ?? 1, state.focus, state.isZoomed);

/** Rows of a list that are visible at once: what PgUp and PgDn move by. */
export const pageOf = (layout: Layout, pane: PaneId): number => {
  if (layout.kind === 'small') return 1;
  const areas = layout.kind === 'tabs' ? [layout.area] : layout.rows.flat();
  const height = areas.find(area => area.pane === pane)?.height ?? FRAME_LINES + 2;
  return Math.max(1, height - FRAME_LINES - 1);
};
