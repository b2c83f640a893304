import {eq} from './drizzle.ts';
import type {HoldReason, Payout} from '../../contract/index.ts';
import type {Hold} from '../../payout/state.ts';
import {formatAmount, satoshi, type Satoshi} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {PayoutLimits, PayoutRequest} from '../payout-store.ts';
import {appendEvent} from './append-event.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {movePayout} from './move-payouts.ts';
import {payoutView, selectPayouts, type PayoutRecord, type PayoutRow} from './payout-rows.ts';
import {payerOf} from './payer.ts';
import {HOUSE, post} from './post.ts';
import {rawStatement} from './raw-statement.ts';
import {payout} from './schema.ts';
import type {Volumes} from './volumes.ts';

const selectIdOfKey = rawStatement('SELECT id FROM payout WHERE idempotency_key = ?');
const insertPayout = rawStatement(
  `INSERT INTO payout (idempotency_key, account_id, address, script, amount, label, status, released, created_at, quote,
   limit_at, requested_by) VALUES (?, ?, ?, ?, ?, ?, 'queued', 0, ?, ?, ?, ?)`,
);

/** Throws as PayoutStore.acceptPayout says; a refusal leaves nothing behind, the key included. */
export const acceptPayout = (
  orm: Orm,
  volumes: Volumes,
  request: PayoutRequest,
  limits: PayoutLimits,
  now: number,
): {value: Payout; created: boolean} => {
  const known = selectIdOfKey(orm).get(request.key) as {id: bigint} | undefined;
  if (known) return {value: sameAgain(orm, Number(known.id), request), created: false};

  const {amount, quote = satoshi(0n)} = request;
  if (amount <= 0n) throw new EngineError('bad_amount', 'a payout must be above zero', {field: 'amount'});
  const payer = payerOf(orm, request.account, amount + quote);
  const at = limits.at ?? now;
  const hold = holdAtAcceptance(orm, volumes, request, limits, at);
  const row = newRow(payer.id, request, quote, at, now);
  const id = Number(
    insertPayout(orm).run(
      row.idempotencyKey,
      row.accountId,
      row.address,
      row.script,
      row.amount,
      row.label,
      now,
      quote,
      at,
      row.requestedBy,
    ).lastInsertRowid,
  );
  post(orm, {
    kind: 'payout',
    reference: String(id),
    now,
    postings: [
      {accountId: payer.id, amount: 0n - amount - quote},
      {accountId: HOUSE.payouts_due, amount},
      // What the network really takes is posted from there when the transaction is in a block.
      {accountId: HOUSE.network_fee, amount: quote},
    ],
  });
  const record: PayoutRecord = {row: {...row, id}, account: request.account, txid: null};
  const view = payoutView(record, 0);
  appendEvent(orm, 'payout.queued', view, now);
  if (hold) return {value: payoutView(movePayout({orm, now, tip: 0}, record, {kind: 'hold', hold}), 0), created: true};
  volumes.add(amount);
  return {value: view, created: true};
};

const newRow = (
  accountId: number,
  request: PayoutRequest,
  quote: Satoshi,
  limitAt: number,
  now: number,
): Omit<PayoutRow, 'id'> => ({
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
  quote,
  limitAt,
  requestedBy: request.requestedBy ?? null,
  approvedBy: null,
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

/** Everything that keeps it until a person acts; the one that needs most comes first and gives the reason. */
const holdAtAcceptance = (
  orm: Orm,
  volumes: Volumes,
  {amount, isAllowed = true}: PayoutRequest,
  {perPayout, perHour, perDay, approvalAbove}: PayoutLimits,
  at: number,
): Hold | undefined => {
  const found: Hold[] = [];
  const add = (reason: HoldReason, words: string) => found.push({reason, words});
  if (approvalAbove !== undefined && amount > approvalAbove)
    add('approval', `above ${formatAmount(approvalAbove)}: somebody else than who asked must approve it`);
  if (!isAllowed) add('address_not_allowed', 'the address is not on the list of payouts.allow');
  if (perPayout !== undefined && amount > perPayout) add('limit_per_payout', `above ${formatAmount(perPayout)}`);
  if (perHour !== undefined && volumes.hour.exceeds(orm, perHour, amount, at))
    add('limit_per_hour', `more than ${formatAmount(perHour)} in an hour`);
  if (perDay !== undefined && volumes.day.exceeds(orm, perDay, amount, at))
    add('limit_per_day', `more than ${formatAmount(perDay)} in 24 hours`);
  const [first] = found;
  if (!first) return undefined;
  const act = first.reason === 'approval' ? 'approve or cancel it' : 'release or cancel it';
  return {reason: first.reason, words: `${found.map(({words}) => words).join(', and ')}; ${act}`};
};
