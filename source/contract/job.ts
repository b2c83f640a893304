import {z} from 'zod';
import {id, pageQuery, time} from './common.ts';

export const scanMethod = z.enum(['blocks', 'scanblocks', 'filters', 'coins', 'histories']).meta({
  description:
    'How a rescan learns which blocks to read. `blocks`: it reads all of them. `scanblocks`: the node finds them by its ' +
    'block filters. `filters`: the engine does, with the filters of the node. `coins`: only blocks that hold coins which ' +
    'are still unspent. `histories`: the source keeps an index of addresses.',
});
export type ScanMethod = z.infer<typeof scanMethod>;

/** What a rescan costs by one method, by what was measured of the node. */
export const scanEstimate = z.object({
  seconds: z.number(),
  bytes: z.number().int().meta({description: 'Answers of the node'}),
  requests: z.number().int(),
  blocks: z.number().int().meta({description: 'Blocks to be read in full'}),
});
export type ScanEstimate = z.infer<typeof scanEstimate>;

export const scanPlan = scanEstimate.extend({
  method: scanMethod,
  complete: z.boolean().meta({description: 'False: what was received and spent since is not looked for'}),
});
export type ScanPlan = z.infer<typeof scanPlan>;

export const rescanEstimate = z.object({
  from_height: z.number().int(),
  to_height: z.number().int(),
  scripts: z.number().int().meta({description: 'Scripts to be looked for'}),
  method: scanMethod.meta({description: 'The one that a rescan takes unless it is told another'}),
  plans: z.array(scanPlan).meta({description: 'Every method that the node can be asked by, the cheapest first'}),
});
export type RescanEstimate = z.infer<typeof rescanEstimate>;

export const jobStatus = z.enum(['running', 'interrupted', 'finished', 'cancelled', 'failed']);
export const job = z.object({
  id,
  kind: z.enum(['rescan', 'catch_up']),
  status: jobStatus,
  from_height: z.number().int(),
  to_height: z.number().int(),
  /** Last height whose effects are committed; a resumed job goes on above it. */
  at_height: z.number().int(),
  method: scanMethod.optional(),
  estimate: scanEstimate.optional(),
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

const from = z
  .union([z.number().int().min(0), z.string().regex(/^(\d{1,9}|\d{4}-\d{2}-\d{2})$/, HEIGHT_OR_DAY)])
  .optional()
  .meta({description: 'Height, or YYYY-MM-DD (UTC); without it, the height at which the ledger starts'});

export const createRescanBody = z.strictObject({
  from,
  method: scanMethod.optional().meta({description: 'Without it, the cheapest that finds everything'}),
});

export const rescanEstimateQuery = z.strictObject({from});
