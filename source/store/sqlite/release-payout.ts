import type {Payout} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import {movingAt} from './broadcast-steps.ts';
import type {Orm} from './connection.ts';
import {movePayout} from './move-payouts.ts';
import {payoutById, payoutView} from './payout-rows.ts';
import {rawStatement} from './raw-statement.ts';
import type {Volumes} from './volumes.ts';

/** Limits and freezes are not asked again for it; from now on it counts towards the day's limit. */
export const releasePayout = (orm: Orm, volumes: Volumes, id: string, now: number): Payout => {
  const moving = movingAt(orm, now);
  const after = movePayout(moving, payoutById(orm, id), {kind: 'release'});
  volumes.add(after.row.amount);
  return payoutView(after, moving.tip);
};

const setApproved = rawStatement('UPDATE payout SET approved_by = ? WHERE id = ?');

/** The second pair of eyes: whoever asked for it cannot approve it. It covers limits and the address list too. */
export const approvePayout = (orm: Orm, volumes: Volumes, id: string, actor: string, now: number): Payout => {
  const moving = movingAt(orm, now);
  const found = payoutById(orm, id);
  if (found.row.requestedBy === actor)
    throw new EngineError(
      'approval_by_requester',
      `payout ${id} was asked for by ${actor}: somebody else must approve`,
    );
  setApproved(orm).run(actor, found.row.id);
  const after = movePayout(moving, payoutById(orm, id), {kind: 'approve'});
  volumes.add(after.row.amount);
  return payoutView(after, moving.tip);
};
