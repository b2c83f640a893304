import type {SourceView} from '../chain/ports.ts';
import type {CoinConfig} from '../config/config.ts';
import type {BackendStatus, CoinStatus, Delivery, Event, SinkStatus, SourceStatus} from '../contract/index.ts';
import {formatAmount} from '../primitives/amount.ts';
import type {SinkState} from '../store/outbox-store.ts';
import type {CoinEngine} from './coin-engine.ts';

/** Rows of every list on a screen. */
export const ROWS = 50;
const JOBS = 5;

/** What a snapshot takes from one coin. */
export interface CoinPart {
  readonly coin: CoinStatus;
  readonly sinks: SinkStatus[];
  readonly events: Event[];
  readonly deliveries: Delivery[];
  readonly databaseLatency: number;
}

const oneDecimal = (value: number): number => Math.round(value * 10) / 10;
const toTime = (milliseconds: number): string => new Date(milliseconds).toISOString();
const toTimeOrNull = (milliseconds: number | undefined): string | null =>
  milliseconds === undefined ? null : toTime(milliseconds);

/** Reads one coin's part, at a cost that does not grow with its ledger. */
export const coinSnapshot = async (engine: CoinEngine, startedAt: number): Promise<CoinPart> => {
  const {store, coin, config, loops} = engine;
  const databaseLatency = oneDecimal(await store.ping());
  const [ledger, books, storePause, jobs, events, deliveries] = await Promise.all([
    store.snapshot(ROWS),
    store.lastBooks(),
    store.payoutsPaused(),
    store.jobs({limit: JOBS}),
    store.newestEvents(ROWS),
    store.deliveries({limit: ROWS}),
  ]);
  return {
    coin: {
      coin: coin.name,
      unit: coin.unit,
      network: config.network,
      confirmations: config.confirmations,
      max_confirmation_count: config.maxConfirmationCount,
      block_time: coin.blockTime,
      smallest_unit: coin.smallestUnit,
      height: ledger.height ?? null,
      backend: backendStatus(engine, startedAt),
      agreement: agreementStatus(engine),
      books: books ?? null,
      payouts_paused: storePause ?? loops?.blocked()?.words ?? null,
      counts: ledger.counts,
      pending_amount: formatAmount(ledger.pendingAmount, coin.decimals),
      incoming_amount: formatAmount(ledger.incomingAmount, coin.decimals),
      pending: ledger.pending,
      incoming: ledger.incoming,
      broadcasts: ledger.broadcasts,
      jobs: jobs.items,
      ...(config.wallet && {
        wallet: {
          unused_addresses: await store.derived.unusedInARow('receive'),
          gap_limit: config.wallet.gapLimit,
        },
      }),
    },
    sinks: await sinkStatuses(engine),
    events,
    deliveries: deliveries.items,
    databaseLatency,
  };
};

const agreementStatus = ({config, coin, loops}: CoinEngine): CoinStatus['agreement'] => {
  if (config.agreement === undefined) return null;
  const {above, sources} = config.agreement;
  const waiting = loops?.agree?.waiting() ?? [];
  return {
    above: formatAmount(above, coin.decimals),
    sources,
    waiting: waiting.length,
    denied: waiting.flatMap(({id, words, isDenied}) => (isDenied ? [{deposit: String(id), words}] : [])),
  };
};

const percentile95 = (values: readonly number[]): number | null => {
  if (values.length === 0) return null;
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * 0.95) - 1]!;
};

const NOT_ASKED = {version: undefined, peers: undefined, mempool: undefined, feeFloor: undefined};

const backendStatus = (engine: CoinEngine, startedAt: number): BackendStatus => {
  const {loops, config} = engine;
  const view = loops?.view();
  const walletFault = loops?.vitals.walletFault;
  const vitals = loops?.vitals.last ?? NOT_ASKED;
  const latencies = (loops?.backend.health.latencies() ?? []).map(oneDecimal);
  const isWrong = walletFault !== undefined && (view === undefined || view.state === 'ok');
  const several = loops?.backend.several?.list() ?? [];
  const {name, type} = several.find(({speaks}) => speaks) ?? config.backend;
  const status: Omit<BackendStatus, 'sources'> = {
    name,
    type,
    state: isWrong ? 'wrong_wallet' : (view?.state ?? 'connecting'),
    reason: isWrong ? walletFault : (view?.reason ?? null),
    version: vitals.version ?? null,
    tip_height: view?.tip?.height ?? null,
    tip_hash: view?.tip?.hash ?? null,
    tip_time: toTimeOrNull(view?.tip && view.tip.time * 1000),
    peers: vitals.peers ?? null,
    latency_ms: latencies,
    latency_p95_ms: percentile95(latencies),
    mempool: vitals.mempool ?? null,
    fee_floor: vitals.feeFloor ?? null,
    notify: (loops?.backend.health.notifyChannels() ?? []).map(({channel, state, lastAt}) => ({
      channel,
      state,
      last_at: toTimeOrNull(lastAt),
    })),
    last_seen_at: toTimeOrNull(view?.lastSeenAt),
    since: toTime(view?.since ?? startedAt),
  };
  return {...status, sources: several.length > 0 ? several.map(toSource) : unasked(config, status)};
};

const toSource = (view: SourceView): SourceStatus => ({
  name: view.name,
  type: view.type,
  state: view.state,
  reason: view.reason,
  tip_height: view.tip?.height ?? null,
  tip_hash: view.tip?.hash ?? null,
  latency_ms: view.latency === undefined ? null : oneDecimal(view.latency),
  last_seen_at: toTimeOrNull(view.lastSeenAt),
  since: toTime(view.since),
  speaks: view.speaks,
});

/** A single backend is what is said of it as a whole; of several that no engine asks nothing is known. */
const unasked = ({backends}: CoinConfig, status: Omit<BackendStatus, 'sources'>): SourceStatus[] =>
  backends.map(({name, type}, index) => ({
    name,
    type,
    state: status.state,
    reason: status.reason,
    tip_height: status.tip_height,
    tip_hash: status.tip_hash,
    latency_ms: status.latency_ms.at(-1) ?? null,
    last_seen_at: status.last_seen_at,
    since: status.since,
    speaks: index === 0,
  }));

/** How each sink of a coin stands; the last attempt is known only of the run that made it. */
export const sinkStatuses = async ({name, store, sinkConfigs, loops}: CoinEngine): Promise<SinkStatus[]> => {
  const statuses: SinkStatus[] = [];
  for (const [sink, {type}] of sinkConfigs) {
    const state = await store.sinkState(sink);
    const last = loops?.deliveries.get(sink)?.lastAttempt();
    statuses.push({
      name: sink,
      type,
      coin: name,
      state: sinkWord(state),
      waiting: state.waiting,
      oldest_waiting_at: toTimeOrNull(state.oldestWaitingAt),
      dead: state.dead,
      delivered_sequence: state.sequence,
      last_delivered_at: toTimeOrNull(state.lastDeliveredAt),
      last_error: state.offReason ?? state.lastError ?? null,
      next_attempt_at: toTimeOrNull(state.nextAttemptAt),
      last_status: last?.status ?? null,
      last_latency_ms: last?.latency ?? null,
      replay: state.replay ?? null,
    });
  }
  return statuses;
};

const sinkWord = ({offReason, paused, attempts}: SinkState): SinkStatus['state'] => {
  if (offReason !== undefined) return 'off';
  if (paused) return 'paused';
  return attempts > 0 ? 'retrying' : 'ok';
};
