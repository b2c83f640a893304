import {z} from 'zod';
import {coins} from '../coins/index.ts';
import {databaseUrl, listenAddress} from './addresses.ts';
import {coinSchema} from './coin-schema.ts';
import {choice, duration, expecting, section, text} from './fields.ts';
import {sinkSchema} from './sink-schema.ts';

/** Coins of the contract that come later. */
const COINS_LATER = ['ltc', 'doge'];

const TOKEN_EXPECTED = 'a token of at least 16 characters without spaces (make one: openssl rand -hex 24)';

const coinsSection = () => {
  const shape: Record<string, z.ZodOptional<ReturnType<typeof coinSchema>>> = {};
  for (const coin of coins.values()) shape[coin.name] = coinSchema(coin).optional();
  return section('a mapping with one entry per coin, such as btc', shape, COINS_LATER).refine(
    value => Object.keys(value).length > 0,
    {error: `names no coin; supported: ${[...coins.keys()].join(', ')}`},
  );
};

const apiSection = section('a mapping with `socket`, `listen` and `token`', {
  socket: text('the path of a unix socket').default('./data/engine.sock'),
  listen: listenAddress().optional(),
  token: z
    .string(expecting(TOKEN_EXPECTED))
    .regex(/^[\x21-\x7e]*$/, expecting(TOKEN_EXPECTED))
    .min(16, expecting(TOKEN_EXPECTED))
    .max(500, expecting('a token of at most 500 characters'))
    .optional(),
}).refine(({listen, token}) => listen === undefined || token !== undefined, {
  path: ['token'],
  error:
    'is missing; `listen` opens the API to every program that can reach the port: set `token: "${CRYPTOASSETS_API_TOKEN}"`',
  when: ({value}) => typeof value === 'object' && value !== null,
});

/** The file as YAML data with variables filled in -> the values with defaults, paths still as written. */
export const configSchema = section('a mapping with `coins`', {
  database: section('a mapping with `url`', {
    url: databaseUrl().default('./data/{coin}.sqlite'),
  }).prefault({}),
  coins: coinsSection(),
  events: z
    .record(z.string(), sinkSchema, expecting('a mapping of names to sinks, such as shop: {type: webhook, …}'))
    .default({}),
  api: apiSection.prefault({}),
  service: section('a mapping with `broadcast_period` and `log`', {
    broadcast_period: duration('50ms', '1h').default(30_000),
    log: section('a mapping with `level` and `file`', {
      level: choice(['debug', 'info', 'warn', 'error']).default('info'),
      file: text('the path of a log file').optional(),
    }).prefault({}),
  }).prefault({}),
});

export type ConfigValues = z.output<typeof configSchema>;
