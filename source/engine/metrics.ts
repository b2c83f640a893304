import {collectDefaultMetrics, Counter, Gauge, Histogram, Registry} from 'prom-client';
import type {Exposition, Measures} from './measure.ts';
import {METRICS, type Metric, type Sample} from './metric-table.ts';

/** Seconds. A node answers in milliseconds, and blocks in seconds. */
const NODE_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 15];
const API_BUCKETS = [0.001, 0.0025, 0.01, 0.05, 0.25, 1, 5];
const DELIVERY_BUCKETS = [0.005, 0.025, 0.1, 0.5, 2.5, 15];

/** Prometheus' text format: what the parts reported since the start, and the table's numbers of this moment. */
export class Metrics implements Exposition {
  readonly #registry = new Registry();
  readonly #calls: Histogram;
  readonly #failures: Counter;
  readonly #deliveries: Histogram;
  readonly #requests: Histogram;
  readonly #table: {readonly metric: Metric; readonly shown: Gauge | Counter}[];

  constructor() {
    const registers = [this.#registry];
    // Every second instead of every 10 ms: an idle engine should sleep.
    collectDefaultMetrics({register: this.#registry, eventLoopMonitoringPrecision: 1000});
    this.#calls = new Histogram({
      name: 'cryptoassets_backend_rpc_duration_seconds',
      help: 'Calls to the node, until their answer was read',
      labelNames: ['coin', 'method'],
      buckets: NODE_BUCKETS,
      registers,
    });
    this.#failures = new Counter({
      name: 'cryptoassets_backend_rpc_failures_total',
      help: 'Calls to the node that got no answer, by the code of the error',
      labelNames: ['coin', 'method', 'code'],
      registers,
    });
    this.#deliveries = new Histogram({
      name: 'cryptoassets_sink_delivery_duration_seconds',
      help: 'Attempts to deliver an event; the outcome is delivered, failed or gone',
      labelNames: ['coin', 'sink', 'outcome'],
      buckets: DELIVERY_BUCKETS,
      registers,
    });
    this.#requests = new Histogram({
      name: 'cryptoassets_api_request_duration_seconds',
      help: 'Requests of the API, without its streams',
      labelNames: ['method', 'route', 'status'],
      buckets: API_BUCKETS,
      registers,
    });
    this.#table = METRICS.map(metric => {
      const options = {name: metric.name, help: metric.help, labelNames: [...(metric.labels ?? [])], registers};
      return {metric, shown: metric.name.endsWith('_total') ? new Counter(options) : new Gauge(options)};
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  nodeCalled(coin: string, method: string, seconds: number, outcome: string): void {
    this.#calls.observe({coin, method}, seconds);
    if (outcome !== 'ok') this.#failures.inc({coin, method, code: outcome});
  }

  deliveryTried(coin: string, sink: string, seconds: number, outcome: string): void {
    this.#deliveries.observe({coin, sink, outcome}, seconds);
  }

  requestAnswered(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({method, route, status}, seconds);
  }

  async text(measures: Measures): Promise<string> {
    for (const {metric, shown} of this.#table) {
      // What is not there any more (a sink that left the config, a node that says nothing) must not show its last value.
      shown.reset();
      for (const sample of metric.samples(measures)) show(shown, metric, sample);
    }
    return this.#registry.metrics();
  }
}

const show = (shown: Gauge | Counter, {labels = []}: Metric, [value, ...said]: Sample): void => {
  if (value !== null) shown.inc(Object.fromEntries(labels.map((label, index) => [label, said[index]!])), value);
};
