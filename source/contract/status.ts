import {z} from 'zod';
import {amountText, time, txid} from './common.ts';
import {books} from './books.ts';
import {attachedConsole} from './console.ts';
import {deposit} from './deposit.ts';
import {delivery, event, replay} from './event.ts';
import {job} from './job.ts';
import {logLine} from './log.ts';
import {payout} from './payout.ts';

/** One supervised loop. `stalled`: its last round did not end in time. */
export const loopStatus = z.object({
  name: z.string(),
  coin: z.string().nullable(),
  state: z.enum(['starting', 'ok', 'waiting', 'failing', 'stalled', 'dead']),
  detail: z.string().nullable(),
  last_ok_at: time.nullable(),
  next_at: time.optional().meta({description: 'When it works again unless woken; absent while it works'}),
});

const backendState = z.enum([
  'connecting',
  'ok',
  'behind',
  'syncing',
  'warming_up',
  'stalled',
  'down',
  'wrong_chain',
  'wrong_wallet',
]);

/** One of the backends of a coin; a coin has at least one. */
export const sourceStatus = z.object({
  name: z.string(),
  type: z.string(),
  state: backendState,
  reason: z.string().nullable(),
  tip_height: z.number().int().nullable(),
  tip_hash: z.string().nullable(),
  latency_ms: z.number().nullable().meta({description: 'How long its last answer about its tip took'}),
  last_seen_at: time.nullable(),
  since: time.meta({description: 'Since when it is in this state'}),
  speaks: z.boolean().meta({description: 'It is the one that the ledger follows now'}),
});
export type SourceStatus = z.infer<typeof sourceStatus>;

/** How the ledger is connected with its network; what is said of a node is said of the one that speaks. */
export const backendStatus = z.object({
  name: z.string().meta({description: 'Of the one that speaks'}),
  type: z.string(),
  state: backendState,
  /** What is wrong and what to do, in words. */
  reason: z.string().nullable(),
  version: z.string().nullable(),
  tip_height: z.number().int().nullable(),
  tip_hash: z.string().nullable(),
  tip_time: time.nullable(),
  peers: z.number().int().nullable(),
  latency_ms: z
    .array(z.number())
    .meta({description: 'The slowest answer of each of the last 60 seconds that had one, newest last'}),
  latency_p95_ms: z.number().nullable(),
  mempool: z.object({transactions: z.number().int(), bytes: z.number().int()}).nullable(),
  fee_floor: z.number().nullable().meta({description: 'sat/vB'}),
  notify: z.array(z.object({channel: z.string(), state: z.enum(['ok', 'quiet', 'lost']), last_at: time.nullable()})),
  last_seen_at: time.nullable(),
  since: time,
  sources: z.array(sourceStatus).meta({description: 'All backends of the coin, in order of preference'}),
});
export type BackendStatus = z.infer<typeof backendStatus>;

export const coinStatus = z.object({
  coin: z.string(),
  unit: z.string(),
  network: z.string(),
  confirmations: z.number().int(),
  max_confirmation_count: z.number().int(),
  block_time: z.number().int(),
  smallest_unit: z.string().meta({description: 'Of feerates: `sat` gives sat/vB', example: 'sat'}),
  height: z.number().int().nullable().meta({description: "Our ledger's tip"}),
  backend: backendStatus,
  agreement: z
    .object({
      above: amountText,
      sources: z.number().int().meta({description: 'Backends that must say the same'}),
      waiting: z.number().int().meta({description: 'Deposits with their confirmations that wait for it, up to 100'}),
      denied: z
        .array(z.object({deposit: z.string(), words: z.string()}))
        .meta({description: 'Those of them that a backend says are not there'}),
    })
    .nullable()
    .meta({description: 'Deposits so large are credited only when several backends agree; null: one is enough'}),
  books: books.nullable(),
  payouts_paused: z.string().nullable().meta({description: 'Why no payout is being signed'}),
  counts: z.object({
    accounts: z.number().int(),
    addresses: z.number().int(),
    deposits: z.number().int(),
    payouts: z.number().int(),
    pending_payouts: z.number().int(),
    held_payouts: z.number().int(),
    incoming: z.number().int(),
    events: z.number().int(),
  }),
  pending_amount: amountText,
  incoming_amount: amountText,
  pending: z.array(payout).meta({description: 'Payouts not yet confirmed, oldest first, at most 50'}),
  incoming: z
    .array(deposit)
    .meta({description: 'Deposits not yet credited, newest first, then the newest credited; at most 50'}),
  broadcasts: z
    .array(z.object({txid, feerate: z.number(), sent_at: time.optional()}))
    .meta({description: 'Signed transactions that are in no block yet, oldest first, at most 50; feerate in sat/vB'}),
  jobs: z.array(job),
  wallet: z
    .object({
      unused_addresses: z.number().int().meta({description: 'Handed out in a row since the last one that was paid'}),
      gap_limit: z.number().int(),
    })
    .optional()
    .meta({description: 'Of a wallet that the engine derives itself'}),
});
export type CoinStatus = z.infer<typeof coinStatus>;

export const sinkStatus = z.object({
  name: z.string(),
  type: z.string(),
  coin: z.string(),
  state: z
    .enum(['ok', 'retrying', 'off', 'paused'])
    .meta({description: 'off: it answered 410. paused: by an operator. Both until resumed'}),
  waiting: z.number().int(),
  oldest_waiting_at: time.nullable().meta({description: 'When the event happened that waits longest'}),
  dead: z.number().int(),
  delivered_sequence: z.number().int(),
  last_delivered_at: time.nullable(),
  last_error: z.string().nullable(),
  next_attempt_at: time.nullable(),
  last_status: z
    .number()
    .int()
    .nullable()
    .meta({description: 'HTTP status or exit code of the last attempt of this run of the engine'}),
  last_latency_ms: z.number().nullable().meta({description: 'How long the last attempt took'}),
  replay: replay.nullable().meta({description: 'A range that is being sent again'}),
});
export type SinkStatus = z.infer<typeof sinkStatus>;

export const alert = z.object({
  id: z.string(),
  severity: z.enum(['warning', 'critical']),
  coin: z.string().nullable(),
  text: z.string(),
  since: time,
});
export type Alert = z.infer<typeof alert>;

/** Everything a screen shows, of one moment. */
export const status = z.object({
  at: time,
  engine: z.object({
    state: z.enum(['starting', 'running', 'degraded', 'failing', 'stopping']),
    version: z.string(),
    pid: z.number().int(),
    config: z.string(),
    started_at: time,
  }),
  database: z.object({ok: z.boolean(), latency_ms: z.number().nullable(), error: z.string().nullable()}),
  loops: z.array(loopStatus),
  coins: z.array(coinStatus),
  sinks: z.array(sinkStatus),
  events: z.array(event).meta({description: 'The newest events of all coins, newest first, at most 50'}),
  deliveries: z.array(delivery),
  alerts: z.array(alert),
  consoles: z.array(attachedConsole),
  log: z.array(logLine).meta({description: 'What the engine logged last, newest first, at most 50'}),
});
export type Status = z.infer<typeof status>;

export const health = z.object({
  status: z.enum(['ok', 'degraded', 'failing']),
  reasons: z.array(z.string()),
});
export type Health = z.infer<typeof health>;
