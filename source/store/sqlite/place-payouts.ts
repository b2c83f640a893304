import {shareFee} from '../../payout/fee-shares.ts';
import {outputSize} from '../../payout/sizes.ts';
import {matchTwin} from '../../payout/twin.ts';
import type {BroadcastRow} from './broadcast-rows.ts';
import {movePayouts} from './move-payouts.ts';
import type {Moving, PayoutRecord} from './payout-rows.ts';

/** Payouts that another member of the family carried until now move over, to the outputs and the fee of this one. */
export const placeOn = (moving: Moving, row: BroadcastRow, records: readonly PayoutRecord[]): PayoutRecord[] => {
  if (records.every(record => record.row.broadcastId === row.id)) return [...records];
  const owed = records.map(({row: {id, script, amount}}) => ({id: String(id), scriptPubKey: script, amount}));
  const twin = matchTwin(row.raw!, owed, () => true);
  if (!twin) throw new Error(`broadcast ${row.id} does not pay what its family owes`);
  const fees = shareFee(
    row.fee,
    owed.map(({scriptPubKey}) => outputSize(scriptPubKey)),
  );
  return movePayouts(
    moving,
    records,
    (_, index) => ({kind: 'place', placed: {broadcastId: row.id, vout: twin.vouts[index]!, fee: fees[index]!}}),
    row.txid,
  );
};
