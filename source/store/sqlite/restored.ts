import type {Hold} from '../../payout/state.ts';
import {EngineError} from '../../primitives/errors.ts';
import {driftOf} from '../../ledger/books.ts';
import {formatAmount} from '../../primitives/amount.ts';
import {totalsOf} from './check-books.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
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
 * A person has compared, and lets payouts out again. Throws `not_reconciled` until the restored ledger has
 * caught up with its node and its books equal the chain. `tip`: where the node stands, undefined when nobody knows.
 */
export const endRestored = (orm: Orm, tip: number | undefined): void => {
  const restored = read(orm);
  if (!restored) return;
  const refuse = (words: string) =>
    new EngineError('not_reconciled', `the ledger was restored from a backup, and ${words}; payouts stay paused`);
  const top = ladderTop(orm);
  if (tip === undefined) throw refuse('no engine compares it with its node yet');
  if (!top || top.height < tip) throw refuse(`it has not caught up with block ${tip} yet`);
  // Counted now: the last check may be older than what a person has just corrected.
  const drift = driftOf(totalsOf(orm));
  if (drift !== 0n) throw refuse(`its books differ from the chain by ${formatAmount(drift)} at block ${top.height}`);
  setMetaValue(orm, 'restored', undefined);
};
