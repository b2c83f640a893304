import {z} from 'zod';
import {amountText, time, txid} from './common.ts';

/** A coin that explains a drift. */
export const suspect = z.object({
  txid,
  vout: z.number().int(),
  amount: amountText,
  problem: z.enum(['spent_by_hand', 'missing', 'amount_differs']).meta({
    description:
      'spent_by_hand: by a transaction that is no broadcast of ours; missing: the node does not hold it unspent',
  }),
  spent_by: txid.optional(),
});

/** ledger + uncredited + drift = chain, at `height`. Signed decimal strings. */
export const books = z.object({
  height: z.number().int(),
  ledger: amountText.meta({description: 'Sum of all accounts but external'}),
  uncredited: amountText.meta({description: 'Anchored deposits not yet credited'}),
  chain: amountText.meta({description: 'Our anchored outputs unspent by anchored transactions'}),
  untracked: amountText
    .nullable()
    .meta({description: "Coins on the node's wallet that are not ours; null when the node was not asked"}),
  drift: amountText.meta({description: 'chain - ledger - uncredited'}),
  outpoints: z.number().int().meta({description: 'Number of our anchored unspent outputs'}),
  suspects: z.array(suspect).optional().meta({description: 'Coins that explain the drift, at most 20'}),
  checked_at: time,
});
export type Books = z.infer<typeof books>;

/** One double-entry transaction. */
export const transaction = z.object({
  id: z.string(),
  kind: z.string(),
  reference: z.string().nullable(),
  created_at: time,
  postings: z.array(z.object({account: z.string(), amount: amountText})),
});
export type Transaction = z.infer<typeof transaction>;
