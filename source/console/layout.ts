import type {PaneId} from './state.ts';

export const MINIMUM = {columns: 60, rows: 16} as const;

export interface Area {
  readonly pane: PaneId;
  readonly width: number;
  readonly height: number;
}

/** Which panes are drawn and how large. Rows of areas fill the body from top to bottom. */
export type Layout =
  | {readonly kind: 'small'}
  | {readonly kind: 'tabs'; readonly backendLines: number; readonly hasJobLine: boolean; readonly area: Area}
  | {readonly kind: 'wide'; readonly rows: readonly (readonly Area[])[]};

/** Lines above the body: header, loops, books, what needs you. */
const HEAD_LINES = 4;
/** Below it: message, hints. */
const FOOT_LINES = 2;
const FRAME_LINES = 2;

export const bodyHeight = ({rows}: {rows: number}): number => rows - HEAD_LINES - FOOT_LINES;

export const chooseLayout = (
  {columns, rows}: {columns: number; rows: number},
  coins: number,
  focus: PaneId,
): Layout => {
  if (columns < MINIMUM.columns || rows < MINIMUM.rows) return {kind: 'small'};
  const body = bodyHeight({rows});
  if (columns < 100 || rows < 30) {
    const backendLines = Math.max(1, Math.min(coins, rows >= 24 ? 3 : 1));
    const hasJobLine = rows >= 20;
    return {
      kind: 'tabs',
      backendLines,
      hasJobLine,
      // One line of tabs.
      area: {pane: focus, width: columns, height: body - backendLines - 1 - (hasJobLine ? 1 : 0)},
    };
  }
  const backends = FRAME_LINES + 1 + Math.max(1, Math.min(coins, 5));
  const left = Math.ceil(columns / 2);
  const middle = Math.ceil((body - backends) * 0.55);
  const bottom = body - backends - middle;
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
    ],
  };
};

/** Rows of a list that are visible at once: what PgUp and PgDn move by. */
export const pageOf = (layout: Layout, pane: PaneId): number => {
  if (layout.kind === 'small') return 1;
  const areas = layout.kind === 'tabs' ? [layout.area] : layout.rows.flat();
  const height = areas.find(area => area.pane === pane)?.height ?? FRAME_LINES + 2;
  return Math.max(1, height - FRAME_LINES - 1);
};
