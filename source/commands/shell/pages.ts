import type {Page} from '../../contract/index.ts';
import type {Output} from './output.ts';
import type {Column} from './table.ts';

/** One page of a list as a table, and how to get the next. With `--json`: `{items, next}`. */
export const reportPage = <Item>(
  output: Output,
  page: Page<Item>,
  columns: readonly Column<Item>[],
  whenEmpty: string,
): number => {
  output.result(page, () => (page.items.length === 0 ? whenEmpty : output.table(page.items, columns)));
  if (page.next !== null) output.hint('', `  More: the same with --cursor ${page.next}`);
  return 0;
};
