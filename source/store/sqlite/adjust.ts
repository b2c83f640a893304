import type {Adjustment} from '../../contract/index.ts';
import {formatAmount} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {AdjustmentRequest} from '../control-store.ts';
import type {Orm} from './connection.ts';
import {accountState} from './payer.ts';
import {HOUSE, post} from './post.ts';
import {rawStatement} from './raw-statement.ts';
import {toTime} from './to-contract.ts';

/** What a column of the ledger holds: 64 bits. Below the supply of Dogecoin, and above what anybody could have of it. */
const MOST = 2n ** 63n - 1n;

interface AdjustmentRow {
  readonly id: bigint;
  readonly name: string;
  readonly amount: bigint;
  readonly reason: string;
  readonly balance: bigint;
  readonly created_at: bigint;
}

const COLUMNS = `SELECT d.id, a.name, d.amount, d.reason, d.balance, d.created_at
  FROM adjustment AS d JOIN account AS a ON a.id = d.account_id`;
const selectById = rawStatement(`${COLUMNS} WHERE d.id = ?`);
const selectByKey = rawStatement(`${COLUMNS} WHERE d.idempotency_key = ?`);
const insert = rawStatement(
  `INSERT INTO adjustment (idempotency_key, account_id, amount, reason, balance, created_at)
   VALUES (?, ?, ?, ?, ?, ?)`,
);

const toAdjustment = (row: AdjustmentRow): Adjustment => ({
  id: String(row.id),
  account: row.name,
  amount: formatAmount(row.amount),
  reason: row.reason,
  balance: formatAmount(row.balance),
  created_at: toTime(Number(row.created_at)),
});

/** As ControlStore.adjust says. */
export const adjust = (orm: Orm, request: AdjustmentRequest, now: number): {value: Adjustment; created: boolean} => {
  const known =
    request.key === undefined ? undefined : (selectByKey(orm).get(request.key) as AdjustmentRow | undefined);
  if (known) return {value: sameAgain(toAdjustment(known), request), created: false};

  const {key, amount, reason} = request;
  if (amount === 0n) throw new EngineError('bad_amount', 'an adjustment of zero changes nothing', {field: 'amount'});
  const target = accountState(orm, request.account);
  if (target.id === HOUSE.external || target.id === HOUSE.payouts_due)
    throw new EngineError('house_account', `${target.name} follows from the others and is not adjusted`, {
      field: 'account',
    });
  const balance = target.balance + amount;
  if (amount < 0n && balance < 0n && target.id !== HOUSE.network_fee)
    throw new EngineError(
      'insufficient_funds',
      `account ${target.name} holds ${formatAmount(target.balance)}, ${formatAmount(0n - amount)} cannot be taken from it`,
      {field: 'amount'},
    );
  const external = accountState(orm, 'external').balance - amount;
  if ([balance, external].some(held => held > MOST || held < -MOST))
    throw new EngineError('bad_amount', `the books hold no more than ${formatAmount(MOST)}`, {field: 'amount'});
  const id = Number(insert(orm).run(key ?? null, target.id, amount, reason, balance, now).lastInsertRowid);
  post(orm, {
    kind: 'adjustment',
    reference: String(id),
    now,
    postings: [
      {accountId: target.id, amount},
      {accountId: HOUSE.external, amount: 0n - amount},
    ],
  });
  return {value: toAdjustment(selectById(orm).get(id) as AdjustmentRow), created: true};
};

const sameAgain = (value: Adjustment, request: AdjustmentRequest): Adjustment => {
  const isSame =
    value.account === request.account &&
    value.amount === formatAmount(request.amount) &&
    value.reason === request.reason;
  if (!isSame)
    throw new EngineError(
      'idempotency_conflict',
      `the key ${request.key} was used for adjustment ${value.id} with another body: a new one needs a new key`,
      {field: 'idempotency_key'},
    );
  return value;
};
