import type {EventType} from '../../contract/index.ts';
import {transition, type PayoutEvent} from '../../payout/state.ts';
import type {Txid} from '../../primitives/ids.ts';
import {appendEvent} from './append-event.ts';
import type {Orm} from './connection.ts';
import {payoutView, rowOf, stateOf, type Moving, type PayoutRecord, type PayoutRow} from './payout-rows.ts';
import {rawStatement} from './raw-statement.ts';

interface Moved {
  readonly record: PayoutRecord;
  readonly announce: EventType | undefined;
}

/**
 * Takes one step of the state machine: row and event, or neither. Refuses as `transition` does. `txid` is that of
 * the broadcast which pays it after the step; the record's own unless given.
 */
export const movePayout = (
  moving: Moving,
  record: PayoutRecord,
  event: PayoutEvent,
  txid?: Txid | null,
): PayoutRecord => movePayouts(moving, [record], () => event, txid)[0]!;

/** The same for many: all of them or, by an error, none. Rows that end up alike are written by one statement. */
export const movePayouts = (
  {orm, now, tip}: Moving,
  records: readonly PayoutRecord[],
  eventOf: (record: PayoutRecord, index: number) => PayoutEvent,
  txid?: Txid | null,
): PayoutRecord[] => {
  const moved = records.map((record, index): Moved => {
    const {state, announce} = transition(stateOf(record.row), eventOf(record, index));
    const row = rowOf(record.row, state);
    const after = txid === undefined ? record.txid : txid;
    return {record: {...record, row, txid: row.broadcastId === null ? null : after}, announce};
  });
  writeRows(
    orm,
    records.map(({row}) => row),
    moved.map(({record}) => record.row),
  );
  for (const {record, announce} of moved) if (announce) appendEvent(orm, announce, payoutView(record, tip), now);
  return moved.map(({record}) => record);
};

// Columns that do not change are left out: naming them would rewrite their indexes.
const updateStatus = rawStatement(
  `UPDATE payout SET status = ?, reason = ?, held_from = ?, clears = ?, released = ?, height = ?, block_hash = ?
   WHERE id IN (SELECT value FROM json_each(?))`,
);
const updatePlaced = rawStatement(
  `UPDATE payout SET status = ?, reason = ?, held_from = ?, clears = ?, released = ?, height = ?, block_hash = ?,
   broadcast_id = j.broadcast_id, vout = j.vout, fee = CAST(j.fee AS INTEGER)
   FROM (SELECT value ->> 0 AS id, value ->> 1 AS broadcast_id, value ->> 2 AS vout, value ->> 3 AS fee
         FROM json_each(?)) AS j WHERE payout.id = j.id`,
);

const commonColumns = (row: PayoutRow) =>
  [row.status, row.reason, row.heldFrom, row.clears, row.released ? 1 : 0, row.height, row.blockHash] as const;

const isPlacedAlike = (a: PayoutRow, b: PayoutRow): boolean =>
  a.broadcastId === b.broadcastId && a.vout === b.vout && a.fee === b.fee;

const writeRows = (orm: Orm, before: readonly PayoutRow[], after: readonly PayoutRow[]): void => {
  const groups = new Map<string, {rows: PayoutRow[]; isPlaced: boolean}>();
  for (const [index, row] of after.entries()) {
    const old = before[index]!;
    const key = JSON.stringify(commonColumns(row));
    const isPlaced = !isPlacedAlike(old, row);
    if (!isPlaced && key === JSON.stringify(commonColumns(old))) continue;
    const group = groups.get(`${isPlaced}${key}`);
    if (group) group.rows.push(row);
    else groups.set(`${isPlaced}${key}`, {rows: [row], isPlaced});
  }
  for (const {rows, isPlaced} of groups.values()) {
    const changes = isPlaced ? writePlaced(orm, rows) : writeStatus(orm, rows);
    if (changes !== rows.length) throw new Error(`${changes} payouts were written instead of ${rows.length}`);
  }
};

const writeStatus = (orm: Orm, rows: readonly PayoutRow[]): number =>
  updateStatus(orm).run(...commonColumns(rows[0]!), JSON.stringify(rows.map(({id}) => id))).changes;

/** Fees go as text, which no float touches. */
const writePlaced = (orm: Orm, rows: readonly PayoutRow[]): number =>
  updatePlaced(orm).run(
    ...commonColumns(rows[0]!),
    JSON.stringify(
      rows.map(({id, broadcastId, vout, fee}) => [id, broadcastId, vout, fee === null ? null : String(fee)]),
    ),
  ).changes;
