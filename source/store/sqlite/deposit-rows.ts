import type {DepositRecord} from '../../ledger/decide-deposit.ts';
import {satoshi} from '../../primitives/amount.ts';
import type {BlockHash, Txid} from '../../primitives/ids.ts';
import type {DepositStatus, DropReason} from '../../contract/index.ts';
import type {Orm} from './connection.ts';
import {bulkInsert, type BulkInsert} from './bulk-insert.ts';
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
const selectById = rawStatement('SELECT * FROM deposit WHERE id = ?');
const selectLive = rawStatement(
  `SELECT * FROM deposit INDEXED BY deposit_uncredited WHERE status = 'detected' AND height IS NOT NULL
   UNION ALL SELECT * FROM deposit WHERE status = 'credited'`,
);
const selectLastId = rawStatement('SELECT max(id) AS id FROM deposit');
const depositRows = bulkInsert('deposit', [
  'id',
  'txid',
  'vout',
  'account_id',
  'address_id',
  'amount',
  'status',
  'reason',
  'replaced_by',
  'coinbase',
  'height',
  'block_hash',
  'first_seen_at',
  'credited_at',
]);
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

export const depositById = (orm: Orm, id: number): DepositRecord | undefined => {
  const row = selectById(orm).get(id) as DepositRow | undefined;
  return row && toRecord(row);
};

/** Anchored and not settled: what every new block counts for. As many as the last blocks brought, whatever the rest. */
export const liveDeposits = (orm: Orm): DepositRecord[] => (selectLive(orm).all() as DepositRow[]).map(toRecord);

/** What a step writes of deposits. New ones are there after `flush` only. */
export class DepositRows {
  readonly #orm: Orm;
  readonly #added: BulkInsert;
  #nextId: number;

  constructor(orm: Orm) {
    this.#orm = orm;
    this.#added = depositRows(orm);
    this.#nextId = Number((selectLastId(orm).get() as {id: bigint | null}).id ?? 0n) + 1;
  }

  /** The id that the next new deposit gets; there is one writer. */
  get nextId(): number {
    return this.#nextId;
  }

  add(deposit: DepositRecord): void {
    this.#nextId += 1;
    this.#added.add(
      deposit.id,
      deposit.txid,
      deposit.vout,
      deposit.accountId,
      deposit.addressId,
      deposit.amount,
      deposit.status,
      deposit.reason,
      deposit.replacedBy,
      deposit.coinbase ? 1 : 0,
      deposit.height,
      deposit.blockHash,
      deposit.firstSeenAt,
      deposit.creditedAt,
    );
  }

  update({status, reason, replacedBy, height, blockHash, creditedAt, id}: DepositRecord): void {
    updateDeposit(this.#orm).run(status, reason, replacedBy, height, blockHash, creditedAt, id);
  }

  flush(): void {
    this.#added.flush();
  }
}
