import type {List} from '../lists/list.ts';
import {span} from '../text/line.ts';
import type {Column} from '../text/table.ts';

interface Shape {
  readonly isMixed: boolean;
  readonly title: string;
  readonly width: number;
}
const shapes = new WeakMap<object, Shape>();

/** Looks at every row that is there, once for each list. */
const shapeOf = <Row>(list: List<Row>, read: (row: Row) => {readonly amount: string; readonly unit: string}): Shape => {
  const known = shapes.get(list);
  if (known) return known;
  const units = new Set<string>();
  let longest = 10;
  for (const row of list.loaded()) {
    const {amount, unit} = read(row);
    units.add(unit);
    longest = Math.max(longest, amount.length);
  }
  const isMixed = units.size > 1;
  const widestUnit = isMixed ? Math.max(...[...units].map(unit => unit.length + 1)) : 0;
  const title = isMixed ? 'AMOUNT' : `AMOUNT ${[...units][0] ?? ''}`.trimEnd();
  const shape = {isMixed, title, width: Math.max(title.length, longest + widestUnit)};
  shapes.set(list, shape);
  return shape;
};

/**
 * Amounts as the engine wrote them, never cut: half an amount is a wrong amount. The unit stands in the head when all
 * rows have the same one, else beside each.
 */
export const amountColumn = <Row>(
  list: List<Row>,
  read: (row: Row) => {readonly amount: string; readonly unit: string},
): Column<Row> => {
  const {isMixed, title, width} = shapeOf(list, read);
  return {
    title,
    width,
    right: true,
    drop: 0,
    cell: row => span(isMixed ? `${read(row).amount} ${read(row).unit}` : read(row).amount, 'strong'),
  };
};

const MOST_OF_AN_ID = 8;
const idWidths = new WeakMap<object, number>();

/** Cells for the ids of the rows that are there, looked at once for each list. */
export const idWidth = <Row>(list: List<Row>, read: (row: Row) => string): number => {
  const known = idWidths.get(list);
  if (known !== undefined) return known;
  let width = 2;
  for (const row of list.loaded()) width = Math.min(MOST_OF_AN_ID, Math.max(width, read(row).length));
  idWidths.set(list, width);
  return width;
};
