import {formatCount} from '../text/format.ts';
import {frame, innerWidth} from '../text/frame.ts';
import {fit, restyle, span, type Line} from '../text/line.ts';
import {arrange, headLine, rowLine, windowStart, type Column} from '../text/table.ts';
import {selectedIndex} from '../rows.ts';
import type {Selection} from '../state.ts';

/** What every pane is drawn from, besides its rows. */
export interface PaneFrame {
  readonly width: number;
  readonly height: number;
  readonly now: number;
  readonly isFocused: boolean;
  /** The values are not of now: everything is dim. */
  readonly isStale: boolean;
  readonly selection: Selection;
}

export interface ListOptions<Row> {
  readonly title: Line;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  /** Said instead of rows. */
  readonly empty: string;
  /** Instead of the columns, for a row that has something to say. */
  readonly says?: (row: Row, width: number) => Line | undefined;
}

const MARKER = 2;

/** A titled list with a selection, exactly as large as asked; draws only the rows that are visible. */
export const listPane = <Row extends {readonly id: string}>(
  {title, rows, columns, empty, says}: ListOptions<Row>,
  pane: PaneFrame,
): Line[] => {
  const inner = innerWidth(pane.width);
  const visible = Math.max(0, pane.height - 3);
  const selected = selectedIndex(rows, pane.selection);
  const start = windowStart(selected, rows.length, visible);
  const shown = rows.slice(Math.max(0, start), Math.max(0, start) + visible);
  const grid = arrange(columns, inner - MARKER);
  const body = shown.map((row, index): Line => {
    const isSelected = pane.isFocused && start + index === selected;
    const content = says?.(row, inner - MARKER) ?? rowLine(grid, row);
    const text = fit([span(isSelected ? '▶ ' : '  '), ...content], inner);
    if (isSelected) return restyle(text, 'inverse');
    return pane.isStale ? restyle(text, 'dim') : text;
  });
  const head = rows.length === 0 ? [] : [[span('  '), ...headLine(grid)]];
  const nothing = rows.length === 0 ? [[span(`  ${empty}`, 'dim')]] : [];
  const footer =
    rows.length > visible
      ? [span(`${formatCount(start + 1)}-${formatCount(start + shown.length)} of ${formatCount(rows.length)}`, 'dim')]
      : undefined;
  return frame([...head, ...nothing, ...body], {
    title,
    footer,
    width: pane.width,
    height: pane.height,
    isFocused: pane.isFocused,
  });
};

/** `3 Backends`: the digit is the key that goes there. */
export const paneTitle = (digit: number, name: string, facts: readonly string[], isFocused: boolean): Line => [
  span(`${digit}`, 'key'),
  span(` ${name}`, isFocused ? 'title' : 'plain'),
  ...facts.map(fact => span(` · ${fact}`, 'dim')),
];
