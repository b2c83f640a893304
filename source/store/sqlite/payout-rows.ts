import {eq} from './drizzle.ts';
import type {HoldReason, Payout} from '../../contract/index.ts';
import {clears, type Hold, type PayoutState, type Placed} from '../../payout/state.ts';
import {satoshi} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {BlockHash, Txid} from '../../primitives/ids.ts';
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

const COLUMNS = `p.id, p.idempotency_key, p.account_id, p.address, p.script, p.amount, p.label, p.status, p.reason,
  p.held_from, p.clears, p.released, p.broadcast_id, p.vout, p.fee, p.height, p.block_hash, p.created_at, a.name, b.txid,
  p.quote, p.limit_at, p.requested_by, p.approved_by
  FROM payout p JOIN account a ON a.id = p.account_id LEFT JOIN broadcast b ON b.id = p.broadcast_id`;
const selectOfBroadcast = rawStatement(`SELECT ${COLUMNS} WHERE p.broadcast_id = ? ORDER BY p.vout`);
const selectById = rawStatement(`SELECT ${COLUMNS} WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY p.id`);

const toNumber = (value: unknown): number | null => (value === null ? null : Number(value));

/** A batch has thousands of them: read without drizzle's mapping, which takes longer than SQLite. */
const toRecord = (columns: readonly unknown[]): PayoutRecord => ({
  row: {
    id: Number(columns[0]),
    idempotencyKey: columns[1] as string,
    accountId: Number(columns[2]),
    address: columns[3] as string,
    script: columns[4] as Buffer,
    amount: satoshi(columns[5] as bigint),
    label: columns[6] as string | null,
    status: columns[7] as PayoutRow['status'],
    reason: columns[8] as string | null,
    heldFrom: columns[9] as PayoutRow['heldFrom'],
    clears: columns[10] as PayoutRow['clears'],
    released: columns[11] === 1n,
    broadcastId: toNumber(columns[12]),
    vout: toNumber(columns[13]),
    fee: columns[14] === null ? null : satoshi(columns[14] as bigint),
    height: toNumber(columns[15]),
    blockHash: columns[16] as BlockHash | null,
    createdAt: Number(columns[17]),
    quote: satoshi(columns[20] as bigint),
    limitAt: Number(columns[21]),
    requestedBy: columns[22] as string | null,
    approvedBy: columns[23] as string | null,
  },
  account: columns[18] as string,
  txid: columns[19] as Txid | null,
});

/** In the order of their outputs. */
export const payoutsOfBroadcast = (orm: Orm, broadcastId: number): PayoutRecord[] =>
  (selectOfBroadcast(orm).raw().all(broadcastId) as unknown[][]).map(toRecord);

export const payoutsOfBroadcasts = (orm: Orm, broadcastIds: readonly number[]): PayoutRecord[] =>
  broadcastIds.flatMap(id => payoutsOfBroadcast(orm, id));

/** Oldest first. */
export const payoutsById = (orm: Orm, ids: readonly number[]): PayoutRecord[] =>
  (selectById(orm).raw().all(JSON.stringify(ids)) as unknown[][]).map(toRecord);

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
export const rowOf = (row: PayoutRow, state: PayoutState): PayoutRow => {
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

export interface Moving {
  readonly orm: Orm;
  readonly now: number;
  /** Height of our ladder, for confirmations. */
  readonly tip: number;
}

export const payoutView = ({row, account, txid}: PayoutRecord, tip: number): Payout =>
  toPayout(row, account, txid, tip);
