import {z} from 'zod';
import {amountText, blockHash, id, label, pageQuery, time, txid} from './common.ts';

export const payoutStatus = z.enum([
  'queued',
  'reserved',
  'signed',
  'sent',
  'confirmed',
  'settled',
  'held',
  'conflicted',
  'cancelled',
]);
export type PayoutStatus = z.infer<typeof payoutStatus>;

/** Why a payout is held. The words beside it come from the node or say what to do. */
export const holdReason = z.enum([
  'wallet_locked',
  'wallet_missing',
  'no_signer',
  'awaiting_signature',
  'node_auth',
  'coins_short',
  'fee_above_cap',
  'books_drift',
  'node_behind',
  'deep_reorg',
  'limit_per_payout',
  'limit_per_hour',
  'limit_per_day',
  'address_not_allowed',
  'approval',
  'payouts_paused',
  'account_frozen',
  'perhaps_paid',
  'refused_by_node',
  'restored',
]);
export type HoldReason = z.infer<typeof holdReason>;

export const payout = z.object({
  id,
  idempotency_key: z.string(),
  account: z.string(),
  address: z.string(),
  amount: amountText,
  label: z.string().nullable(),
  status: payoutStatus,
  reason: z
    .string()
    .optional()
    .meta({description: 'Why it is held or conflicted, or what it waits for while reserved, `code: words`'}),
  held_from: payoutStatus.optional(),
  clears: z.enum(['itself', 'person']).optional(),
  cancellable: z.boolean(),
  txid: txid.optional(),
  vout: z.number().int().optional(),
  fee: amountText
    .optional()
    .meta({description: 'Its share of the transaction fee, by output size; who paid is `quote`'}),
  quote: amountText
    .optional()
    .meta({description: 'What the account paid on top for the fee, fixed at acceptance; absent when the house pays'}),
  requested_by: z.string().optional(),
  approved_by: z.string().optional(),
  confirmations: z.number().int(),
  block_height: z.number().int().optional(),
  block_hash: blockHash.optional(),
  created_at: time,
});
export type Payout = z.infer<typeof payout>;

export const createPayoutBody = z.strictObject({
  account: z.string(),
  address: z.string(),
  amount: amountText,
  label: label.optional(),
});
export type CreatePayoutBody = z.infer<typeof createPayoutBody>;

export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'expected 1 to 200 printable ASCII characters without spaces');

export const payoutQuery = pageQuery.extend({
  account: z.string().optional(),
  address: z.string().optional(),
  status: z
    .enum([...payoutStatus.options, 'pending'])
    .optional()
    .meta({description: 'pending: all that are not confirmed yet; those come oldest first'}),
  txid: txid.optional(),
  idempotency_key: z.string().optional(),
});
export type PayoutQuery = z.infer<typeof payoutQuery>;

export const broadcastStatus = z.enum([
  'reserved',
  'signed',
  'sent',
  'confirmed',
  'settled',
  'held',
  'conflicted',
  'abandoned',
]);
export type BroadcastStatus = z.infer<typeof broadcastStatus>;
export const broadcast = z.object({
  id,
  txid: txid.optional(),
  status: broadcastStatus,
  reason: z.string().optional(),
  kind: z
    .enum(['payouts', 'bump', 'child'])
    .meta({description: 'bump: replaces another of its family at a higher fee; child: pays for its parent'}),
  payouts: z.number().int(),
  amount: amountText.meta({description: 'Sum of its payouts'}),
  fee: amountText,
  feerate: z.number().meta({description: 'sat/vB'}),
  change: amountText.optional(),
  attempts: z.number().int(),
  last_answer: z.string().optional().meta({description: 'What the node said to the last send'}),
  confirmations: z.number().int(),
  block_height: z.number().int().optional(),
  created_at: time,
  signed_at: time.optional(),
  sent_at: time.optional(),
});
export type Broadcast = z.infer<typeof broadcast>;
/** What the network said to sends of the same bytes, one after another, in the same words. */
export const broadcastAnswer = z.object({
  attempt: z.number().int().meta({description: 'Number of the first attempt that was answered so'}),
  times: z.number().int(),
  first_at: time,
  last_at: time,
  answer: z.string().nullable().meta({description: 'Null: sent, and what became of it is not known'}),
});
export const broadcastQuery = pageQuery.extend({status: broadcastStatus.optional(), txid: txid.optional()});
export type BroadcastQuery = z.infer<typeof broadcastQuery>;
/** One broadcast with everything known of it. */
export const broadcastDetail = broadcast.extend({
  raw: z.string().optional(),
  virtual_size: z.number().int().meta({description: 'vB'}),
  answers: z.array(broadcastAnswer),
  network: z.enum(['mempool', 'anchored', 'gone']).optional().meta({description: 'Where tracking last saw it'}),
  seen_at: time.optional().meta({description: 'When tracking first saw it'}),
  mined_at: time.optional().meta({description: 'Time of its block, while that is recent'}),
  family: z
    .array(z.object({id, txid: txid.optional(), status: broadcastStatus}))
    .meta({description: 'All transactions that share its inputs, itself among them; at most one settles'}),
  inputs: z.array(z.object({txid, vout: z.number().int(), amount: amountText})),
  payout_ids: z.array(id),
  block_hash: blockHash.optional(),
});
export type BroadcastDetail = z.infer<typeof broadcastDetail>;

const feerate = z.number().nullable();
/** What the next transaction would pay. Feerates in sat/vB. */
export const fees = z.object({
  target_blocks: z.number().int().meta({description: 'Blocks in which it should confirm, `fee.target_blocks`'}),
  estimate: feerate.meta({description: "The node's estimate; null when it has too little data"}),
  floor: feerate.meta({description: 'Least that the node takes into its mempool now'}),
  fallback_rate: z.number().meta({description: 'Taken without an estimate'}),
  min_rate: z.number(),
  max_rate: z.number(),
  rate: feerate.meta({description: 'What would be paid; null when payouts wait, and `reason` says why'}),
  reason: z.string().nullable(),
});
export type Fees = z.infer<typeof fees>;
