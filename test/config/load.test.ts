import {readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {dirname, join} from 'node:path';
import {expect, test} from 'vitest';
import {coins} from '../../source/coins/index.ts';
import {loadConfig} from '../../source/config/load.ts';
import {redactedConfig, redactText} from '../../source/config/redact.ts';
import {ENVIRONMENT, inCoin, load, MINIMAL, withAuth, withUrl, write} from './load-report.ts';

const EXAMPLE = readFileSync(new URL('../../config.example.yaml', import.meta.url), 'utf8');

test('a minimal config is filled up with the defaults of the contract, paths absolute and durations in ms', () => {
  const path = write(MINIMAL);
  const directory = dirname(path);
  const backend = {
    type: 'bitcoind',
    name: 'bitcoind',
    field: 'coins.btc.backend',
    url: 'http://127.0.0.1:18443',
    auth: {kind: 'cookie', path: join(directory, '.cookie')},
    wallet: 'hot',
    timeout: 15_000,
    notify: [],
  };
  expect(loadConfig(path, {})).toEqual({
    path,
    database: {type: 'sqlite', path: join(directory, 'data/{coin}.sqlite')},
    coins: new Map([
      [
        'btc',
        {
          coin: 'btc',
          definition: coins.get('btc'),
          network: 'regtest',
          confirmations: 3,
          maxConfirmationCount: 15,
          backend,
          backends: [backend],
          agreement: undefined,
          payouts: {
            fee: {targetBlocks: 6, fallbackRate: 2, minRate: 1, maxRate: 200, paidBy: 'house'},
            limits: {perPayout: undefined, perHour: undefined, perDay: undefined},
            allow: undefined,
            approval: {above: undefined},
          },
        },
      ],
    ]),
    sinks: new Map(),
    api: {
      socket: join(directory, 'data/engine.sock'),
      listen: undefined,
      token: undefined,
      tokens: [],
      rateLimit: 2000,
    },
    service: {broadcastPeriod: 30_000, log: {level: 'info', file: undefined}},
    secrets: [],
  });
});

test('the example loads as it is, without any variable, so that a copy of it is a beginning', () => {
  const config = load(EXAMPLE, {});
  expect(config.coins.get('btc')?.backend).toMatchObject({
    auth: {kind: 'cookie', path: join(homedir(), '.bitcoin/regtest/.cookie')},
  });
  expect(config.coins.get('btc')?.payouts.limits).toEqual({
    perPayout: 100_000_000n,
    perHour: 400_000_000n,
    perDay: 1_000_000_000n,
  });
});

test('the example loads with every optional setting switched on', () => {
  const all = EXAMPLE.replaceAll(/^( *)#([^ #]|(?= {2}))/gm, '$1$2').replace(/^ *auth: \{cookie.*\n/m, '');
  const config = load(all);
  expect(config.coins.get('btc')?.backend).toMatchObject({
    auth: {kind: 'password', user: 'shop', password: ENVIRONMENT.BTC_RPC_PASSWORD},
    notify: [
      {type: 'zmq', url: 'tcp://127.0.0.1:28332'},
      {type: 'http', listen: {host: '127.0.0.1', port: 28_882}},
      {type: 'pipe', path: expect.stringMatching(/\/btc-walletnotify$/)},
    ],
  });
  expect(config.sinks.get('shop')).toMatchObject({
    type: 'webhook',
    allowPrivate: false,
    secrets: [expect.stringMatching(/^whsec_/)],
  });
  expect([...config.sinks.values()].map(({type}) => type)).toEqual(['webhook', 'script', 'module', 'nats']);
  expect(config.api).toMatchObject({
    listen: {host: '127.0.0.1', port: 18881},
    token: ENVIRONMENT.CRYPTOASSETS_API_TOKEN,
    tokens: [
      {name: 'shop', token: ENVIRONMENT.SHOP_API_TOKEN, scopes: ['read', 'receive', 'pay']},
      {name: 'metrics', token: ENVIRONMENT.METRICS_TOKEN, scopes: ['read']},
    ],
    rateLimit: 2000,
  });
  expect(config.service.log.file).toMatch(/\/data\/engine\.log$/);
});

test('amounts and feerates of the config are exact', () => {
  const config = load(
    inCoin('payouts: {fee: {min_rate: 0.1, fallback_rate: 1.5, max_rate: 2.5}, limits: {per_payout: "0.00000001"}}'),
  );
  expect(config.coins.get('btc')?.payouts).toMatchObject({
    fee: {minRate: 0.1, fallbackRate: 1.5, maxRate: 2.5},
    limits: {perPayout: 1n},
  });
});

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
])('the duration %s is %i ms', (text, expected) => {
  expect(load(`${MINIMAL}service: {broadcast_period: ${text}}\n`).service.broadcastPeriod).toBe(expected);
});

test.each(['http://127.0.0.1:8332', 'http://[::1]:8332', 'http://localhost:8332', 'https://node.example:8332'])(
  'RPC to %s is accepted',
  url => expect(load(withUrl(url)).coins.get('btc')?.backend.url).toBe(url),
);

test.each(['[::1]:18881', 'localhost:18881', '0.0.0.0:18881'])('with a token the API may listen on %s', listen => {
  const config = load(`${MINIMAL}api: {listen: "${listen}", token: "\${CRYPTOASSETS_API_TOKEN}"}\n`);
  expect(config.api.listen?.port).toBe(18_881);
});

test('a list of aliases is read like what it stands for', () => {
  const webhook = '{type: webhook, url: "https://shop.example/", secret: "${SHOP_WEBHOOK_SECRET}", types: *t}';
  const config = load(
    `${MINIMAL}events:\n  a: {type: webhook, url: "https://shop.example/a", secret: "\${SHOP_WEBHOOK_SECRET}", types: &t [deposit.credited]}\n  b: ${webhook}\n`,
  );
  expect(config.sinks.get('b')?.types).toEqual(['deposit.credited']);
});

test('what a variable holds is data: it cannot add keys, end a string or name another variable', () => {
  const password = ['"} wallet: other #', '{HOME}'].join('$');
  const config = load(withAuth('{user: u, password: "${BTC_RPC_PASSWORD}"}'), {BTC_RPC_PASSWORD: password});
  expect(config.coins.get('btc')?.backend).toMatchObject({wallet: 'hot', auth: {password}});
});

test('secrets are listed longest first and never shown by the redacted config', () => {
  const config = load(
    `${withAuth('{user: u, password: "${BTC_RPC_PASSWORD}"}')}events:\n  shop: {type: webhook, url: "https://shop.example/\${PATH_TOKEN}", secret: "${ENVIRONMENT.SHOP_WEBHOOK_SECRET}"}\napi: {token: "\${CRYPTOASSETS_API_TOKEN}", tokens: [{name: a, token: "\${SHOP_API_TOKEN}", scopes: [read]}, {name: b, token: "\${METRICS_TOKEN}", scopes: [read]}]}\n`,
    {...ENVIRONMENT, PATH_TOKEN: 'hidden-path-9f2c'},
  );
  const values = [...Object.values(ENVIRONMENT), 'hidden-path-9f2c'];
  expect(config.secrets).toEqual(expect.arrayContaining(values));
  expect(config.secrets.map(secret => secret.length)).toEqual(
    config.secrets.map(secret => secret.length).sort((a, b) => b - a),
  );
  const shown = JSON.stringify(redactedConfig(config));
  for (const value of values) expect(shown).not.toContain(value);
  expect(shown).toContain('"https://shop.example/***"');
  expect(shown).not.toContain(ENVIRONMENT.SHOP_WEBHOOK_SECRET.slice('whsec_'.length));
  expect(redactText(`Bearer ${ENVIRONMENT.CRYPTOASSETS_API_TOKEN}`, config.secrets)).toBe('Bearer ***');
});
