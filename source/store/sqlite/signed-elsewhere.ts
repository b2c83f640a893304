import type {Txid} from '../../primitives/ids.ts';
import type {Hold} from '../../payout/state.ts';
import {type OwedOutput, paidBy} from '../../payout/twin.ts';
import {verifySigned} from '../../payout/verify.ts';
import {adoptTwin} from './adopt-twin.ts';
import type {BroadcastRow} from './broadcast-rows.ts';
import {broadcastRow, requireBroadcast} from './broadcast-rows.ts';
import {abandon, storeSigned} from './broadcast-steps.ts';
import {movePayouts} from './move-payouts.ts';
import {payoutsById, payoutsOfBroadcast, type Moving, type PayoutRecord} from './payout-rows.ts';
import {plannedBroadcast} from './planned-broadcast.ts';
import {rawStatement} from './raw-statement.ts';

/** What was planned is compared; what it may cost was decided with the plan. */
const ANY = {minRate: 0, maxRate: 1e9, plannedSize: 1e9};

/**
 * A plan of ours that waited for a signature is on the network: whoever signed it sent it too. From here on it is as if
 * we had, so that its payouts are neither paid again nor called back. Undefined when it is another transaction.
 */
export const adoptSignedElsewhere = (
  {orm, now}: Moving,
  row: BroadcastRow,
  txid: Txid,
  raw: Buffer,
): BroadcastRow | undefined => {
  if (row.status !== 'reserved') return undefined;
  const planned = plannedBroadcast(orm, undefined, String(row.id));
  if (planned === undefined || verifySigned(planned.plan, raw, ANY).kind !== 'as-planned') return undefined;
  storeSigned(orm, String(row.id), raw, txid, now);
  return broadcastRow(orm, row.id);
};

/**
 * Nothing was signed of it that we know, and a coin of it is gone: its payouts are due again with other coins. Those that
 * the other transaction pays wait for a person: somebody may have kept one that was signed for a plan given up before.
 */
export const giveUpSpent = (moving: Moving, row: BroadcastRow, txid: Txid, raw: Buffer | undefined): void => {
  const paid = raw === undefined ? [] : paidBy(raw, payoutsOfBroadcast(moving.orm, row.id).map(owedOf));
  const words = `${txid} spends a coin of its plan and pays this amount to its address: look, then cancel or release it`;
  abandon(moving, row, paid.length === 0 ? undefined : {reason: 'perhaps_paid', words}, new Set(paid));
};

const owedOf = ({row: {id, script, amount}}: PayoutRecord): OwedOutput => ({
  id: String(id),
  scriptPubKey: script,
  amount,
});

const selectDue = rawStatement(`SELECT id FROM payout WHERE status IN ('queued', 'reserved')`);

/**
 * A transaction that we did not make spends a coin of ours: of the payouts that are still to be paid, those that it pays
 * wait for a person, and a plan that holds one is given up. Somebody may have kept one that was signed for a plan given
 * up before, have paid by hand, or the ledger may be older than what it paid.
 */
export const holdPaidByStranger = (moving: Moving, txid: Txid, raw: Buffer): void => {
  const {orm} = moving;
  const due = payoutsById(
    orm,
    (selectDue(orm).all() as {id: bigint}[]).map(({id}) => Number(id)),
  );
  const paid = new Set(paidBy(raw, due.map(owedOf)));
  const found = due.filter(({row: {id}}) => paid.has(String(id)));
  const words = `${txid}, which is not ours, spends a coin of ours and pays this amount to its address: look, then cancel or release it`;
  const hold: Hold = {reason: 'perhaps_paid', words};
  const plans = new Set(found.map(({row}) => row.broadcastId).filter(id => id !== null));
  for (const id of plans) abandon(moving, requireBroadcast(orm, String(id)), hold, paid);
  movePayouts(
    moving,
    found.filter(({row}) => row.broadcastId === null),
    () => ({kind: 'hold', hold}),
  );
};

/**
 * Whoever was to sign it made another one that pays the same, at another fee: to queue its payouts again would pay them
 * twice. In a block only: until then the plan can still be signed. Undefined when it is not one.
 */
export const adoptSignedOtherwise = (
  moving: Moving,
  row: BroadcastRow,
  txid: Txid,
  raw: Buffer,
): BroadcastRow | undefined => {
  const twin = adoptTwin(moving, row, txid, raw);
  if (twin) movePayouts(moving, payoutsOfBroadcast(moving.orm, row.id), () => ({kind: 'sign'}));
  return twin;
};
