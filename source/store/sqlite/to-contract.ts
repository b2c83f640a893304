import type {Account, Address, Deposit, Event, Payout} from '../../contract/index.ts';
import {formatAmount} from '../../primitives/amount.ts';
import type * as schema from './schema.ts';

// Rows to contract objects: one home, so that an event, a list and a detail never differ.

let lastTime = {milliseconds: Number.NaN, text: ''};

/** A step tells thousands of deposits of the same moment: writing one is more than the rest of an event. */
export const toTime = (milliseconds: number): string => {
  if (milliseconds !== lastTime.milliseconds) lastTime = {milliseconds, text: new Date(milliseconds).toISOString()};
  return lastTime.text;
};

/** A transaction in the newest block has one confirmation. Not anchored, or above our tip: none. */
export const confirmationsAt = (height: number | null, tip: number): number =>
  height === null || height > tip ? 0 : tip - height + 1;

export interface Named {
  readonly account: string;
  readonly address: string;
  readonly label: string | null;
}

/** What a step of the chain decides on has no words of waiting. */
type DepositRow = Omit<typeof schema.deposit.$inferSelect, 'waitsFor'> & {readonly waitsFor?: string | null};

export const toDeposit = (row: DepositRow, named: Named, tip: number, maturity: number): Deposit => ({
  id: String(row.id),
  account: named.account,
  address: named.address,
  label: named.label,
  txid: row.txid,
  vout: row.vout,
  amount: formatAmount(row.amount),
  confirmations: row.status === 'dropped' ? 0 : confirmationsAt(row.height, tip),
  status: row.status,
  ...(row.reason !== null && {reason: row.reason}),
  ...(row.height !== null && {block_height: row.height}),
  ...(row.blockHash !== null && {block_hash: row.blockHash}),
  ...(row.replacedBy !== null && {replaced_by: row.replacedBy}),
  ...(row.waitsFor && row.status === 'detected' && row.height !== null && {waits_for: row.waitsFor}),
  coinbase: row.coinbase,
  ...(row.coinbase && row.height !== null && {mature_at: row.height + maturity - 1}),
  first_seen_at: toTime(row.firstSeenAt),
  ...(row.creditedAt !== null && {credited_at: toTime(row.creditedAt)}),
});

/** Signed bytes exist from `signed` on; until then, or held before that, a payout can still be called back. */
const isCancellable = (row: typeof schema.payout.$inferSelect): boolean =>
  row.status === 'queued' ||
  row.status === 'reserved' ||
  (row.status === 'held' && (row.heldFrom === 'queued' || row.heldFrom === 'reserved'));

/** `txid` is the broadcast's, which exists once the transaction is signed. */
export const toPayout = (
  row: typeof schema.payout.$inferSelect,
  account: string,
  txid: Payout['txid'] | null,
  tip: number,
): Payout => ({
  id: String(row.id),
  idempotency_key: row.idempotencyKey,
  account,
  address: row.address,
  amount: formatAmount(row.amount),
  label: row.label,
  status: row.status,
  ...(row.reason !== null && {reason: row.reason}),
  ...(row.heldFrom !== null && {held_from: row.heldFrom}),
  ...(row.clears !== null && {clears: row.clears}),
  cancellable: isCancellable(row),
  ...(txid && {txid}),
  ...(row.vout !== null && {vout: row.vout}),
  ...(row.fee !== null && {fee: formatAmount(row.fee)}),
  ...(row.quote > 0n && {quote: formatAmount(row.quote)}),
  ...(row.requestedBy !== null && {requested_by: row.requestedBy}),
  ...(row.approvedBy !== null && {approved_by: row.approvedBy}),
  confirmations: confirmationsAt(row.height, tip),
  ...(row.height !== null && {block_height: row.height}),
  ...(row.blockHash !== null && {block_hash: row.blockHash}),
  created_at: toTime(row.createdAt),
});

export const toAddress = (row: typeof schema.address.$inferSelect, account: string): Address => ({
  address: row.address,
  account,
  label: row.label,
  created_at: toTime(row.createdAt),
});

export const toAccount = (row: typeof schema.account.$inferSelect, pending: bigint, pendingOut: bigint): Account => ({
  name: row.name,
  balance: formatAmount(row.balance),
  pending: formatAmount(pending),
  pending_out: formatAmount(pendingOut),
  frozen: row.frozen !== null,
  ...(row.frozen !== null && {frozen_by: row.frozen}),
  created_at: toTime(row.createdAt),
});

/** `evt_<ledger>_<sequence>`: unique over ledgers, the same at every delivery and replay. */
export const eventId = (ledgerId: string, sequence: number): string => `evt_${ledgerId}_${sequence}`;

export const toEvent = (row: typeof schema.event.$inferSelect, ledgerId: string, coin: string): Event => ({
  id: eventId(ledgerId, row.sequence),
  sequence: row.sequence,
  coin,
  type: row.type,
  created_at: toTime(row.createdAt),
  schema: 1,
  data: JSON.parse(row.data) as Event['data'],
});
