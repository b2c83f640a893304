import {and, asc, eq, sql, sum} from './drizzle.ts';
import type {Broadcast, BroadcastDetail} from '../../contract/index.ts';
import {formatAmount, satoshi, type Satoshi} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import {answersOf} from './broadcast-answers.ts';
import type {Orm} from './connection.ts';
import {block, broadcast, broadcastInput, networkTransaction, output, payout} from './schema.ts';
import {confirmationsAt, toTime} from './to-contract.ts';

export type BroadcastRow = typeof broadcast.$inferSelect;

export const broadcastRow = (orm: Orm, id: number): BroadcastRow | undefined =>
  orm.select().from(broadcast).where(eq(broadcast.id, id)).get();

/** A row by its id as the port knows it. An id that does not exist is a fault of the caller. */
export const requireBroadcast = (orm: Orm, id: string): BroadcastRow => {
  const row = broadcastRow(orm, Number(id));
  if (!row) throw new Error(`no broadcast ${id}`);
  return row;
};

/** Throws `wrong_state` unless the row is in one of these. */
export const expectStatus = (row: BroadcastRow, ...statuses: BroadcastRow['status'][]): void => {
  if (!statuses.includes(row.status))
    throw new EngineError('wrong_state', `broadcast ${row.id} is ${row.status}, not ${statuses.join(' or ')}`);
};

export interface InputRow {
  readonly txid: BroadcastRow['txid'] & string;
  readonly vout: number;
  readonly amount: Satoshi;
}

export const inputsOf = (orm: Orm, broadcastId: number): InputRow[] =>
  orm
    .select({txid: broadcastInput.txid, vout: broadcastInput.vout, amount: broadcastInput.amount})
    .from(broadcastInput)
    .where(eq(broadcastInput.broadcastId, broadcastId))
    .orderBy(asc(broadcastInput.position))
    .all();

export const membersOf = (orm: Orm, family: number): BroadcastRow[] =>
  orm.select().from(broadcast).where(eq(broadcast.family, family)).orderBy(asc(broadcast.id)).all();

/** Nothing that was signed can confirm any more: the coins of the family are free for others. */
export const releaseInputs = (orm: Orm, family: number): void => {
  orm.update(output).set({reservedBy: null}).where(eq(output.reservedBy, family)).run();
  for (const {id} of membersOf(orm, family))
    orm
      .update(broadcastInput)
      .set({holds: false})
      .where(and(eq(broadcastInput.broadcastId, id), eq(broadcastInput.holds, true)))
      .run();
};

/** Takes a coin for a family. A coin of another family, or one spent already, is a broken invariant. */
export const holdInput = (
  orm: Orm,
  input: {broadcastId: number; family: number; position: number} & InputRow,
): void => {
  const {broadcastId, family, position, txid, vout, amount} = input;
  const {changes} = orm
    .update(output)
    .set({reservedBy: family})
    .where(and(eq(output.txid, txid), eq(output.vout, vout), sql`reserved_by IS NULL`))
    .run();
  const {reservedBy} =
    orm
      .select({reservedBy: output.reservedBy})
      .from(output)
      .where(and(eq(output.txid, txid), eq(output.vout, vout)))
      .get() ?? {};
  if (reservedBy !== family) throw new Error(`coin ${txid}:${vout} belongs to broadcast family ${reservedBy}`);
  orm
    .insert(broadcastInput)
    .values({broadcastId, position, txid, vout, amount, holds: changes > 0})
    .run();
};

/** sat/vB, to be shown and never computed with. */
export const toFeerate = (fee: Satoshi, virtualSize: number): number =>
  Math.round((Number(fee) / virtualSize) * 100) / 100;

const totalsOf = (orm: Orm, id: number): {payouts: number; amount: Satoshi} => {
  const row = orm
    .select({payouts: sql<bigint>`count(*)`, amount: sum(payout.amount)})
    .from(payout)
    .where(eq(payout.broadcastId, id))
    .get()!;
  return {payouts: Number(row.payouts), amount: satoshi(BigInt(row.amount ?? 0))};
};

export const toBroadcast = (orm: Orm, row: BroadcastRow, tip: number): Broadcast => {
  const {payouts, amount} = totalsOf(orm, row.id);
  return {
    id: String(row.id),
    ...(row.txid !== null && {txid: row.txid}),
    status: row.status,
    ...(row.reason !== null && {reason: row.reason}),
    payouts,
    amount: formatAmount(amount),
    fee: formatAmount(row.fee),
    feerate: toFeerate(row.fee, row.virtualSize),
    ...(row.changeAmount !== null && {change: formatAmount(row.changeAmount)}),
    attempts: row.attempts,
    ...(row.lastAnswer !== null && {last_answer: row.lastAnswer}),
    confirmations: confirmationsAt(row.height, tip),
    ...(row.height !== null && {block_height: row.height}),
    created_at: toTime(row.createdAt),
    ...(row.signedAt !== null && {signed_at: toTime(row.signedAt)}),
    ...(row.sentAt !== null && {sent_at: toTime(row.sentAt)}),
  };
};

export const toBroadcastDetail = (orm: Orm, row: BroadcastRow, tip: number): BroadcastDetail => ({
  ...toBroadcast(orm, row, tip),
  ...(row.raw !== null && {raw: row.raw.toString('hex')}),
  inputs: inputsOf(orm, row.id).map(({txid, vout, amount}) => ({txid, vout, amount: formatAmount(amount)})),
  payout_ids: orm
    .select({id: payout.id})
    .from(payout)
    .where(eq(payout.broadcastId, row.id))
    .orderBy(asc(payout.vout))
    .all()
    .map(({id}) => String(id)),
  ...(row.blockHash !== null && {block_hash: row.blockHash}),
  virtual_size: row.virtualSize,
  answers: answersOf(orm, row.id),
  ...placeOf(orm, row),
  family: membersOf(orm, row.family).map(({id, txid, status}) => ({id: String(id), txid: txid ?? undefined, status})),
});

/** What tracking knows of its transaction: where it is, since when, and when its block was found. */
const placeOf = (orm: Orm, {txid, height}: BroadcastRow): Pick<BroadcastDetail, 'network' | 'seen_at' | 'mined_at'> => {
  const seen = txid
    ? orm
        .select({state: networkTransaction.state, firstSeenAt: networkTransaction.firstSeenAt})
        .from(networkTransaction)
        .where(eq(networkTransaction.txid, txid))
        .get()
    : undefined;
  const mined =
    height === null ? undefined : orm.select({time: block.time}).from(block).where(eq(block.height, height)).get();
  return {
    ...(seen && {network: seen.state, seen_at: toTime(seen.firstSeenAt)}),
    // The ladder holds recent blocks only.
    ...(mined && {mined_at: toTime(mined.time * 1000)}),
  };
};
