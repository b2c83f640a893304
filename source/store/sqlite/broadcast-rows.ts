import {and, asc, eq, sql} from './drizzle.ts';
import type {Broadcast, BroadcastDetail} from '../../contract/index.ts';
import {formatAmount, sum, type Satoshi} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Outpoint} from '../../primitives/ids.ts';
import {answersOf} from './broadcast-answers.ts';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';
import {block, broadcast, broadcastInput, networkTransaction, output} from './schema.ts';
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
export const releaseInputs = (orm: Orm, family: number): Outpoint[] => {
  const freed = orm
    .select({txid: output.txid, vout: output.vout})
    .from(output)
    .where(eq(output.reservedBy, family))
    .all();
  orm.update(output).set({reservedBy: null}).where(eq(output.reservedBy, family)).run();
  for (const {id} of membersOf(orm, family))
    orm
      .update(broadcastInput)
      .set({holds: false})
      .where(and(eq(broadcastInput.broadcastId, id), eq(broadcastInput.holds, true)))
      .run();
  return freed;
};

/** A member that is given up while others of its family may confirm: only the coins that it alone brought are free. */
export const releaseOwnInputs = (orm: Orm, row: BroadcastRow, keep: readonly InputRow[] = []): Outpoint[] => {
  const kept = new Set(keep.map(({txid, vout}) => `${txid}:${vout}`));
  const own = orm
    .select({txid: broadcastInput.txid, vout: broadcastInput.vout, position: broadcastInput.position})
    .from(broadcastInput)
    .where(and(eq(broadcastInput.broadcastId, row.id), eq(broadcastInput.holds, true)))
    .all();
  for (const {txid, vout, position} of own) {
    if (kept.has(`${txid}:${vout}`)) continue;
    orm
      .update(output)
      .set({reservedBy: null})
      .where(and(eq(output.txid, txid), eq(output.vout, vout), eq(output.reservedBy, row.family)))
      .run();
    orm
      .update(broadcastInput)
      .set({holds: false})
      .where(and(eq(broadcastInput.broadcastId, row.id), eq(broadcastInput.position, position)))
      .run();
  }
  return own.filter(({txid, vout}) => !kept.has(`${txid}:${vout}`)).map(({txid, vout}) => ({txid, vout}));
};

/** Others of its family that were signed and have not lost. */
export const liveSiblings = (orm: Orm, row: BroadcastRow): BroadcastRow[] =>
  membersOf(orm, row.family).filter(
    member => member.id !== row.id && ['signed', 'sent', 'held', 'confirmed'].includes(member.status),
  );

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

const selectPaid = rawStatement(
  `SELECT p.id, p.amount, o.vout FROM broadcast_payout o JOIN payout p ON p.id = o.payout_id WHERE o.broadcast_id = ?
   UNION SELECT id, amount, vout FROM payout WHERE broadcast_id = ? ORDER BY 3`,
);

/** The payouts that its outputs pay, also when another member of the family pays them now. */
const paidBy = (orm: Orm, id: number): {id: bigint; amount: bigint}[] =>
  selectPaid(orm).all(id, id) as {id: bigint; amount: bigint}[];

export const toBroadcast = (orm: Orm, row: BroadcastRow, tip: number): Broadcast => {
  const paid = paidBy(orm, row.id);
  return {
    id: String(row.id),
    ...(row.txid !== null && {txid: row.txid}),
    status: row.status,
    ...(row.reason !== null && {reason: row.reason}),
    kind: row.kind,
    payouts: paid.length,
    amount: formatAmount(sum(paid.map(({amount}) => amount))),
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
  payout_ids: paidBy(orm, row.id).map(({id}) => String(id)),
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
