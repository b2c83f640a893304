import {z} from 'zod';
import {coins as builtIn, type Coin} from '../coins/index.ts';
import {databaseUrl} from './addresses.ts';
import {apiSection} from './api-schema.ts';
import {describedCoin} from './coin-params.ts';
import {coinSchema} from './coin-schema.ts';
import {choice, duration, expecting, section, text} from './fields.ts';
import {sinkSchema} from './sink-schema.ts';

/** Lower case, as in file names and routes. */
const COIN_NAME = /^[a-z][a-z0-9]{1,15}$/;

export interface KnownCoin {
  readonly coin: Coin;
  /** By the file itself, in `params`. */
  readonly described: boolean;
  /** Its section of the file, right or wrong. */
  readonly written: unknown;
}

/** The coins that a file may have: the built-in ones, and those that it describes itself. */
export const coinsOf = (data: unknown): ReadonlyMap<string, KnownCoin> => {
  const known = new Map<string, KnownCoin>();
  for (const coin of builtIn.values()) known.set(coin.name, {coin, described: false, written: undefined});
  const sections = (data as {coins?: unknown} | null | undefined)?.coins;
  if (typeof sections !== 'object' || sections === null) return known;
  for (const [name, written] of Object.entries(sections)) {
    const own = builtIn.get(name);
    if (own) known.set(name, {coin: own, described: false, written});
    const described = own || !COIN_NAME.test(name) ? undefined : describedCoin(name, written, builtIn.get('btc')!);
    if (described) known.set(name, {coin: described, described: true, written});
  }
  return known;
};

const coinsSection = (data: unknown) => {
  const shape: Record<string, z.ZodOptional<ReturnType<typeof coinSchema>>> = {};
  const known = coinsOf(data);
  for (const [name, each] of known) shape[name] = coinSchema(each).optional();
  return section('a mapping with one entry per coin, such as btc', shape).refine(
    value => Object.keys(value).length > 0,
    {error: `names no coin; supported: ${[...known.keys()].join(', ')}, and others with \`params\``},
  );
};

/** The file as YAML data with variables filled in -> the values with defaults, paths still as written. */
export const configSchemaFor = (data: unknown) =>
  section('a mapping with `coins`', {
    database: section('a mapping with `url`', {
      url: databaseUrl().default('./data/{coin}.sqlite'),
    }).prefault({}),
    coins: coinsSection(data),
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

export type ConfigValues = z.output<ReturnType<typeof configSchemaFor>>;
