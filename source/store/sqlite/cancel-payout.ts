import type {Payout} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import {requireBroadcast, type BroadcastRow} from './broadcast-rows.ts';
import {abandon, movingAt} from './broadcast-steps.ts';
import type {Orm} from './connection.ts';
import {movePayout} from './move-payouts.ts';
import {payoutById, payoutView, type Moving} from './payout-rows.ts';
import {HOUSE, post} from './post.ts';
import {rawStatement} from './raw-statement.ts';

/**
 * Calls a payout back and gives the money back. One that is reserved takes its unsigned transaction with it; the
 * other payouts of that are due again, and whoever is signing it now finds it abandoned when storing the bytes.
 */
export const cancelPayout = (orm: Orm, id: string, now: number): Payout => {
  const moving = movingAt(orm, now);
  const found = payoutById(orm, id);
  if (found.row.status === 'cancelled') return payoutView(found, moving.tip);
  if (found.row.status === 'reserved') giveUp(moving, requireBroadcast(orm, String(found.row.broadcastId)));
  const after = movePayout(moving, payoutById(orm, id), {kind: 'cancel'});
  post(orm, {
    kind: 'payout_cancelled',
    reference: id,
    now,
    postings: [
      {accountId: HOUSE.payouts_due, amount: 0n - after.row.amount},
      {accountId: HOUSE.network_fee, amount: 0n - after.row.quote},
      {accountId: after.row.accountId, amount: after.row.amount + after.row.quote},
    ],
  });
  return payoutView(after, moving.tip);
};

const selectSpender = rawStatement(
  `SELECT o.spent_by FROM broadcast_input i JOIN output o ON o.txid = i.txid AND o.vout = i.vout
   WHERE i.broadcast_id = ? AND o.spent_by IS NOT NULL LIMIT 1`,
);

/** Unless somebody is paying it right now: whoever was to sign it may have made another transaction of it. */
const giveUp = (moving: Moving, row: BroadcastRow): void => {
  const found = selectSpender(moving.orm).get(row.id) as {spent_by: string} | undefined;
  if (found)
    throw new EngineError(
      'already_signed',
      `${found.spent_by} spends a coin of its plan and may be paying it: what becomes of it is known with its block`,
    );
  abandon(moving, row, undefined);
};
