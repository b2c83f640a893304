import {and, desc, eq, sql} from './drizzle.ts';
import type {BroadcastStatus, CoinStatus, DepositStatus, PayoutStatus} from '../../contract/index.ts';
import type {Satoshi} from '../../primitives/amount.ts';
import {toFeerate} from './broadcast-rows.ts';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';
import {account, address, broadcast, deposit, payout} from './schema.ts';
import {prepared} from './statements.ts';
import {toTime} from './to-contract.ts';

// The cost of every query here grows with what is open and with the rows shown, never with the ledger.

/**
 * One row. No row is ever deleted from these tables, so that the newest rowid is their number. The indexes hold open
 * rows only and are named, so that SQLite never takes another.
 */
const COUNTS = `
  SELECT
    (SELECT max(height) FROM block) AS height,
    (SELECT max(id) FROM account) AS lastAccount,
    (SELECT max(id) FROM address) AS lastAddress,
    (SELECT max(id) FROM deposit) AS lastDeposit,
    (SELECT max(id) FROM payout) AS lastPayout,
    (SELECT max(sequence) FROM event) AS lastEvent,
    (SELECT count(*) FROM payout WHERE status = 'held') AS heldPayouts,
    pending.number AS pendingPayouts, pending.amount AS pendingAmount,
    incoming.number AS incoming, incoming.amount AS incomingAmount
  FROM
    (SELECT count(*) AS number, coalesce(sum(amount), 0) AS amount FROM payout INDEXED BY payout_pending
      WHERE status NOT IN ('confirmed', 'settled', 'cancelled')) AS pending,
    (SELECT count(*) AS number, coalesce(sum(amount), 0) AS amount FROM deposit INDEXED BY deposit_pending
      WHERE status = 'detected') AS incoming`;

const selectCounts = rawStatement(COUNTS);

export interface Counts {
  /** Null only before init wrote the first rung. */
  readonly height: bigint | null;
  readonly lastAccount: bigint | null;
  readonly lastAddress: bigint | null;
  readonly lastDeposit: bigint | null;
  readonly lastPayout: bigint | null;
  readonly lastEvent: bigint | null;
  readonly heldPayouts: bigint;
  readonly pendingPayouts: bigint;
  readonly pendingAmount: Satoshi;
  readonly incoming: bigint;
  readonly incomingAmount: Satoshi;
}

export const readCounts = (orm: Orm): Counts => selectCounts(orm).get() as Counts;

const selectPayouts = prepared(orm =>
  orm
    .select({payout, account: account.name, txid: broadcast.txid})
    .from(payout)
    .innerJoin(account, eq(account.id, payout.accountId))
    .leftJoin(broadcast, eq(broadcast.id, payout.broadcastId))
    .where(eq(payout.status, sql.placeholder('status')))
    .orderBy(payout.id)
    .limit(sql.placeholder('rows'))
    .prepare(),
);
const selectDeposits = prepared(orm =>
  orm
    .select({deposit, account: account.name, address: address.address, label: address.label})
    .from(deposit)
    .innerJoin(account, eq(account.id, deposit.accountId))
    .innerJoin(address, eq(address.id, deposit.addressId))
    .where(eq(deposit.status, sql.placeholder('status')))
    .orderBy(desc(deposit.id))
    .limit(sql.placeholder('rows'))
    .prepare(),
);

type PayoutRow = ReturnType<ReturnType<typeof selectPayouts>['all']>[number];
type DepositRow = ReturnType<ReturnType<typeof selectDeposits>['all']>[number];

/** Not yet confirmed. */
export const PENDING: readonly PayoutStatus[] = ['queued', 'reserved', 'signed', 'sent', 'held', 'conflicted'];
const CREDITED: readonly DepositStatus[] = ['credited', 'settled'];

/** Payouts not yet confirmed, oldest first. Status by status, because the index is sorted by id within each. */
export const pendingPayouts = (orm: Orm, rows: number): PayoutRow[] =>
  PENDING.flatMap(status => selectPayouts(orm).all({status, rows}))
    .sort((a, b) => a.payout.id - b.payout.id)
    .slice(0, rows);

/** Deposits not yet credited, newest first, then the newest credited. */
export const incomingDeposits = (orm: Orm, rows: number): DepositRow[] => {
  const uncredited = selectDeposits(orm).all({status: 'detected', rows});
  if (uncredited.length >= rows) return uncredited;
  const credited = CREDITED.flatMap(status => selectDeposits(orm).all({status, rows: rows - uncredited.length})).sort(
    (a, b) => b.deposit.id - a.deposit.id,
  );
  return [...uncredited, ...credited].slice(0, rows);
};

const UNCONFIRMED: readonly BroadcastStatus[] = ['signed', 'sent'];
const selectUnconfirmed = prepared(orm =>
  orm
    .select({
      id: broadcast.id,
      txid: broadcast.txid,
      fee: broadcast.fee,
      virtualSize: broadcast.virtualSize,
      sentAt: broadcast.sentAt,
    })
    .from(broadcast)
    // The first condition is the index's own.
    .where(and(sql`status NOT IN ('settled', 'abandoned')`, eq(broadcast.status, sql.placeholder('status'))))
    .orderBy(broadcast.id)
    .limit(sql.placeholder('rows'))
    .prepare(),
);

type BroadcastRow = ReturnType<ReturnType<typeof selectUnconfirmed>['all']>[number];

const toUnconfirmed = ({txid, fee, virtualSize, sentAt}: BroadcastRow): CoinStatus['broadcasts'] =>
  txid === null
    ? []
    : [{txid, feerate: toFeerate(fee, virtualSize), ...(sentAt !== null && {sent_at: toTime(sentAt)})}];

/** Signed transactions that are in no block yet, oldest first. */
export const unconfirmedBroadcasts = (orm: Orm, rows: number): CoinStatus['broadcasts'] =>
  UNCONFIRMED.flatMap(status => selectUnconfirmed(orm).all({status, rows}))
    .sort((a, b) => a.id - b.id)
    .slice(0, rows)
    .flatMap(toUnconfirmed);
