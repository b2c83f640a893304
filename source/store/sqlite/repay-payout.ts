import type {Payout} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import {forgetUnbuilt} from './apply-moves.ts';
import {membersOf, releaseInputs, requireBroadcast} from './broadcast-rows.ts';
import {movingAt} from './broadcast-steps.ts';
import {rivalHeight} from './conflicts.ts';
import type {Orm} from './connection.ts';
import {movePayout} from './move-payouts.ts';
import {payoutById, payoutView} from './payout-rows.ts';

/** As PayoutStore.repayPayout says. The money never left `payouts_due`, so that nothing is posted. */
export const repayPayout = (orm: Orm, id: string, maxConfirmationCount: number, now: number): Payout => {
  const moving = movingAt(orm, now);
  const found = payoutById(orm, id);
  if (found.row.status === 'conflicted' && found.row.broadcastId !== null) {
    const {family} = requireBroadcast(orm, String(found.row.broadcastId));
    for (const member of membersOf(orm, family)) {
      if (member.raw === null) continue;
      const height = rivalHeight(orm, member.id, member.txid);
      const depth = height === undefined ? 0 : moving.tip - height + 1;
      if (depth < maxConfirmationCount)
        throw new EngineError(
          'conflict_not_deep',
          `what its transaction ${member.txid ?? ''} lost to has ${depth} of ${maxConfirmationCount} confirmations: ` +
            'until then it could still be paid, and then twice',
        );
    }
    // Final from here on, whatever becomes of the rival: what is given back is never sent again.
    releaseInputs(orm, family);
    forgetUnbuilt(orm);
  }
  return payoutView(movePayout(moving, found, {kind: 'repay'}), moving.tip);
};
