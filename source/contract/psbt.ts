import {z} from 'zod';
import {amountText, id, time} from './common.ts';

/** A planned transaction that waits for somebody to sign it. */
export const psbt = z.object({
  id: id.meta({description: 'Of the broadcast'}),
  kind: z.enum(['payouts', 'bump', 'child']),
  created_at: time,
  payout_ids: z.array(id),
  amount: amountText.meta({description: 'What its payouts get together'}),
  fee: amountText,
  feerate: z.number().meta({description: 'sat/vB'}),
  inputs: z.number().int(),
  signed_inputs: z.number().int(),
  missing: z
    .array(
      z.object({
        input: z.number().int().meta({description: 'Position, from 0'}),
        outpoint: z.string().meta({description: 'txid:vout'}),
        path: z.string().optional().meta({description: 'Of its key, from the master key on'}),
      }),
    )
    .meta({description: 'Inputs that nobody has signed yet'}),
  notes: z.array(z.string()).meta({description: 'Why signatures that were found were not used'}),
  complete: z.boolean().meta({description: 'Nothing is missing: it is verified and sent next'}),
  file: z.string().meta({description: 'Where it waits on the machine of the engine'}),
  psbt: z.string().meta({description: 'BIP174, base64, with the signatures so far'}),
});
export type PsbtView = z.infer<typeof psbt>;

export const submitPsbtBody = z.strictObject({
  psbt: z
    .string()
    .min(1)
    .max(2_000_000)
    .meta({description: 'Signed, in whole or in part, or the finished transaction: base64 or hex'}),
});
export type SubmitPsbtBody = z.infer<typeof submitPsbtBody>;
