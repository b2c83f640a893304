import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {load} from 'js-yaml';
import parsePrometheusTextFormat from 'parse-prometheus-text-format';
import {request} from 'undici';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {until} from '../support/until.ts';
import {WebhookReceiver} from '../support/webhook-receiver.ts';
import {serveEngine, type ServedEngine} from './served-engine.ts';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: readonly {value?: string; labels?: Record<string, string>; count?: string}[];
}

let served: ServedEngine;
let receiver: WebhookReceiver;
let text: string;
let families: Map<string, Family>;

const docs = (file: string): string => readFileSync(join(import.meta.dirname, '../../docs', file), 'utf8');

const scrape = async (): Promise<Map<string, Family>> => {
  text = await served.api.text('/metrics');
  return new Map((parsePrometheusTextFormat(text) as Family[]).map(family => [family.name, family]));
};

const valueOf = (name: string, labels: Record<string, string> = {}): number | undefined => {
  const found = families
    .get(name)
    ?.metrics.find(metric => Object.entries(labels).every(([label, value]) => metric.labels?.[label] === value));
  return found?.value === undefined ? undefined : Number(found.value);
};

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  served = await serveEngine(config => ({
    ...config,
    sinks: new Map([
      [
        'shop',
        {
          type: 'webhook' as const,
          url: receiver.url,
          secrets: [receiver.secret],
          types: undefined,
          from: undefined,
          allowPrivate: false,
        },
      ],
    ]),
  }));
  const {api, node} = served;
  await api.createAccount('shop');
  const address = await api.createAddress('shop');
  await node.rpc('sendtoaddress', [address, '2'], 'outside');
  const outside = await node.rpc<string>('getnewaddress', [], 'outside');
  await node.rpc('generatetoaddress', [1, outside]);
  await until('the deposit to be credited', async () => (await api.account('shop')).balance === '2.00000000');
  await api.pay('one', {account: 'shop', address: outside, amount: '0.5'});
  await until('the event to be taken', () => receiver.accepted.some(({event}) => event.type === 'deposit.credited'));
  families = await until('the node to be looked at, and the books', async () => {
    families = await scrape();
    return (
      families.has('cryptoassets_backend_peers') &&
      valueOf('cryptoassets_backend_peers', {coin: 'btc'}) !== undefined &&
      valueOf('cryptoassets_books_drift_coins', {coin: 'btc'}) !== undefined &&
      families
    );
  });
});
afterAll(async () => {
  await served?.dispose();
  await receiver?.close();
});

describe('the numbers', () => {
  test('say what is in the ledger', () => {
    expect(valueOf('cryptoassets_deposits_total', {coin: 'btc'})).toBe(1);
    expect(valueOf('cryptoassets_deposits', {coin: 'btc', status: 'credited'})).toBe(1);
    expect(valueOf('cryptoassets_payouts_total', {coin: 'btc'})).toBe(1);
    const pending = ['queued', 'reserved', 'signed', 'sent'].map(status => valueOf('cryptoassets_payouts', {status}));
    expect(pending.reduce((sum, count) => sum! + count!, 0)).toBe(1);
    expect(valueOf('cryptoassets_house_balance_coins', {account: 'payouts_due'})).toBe(0.5);
    expect(valueOf('cryptoassets_house_balance_coins', {account: 'external'})).toBe(-2);
    expect(valueOf('cryptoassets_books_drift_coins', {coin: 'btc'})).toBe(0);
    expect(valueOf('cryptoassets_payouts_oldest_pending_age_seconds', {coin: 'btc'})).toBeGreaterThanOrEqual(0);
  });

  test('say how node, loops, sinks and API are', () => {
    expect(valueOf('cryptoassets_backend_up', {coin: 'btc', type: 'bitcoind'})).toBe(1);
    expect(valueOf('cryptoassets_chain_height', {coin: 'btc'})).toBe(106);
    expect(valueOf('cryptoassets_health', {status: 'ok'})).toBe(1);
    expect(valueOf('cryptoassets_health', {status: 'failing'})).toBe(0);
    expect(valueOf('cryptoassets_loop_up', {coin: 'btc', loop: 'track-chain'})).toBe(1);
    expect(valueOf('cryptoassets_sink_up', {coin: 'btc', sink: 'shop'})).toBe(1);
    const counted = (name: string, ...labels: string[]): number => {
      const line = text
        .split('\n')
        .find(one => one.startsWith(`${name}_count{`) && labels.every(label => one.includes(label)));
      return Number(line?.split(' ').at(-1));
    };
    expect(counted('cryptoassets_sink_delivery_duration_seconds', 'outcome="delivered"')).toBeGreaterThan(0);
    expect(counted('cryptoassets_backend_rpc_duration_seconds', 'method="getblockchaininfo"')).toBeGreaterThan(0);
    const posted = ['method="POST"', 'route="/v1/:coin/accounts/:name/addresses"', 'status="201"'];
    expect(counted('cryptoassets_api_request_duration_seconds', ...posted)).toBe(1);
  });

  test('follow the conventions: counters end in _total, times are seconds, and everything has a help text', () => {
    for (const {name, type, help} of families.values()) {
      expect(help, name).not.toBe('');
      if (!name.startsWith('cryptoassets_')) continue;
      expect(name.endsWith('_total'), `${name} is a ${type}`).toBe(type === 'COUNTER');
      expect(name, name).not.toMatch(/_(ms|milliseconds|minutes|kb|mb)(_|$)/);
    }
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds'])
      expect(families.has(name), name).toBe(true);
  });
});

/** Metric names in PromQL; those of a histogram stand for it. */
const namesIn = (expression: string): string[] =>
  [...expression.replaceAll(/\{[^}]*\}/g, '').matchAll(/\b(cryptoassets|process|nodejs)_[a-z0-9_]+/g)].map(([name]) =>
    name.replace(/_(bucket|count|sum)$/, ''),
  );

const expressionsOf = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(expressionsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'expr' && typeof inner === 'string' ? [inner] : expressionsOf(inner),
  );
};

test.each([
  ['grafana-dashboard.json', (text: string): unknown => JSON.parse(text)],
  ['alerts.example.yaml', (text: string): unknown => load(text)],
])('every metric that %s asks for is there', (file, parse) => {
  const expressions = expressionsOf(parse(docs(file)));
  expect(expressions.length).toBeGreaterThan(10);
  // A node that never failed has no failure to count.
  const known = new Set([...families.keys(), 'cryptoassets_backend_rpc_failures_total']);
  for (const expression of expressions)
    for (const name of namesIn(expression)) expect(known, expression).toContain(name);
});

test('docs/metrics.md lists every metric of ours, and no other', () => {
  const listed = [...docs('metrics.md').matchAll(/^\| `(cryptoassets_[a-z0-9_]+)`/gm)].map(match => match[1]!);
  const shown = [...families.keys()].filter(name => name.startsWith('cryptoassets_'));
  expect(listed.filter(name => name !== 'cryptoassets_backend_rpc_failures_total').sort()).toEqual(
    shown.filter(name => name !== 'cryptoassets_backend_rpc_failures_total').sort(),
  );
});

test('the answer is of the content type that Prometheus takes', async () => {
  const {headers, body} = await request('http://localhost/metrics', {
    dispatcher: served.api.dispatcher,
    method: 'GET',
  });
  await body.dump();
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
});
