import type {Hold} from '../../payout/state.ts';
import {EngineError} from '../../primitives/errors.ts';
import {lastBooks} from './check-books.ts';
import type {Orm} from './connection.ts';
import {metaValue, setMetaValue} from './meta-value.ts';
import {toTime} from './to-contract.ts';

/** Which backup a ledger came from, both ms. */
interface Restored {
  readonly madeAt: number;
  readonly restoredAt: number;
}

const read = (orm: Orm): Restored | undefined => {
  const text = metaValue(orm, 'restored');
  return text === undefined ? undefined : (JSON.parse(text) as Restored);
};

export const writeRestored = (orm: Orm, restored: Restored): void =>
  setMetaValue(orm, 'restored', JSON.stringify(restored));

/** What was paid after the backup is not in a restored ledger, and would be paid again: nothing goes out by itself. */
export const restoredHold = (orm: Orm): Hold | undefined => {
  const restored = read(orm);
  return (
    restored && {
      reason: 'restored',
      words: `the ledger was restored from a backup of ${toTime(restored.madeAt)}: compare what was paid since then, then resume payouts`,
    }
  );
};

/**
 * A person has compared, and lets payouts out again. Throws `not_reconciled` until the books of the restored ledger were
 * found equal to the chain. `tip`: where the node stands, undefined when nobody knows.
 */
export const endRestored = (orm: Orm, tip: number | undefined): void => {
  const restored = read(orm);
  if (!restored) return;
  const refuse = (words: string) =>
    new EngineError('not_reconciled', `the ledger was restored from a backup, and ${words}; payouts stay paused`);
  const books = lastBooks(orm);
  if (tip === undefined) throw refuse('no engine compares it with its node yet');
  if (!books || Date.parse(books.checked_at) < restored.restoredAt || books.height < tip)
    throw refuse(`it has not caught up with block ${tip} yet`);
  if (/[1-9]/.test(books.drift))
    throw refuse(`its books differ from the chain by ${books.drift} at block ${books.height}`);
  setMetaValue(orm, 'restored', undefined);
};
