import type {DepositRecord} from '../../ledger/decide-deposit.ts';
import {satoshi} from '../../primitives/amount.ts';
import type {BlockHash, Txid} from '../../primitives/ids.ts';
import type {DepositStatus, DropReason} from '../../contract/index.ts';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';

interface DepositRow {
  readonly id: bigint;
  readonly txid: Txid;
  readonly vout: bigint;
  readonly account_id: bigint;
  readonly address_id: bigint;
  readonly amount: bigint;
  readonly status: DepositStatus;
  readonly reason: DropReason | null;
  readonly replaced_by: Txid | null;
  readonly coinbase: bigint;
  readonly height: bigint | null;
  readonly block_hash: BlockHash | null;
  readonly first_seen_at: bigint;
  readonly credited_at: bigint | null;
}

const selectOfTransaction = rawStatement('SELECT * FROM deposit WHERE txid = ?');
const selectLive = rawStatement(
  `SELECT * FROM deposit INDEXED BY deposit_uncredited WHERE status = 'detected' AND height IS NOT NULL
   UNION ALL SELECT * FROM deposit WHERE status = 'credited'`,
);
const selectLastId = rawStatement('SELECT max(id) AS id FROM deposit');
const insertDeposit = rawStatement(
  `INSERT INTO deposit (id, txid, vout, account_id, address_id, amount, status, reason, replaced_by, coinbase, height,
   block_hash, first_seen_at, credited_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const updateDeposit = rawStatement(
  `UPDATE deposit SET status = ?, reason = ?, replaced_by = ?, height = ?, block_hash = ?, credited_at = ?
   WHERE id = ?`,
);

const toNumber = (value: bigint | null): number | null => (value === null ? null : Number(value));

const toRecord = (row: DepositRow): DepositRecord => ({
  id: Number(row.id),
  txid: row.txid,
  vout: Number(row.vout),
  accountId: Number(row.account_id),
  addressId: Number(row.address_id),
  amount: satoshi(row.amount),
  status: row.status,
  reason: row.reason,
  replacedBy: row.replaced_by,
  coinbase: row.coinbase === 1n,
  height: toNumber(row.height),
  blockHash: row.block_hash,
  firstSeenAt: Number(row.first_seen_at),
  creditedAt: toNumber(row.credited_at),
});

export const depositsOf = (orm: Orm, txid: Txid): DepositRecord[] =>
  (selectOfTransaction(orm).all(txid) as DepositRow[]).map(toRecord);

/** Anchored and not settled: what every new block counts for. As many as the last blocks brought, whatever the rest. */
export const liveDeposits = (orm: Orm): DepositRecord[] => (selectLive(orm).all() as DepositRow[]).map(toRecord);

/** The id that the next new deposit gets; there is one writer. */
export const nextDepositId = (orm: Orm): number =>
  Number((selectLastId(orm).get() as {id: bigint | null}).id ?? 0n) + 1;

export const writeDeposit = (orm: Orm, after: DepositRecord, isNew: boolean): void => {
  const {status, reason, replacedBy, height, blockHash, creditedAt, id} = after;
  if (!isNew) {
    updateDeposit(orm).run(status, reason, replacedBy, height, blockHash, creditedAt, id);
    return;
  }
  insertDeposit(orm).run(
    id,
    after.txid,
    after.vout,
    after.accountId,
    after.addressId,
    after.amount,
    status,
    reason,
    replacedBy,
    after.coinbase ? 1 : 0,
    height,
    blockHash,
    after.firstSeenAt,
    creditedAt,
  );
};
