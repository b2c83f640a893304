import {z} from 'zod';
import {pageQuery, time} from './common.ts';

export const logLevel = z.enum(['debug', 'info', 'warn', 'error']);
export type LogLevel = z.infer<typeof logLevel>;

/** What the engine logged, the same again folded into one line. */
export const logLine = z.object({
  id: z.string(),
  level: logLevel,
  /** Loop, sink or coin it is about. */
  source: z.string().nullable(),
  text: z.string(),
  count: z.number().int().meta({description: 'How often it was said'}),
  since: time.meta({description: 'When it was first said'}),
  at: time.meta({description: 'When it was last said'}),
});
export type LogLine = z.infer<typeof logLine>;

export const logQuery = pageQuery.extend({
  level: logLevel.optional().meta({description: 'This level and worse'}),
});
export type LogQuery = z.infer<typeof logQuery>;
