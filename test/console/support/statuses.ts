import type {CoinStatus, Deposit, Event, Payout, SourceStatus, Status} from '../../../source/contract/index.ts';

/** The moment of every fixture: 2026-01-31 14:02:31 UTC. */
export const NOW = Date.UTC(2026, 0, 31, 14, 2, 31);
export const before = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();
const hex = (seed: number, length = 64): string =>
  Array.from({length}, (_, index) => ((seed * 7 + index * 13 + ((seed * index) % 11)) % 16).toString(16)).join('');

export const payout = (id: number, over: Partial<Payout> = {}): Payout => ({
  id: String(id),
  idempotency_key: `invoice-${id}`,
  account: 'u-4410',
  address: 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq',
  amount: '0.50000000',
  label: null,
  status: 'sent',
  cancellable: false,
  txid: hex(id),
  vout: 0,
  fee: '0.00000420',
  confirmations: 0,
  created_at: before(72),
  ...over,
});

export const deposit = (id: number, over: Partial<Deposit> = {}): Deposit => ({
  id: String(id),
  account: 'u-0072',
  address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  label: null,
  txid: hex(id + 100),
  vout: 1,
  amount: '0.10000000',
  confirmations: 2,
  status: 'detected',
  coinbase: false,
  first_seen_at: before(1300),
  ...over,
});

export const event = (sequence: number, over: Partial<Event> = {}): Event => ({
  id: `evt_${sequence}`,
  sequence,
  coin: 'btc',
  type: 'deposit.credited',
  created_at: before(412 - sequence),
  schema: 1,
  data: deposit(sequence),
  ...over,
});

export const source = (name: string, over: Partial<SourceStatus> = {}): SourceStatus => ({
  name,
  type: 'bitcoind',
  state: 'ok',
  reason: null,
  tip_height: 912_344,
  tip_hash: hex(5),
  latency_ms: 2,
  last_seen_at: before(1),
  since: before(200_000),
  speaks: true,
  ...over,
});

export const coin = (over: Partial<CoinStatus> = {}): CoinStatus => ({
  coin: 'btc',
  unit: 'BTC',
  network: 'mainnet',
  confirmations: 6,
  max_confirmation_count: 15,
  block_time: 600,
  smallest_unit: 'sat',
  height: 912_344,
  backend: {
    name: 'bitcoind',
    type: 'bitcoind',
    state: 'ok',
    reason: null,
    version: '/Satoshi:30.2.0/',
    tip_height: 912_344,
    tip_hash: hex(5),
    tip_time: before(240),
    peers: 11,
    latency_ms: [2, 3, 2, 4, 2, 18, 3, 2, 5, 4, 2, 2],
    latency_p95_ms: 18,
    mempool: {transactions: 41_000, bytes: 78_000_000},
    fee_floor: 3,
    notify: [{channel: 'zmq', state: 'ok', last_at: before(2)}],
    last_seen_at: before(1),
    since: before(200_000),
    sources: [source('bitcoind')],
  },
  agreement: null,
  books: {
    height: 912_344,
    ledger: '12.40000000',
    uncredited: '1.10410000',
    chain: '13.50410000',
    untracked: '0.00000000',
    drift: '0.00000000',
    outpoints: 412,
    checked_at: before(12),
  },
  payouts_paused: null,
  counts: {
    accounts: 120,
    addresses: 4000,
    deposits: 4,
    payouts: 700,
    pending_payouts: 4,
    held_payouts: 1,
    incoming: 3,
    events: 5,
  },
  pending_amount: '2.81300000',
  incoming_amount: '1.10410000',
  pending: [
    payout(88_102, {
      status: 'held',
      reason: 'coins_short: 0.4 BTC more are needed in confirmed coins',
      clears: 'itself',
      created_at: before(851),
    }),
    payout(88_117, {status: 'queued', amount: '1200.00000000', created_at: before(186)}),
    payout(88_121, {label: 'rent für März'}),
    payout(88_123, {status: 'confirmed', confirmations: 2, block_height: 912_343, block_hash: hex(9)}),
  ],
  incoming: [
    deposit(1, {confirmations: 0, account: 'u-4410', first_seen_at: before(9)}),
    deposit(2),
    deposit(3, {confirmations: 6, status: 'credited', amount: '21.00000000', credited_at: before(60)}),
    deposit(4, {status: 'dropped', reason: 'replaced', replaced_by: hex(77), confirmations: 0}),
  ],
  broadcasts: [],
  jobs: [],
  ...over,
});

export const statusOf = (over: Partial<Status> = {}): Status => ({
  at: before(0),
  engine: {state: 'running', version: '0.1.0', pid: 4242, config: '/srv/hot/config.yaml', started_at: before(273_600)},
  database: {ok: true, latency_ms: 2, error: null},
  loops: ['track-chain', 'broadcast', 'deliver shop', 'check-books', 'rescan'].map((name, index) => ({
    name,
    coin: 'btc',
    state: 'ok',
    detail: null,
    last_ok_at: before(index + 1),
  })),
  coins: [coin()],
  sinks: [
    {
      name: 'shop',
      type: 'webhook',
      coin: 'btc',
      state: 'ok',
      waiting: 0,
      dead: 0,
      oldest_waiting_at: null,
      delivered_sequence: 411,
      last_delivered_at: before(3),
      last_error: null,
      next_attempt_at: null,
      last_status: 200,
      last_latency_ms: 3.2,
      replay: null,
    },
  ],
  events: [
    event(412, {type: 'payout.sent', data: payout(88_121)}),
    event(411),
    event(410, {type: 'payout.held', data: payout(88_102)}),
    event(409, {type: 'backend.up', data: {backend: 'bitcoind', since: before(400)}}),
    event(408, {type: 'books.balanced', data: {height: 912_300, drift: '0.00000000'}}),
  ],
  deliveries: [],
  alerts: [],
  consoles: [],
  log: [],
  ...over,
});

/** One coin at work, all well. */
export const calm = statusOf();

/** The node is away, a job runs, a webhook fails. */
export const troubled = statusOf({
  engine: {...calm.engine, state: 'degraded'},
  loops: calm.loops.map((loop, index) =>
    index === 1
      ? {...loop, state: 'waiting', detail: 'for the node: connection refused', last_ok_at: before(180)}
      : loop,
  ),
  coins: [
    coin({
      network: 'regtest',
      backend: {
        ...coin().backend,
        state: 'down',
        reason: 'connection refused at http://127.0.0.1:18443; is bitcoind running?',
        since: before(180),
        last_seen_at: before(181),
      },
      payouts_paused: 'the node is away',
      jobs: [
        {
          id: '7',
          kind: 'rescan',
          status: 'running',
          from_height: 905_000,
          to_height: 912_344,
          at_height: 908_818,
          blocks_per_second: 61,
          eta_seconds: 58,
          known: 12,
          found: 2,
          changed: 0,
          created_at: before(63),
        },
        {
          id: '6',
          kind: 'catch_up',
          status: 'finished',
          from_height: 905_000,
          to_height: 912_300,
          at_height: 912_300,
          known: 12,
          found: 0,
          changed: 0,
          created_at: before(6300),
          ended_at: before(6200),
        },
      ],
    }),
  ],
  sinks: [
    {
      ...calm.sinks[0]!,
      state: 'retrying',
      waiting: 23,
      dead: 1,
      last_error: '503 Service Unavailable',
      delivered_sequence: 409,
    },
  ],
  deliveries: [
    {
      id: '1',
      sink: 'shop',
      event_id: 'evt_410',
      sequence: 410,
      type: 'payout.held',
      status: 'retrying',
      attempts: 4,
      last_error: '503',
      next_attempt_at: before(-20),
      first_attempt_at: before(90),
    },
  ],
  alerts: [
    {id: 'a1', severity: 'critical', coin: 'btc', text: 'BTC node down, 4 payouts wait for it', since: before(180)},
    {id: 'a2', severity: 'warning', coin: 'btc', text: 'shop answers 503, 23 events wait', since: before(90)},
  ],
});

/** Nothing has happened yet. */
export const empty = statusOf({
  coins: [
    coin({
      network: 'regtest',
      books: null,
      pending: [],
      incoming: [],
      pending_amount: '0.00000000',
      incoming_amount: '0.00000000',
      counts: {
        accounts: 0,
        addresses: 0,
        deposits: 0,
        payouts: 0,
        pending_payouts: 0,
        held_payouts: 0,
        incoming: 0,
        events: 0,
      },
    }),
  ],
  sinks: [],
  events: [],
});

/** The preferred backend is away, and another one speaks. */
export const failedOver = statusOf({
  coins: [
    coin({
      backend: {
        ...coin().backend,
        name: 'public',
        type: 'electrum',
        sources: [
          source('own-node', {
            state: 'down',
            reason: 'nothing listens there',
            tip_height: 912_340,
            latency_ms: null,
            last_seen_at: before(180),
            since: before(180),
            speaks: false,
          }),
          source('public', {type: 'electrum', latency_ms: 21}),
        ],
      },
    }),
  ],
});
