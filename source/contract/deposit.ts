import {z} from 'zod';
import {amountText, blockHash, id, pageQuery, time, txid} from './common.ts';

export const depositStatus = z.enum(['detected', 'credited', 'settled', 'dropped']);
export type DepositStatus = z.infer<typeof depositStatus>;
export const dropReason = z.enum(['replaced', 'evicted', 'reorged', 'conflicted']);
export type DropReason = z.infer<typeof dropReason>;

export const deposit = z.object({
  id,
  account: z.string(),
  address: z.string(),
  label: z.string().nullable(),
  txid,
  vout: z.number().int(),
  amount: amountText,
  confirmations: z.number().int(),
  status: depositStatus,
  reason: dropReason.optional(),
  block_height: z.number().int().optional(),
  block_hash: blockHash.optional(),
  replaced_by: txid.optional(),
  waits_for: z
    .string()
    .optional()
    .meta({description: 'Why a detected deposit is not credited although it has its confirmations'}),
  coinbase: z.boolean(),
  mature_at: z.number().int().optional().meta({description: 'Height at which a coinbase deposit can be credited'}),
  first_seen_at: time,
  credited_at: time.optional(),
});
export type Deposit = z.infer<typeof deposit>;

export const depositQuery = pageQuery.extend({
  account: z.string().optional(),
  address: z.string().optional(),
  status: depositStatus.optional(),
  txid: txid.optional(),
});
export type DepositQuery = z.infer<typeof depositQuery>;
