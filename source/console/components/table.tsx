import {memo, type PropsWithChildren} from 'react';
import {span, type Style} from '../text/line.ts';
import {drawable, truncate} from '../text/width.ts';
import {InkTable} from './ink-table.ts';
import {Lines} from './lines.tsx';

export interface TableColumn {
  readonly title: string;
  readonly width: number;
}

const Painted = ({text, tone}: {text: string; tone: Style}) => <Lines lines={[[span(text, tone)]]} />;

const Header = ({children}: PropsWithChildren) => <Painted text={children as string} tone="dim" />;
const Cell = ({column, children}: PropsWithChildren<{column: number}>) => (
  <Painted text={children as string} tone={column === 0 ? 'key' : 'plain'} />
);
// Its borders and the line after every row would cost three lines a row.
const NoSkeleton = () => null;

/**
 * A table at rest, one line a row: at most some twenty rows, drawn again only when they change. Cells are cut to their
 * column here, because ink-table does not.
 */
export const Table = memo(
  ({columns, rows}: {columns: readonly TableColumn[]; rows: readonly (readonly string[])[]}) => (
    <InkTable
      columns={columns.map(column => column.title)}
      data={rows.map(row =>
        Object.fromEntries(
          columns.map((column, index) => [
            column.title,
            truncate(drawable(row[index] ?? ''), column.width).padEnd(column.width),
          ]),
        ),
      )}
      header={Header}
      cell={Cell}
      skeleton={NoSkeleton}
    />
  ),
);
Table.displayName = 'Table';
