import type {Account, Books, Deposit, Event, Job, Payout, Status} from '../../source/contract/index.ts';

// One of everything, as the API gives it.

const TXID = '9f3ca71e00000000000000000000000000000000000000000000000000000001';
const TIME = '2026-01-31T12:00:00.000Z';

export const account: Account = {
  name: 'alice',
  balance: '1.50000000',
  pending: '0.00000000',
  pending_out: '0.20000000',
  frozen: false,
  created_at: TIME,
};

export const deposit: Deposit = {
  id: '7',
  account: 'alice',
  address: 'bcrt1qalice',
  label: null,
  txid: TXID,
  vout: 1,
  amount: '0.50000000',
  confirmations: 2,
  status: 'detected',
  coinbase: false,
  first_seen_at: TIME,
};

export const payout: Payout = {
  id: '12',
  idempotency_key: 'order-1017',
  account: 'alice',
  address: 'bcrt1qbob',
  amount: '0.20000000',
  label: null,
  status: 'queued',
  cancellable: true,
  confirmations: 0,
  created_at: TIME,
};

export const books: Books = {
  height: 210,
  ledger: '12.50000000',
  uncredited: '0.50000000',
  chain: '13.00000000',
  untracked: null,
  drift: '0.00000000',
  outpoints: 5,
  checked_at: TIME,
};

export const job: Job = {
  id: '3',
  kind: 'rescan',
  status: 'running',
  from_height: 1,
  to_height: 200,
  at_height: 99,
  known: 5,
  found: 0,
  changed: 0,
  created_at: TIME,
};

export const event: Event = {
  id: 'evt_41',
  sequence: 41,
  coin: 'btc',
  type: 'deposit.detected',
  created_at: TIME,
  schema: 1,
  data: deposit,
};

export const status: Status = {
  at: TIME,
  engine: {state: 'degraded', version: '0.1.0', pid: 4711, config: '/etc/shop/config.yaml', started_at: TIME},
  database: {ok: true, latency_ms: 0.42, error: null},
  loops: [
    {name: 'track', coin: 'btc', state: 'waiting', detail: 'node down', last_ok_at: TIME},
    {name: 'deliver', coin: null, state: 'ok', detail: null, last_ok_at: TIME},
  ],
  coins: [
    {
      coin: 'btc',
      unit: 'BTC',
      network: 'regtest',
      confirmations: 3,
      max_confirmation_count: 15,
      block_time: 600,
      smallest_unit: 'sat',
      height: 210,
      backend: {
        name: 'bitcoind',
        type: 'bitcoind',
        state: 'down',
        reason: 'cannot reach http://127.0.0.1:18443',
        version: '30.2.0',
        tip_height: 210,
        tip_hash: null,
        tip_time: null,
        peers: null,
        latency_ms: [],
        latency_p95_ms: null,
        mempool: null,
        fee_floor: null,
        notify: [],
        last_seen_at: TIME,
        since: TIME,
        sources: [
          {
            name: 'bitcoind',
            type: 'bitcoind',
            state: 'down',
            reason: 'cannot reach http://127.0.0.1:18443',
            tip_height: 210,
            tip_hash: null,
            latency_ms: null,
            last_seen_at: TIME,
            since: TIME,
            speaks: true,
          },
        ],
      },
      agreement: null,
      books,
      payouts_paused: 'the node is down',
      counts: {
        accounts: 2,
        addresses: 3,
        deposits: 4,
        payouts: 5,
        pending_payouts: 1,
        held_payouts: 1,
        incoming: 1,
        events: 41,
      },
      pending_amount: '0.20000000',
      incoming_amount: '0.50000000',
      pending: [payout],
      incoming: [deposit],
      broadcasts: [],
      jobs: [],
    },
  ],
  sinks: [
    {
      name: 'shop',
      type: 'webhook',
      coin: 'btc',
      state: 'retrying',
      waiting: 3,
      dead: 0,
      oldest_waiting_at: null,
      delivered_sequence: 38,
      last_delivered_at: TIME,
      last_error: '503 Service Unavailable',
      next_attempt_at: TIME,
      last_status: 200,
      last_latency_ms: 3.2,
      replay: null,
    },
  ],
  events: [],
  deliveries: [],
  consoles: [],
  log: [],
  alerts: [{id: 'a', severity: 'critical', coin: 'btc', text: 'node down for 3 m', since: TIME}],
};
