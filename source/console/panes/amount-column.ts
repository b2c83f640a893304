import {span} from '../text/line.ts';
import type {Column} from '../text/table.ts';

/**
 * Amounts as the engine wrote them, never cut: half an amount is a wrong amount. The unit stands in the head when all
 * rows have the same one, else beside each.
 */
export const amountColumn = <Row>(
  rows: readonly Row[],
  read: (row: Row) => {readonly amount: string; readonly unit: string},
): Column<Row> => {
  const units = new Set(rows.map(row => read(row).unit));
  const isMixed = units.size > 1;
  const textOf = (row: Row) => (isMixed ? `${read(row).amount} ${read(row).unit}` : read(row).amount);
  const title = isMixed ? 'AMOUNT' : `AMOUNT ${[...units][0] ?? ''}`.trimEnd();
  return {
    title,
    width: rows.reduce((width, row) => Math.max(width, textOf(row).length), Math.max(title.length, 10)),
    right: true,
    drop: 0,
    cell: row => span(textOf(row), 'strong'),
  };
};
