import type {Page} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';

/** A cursor is the id of the last row of the page before. Throws `bad_cursor`. */
export const readCursor = (cursor: string): number => {
  if (!/^[0-9]{1,15}$/.test(cursor))
    throw new EngineError('bad_cursor', 'the cursor is not one that a list gave', {field: 'cursor'});
  return Number(cursor);
};

/** Lists that begin with the newest go down from here. */
export const startOf = (cursor: string | undefined): number =>
  cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(cursor);

/** Takes one row more than `limit` to know whether there is a next page. */
export const pageOf = <Row, Item>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => string,
  toItem: (row: Row) => Item,
): Page<Item> => {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last !== undefined ? cursorOf(last) : null;
  return {items: shown.map(toItem), next};
};
