import {blank, fit, lineWidth, span, type Line, type Span} from './line.ts';
import {truncate} from './width.ts';

/** One column of a list. Without enough room the columns with the highest `drop` go first; `drop: 0` never goes. */
export interface Column<Row> {
  readonly title: string;
  readonly width: number;
  /** May become so wide when there is room; columns that are dropped last grow first. */
  readonly grow?: number;
  readonly right?: boolean;
  readonly drop: number;
  cell(row: Row, width: number): Span | Line;
}

export interface Grid<Row> {
  readonly columns: readonly {readonly column: Column<Row>; readonly width: number}[];
  readonly width: number;
}

const GAP = 2;

/** Chooses columns and widths once for a pane's width. */
export const arrange = <Row>(columns: readonly Column<Row>[], width: number): Grid<Row> => {
  let chosen = [...columns];
  const needed = () => chosen.reduce((sum, column) => sum + column.width, 0) + GAP * Math.max(0, chosen.length - 1);
  while (chosen.length > 0 && needed() > width) {
    const worst = Math.max(...chosen.map(column => column.drop));
    if (worst === 0) break;
    chosen = chosen.filter(column => column.drop !== worst);
  }
  let spare = Math.max(0, width - needed());
  const widths = new Map(chosen.map(column => [column, column.width]));
  for (const column of chosen.toSorted((a, b) => a.drop - b.drop)) {
    const growth = Math.min(spare, Math.max(0, (column.grow ?? 0) - column.width));
    widths.set(column, column.width + growth);
    spare -= growth;
  }
  return {width, columns: chosen.map(column => ({column, width: widths.get(column)!}))};
};

const align = (content: Line, width: number, right: boolean): Line => {
  const total = lineWidth(content);
  return right && total < width ? [blank(width - total), ...content] : fit(content, width);
};

export const headLine = <Row>(grid: Grid<Row>): Line =>
  fit(
    grid.columns.flatMap(({column, width}, index) => [
      ...(index === 0 ? [] : [blank(GAP)]),
      ...align([span(truncate(column.title, width), 'dim')], width, column.right === true),
    ]),
    grid.width,
  );

export const rowLine = <Row>(grid: Grid<Row>, row: Row): Line =>
  fit(
    grid.columns.flatMap(({column, width}, index) => {
      const content = column.cell(row, width);
      return [
        ...(index === 0 ? [] : [blank(GAP)]),
        ...align('text' in content ? [content] : content, width, column.right === true),
      ];
    }),
    grid.width,
  );

/** Where a window of `height` rows begins so that `selected` is inside it. */
export const windowStart = (selected: number, count: number, height: number): number =>
  Math.max(0, Math.min(selected - Math.floor(height / 2), count - height));
