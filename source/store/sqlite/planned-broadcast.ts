import {eq} from './drizzle.ts';
import {addressOf} from '../../coins/index.ts';
import type {Network} from '../../coins/index.ts';
import type {TransactionPlan} from '../../payout/ports.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {OpenBroadcast, PlannedBroadcast} from '../payout-store.ts';
import {broadcastRow, type BroadcastRow} from './broadcast-rows.ts';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';
import {address, payout} from './schema.ts';
import {satoshi, type Satoshi} from '../../primitives/amount.ts';

const OPEN = ['reserved', 'signed', 'sent', 'held'] as const;
const isOpen = (row: BroadcastRow): row is BroadcastRow & {status: (typeof OPEN)[number]} =>
  (OPEN as readonly string[]).includes(row.status);

const selectOpen = rawStatement(
  `SELECT b.id, b.status, n.state FROM broadcast b LEFT JOIN network_transaction n ON n.txid = b.txid
   WHERE b.status NOT IN ('settled', 'abandoned') AND b.status IN ('reserved', 'signed', 'sent', 'held')
   AND NOT EXISTS (
     SELECT 1 FROM broadcast m WHERE m.family = b.family AND m.id > b.id AND m.sent_at IS NOT NULL
     AND m.status IN ('sent', 'held'))
   ORDER BY b.id`,
);

export const openBroadcasts = (orm: Orm): OpenBroadcast[] =>
  (selectOpen(orm).all() as {id: bigint; status: OpenBroadcast['status']; state: string | null}[]).map(row => ({
    id: String(row.id),
    status: row.status,
    inMempool: row.state === 'mempool',
  }));

const selectInputs = rawStatement(
  `SELECT i.txid, i.vout, i.amount, a.script, o.height FROM broadcast_input i
   JOIN output o ON o.txid = i.txid AND o.vout = i.vout JOIN address a ON a.id = o.address_id
   WHERE i.broadcast_id = ? ORDER BY i.position`,
);

interface InputRow {
  readonly txid: Txid;
  readonly vout: bigint;
  readonly amount: bigint;
  readonly script: Buffer;
  readonly height: bigint | null;
}

/** Rebuilds the plan as it was reserved: the same inputs, outputs and order, so that signing it again is harmless. Without a network, change has no address written. */
export const plannedBroadcast = (orm: Orm, network: Network | undefined, id: string): PlannedBroadcast | undefined => {
  const row = broadcastRow(orm, Number(id));
  if (!row || !isOpen(row)) return undefined;
  const payouts = paidOutputs(orm, row.id);
  const outputs: TransactionPlan['outputs'][number][] = payouts.map(paid => ({
    address: paid.address,
    scriptPubKey: paid.script,
    amount: paid.amount,
  }));
  const change = changeOutput(orm, network, row);
  if (change) outputs.splice(row.changeVout!, 0, change);
  const rows = selectInputs(orm).all(row.id) as InputRow[];
  const inputs = rows.map(input => ({
    outpoint: {txid: input.txid, vout: Number(input.vout)},
    amount: satoshi(input.amount),
    scriptPubKey: input.script,
  }));
  return {
    id,
    status: row.status,
    kind: row.kind,
    reason: row.reason ?? undefined,
    plan: {inputs, outputs, fee: row.fee},
    changeVout: row.changeVout ?? undefined,
    payoutIds: payouts.map(paid => String(paid.id)),
    raw: row.raw ?? undefined,
    txid: row.txid ?? undefined,
    virtualSize: row.virtualSize,
    spendsUnconfirmed: rows.some(({height}) => height === null),
  };
};

const selectPaid = rawStatement(
  `SELECT p.id, p.address, p.script, p.amount FROM broadcast_payout o JOIN payout p ON p.id = o.payout_id
   WHERE o.broadcast_id = ? ORDER BY o.vout`,
);

interface PaidOutput {
  readonly id: number | bigint;
  readonly address: string;
  readonly script: Buffer;
  readonly amount: Satoshi;
}

/** In the order of the outputs. Members of a bumped family have them in rows of their own. */
const paidOutputs = (orm: Orm, id: number): PaidOutput[] => {
  const own = selectPaid(orm).all(id) as PaidOutput[];
  if (own.length > 0) return own;
  return orm
    .select({id: payout.id, address: payout.address, script: payout.script, amount: payout.amount})
    .from(payout)
    .where(eq(payout.broadcastId, id))
    .orderBy(payout.vout)
    .all();
};

const changeOutput = (
  orm: Orm,
  network: Network | undefined,
  row: BroadcastRow,
): TransactionPlan['outputs'][number] | undefined => {
  if (row.changeVout === null || row.changeAddressId === null || row.changeAmount === null) return undefined;
  const {script} = orm.select({script: address.script}).from(address).where(eq(address.id, row.changeAddressId)).get()!;
  return {address: (network && addressOf(script, network)) ?? '', scriptPubKey: script, amount: row.changeAmount};
};

// What was given up is not sent again, not for the sake of what spends its change either.
const selectMissingParents = rawStatement(
  `WITH RECURSIVE missing(txid, depth) AS (
     SELECT i.txid, 1 FROM broadcast_input i LEFT JOIN network_transaction n ON n.txid = i.txid
     WHERE i.broadcast_id = ? AND (n.state = 'gone' OR n.state IS NULL)
     UNION SELECT n.txid, missing.depth + 1 FROM missing JOIN unconfirmed_input u ON u.txid = missing.txid
     JOIN network_transaction n ON n.txid = u.previous_txid AND n.state = 'gone' WHERE missing.depth < 25)
   SELECT missing.txid, COALESCE(b.raw, n.raw) AS raw FROM missing
   LEFT JOIN network_transaction n ON n.txid = missing.txid LEFT JOIN broadcast b ON b.txid = missing.txid
   WHERE COALESCE(b.raw, n.raw) IS NOT NULL AND COALESCE(b.status, '') <> 'abandoned'
   GROUP BY missing.txid ORDER BY max(missing.depth) DESC`,
);

export const missingParents = (orm: Orm, id: string): {txid: Txid; raw: Buffer}[] =>
  selectMissingParents(orm).all(Number(id)) as {txid: Txid; raw: Buffer}[];
