import {backendNames, type BackendValues} from './backend-list.ts';
import type {
  BackendConfig,
  BackendKind,
  BitcoindConfig,
  BlockIoConfig,
  ElectrumConfig,
  EsploraConfig,
  RpcAuth,
} from './config.ts';
import {isLoopbackHost} from './hosts.ts';

/** Backends as the file has them -> as the program uses them. `field`: where they stand, `coins.btc.backend`. */
export const toBackendConfigs = (
  values: readonly BackendValues[],
  {isList, field}: {isList: boolean; field: string},
  absolute: (path: string) => string,
): [BackendConfig, ...BackendConfig[]] => {
  const names = backendNames(values);
  const [first, ...others] = values.map((one, index) => {
    const place = isList ? `${field}[${index}]` : field;
    return {...toBackendKind(one, absolute, place), name: names[index]!, field: place};
  });
  if (first === undefined) throw new Error(`${field} passed with no backend in it`);
  return [first, ...others];
};

type Absolute = (path: string) => string;
type ValuesOf<Type> = Extract<BackendValues, {type: Type}>;

const toBackendKind = (values: BackendValues, absolute: Absolute, field: string): BackendKind => {
  switch (values.type) {
    case 'bitcoind':
      return toBitcoind(values, absolute, field);
    case 'electrum':
      return toElectrum(values, absolute);
    case 'esplora':
      return toEsplora(values);
    case 'blockio':
      return toBlockIo(values, absolute, field);
    default:
      return values satisfies never;
  }
};

const toElectrum = ({type, url, timeout, tls, limits}: ValuesOf<'electrum'>, absolute: Absolute): ElectrumConfig => ({
  type,
  url,
  timeout,
  tls: {fingerprint: tls.fingerprint, ca: tls.ca === undefined ? undefined : absolute(tls.ca)},
  limits: {inFlight: limits.in_flight, batch: limits.batch, message: limits.message_mb * 1_000_000},
});

const toBlockIo = (values: ValuesOf<'blockio'>, absolute: Absolute, field: string): BlockIoConfig => {
  const {type, url, wallet, chain, timeout, notify} = values;
  return {
    type,
    url,
    apiKey: values.api_key,
    wallet:
      wallet.type === 'basic'
        ? {type: wallet.type, pin: wallet.pin, key: wallet.key}
        : {...wallet, scripts: absolute(wallet.scripts)},
    chain: toBackendKind(chain, absolute, `${field}.chain`),
    timeout,
    notify: notify.map(({listen, path}) => ({listen, path})),
    secrets: backendSecrets(values),
  };
};

const toBitcoind = (values: ValuesOf<'bitcoind'>, absolute: Absolute, field: string): BitcoindConfig => ({
  ...values,
  field,
  auth: toAuth(values.auth, absolute),
  notify: values.notify.map(one => (one.type === 'pipe' ? {type: one.type, path: absolute(one.path)} : one)),
});

/** What a public server bears with, and what one's own machine does. */
const BUDGET = {public: {perSecond: 5, parallel: 4}, own: {perSecond: 500, parallel: 8}};

const toEsplora = ({
  type,
  url,
  websocket,
  timeout,
  requests_per_second,
  parallel,
}: ValuesOf<'esplora'>): EsploraConfig => {
  const budget = isLoopbackHost(new URL(url).hostname) ? BUDGET.own : BUDGET.public;
  return {
    type,
    url,
    websocket,
    timeout,
    requestsPerSecond: requests_per_second ?? budget.perSecond,
    parallel: parallel ?? budget.parallel,
  };
};

const toAuth = (auth: ValuesOf<'bitcoind'>['auth'], absolute: Absolute): RpcAuth =>
  auth.cookie === undefined
    ? {kind: 'password', user: auth.user!, password: auth.password!}
    : {kind: 'cookie', path: absolute(auth.cookie)};

/** What must not be shown of it. */
export const backendSecrets = (values: BackendValues): string[] => {
  if (values.type === 'bitcoind') return values.auth.password === undefined ? [] : [values.auth.password];
  if (values.type !== 'blockio') return [];
  const {wallet, api_key, chain} = values;
  const own = wallet.type === 'basic' ? [wallet.pin, wallet.key] : wallet.keys;
  return [api_key, ...own.filter(secret => secret !== undefined), ...backendSecrets(chain)];
};
