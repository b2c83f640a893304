import {eq} from './drizzle.ts';
import type {Payout} from '../../contract/index.ts';
import type {Hold} from '../../payout/state.ts';
import {formatAmount, type Satoshi} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {PayoutLimits, PayoutRequest} from '../payout-store.ts';
import {appendEvent} from './append-event.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {movePayout} from './move-payouts.ts';
import {payoutView, selectPayouts, type PayoutRecord, type PayoutRow} from './payout-rows.ts';
import {HOUSE, post} from './post.ts';
import {rawStatement} from './raw-statement.ts';
import {payout} from './schema.ts';

interface Payer {
  readonly id: bigint;
  readonly kind: 'user' | 'house';
  readonly balance: bigint;
  readonly frozen: string | null;
}

const selectIdOfKey = rawStatement('SELECT id FROM payout WHERE idempotency_key = ?');
const selectPayer = rawStatement('SELECT id, kind, balance, frozen FROM account WHERE name = ?');
const insertPayout = rawStatement(
  `INSERT INTO payout (idempotency_key, account_id, address, script, amount, label, status, released, created_at)
   VALUES (?, ?, ?, ?, ?, ?, 'queued', 0, ?)`,
);
const sumAccepted = rawStatement(
  `SELECT COALESCE(SUM(amount), 0) AS total FROM payout WHERE created_at > ?
   AND status <> 'cancelled' AND NOT (status = 'held' AND reason LIKE 'limit\\_%' ESCAPE '\\')`,
);

const DAY = 24 * 60 * 60 * 1000;

/**
 * What was accepted in the last 24 hours, without those cancelled or waiting for a release. An upper bound is kept in
 * memory, because the sum over a busy day takes longer than an acceptance may; it is counted anew when it matters.
 */
export class DailyVolume {
  #upperBound: bigint | undefined;
  #countedAt = 0;

  /** Whether the limit would be passed with `amount` on top; counted exactly before it says so. */
  exceeds(orm: Orm, limit: bigint, amount: bigint, now: number): boolean {
    const isFresh = this.#upperBound !== undefined && now >= this.#countedAt && now - this.#countedAt < DAY;
    if (isFresh && this.#upperBound! + amount <= limit) return false;
    this.#upperBound = (sumAccepted(orm).get(now - DAY) as {total: bigint}).total;
    this.#countedAt = now;
    return this.#upperBound + amount > limit;
  }

  add(amount: bigint): void {
    if (this.#upperBound !== undefined) this.#upperBound += amount;
  }
}

/** Throws as PayoutStore.acceptPayout says; a refusal leaves nothing behind, the key included. */
export const acceptPayout = (
  orm: Orm,
  volume: DailyVolume,
  request: PayoutRequest,
  limits: PayoutLimits,
  now: number,
): {value: Payout; created: boolean} => {
  const known = selectIdOfKey(orm).get(request.key) as {id: bigint} | undefined;
  if (known) return {value: sameAgain(orm, Number(known.id), request), created: false};

  const payer = findPayer(orm, request);
  const hold = limitHold(orm, volume, request.amount, limits, now);
  const {lastInsertRowid} = insertPayout(orm).run(
    request.key,
    payer.id,
    request.address,
    request.scriptPubKey,
    request.amount,
    request.label ?? null,
    now,
  );
  const id = Number(lastInsertRowid);
  post(orm, {
    kind: 'payout',
    reference: String(id),
    now,
    postings: [
      {accountId: Number(payer.id), amount: 0n - request.amount},
      {accountId: HOUSE.payouts_due, amount: request.amount},
    ],
  });
  const record: PayoutRecord = {row: newRow(id, Number(payer.id), request, now), account: request.account, txid: null};
  const view = payoutView(record, 0);
  appendEvent(orm, 'payout.queued', view, now);
  if (hold) return {value: payoutView(movePayout({orm, now, tip: 0}, record, {kind: 'hold', hold}), 0), created: true};
  volume.add(request.amount);
  return {value: view, created: true};
};

const newRow = (id: number, accountId: number, request: PayoutRequest, now: number): PayoutRow => ({
  id,
  idempotencyKey: request.key,
  accountId,
  address: request.address,
  script: request.scriptPubKey,
  amount: request.amount,
  label: request.label ?? null,
  status: 'queued',
  reason: null,
  heldFrom: null,
  clears: null,
  released: false,
  broadcastId: null,
  vout: null,
  fee: null,
  height: null,
  blockHash: null,
  createdAt: now,
});

/** Compared by value: `1.0` is `1.00`, and one script is one address however it is written. */
const sameAgain = (orm: Orm, id: number, request: PayoutRequest): Payout => {
  const record = selectPayouts(orm).where(eq(payout.id, id)).get()!;
  const {row, account} = record;
  const isSame =
    account === request.account &&
    row.script.equals(request.scriptPubKey) &&
    row.amount === request.amount &&
    row.label === (request.label ?? null);
  if (!isSame)
    throw new EngineError(
      'idempotency_conflict',
      `the key ${request.key} was used for payout ${id} with another body: a new payout needs a new key`,
      {field: 'idempotency_key'},
    );
  return payoutView(record, ladderTop(orm)?.height ?? 0);
};

const findPayer = (orm: Orm, request: PayoutRequest): Payer => {
  const {account, amount} = request;
  if (amount <= 0n) throw new EngineError('bad_amount', 'a payout must be above zero', {field: 'amount'});
  const payer = selectPayer(orm).get(account) as Payer | undefined;
  if (!payer) throw new EngineError('unknown_account', `no account ${account}`, {field: 'account'});
  if (payer.kind === 'house' && Number(payer.id) !== HOUSE.network_fee)
    throw new EngineError('house_account', `${account} is the house's and pays nothing out`, {field: 'account'});
  if (payer.frozen !== null)
    throw new EngineError('account_frozen', `account ${account} is frozen`, {field: 'account'});
  // Checked here as well as in `post`, which lets network_fee go below zero for the sake of real fees.
  if (payer.balance < amount)
    throw new EngineError(
      'insufficient_funds',
      `account ${account} holds ${formatAmount(payer.balance)}, ${formatAmount(amount)} is needed`,
      {field: 'amount'},
    );
  return payer;
};

const limitHold = (
  orm: Orm,
  volume: DailyVolume,
  amount: Satoshi,
  {perPayout, perDay}: PayoutLimits,
  now: number,
): Hold | undefined => {
  if (perPayout !== undefined && amount > perPayout)
    return {reason: 'limit_per_payout', words: `above ${formatAmount(perPayout)}; release or cancel it`};
  if (perDay === undefined) return undefined;
  return volume.exceeds(orm, perDay, amount, now)
    ? {reason: 'limit_per_day', words: `more than ${formatAmount(perDay)} in 24 hours; release or cancel it`}
    : undefined;
};
