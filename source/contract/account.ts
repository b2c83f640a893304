import {z} from 'zod';
import {accountName, amountText, label, time} from './common.ts';

export const account = z.object({
  name: z.string(),
  balance: amountText.meta({description: 'Can be spent now; queued payouts are already debited'}),
  pending: amountText.meta({description: 'Deposits not yet credited'}),
  pending_out: amountText.meta({description: 'Payouts not yet confirmed'}),
  frozen: z.boolean(),
  frozen_by: z
    .enum(['reorg', 'operator'])
    .optional()
    .meta({description: 'A freeze by a reorg lifts itself at zero or more, an operator’s does not'}),
  created_at: time,
});
export type Account = z.infer<typeof account>;

export const createAccountBody = z.strictObject({name: accountName});

export const address = z.object({
  address: z.string(),
  account: z.string(),
  label: z.string().nullable(),
  created_at: time,
});
export type Address = z.infer<typeof address>;

export const createAddressBody = z.strictObject({label: label.optional()});
