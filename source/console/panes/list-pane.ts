import type {List} from '../lists/list.ts';
import {selectedIndex} from '../rows.ts';
import type {Selection} from '../state.ts';
import {formatAgeOf, formatClock, formatCount} from '../text/format.ts';
import {frame, innerWidth} from '../text/frame.ts';
import {fit, fitParts, lineWidth, restyle, span, type Line} from '../text/line.ts';
import {arrange, headLine, rowLine, windowStart, type Column, type Grid} from '../text/table.ts';

/** What every pane is drawn from, besides its rows. */
export interface PaneFrame {
  readonly width: number;
  readonly height: number;
  /** Reading it says that what is drawn shows the time: it is then drawn anew every second. */
  readonly now: number;
  readonly isFocused: boolean;
  /** How old the values are when they are not of now: everything is dim then. */
  readonly staleFor: string | undefined;
  readonly selection: Selection;
  /** Times as they were instead of ages. */
  readonly showsClock: boolean;
  /** `age v` */
  readonly sort: string;
  readonly filter: string;
  readonly isFiltering: boolean;
  /** Rows that the engine has in all, when it says so. */
  readonly total: number | undefined;
  readonly logLevel: string;
}

export interface ListOptions<Row> {
  readonly title: Line;
  readonly list: List<Row>;
  readonly columns: readonly Column<Row>[];
  /** Said instead of rows. */
  readonly empty: string;
  /** Lines above the rows. */
  readonly above?: readonly Line[];
  /** Rows without the names of their columns. */
  readonly isBare?: boolean;
  /** Its first row is not the newest one: nothing is followed. */
  readonly isFixed?: boolean;
  /** More to say in the footer. */
  readonly notes?: readonly string[];
}

const MARKER = 2;

const bodyLines = <Row extends {readonly id: string}>(
  {
    list,
    grid,
    start,
    visible,
    selected,
  }: {list: List<Row>; grid: Grid<Row>; start: number; visible: number; selected: number},
  pane: PaneFrame,
): Line[] =>
  Array.from({length: Math.min(visible, list.length - start)}, (_, offset): Line => {
    const row = list.at(start + offset);
    const isSelected = pane.isFocused && start + offset === selected;
    const content = row ? rowLine(grid, row) : [span('… loading', 'dim')];
    const text = fit([span(isSelected ? '▶ ' : '  '), ...content], innerWidth(pane.width));
    if (isSelected) return restyle(text, 'inverse');
    return pane.staleFor === undefined ? text : restyle(text, 'dim');
  });

/** `1-11 of 13 · sort age v · follow`: as much of it as fits. */
const footerLine = <Row>(
  {list, isFixed, notes = []}: ListOptions<Row>,
  pane: PaneFrame,
  start: number,
  shown: number,
): Line => {
  const {length} = list;
  const range = length === 0 ? '' : `${formatCount(start + 1)}-${formatCount(start + shown)} of ${formatCount(length)}`;
  const isFollowing = pane.selection.id === undefined && pane.selection.index === 0;
  const parts = [
    {text: pane.filter === '' ? range : `${range || 'none'} found`, drop: 0},
    {text: `sort ${pane.sort}`, drop: 1},
    {text: isFixed ? '' : isFollowing ? 'follow' : 'held', drop: 2},
    ...notes.map((text, index) => ({text, drop: 3 + index})),
  ].filter(({text}) => text !== '');
  return fitParts(
    parts.map(({text, drop}) => ({line: [span(text, 'dim')], drop})),
    pane.width - 8,
    span(' · ', 'dim'),
  );
};

/** A titled list with a selection, exactly as large as asked; draws only the rows that are visible. */
export const listPane = <Row extends {readonly id: string}>(options: ListOptions<Row>, pane: PaneFrame): Line[] => {
  const {title, list, columns, empty, above = [], isBare = false} = options;
  const heads = above.length + (isBare || list.length === 0 ? 0 : 1);
  const visible = Math.max(0, pane.height - 2 - heads);
  const selected = selectedIndex(list, pane.selection);
  const start = Math.max(0, windowStart(selected, list.length, visible));
  const grid = arrange(columns, innerWidth(pane.width) - MARKER);
  const body = bodyLines({list, grid, start, visible, selected}, pane);
  const head = heads > above.length ? [[span('  '), ...headLine(grid)]] : [];
  const words = pane.filter === '' ? empty : `no row contains "${pane.filter}"`;
  const nothing = list.length === 0 ? [[span(`  ${words}`, 'dim')]] : [];
  return frame([...above, ...head, ...nothing, ...body], {
    title,
    footer: footerLine(options, pane, start, body.length),
    width: pane.width,
    height: pane.height,
    isFocused: pane.isFocused,
  });
};

/**
 * `3 Backends`: the digit is the key that goes there. Facts that do not fit are left out whole, the last ones first: half
 * a sum is a wrong sum.
 */
export const paneTitle = (digit: number, name: string, facts: readonly string[], pane: PaneFrame): Line => {
  const head: Line = [
    span(`${digit}`, 'key'),
    span(` ${name}`, pane.isFocused ? 'title' : 'plain'),
    ...(pane.staleFor === undefined ? [] : [span(` stale ${pane.staleFor}`, 'warn')]),
    ...(pane.filter === '' && !pane.isFiltering ? [] : [span(` /${pane.filter}`, 'accent')]),
    ...(pane.isFiltering ? [span(' ', 'inverse')] : []),
  ];
  const parts = facts.map((fact, index) => ({line: [span(` · ${fact}`, 'dim')], drop: index + 1}));
  const rest = fitParts(parts, pane.width - 6 - lineWidth(head), span(''));
  return [...head, ...rest];
};

/** An age, or with `t` the time itself. */
export const timeWord = (time: string | null | undefined, pane: PaneFrame): string => {
  if (!pane.showsClock) return formatAgeOf(time, pane.now);
  const at = time ? Date.parse(time) : Number.NaN;
  return Number.isNaN(at) ? '-' : formatClock(at);
};

/** Cells of a column of times. */
export const timeWidth = ({showsClock}: PaneFrame): number => (showsClock ? 8 : 5);
