import {z} from 'zod';
import {amountText, id, label, pageQuery, time, txid} from './common.ts';

/** Money that moved from one account to another inside the ledger; the network knows nothing of it. */
export const transfer = z.object({
  id,
  idempotency_key: z.string(),
  from: z.string(),
  to: z.string(),
  amount: amountText,
  label: z.string().nullable(),
  created_at: time,
});
export type Transfer = z.infer<typeof transfer>;

export const createTransferBody = z.strictObject({
  from: z.string(),
  to: z.string(),
  amount: amountText,
  label: label.optional(),
});
export type CreateTransferBody = z.infer<typeof createTransferBody>;

export const transferQuery = pageQuery.extend({
  account: z.string().optional().meta({description: 'Either side of it'}),
  idempotency_key: z.string().optional(),
});
export type TransferQuery = z.infer<typeof transferQuery>;

/** Why a person did something, for those who read the books later. */
export const reason = z.string().trim().min(1, 'expected a few words that say why').max(500);

/** A correction of the books by a person, against `external`. */
export const adjustment = z.object({
  id,
  account: z.string(),
  amount: amountText.meta({description: 'What was added to the account; negative when it was taken'}),
  reason: z.string(),
  balance: amountText.meta({description: 'Of the account, right after it'}),
  created_at: time,
});
export type Adjustment = z.infer<typeof adjustment>;

export const createAdjustmentBody = z.strictObject({
  account: z.string(),
  amount: z.string().meta({description: 'Signed: "-0.5" takes half a coin from the account', example: '-0.50000000'}),
  reason,
});
export type CreateAdjustmentBody = z.infer<typeof createAdjustmentBody>;

export const freezeBody = z.strictObject({reason: reason.optional()});
export const pausePayoutsBody = z.strictObject({reason: reason.optional()});
/** The kill switch: why and since when no payout is signed or sent, or null. */
export const payoutsSwitch = z.object({paused: z.string().nullable(), since: time.nullable()});
export type PayoutsSwitch = z.infer<typeof payoutsSwitch>;

export const bumpBody = z.strictObject({
  fee_rate: z
    .number()
    .positive()
    .max(100_000)
    .optional()
    .meta({description: "sat/vB; without it the node's estimate, and at least one more than now"}),
});
export type BumpBody = z.infer<typeof bumpBody>;

export const createImportBody = z.strictObject({account: z.string()});
/** Coins that the wallet held before, adopted into the books. */
export const importResult = z.object({
  account: z.string(),
  coins: z.number().int().meta({description: 'Adopted now; none when all were adopted before'}),
  amount: amountText,
  addresses: z.number().int().meta({description: 'Addresses that became receiving addresses of the account'}),
  height: z.number().int(),
  skipped: z
    .array(z.object({txid, vout: z.number().int(), amount: amountText, reason: z.string()}))
    .meta({description: 'Coins left alone, and why; at most 50'}),
});
export type ImportResult = z.infer<typeof importResult>;
