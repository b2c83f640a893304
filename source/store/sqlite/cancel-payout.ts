import type {Payout} from '../../contract/index.ts';
import {requireBroadcast} from './broadcast-rows.ts';
import {abandon, movingAt} from './broadcast-steps.ts';
import type {Orm} from './connection.ts';
import {movePayout} from './move-payouts.ts';
import {payoutById, payoutView} from './payout-rows.ts';
import {HOUSE, post} from './post.ts';

/**
 * Calls a payout back and gives the money back. One that is reserved takes its unsigned transaction with it; the
 * other payouts of that are due again, and whoever is signing it now finds it abandoned when storing the bytes.
 */
export const cancelPayout = (orm: Orm, id: string, now: number): Payout => {
  const moving = movingAt(orm, now);
  const found = payoutById(orm, id);
  if (found.row.status === 'cancelled') return payoutView(found, moving.tip);
  if (found.row.status === 'reserved') abandon(moving, requireBroadcast(orm, String(found.row.broadcastId)), undefined);
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
