import type {Payout} from '../../contract/index.ts';
import type {DailyVolume} from './accept-payout.ts';
import {movingAt} from './broadcast-steps.ts';
import type {Orm} from './connection.ts';
import {movePayout} from './move-payouts.ts';
import {payoutById, payoutView} from './payout-rows.ts';

/** Limits and freezes are not asked again for it; from now on it counts towards the day's limit. */
export const releasePayout = (orm: Orm, volume: DailyVolume, id: string, now: number): Payout => {
  const moving = movingAt(orm, now);
  const after = movePayout(moving, payoutById(orm, id), {kind: 'release'});
  volume.add(after.row.amount);
  return payoutView(after, moving.tip);
};
