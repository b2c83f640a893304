import type {PayoutsSwitch} from '../../contract/index.ts';
import type {Hold} from '../../payout/state.ts';
import {broadcastRow} from './broadcast-rows.ts';
import {abandon, movingAt} from './broadcast-steps.ts';
import type {Orm} from './connection.ts';
import {metaValue, setMetaValue} from './meta-value.ts';
import {rawStatement} from './raw-statement.ts';
import {endRestored, restoredHold} from './restored.ts';
import {toTime} from './to-contract.ts';

interface Switch {
  readonly reason: string;
  readonly since: number;
}

const read = (orm: Orm): Switch | undefined => {
  const text = metaValue(orm, 'payouts_paused');
  return text === undefined ? undefined : (JSON.parse(text) as Switch);
};

const holdOf = ({reason, since}: Switch): Hold => ({
  reason: 'payouts_paused',
  words: `paused by a person since ${toTime(since)}: ${reason}`,
});

/** Why no payout may be signed or sent now, by what the ledger knows; the operator's word comes first. */
export const pausedBy = (orm: Orm): Hold | undefined => {
  const paused = read(orm);
  if (paused) return holdOf(paused);
  const restored = restoredHold(orm);
  if (restored) return restored;
  const fork = metaValue(orm, 'deep_fork');
  if (fork !== undefined) return {reason: 'deep_reorg', words: fork};
  const drift = metaValue(orm, 'books_drift');
  return drift === undefined ? undefined : {reason: 'books_drift', words: drift};
};

/** Not those that a person may be signing: nothing is sent while payouts are paused, and their work is kept. */
const selectReserved = rawStatement(
  `SELECT id FROM broadcast WHERE status = 'reserved'
   AND (reason IS NULL OR reason NOT LIKE 'awaiting\\_signature:%' ESCAPE '\\') ORDER BY id`,
);

/** A second pause keeps the first one's time and takes the new reason. */
export const pausePayouts = (orm: Orm, reason: string, now: number): PayoutsSwitch => {
  const paused: Switch = {reason, since: read(orm)?.since ?? now};
  setMetaValue(orm, 'payouts_paused', JSON.stringify(paused));
  // Whoever is signing one of these now finds it abandoned when storing the bytes.
  const moving = movingAt(orm, now);
  for (const {id} of selectReserved(orm).all() as {id: bigint}[])
    abandon(moving, broadcastRow(orm, Number(id))!, holdOf(paused));
  return {paused: reason, since: toTime(paused.since)};
};

/** Throws `not_reconciled` for a restored ledger that is not known to equal the chain at `tip`. */
export const resumePayouts = (orm: Orm, tip: number | undefined): PayoutsSwitch => {
  endRestored(orm, tip);
  setMetaValue(orm, 'payouts_paused', undefined);
  return {paused: null, since: null};
};
