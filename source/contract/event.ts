import {z} from 'zod';
import {account} from './account.ts';
import {suspect} from './books.ts';
import {id, pageQuery, time} from './common.ts';
import {transfer} from './control.ts';
import {deposit} from './deposit.ts';
import {payout} from './payout.ts';

export const eventType = z.enum([
  'deposit.detected',
  'deposit.confirmations',
  'deposit.credited',
  'deposit.settled',
  'deposit.dropped',
  'payout.queued',
  'payout.sent',
  'payout.confirmations',
  'payout.confirmed',
  'payout.unconfirmed',
  'payout.settled',
  'payout.held',
  'payout.released',
  'payout.conflicted',
  'payout.cancelled',
  'transfer.done',
  'account.frozen',
  'account.unfrozen',
  'backend.down',
  'backend.up',
  'backend.behind',
  'books.drift',
  'books.balanced',
  'ledger.restored',
]);
export type EventType = z.infer<typeof eventType>;

export const backendEventData = z.object({
  backend: z.string().meta({description: 'Its name in the config, which is its type unless it has one'}),
  reason: z.string().optional(),
  since: time,
  speaks: z.string().optional().meta({
    description:
      'Of several backends: the one that tells of the network from now on. In `backend.down` it says that the coin goes on; without it nobody does',
  }),
});
export type BackendEvent = z.infer<typeof backendEventData>;
/** From now on sequences are ten million higher: what the lost ledger told after the backup is not repeated here. */
export const restoredEventData = z.object({
  height: z.number().int().meta({description: 'Where the backup stood'}),
  backup_made_at: time,
});
export type RestoredEvent = z.infer<typeof restoredEventData>;
export const booksEventData = z.object({
  height: z.number().int(),
  drift: z.string(),
  suspects: z.array(suspect).optional(),
});
export type BooksEvent = z.infer<typeof booksEventData>;

export const event = z.object({
  id,
  sequence: z.number().int(),
  coin: z.string(),
  type: eventType,
  created_at: time,
  schema: z.literal(1),
  gap: z.literal(true).optional().meta({description: 'An earlier event of this queue was parked undelivered'}),
  data: z.union([deposit, payout, transfer, account, backendEventData, booksEventData, restoredEventData]),
});
export type Event = z.infer<typeof event>;

export const eventQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
/** Events after a sequence number, oldest first. `next` is the cursor (a sequence as text) when more are there now. */
export const eventList = z.object({items: z.array(event), next: z.string().nullable()});

/** A range of events being sent to a sink again, with the same ids and sequences. */
export const replay = z.object({
  id,
  sink: z.string(),
  coin: z.string(),
  from: z.number().int(),
  to: z.number().int().meta({description: 'Up to where the sink had come; later ones come by themselves'}),
  at: z.number().int().meta({description: 'Everything up to this sequence is done'}),
  attempts: z.number().int().meta({description: 'Of the next event, in vain so far'}),
  last_error: z.string().nullable(),
  next_attempt_at: time.nullable(),
});
export type Replay = z.infer<typeof replay>;

const sequence = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
export const createReplayBody = z
  .strictObject({
    coin: z.string().optional().meta({description: 'Without it, every coin: each counts sequences of its own'}),
    from: sequence.meta({description: 'First sequence'}),
    to: sequence.meta({description: 'Last sequence'}),
  })
  .refine(({from, to}) => from <= to, {path: ['to'], error: 'expected no less than `from`'});
export type CreateReplayBody = z.infer<typeof createReplayBody>;

/** One sink's queue position for one event that was tried and is not delivered. */
export const delivery = z.object({
  id,
  sink: z.string(),
  event_id: id,
  sequence: z.number().int(),
  type: eventType,
  status: z.enum(['retrying', 'dead']),
  attempts: z.number().int(),
  last_error: z.string().nullable(),
  next_attempt_at: time.nullable(),
  first_attempt_at: time,
});
export type Delivery = z.infer<typeof delivery>;

/** How far one event is on its way to one sink. */
export const eventDelivery = z.object({
  sink: z.string(),
  state: z
    .enum(['delivered', 'waiting', 'retrying', 'dead', 'off', 'paused', 'not_wanted'])
    .meta({description: 'delivered: the sink took it, or it is older than the sink; not_wanted: not of its types'}),
  delivery_id: id.optional(),
  attempts: z.number().int(),
  last_error: z.string().nullable(),
  next_attempt_at: time.nullable(),
});
export type EventDelivery = z.infer<typeof eventDelivery>;
export const eventDetail = z.object({event, deliveries: z.array(eventDelivery)});
/** One event and where each sink stands with it. */
export type EventDetail = z.infer<typeof eventDetail>;
/** The newest events about one payout or deposit, oldest of them first. */
export const history = z.object({items: z.array(eventDetail)});
export type History = z.infer<typeof history>;
export const deliveryQuery = pageQuery.extend({
  sink: z.string().max(100).optional(),
  status: delivery.shape.status.optional(),
});
export type DeliveryQuery = z.infer<typeof deliveryQuery>;
