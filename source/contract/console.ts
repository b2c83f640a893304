import {z} from 'zod';
import {time} from './common.ts';

/** One screen that looks at this engine. Only the one with control changes anything; others take it first, visibly. */
export const attachedConsole = z.object({
  id: z.string(),
  name: z.string().meta({description: 'Whose it is, for people', example: 'ann@prod-1 pts/3'}),
  has_control: z.boolean(),
  since: time,
});
export type AttachedConsole = z.infer<typeof attachedConsole>;

export const attendBody = z.strictObject({
  name: z.string().min(1).max(100),
  take_control: z.boolean().optional(),
});
export const attendance = z.object({
  items: z.array(attachedConsole),
  expires_in: z.number().meta({description: 'Seconds until a console that does not attend again is forgotten'}),
});
export type Attendance = z.infer<typeof attendance>;
