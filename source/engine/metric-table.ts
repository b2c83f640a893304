import type {CoinStatus, SinkStatus, SourceStatus} from '../contract/index.ts';
import {formatAmount} from '../primitives/amount.ts';
import type {CoinMeasure, Measures} from './measure.ts';

/** A value, then that of each label in order. Null: nothing to say now. */
export type Sample = readonly [value: number | null, ...labels: string[]];

/** One metric that is read at each scrape. Names and units follow Prometheus' conventions; `_total` are counters. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly samples: (measures: Measures) => Sample[];
}

const seconds = (at: number, time: string | null | undefined): number | null =>
  time === null || time === undefined ? null : Math.max(0, (at - Date.parse(time)) / 1000);

/** For a graph only: money is never computed from it. */
const coinsOf = (text: string): number => Number(text);

type OfCoin = (coin: CoinStatus, at: number) => number | null;
const perCoin =
  (value: OfCoin, ...labels: ((coin: CoinStatus) => string)[]): Metric['samples'] =>
  ({status, at}) =>
    status.coins.map((coin): Sample => [value(coin, at), coin.coin, ...labels.map(labelOf => labelOf(coin))]);

const perBackend = (value: OfCoin): Metric['samples'] => perCoin(value, ({backend}) => backend.type);

const perSource =
  (value: (source: SourceStatus) => number | null): Metric['samples'] =>
  ({status}) =>
    status.coins.flatMap(({coin, backend}) =>
      backend.sources.map((source): Sample => [value(source), coin, source.name, source.type]),
    );

const perSink =
  (value: (sink: SinkStatus) => number | null): Metric['samples'] =>
  ({status}) =>
    status.sinks.map((sink): Sample => [value(sink), sink.coin, sink.name, sink.type]);

const perLedger =
  (samples: (coin: CoinMeasure, at: number) => Sample[]): Metric['samples'] =>
  ({coins, at}) =>
    coins.flatMap(coin => samples(coin, at));

const byStatus = (which: 'payouts' | 'deposits'): Metric['samples'] =>
  perLedger(({coin, totals}) => [...(totals?.[which] ?? [])].map(([status, count]): Sample => [count, coin, status]));

const sumOf = (counts: ReadonlyMap<string, number> | undefined): number | null =>
  counts === undefined ? null : [...counts.values()].reduce((sum, count) => sum + count, 0);

const HEALTHS = ['ok', 'degraded', 'failing'] as const;
const COIN = ['coin'];
const BACKEND = ['coin', 'type'];
const SOURCE = ['coin', 'name', 'type'];
const SINK = ['coin', 'sink', 'type'];
const LOOP = ['coin', 'loop'];

export const METRICS: readonly Metric[] = [
  {
    name: 'cryptoassets_engine_info',
    help: 'The running program; always 1',
    labels: ['version'],
    samples: ({status: {engine}}) => [[1, engine.version]],
  },
  {
    name: 'cryptoassets_health',
    help: '1 for what /health says: ok, degraded or failing',
    labels: ['status'],
    samples: ({health}) => HEALTHS.map((status): Sample => [status === health ? 1 : 0, status]),
  },
  {
    name: 'cryptoassets_alerts',
    help: 'What needs somebody now, as the console shows it',
    labels: ['severity'],
    samples: ({status: {alerts}}) =>
      (['warning', 'critical'] as const).map((severity): Sample => [
        alerts.filter(alert => alert.severity === severity).length,
        severity,
      ]),
  },
  {
    name: 'cryptoassets_database_up',
    help: 'Whether the ledger can be read',
    labels: COIN,
    samples: perLedger(({coin, totals}) => [[totals === undefined ? 0 : 1, coin]]),
  },
  {
    name: 'cryptoassets_chain_height',
    help: 'Height up to which the ledger has followed the chain',
    labels: COIN,
    samples: perCoin(({height}) => height),
  },
  {
    name: 'cryptoassets_backend_source_up',
    help: '1 while one of the backends of a coin is well, whether or not it speaks',
    labels: SOURCE,
    samples: perSource(({state}) => Number(state === 'ok')),
  },
  {
    name: 'cryptoassets_backend_source_speaks',
    help: '1 for the backend that the ledger follows now',
    labels: SOURCE,
    samples: perSource(({speaks}) => Number(speaks)),
  },
  {
    name: 'cryptoassets_backend_source_height',
    help: 'Height of the tip of each backend',
    labels: SOURCE,
    samples: perSource(({tip_height: height}) => height),
  },
  {
    name: 'cryptoassets_backend_up',
    help: '1 while the node is reached and in order',
    labels: BACKEND,
    samples: perBackend(({backend}) => (backend.state === 'ok' ? 1 : 0)),
  },
  {
    name: 'cryptoassets_backend_height',
    help: "Height of the node's tip",
    labels: BACKEND,
    samples: perBackend(({backend}) => backend.tip_height),
  },
  {
    name: 'cryptoassets_backend_tip_age_seconds',
    help: "Age of the node's newest block by its own time",
    labels: BACKEND,
    samples: perBackend(({backend}, at) => seconds(at, backend.tip_time)),
  },
  {
    name: 'cryptoassets_backend_seen_age_seconds',
    help: 'Time since the node answered last',
    labels: BACKEND,
    samples: perBackend(({backend}, at) => seconds(at, backend.last_seen_at)),
  },
  {
    name: 'cryptoassets_backend_peers',
    help: 'Connections of the node to others',
    labels: BACKEND,
    samples: perBackend(({backend}) => backend.peers),
  },
  {
    name: 'cryptoassets_backend_mempool_bytes',
    help: "Virtual size of the node's mempool",
    labels: BACKEND,
    samples: perBackend(({backend}) => backend.mempool?.bytes ?? null),
  },
  {
    name: 'cryptoassets_deposits_total',
    help: 'Deposits ever seen, dropped ones included',
    labels: COIN,
    samples: perLedger(({coin, totals}) => [[sumOf(totals?.deposits), coin]]),
  },
  {
    name: 'cryptoassets_deposits',
    help: 'Deposits by status',
    labels: ['coin', 'status'],
    samples: byStatus('deposits'),
  },
  {
    name: 'cryptoassets_deposits_incoming_coins',
    help: 'Sum of the deposits that are not credited yet',
    labels: COIN,
    samples: perCoin(coin => coinsOf(coin.incoming_amount)),
  },
  {
    name: 'cryptoassets_payouts_total',
    help: 'Payouts ever accepted',
    labels: COIN,
    samples: perLedger(({coin, totals}) => [[sumOf(totals?.payouts), coin]]),
  },
  {
    name: 'cryptoassets_payouts',
    help: 'Payouts by status',
    labels: ['coin', 'status'],
    samples: byStatus('payouts'),
  },
  {
    name: 'cryptoassets_payouts_pending_coins',
    help: 'Sum of the payouts that are in no block yet',
    labels: COIN,
    samples: perCoin(coin => coinsOf(coin.pending_amount)),
  },
  {
    name: 'cryptoassets_payouts_oldest_pending_age_seconds',
    help: 'Age of the oldest payout that is in no block yet; 0 without one',
    labels: COIN,
    samples: perLedger(({coin, totals}, at) => [
      [totals === undefined ? null : Math.max(0, at - (totals.oldestPendingPayoutAt ?? at)) / 1000, coin],
    ]),
  },
  {
    name: 'cryptoassets_payouts_paused',
    help: '1 while no payout is signed',
    labels: COIN,
    samples: perCoin(coin => (coin.payouts_paused === null ? 0 : 1)),
  },
  {
    name: 'cryptoassets_house_balance_coins',
    help: "Balance of the house's accounts; external is what everybody else holds, and negative",
    labels: ['coin', 'account'],
    samples: perLedger(({coin, decimals, totals}) =>
      [...(totals?.house ?? [])].map(([account, balance]): Sample => [
        coinsOf(formatAmount(balance, decimals)),
        coin,
        account,
      ]),
    ),
  },
  {
    name: 'cryptoassets_books_ledger_coins',
    help: 'Sum of all accounts but external at the last check of the books',
    labels: COIN,
    samples: perCoin(({books}) => (books === null ? null : coinsOf(books.ledger))),
  },
  {
    name: 'cryptoassets_books_chain_coins',
    help: 'Our unspent outputs in blocks at the last check of the books',
    labels: COIN,
    samples: perCoin(({books}) => (books === null ? null : coinsOf(books.chain))),
  },
  {
    name: 'cryptoassets_books_drift_coins',
    help: 'chain - ledger - uncredited; anything but 0 stops the payouts',
    labels: COIN,
    samples: perCoin(({books}) => (books === null ? null : coinsOf(books.drift))),
  },
  {
    name: 'cryptoassets_books_checked_age_seconds',
    help: 'Time since the last check of the books',
    labels: COIN,
    samples: perCoin(({books}, at) => seconds(at, books?.checked_at)),
  },
  {
    name: 'cryptoassets_accounts_total',
    help: 'Accounts ever opened',
    labels: COIN,
    samples: perCoin(({counts}) => counts.accounts),
  },
  {
    name: 'cryptoassets_addresses_total',
    help: 'Addresses ever given out, those for change included',
    labels: COIN,
    samples: perCoin(({counts}) => counts.addresses),
  },
  {
    name: 'cryptoassets_events_total',
    help: 'Events ever written to the outbox',
    labels: COIN,
    samples: perCoin(({counts}) => counts.events),
  },
  {
    name: 'cryptoassets_sink_up',
    help: '1 while a sink takes what it is given',
    labels: SINK,
    samples: perSink(({state}) => (state === 'ok' ? 1 : 0)),
  },
  {
    name: 'cryptoassets_sink_waiting_events',
    help: 'Events that a sink has not taken yet',
    labels: SINK,
    samples: perSink(({waiting}) => waiting),
  },
  {
    name: 'cryptoassets_sink_dead_events',
    help: 'Events that were given up after three days',
    labels: SINK,
    samples: perSink(({dead}) => dead),
  },
  {
    name: 'cryptoassets_sink_oldest_event_age_seconds',
    help: 'Age of the oldest event that a sink has not taken yet; 0 without one',
    labels: SINK,
    samples: ({status, coins, at}) =>
      status.sinks.map((sink): Sample => {
        const oldest = coins.find(({coin}) => coin === sink.coin)?.oldestEventAt.get(sink.name);
        return [oldest === undefined ? 0 : Math.max(0, at - oldest) / 1000, sink.coin, sink.name, sink.type];
      }),
  },
  {
    name: 'cryptoassets_loop_up',
    help: '1 while a loop works or waits, 0 while it fails, stalls or is dead',
    labels: LOOP,
    samples: ({status}) =>
      status.loops.map((loop): Sample => [
        ['failing', 'stalled', 'dead'].includes(loop.state) ? 0 : 1,
        loop.coin ?? '',
        loop.name,
      ]),
  },
  {
    name: 'cryptoassets_loop_last_ok_age_seconds',
    help: 'Time since a loop ended a round well',
    labels: LOOP,
    samples: ({status, at}) =>
      status.loops.map((loop): Sample => [seconds(at, loop.last_ok_at), loop.coin ?? '', loop.name]),
  },
];
