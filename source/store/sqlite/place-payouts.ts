import {shareFee} from '../../payout/fee-shares.ts';
import {outputSize} from '../../payout/sizes.ts';
import {matchTwin} from '../../payout/twin.ts';
import type {BroadcastRow} from './broadcast-rows.ts';
import {movePayouts} from './move-payouts.ts';
import type {Moving, PayoutRecord} from './payout-rows.ts';
import {rawStatement} from './raw-statement.ts';

const selectRecorded = rawStatement('SELECT payout_id, vout FROM broadcast_payout WHERE broadcast_id = ?');

/** It pays more than these: others of its payouts were paid again, by another family. */
const recordedVouts = (
  {orm}: Moving,
  {id}: BroadcastRow,
  records: readonly PayoutRecord[],
): readonly number[] | undefined => {
  const rows = selectRecorded(orm).all(id) as {payout_id: bigint; vout: bigint}[];
  const recorded = new Map(rows.map(row => [Number(row.payout_id), Number(row.vout)]));
  const vouts = records.map(({row}) => recorded.get(row.id)).filter(vout => vout !== undefined);
  return vouts.length === records.length ? vouts : undefined;
};

/** Payouts that another member of the family carried until now move over, to the outputs and the fee of this one. */
export const placeOn = (moving: Moving, row: BroadcastRow, records: readonly PayoutRecord[]): PayoutRecord[] => {
  if (records.every(record => record.row.broadcastId === row.id)) return [...records];
  const owed = records.map(({row: {id, script, amount}}) => ({id: String(id), scriptPubKey: script, amount}));
  const vouts = matchTwin(row.raw!, owed, () => true)?.vouts ?? recordedVouts(moving, row, records);
  if (!vouts) throw new Error(`broadcast ${row.id} does not pay what its family owes`);
  const fees = shareFee(
    row.fee,
    owed.map(({scriptPubKey}) => outputSize(scriptPubKey)),
  );
  return movePayouts(
    moving,
    records,
    (_, index) => ({kind: 'place', placed: {broadcastId: row.id, vout: vouts[index]!, fee: fees[index]!}}),
    row.txid,
  );
};
