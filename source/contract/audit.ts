import {z} from 'zod';
import {id, pageQuery, time} from './common.ts';

/** One act of a person or of an application that makes no payout, account or address: those say it themselves. */
export const auditEntry = z.object({
  id,
  created_at: time,
  actor: z.string().meta({description: 'The token by its name, `api`, or `local` for the socket', example: 'local'}),
  client: z.string().optional().meta({description: 'The program that asked, as it calls itself', example: 'cli'}),
  command: z.string().optional().meta({description: 'The command line that does the same'}),
  action: z.string().meta({description: 'What was done, `noun.verb`', example: 'payout.release'}),
  subject: z.string().meta({description: 'To what: an id or a name', example: '88121'}),
  details: z.record(z.string(), z.unknown()),
  previous_hash: z.string().meta({description: '`hash` of the entry before; 64 zeros for the first'}),
  hash: z.string().meta({
    description:
      'SHA-256 (hex) over previous_hash and this entry without its two hashes, as JSON with sorted keys and no spaces',
  }),
});
export type AuditEntry = z.infer<typeof auditEntry>;

export const auditQuery = pageQuery.extend({
  actor: z.string().max(200).optional(),
  action: z.string().max(200).optional(),
  subject: z.string().max(200).optional(),
});
export type AuditQuery = z.infer<typeof auditQuery>;
