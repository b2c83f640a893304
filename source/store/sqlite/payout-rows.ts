import {eq, inArray} from 'drizzle-orm';
import type {HoldReason, Payout} from '../../contract/index.ts';
import {transition, clears, type Hold, type PayoutEvent, type PayoutState, type Placed} from '../../payout/state.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import {appendEvent} from './append-event.ts';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';
import {account, broadcast, payout} from './schema.ts';
import {toPayout} from './to-contract.ts';

export type PayoutRow = typeof payout.$inferSelect;

export interface PayoutRecord {
  readonly row: PayoutRow;
  readonly account: string;
  readonly txid: Txid | null;
}

const records = (orm: Orm) =>
  orm
    .select({row: payout, account: account.name, txid: broadcast.txid})
    .from(payout)
    .innerJoin(account, eq(account.id, payout.accountId))
    .leftJoin(broadcast, eq(broadcast.id, payout.broadcastId));

/** Rows with what events and lists show beside them; filters and order are the caller's. */
export const selectPayouts = (orm: Orm) => records(orm).$dynamic();

/** Throws `not_found`. */
export const payoutById = (orm: Orm, id: string): PayoutRecord => {
  const record = /^\d{1,15}$/.test(id)
    ? records(orm)
        .where(eq(payout.id, Number(id)))
        .get()
    : undefined;
  if (!record) throw new EngineError('not_found', `no payout ${id}`);
  return record;
};

/** In the order of their outputs. */
export const payoutsOfBroadcast = (orm: Orm, broadcastId: number): PayoutRecord[] =>
  records(orm).where(eq(payout.broadcastId, broadcastId)).orderBy(payout.vout).all();

export const payoutsOfBroadcasts = (orm: Orm, broadcastIds: readonly number[]): PayoutRecord[] =>
  records(orm)
    .where(inArray(payout.broadcastId, [...broadcastIds]))
    .orderBy(payout.id)
    .all();

const reasonText = ({reason, words}: Hold): string => `${reason}: ${words}`;

const holdOf = (row: PayoutRow): Hold => {
  const [code = '', ...words] = (row.reason ?? '').split(': ');
  return {reason: code as HoldReason, words: words.join(': ')};
};

const placedOf = (row: PayoutRow): Placed => {
  const {broadcastId, vout, fee} = row;
  if (broadcastId === null || vout === null || fee === null)
    throw new Error(`payout ${row.id} is ${row.status} without a transaction`);
  return {broadcastId, vout, fee};
};

const anchorOf = (row: PayoutRow) => {
  if (row.height === null || row.blockHash === null)
    throw new Error(`payout ${row.id} is ${row.status} without a block`);
  return {height: row.height, hash: row.blockHash};
};

export const stateOf = (row: PayoutRow): PayoutState => {
  const {status, released} = row;
  switch (status) {
    case 'queued':
      return {status, released};
    case 'reserved':
      return {status, released, placed: placedOf(row), before: row.reason === null ? undefined : holdOf(row)};
    case 'signed':
    case 'sent':
      return {status, placed: placedOf(row)};
    case 'confirmed':
    case 'settled':
      return {status, placed: placedOf(row), ...anchorOf(row)};
    case 'held':
      return row.heldFrom === 'signed' || row.heldFrom === 'sent'
        ? {status, from: row.heldFrom, placed: placedOf(row), hold: holdOf(row)}
        : {status, from: row.heldFrom === 'reserved' ? 'reserved' : 'queued', released, hold: holdOf(row)};
    case 'conflicted':
      return {status, placed: placedOf(row), words: row.reason ?? ''};
    case 'cancelled':
      return {status};
    default:
      return status satisfies never;
  }
};

const reasonOf = (state: PayoutState): string | null => {
  if (state.status === 'held') return reasonText(state.hold);
  if (state.status === 'conflicted') return state.words;
  return state.status === 'reserved' && state.before ? reasonText(state.before) : null;
};

/** The row of a state: whatever the state does not have is null. */
const rowOf = (row: PayoutRow, state: PayoutState): PayoutRow => {
  const placed = 'placed' in state ? state.placed : {broadcastId: null, vout: null, fee: null};
  const isHeld = state.status === 'held';
  return {
    ...row,
    ...placed,
    status: state.status,
    released: 'released' in state ? state.released : row.released,
    reason: reasonOf(state),
    heldFrom: isHeld ? state.from : null,
    clears: isHeld ? clears(state.hold.reason) : null,
    height: 'height' in state ? state.height : null,
    blockHash: 'height' in state ? state.hash : null,
  };
};

const update = rawStatement(
  `UPDATE payout SET status = ?, reason = ?, held_from = ?, clears = ?, released = ?, broadcast_id = ?, vout = ?,
   fee = ?, height = ?, block_hash = ? WHERE id = ?`,
);

const writeRow = (orm: Orm, row: PayoutRow): void => {
  const {status, reason, heldFrom, clears, released, broadcastId, vout, fee, height, blockHash, id} = row;
  update(orm).run(status, reason, heldFrom, clears, released ? 1 : 0, broadcastId, vout, fee, height, blockHash, id);
};

export interface Moving {
  readonly orm: Orm;
  readonly now: number;
  /** Height of our ladder, for confirmations. */
  readonly tip: number;
}

const isSameRow = (a: PayoutRow, b: PayoutRow): boolean =>
  a.status === b.status &&
  a.reason === b.reason &&
  a.broadcastId === b.broadcastId &&
  a.vout === b.vout &&
  a.fee === b.fee &&
  a.height === b.height &&
  a.blockHash === b.blockHash;

/**
 * Takes one step of the state machine: row and event, or neither. Refuses as `transition` does. `txid` is that of
 * the broadcast which pays it after the step; the record's own unless given.
 */
export const movePayout = (
  {orm, now, tip}: Moving,
  record: PayoutRecord,
  event: PayoutEvent,
  txid: Txid | null = record.txid,
): PayoutRecord => {
  const {state, announce} = transition(stateOf(record.row), event);
  const row = rowOf(record.row, state);
  const after = {...record, row, txid: row.broadcastId === null ? null : txid};
  if (!isSameRow(record.row, row)) writeRow(orm, row);
  if (announce) appendEvent(orm, announce, payoutView(after, tip), now);
  return after;
};

export const payoutView = ({row, account, txid}: PayoutRecord, tip: number): Payout =>
  toPayout(row, account, txid, tip);
