import {z} from 'zod';
import {id, pageQuery, time} from './common.ts';

export const jobStatus = z.enum(['running', 'interrupted', 'finished', 'cancelled', 'failed']);
export const job = z.object({
  id,
  kind: z.enum(['rescan', 'catch_up']),
  status: jobStatus,
  from_height: z.number().int(),
  to_height: z.number().int(),
  /** Last height whose effects are committed; a resumed job goes on above it. */
  at_height: z.number().int(),
  blocks_per_second: z.number().optional(),
  eta_seconds: z.number().optional(),
  known: z.number().int().meta({description: 'Transactions of ours that were in the ledger already'}),
  found: z.number().int().meta({description: 'Transactions of ours that were not'}),
  changed: z.number().int().meta({description: 'Known ones whose state was corrected'}),
  error: z.string().optional(),
  created_at: time,
  ended_at: time.optional(),
});
export type Job = z.infer<typeof job>;

export const jobQuery = pageQuery.extend({status: jobStatus.optional()});
export type JobQuery = z.infer<typeof jobQuery>;

const HEIGHT_OR_DAY = 'expected a block height or a day as YYYY-MM-DD';

export const createRescanBody = z.strictObject({
  from: z
    .union([z.number().int().min(0), z.string().regex(/^(\d{1,9}|\d{4}-\d{2}-\d{2})$/, HEIGHT_OR_DAY)])
    .optional()
    .meta({description: 'Height, or YYYY-MM-DD (UTC); without it, the height at which the ledger starts'}),
});
