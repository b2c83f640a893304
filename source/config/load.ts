import {homedir} from 'node:os';
import {dirname, resolve} from 'node:path';
import {cleanText} from '../primitives/clean-text.ts';
import {backendSecrets, toBackendConfigs} from './backend-config.ts';
import {backendsShape} from './backend-list.ts';
import type {CoinConfig, Config, SinkConfig} from './config.ts';
import {allowListFault, readAllowList} from './allow-list.ts';
import {ConfigError} from './config-error.ts';
import {fieldName, fillVariables} from './fill-variables.ts';
import {parseYaml, type YamlNode, type YamlProblem} from './parse-yaml.ts';
import {readSource} from './read-source.ts';
import {schemaProblems, toConfigProblems} from './report.ts';
import {coinsOf, type ConfigValues, configSchemaFor, type KnownCoin} from './schema.ts';
import {sinkSecrets, toSinkConfig} from './sink-config.ts';
import {toWallet} from './wallet-schema.ts';

/** A unix socket's address holds 108 bytes, the last of which is NUL. */
const MAX_SOCKET_BYTES = 107;

const SINK_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/;

/**
 * Reads and checks a config file; touches nothing else. Throws ConfigError with every problem there is: of the file, of
 * its YAML (the first syntax error hides the rest), of variables, and of values and keys together.
 */
export const loadConfig = (
  path: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Config => {
  const source = readSource(path);
  const {root, problems} = parseYaml(source);
  const report = (found: readonly YamlProblem[]) =>
    new ConfigError(toConfigProblems(cleanText(path), source, [...problems, ...found]));
  if (root === undefined) throw report([]);
  if (root.kind !== 'mapping') throw report([{offset: root.offset, path: [], message: NO_MAPPING}]);

  const filled = fillVariables(root, environment);
  const parsed = configSchemaFor(filled.data).safeParse(filled.data);
  const unfilled = new Set(filled.problems.map(problem => fieldName(problem.path)));
  const found = [
    ...filled.problems,
    // What an unset variable would have held cannot be judged.
    ...schemaProblems(root, parsed.success ? [] : parsed.error.issues).filter(
      problem => !unfilled.has(fieldName(problem.path)),
    ),
    ...fileProblems(root, path, filled.data),
  ];
  if (!parsed.success || problems.length > 0 || found.length > 0) throw report(found);
  return toConfig(resolve(path), parsed.data, coinsOf(filled.data), filled.secrets);
};

const NO_MAPPING = 'is not a config; expected sections such as `coins:` and `database:` at the top level';

/** Rules across sections and about the file's own place; checked on the raw data, whatever else is wrong. */
const fileProblems = (root: YamlNode, path: string, data: unknown): YamlProblem[] => {
  const found: YamlProblem[] = [];
  const at = (...keys: string[]): unknown =>
    keys.reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined,
      data,
    );
  const add = (message: string, ...keys: string[]) =>
    found.push(...schemaProblems(root, [{code: 'custom', path: keys, message, input: undefined}]));

  const socket = at('api', 'socket') ?? './data/engine.sock';
  const bytes = typeof socket === 'string' ? Buffer.byteLength(pathFrom(path, socket)) : 0;
  if (bytes > MAX_SOCKET_BYTES)
    add(
      `is ${bytes} bytes long as an absolute path, and unix sockets take ${MAX_SOCKET_BYTES}; set api.socket to a shorter path such as /run/cryptoassets/engine.sock`,
      'api',
      'socket',
    );
  for (const name of Object.keys(at('events') ?? {}))
    if (!SINK_NAME.test(name)) add('is no name for a sink; expected 1 to 40 letters, digits and _ . -', 'events', name);
  const url = at('database', 'url');
  const coinCount = Object.keys(at('coins') ?? {}).length;
  if (typeof url === 'string' && url.startsWith('sqlite:') && !url.includes('{coin}') && coinCount > 1)
    add('is one file for several coins; expected {coin} in it, such as sqlite:./data/{coin}.sqlite', 'database', 'url');
  for (const coin of Object.keys(at('coins') ?? {})) {
    const allow = at('coins', coin, 'payouts', 'allow');
    const fault = typeof allow === 'string' ? allowListFault(pathFrom(path, allow)) : undefined;
    if (fault !== undefined) add(fault, 'coins', coin, 'payouts', 'allow');
  }
  return found;
};

/** Absolute path of one that is written in a config file: relative to that file, `~/` the home of the user. */
const pathFrom = (file: string, written: string): string =>
  written.startsWith('~/') ? resolve(homedir(), written.slice(2)) : resolve(dirname(file), written);

const toConfig = (
  path: string,
  values: ConfigValues,
  known: ReturnType<typeof coinsOf>,
  variableSecrets: readonly string[],
): Config => {
  const absolute = (relative: string) => pathFrom(path, relative);
  const coins = new Map<string, CoinConfig>();
  for (const [name, coin] of Object.entries(values.coins))
    if (coin) coins.set(name, toCoin(known.get(name)!, coin, absolute));
  const sinks = new Map<string, SinkConfig>();
  for (const [name, sink] of Object.entries(values.events)) sinks.set(name, toSinkConfig(sink, path, absolute));
  const {api, service} = values;
  return {
    path,
    database: {type: 'sqlite', path: absolute(values.database.url)},
    coins,
    sinks,
    api: {
      socket: absolute(api.socket),
      listen: api.listen,
      token: api.token,
      tokens: api.tokens,
      rateLimit: api.rate_limit,
    },
    service: {
      broadcastPeriod: service.broadcast_period,
      log: {
        level: service.log.level,
        file: service.log.file === undefined ? undefined : absolute(service.log.file),
      },
    },
    secrets: secretsOf(values, variableSecrets),
  };
};

type CoinValues = NonNullable<ConfigValues['coins'][string]>;

const toCoin = (
  {coin: definition, written}: KnownCoin,
  values: CoinValues,
  absolute: (path: string) => string,
): CoinConfig => {
  const {isList} = backendsShape(written);
  const {payouts} = values;
  const backends = toBackendConfigs(values.backend, {isList, field: `coins.${definition.name}.backend`}, absolute);
  const {fee, limits, allow, approval} = payouts;
  return {
    coin: definition.name,
    definition,
    network: values.network,
    confirmations: values.confirmations,
    maxConfirmationCount: values.max_confirmation_count,
    backend: backends[0],
    backends,
    agreement: values.agreement,
    wallet: values.wallet && toWallet(values.wallet, absolute),
    payouts: {
      fee: {
        targetBlocks: fee.target_blocks,
        fallbackRate: fee.fallback_rate,
        minRate: fee.min_rate,
        maxRate: fee.max_rate,
        paidBy: fee.paid_by,
        consolidateBelow: fee.consolidate_below,
      },
      limits: {perPayout: limits.per_payout, perHour: limits.per_hour, perDay: limits.per_day},
      allow: typeof allow === 'string' ? readAllowList(absolute(allow)) : allow,
      approval: {above: approval.above},
    },
  };
};

/** Longest first, so that redacting one that holds another leaves no rest. */
const secretsOf = (values: ConfigValues, variableSecrets: readonly string[]): string[] => {
  const secrets = new Set(variableSecrets);
  for (const coin of Object.values(values.coins))
    for (const secret of coin === undefined ? [] : coin.backend.flatMap(backendSecrets)) secrets.add(secret);
  for (const sink of Object.values(values.events)) for (const secret of sinkSecrets(sink)) secrets.add(secret);
  if (values.api.token !== undefined) secrets.add(values.api.token);
  for (const {token} of values.api.tokens) secrets.add(token);
  secrets.delete('');
  return [...secrets].sort((one, other) => other.length - one.length);
};
