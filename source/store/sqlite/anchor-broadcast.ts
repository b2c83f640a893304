import {eq} from './drizzle.ts';
import {sum, type Satoshi} from '../../primitives/amount.ts';
import type {BlockHash} from '../../primitives/ids.ts';
import {membersOf, type BroadcastRow} from './broadcast-rows.ts';
import {markLost} from './conflicts.ts';
import type {Orm} from './connection.ts';
import {movePayouts} from './move-payouts.ts';
import {placeOn} from './place-payouts.ts';
import {payoutsOfBroadcasts, type Moving, type PayoutRecord} from './payout-rows.ts';
import {HOUSE, post} from './post.ts';
import {broadcast} from './schema.ts';

const set = (orm: Orm, id: number, values: Partial<BroadcastRow>): void =>
  void orm.update(broadcast).set(values).where(eq(broadcast.id, id)).run();

/**
 * A member of a family is in the best chain: the family's payouts are its own from here on, at its fee. True when it
 * was not there before; one that only moved to another block posts nothing.
 */
export const anchorBroadcast = (
  moving: Moving,
  row: BroadcastRow,
  {height, hash}: {readonly height: number; readonly hash: BlockHash},
): boolean => {
  const {orm} = moving;
  const wasAnchored = row.status === 'confirmed' || row.status === 'settled';
  if (wasAnchored && row.height === height && row.blockHash === hash) return false;
  const members = membersOf(orm, row.family);
  const records = payoutsOfBroadcasts(
    orm,
    members.map(({id}) => id),
  );
  set(orm, row.id, {
    status: row.status === 'settled' ? 'settled' : 'confirmed',
    reason: null,
    height,
    blockHash: hash,
    sentAt: row.sentAt ?? moving.now,
  });
  const paid = placeOn(moving, row, records);
  // One that was never noted as sent is told so first.
  const sent = wasAnchored ? paid : movePayouts(moving, paid, () => ({kind: 'send'}));
  movePayouts(moving, sent, () => ({kind: 'anchor', height, hash}));
  if (wasAnchored) return false;
  for (const member of members) if (member.id !== row.id) markLost(moving, member, row.txid!);
  postFlow(orm, 'payouts_confirmed', row, paid, moving.now, 1n);
  return true;
};

/** Its block went away: it is on its way again, and what was posted is posted back. */
export const unanchorBroadcast = (moving: Moving, row: BroadcastRow): void => {
  if (row.status !== 'confirmed' && row.status !== 'settled') return;
  const {orm} = moving;
  const records = payoutsOfBroadcasts(orm, [row.id]);
  set(orm, row.id, {status: 'sent', height: null, blockHash: null});
  movePayouts(moving, records, () => ({kind: 'unanchor'}));
  postFlow(orm, 'payouts_unconfirmed', row, records, moving.now, -1n);
};

const postFlow = (
  orm: Orm,
  kind: string,
  row: BroadcastRow,
  records: readonly PayoutRecord[],
  now: number,
  sign: 1n | -1n,
): void => {
  const paid: Satoshi = sum(records.map(record => record.row.amount));
  post(orm, {
    kind,
    reference: row.txid!,
    now,
    postings: [
      {accountId: HOUSE.payouts_due, amount: -sign * paid},
      {accountId: HOUSE.network_fee, amount: -sign * row.fee},
      {accountId: HOUSE.external, amount: sign * (paid + row.fee)},
    ],
  });
};
