import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

export interface ConfigFileOptions {
  /** Where config.yaml, the ledger and the socket go. Short: a socket's path ends at 107 bytes. */
  readonly directory: string;
  readonly node: {readonly url: string; readonly cookiePath: string; readonly zmqUrl?: string | undefined};
  readonly wallet?: string;
  /** What stands in `backend` instead of the node: one flow mapping, of a server that shows the node's chain. */
  readonly backend?: string;
  /** A wallet that the engine derives itself: the value of `coins.<c>.wallet`, as one flow mapping. The node then needs none. */
  readonly derived?: string;
  /** Lines of `notify`, instead of the node's ZMQ. */
  readonly notify?: readonly string[];
  /** Backends before and after the node in the list, each as a mapping in one line; the node is called `own` there. */
  readonly beside?: {readonly before?: readonly string[]; readonly after?: readonly string[]};
  /** `{above: "1.0"}` */
  readonly agreement?: string;
  /** btc unless said. */
  readonly coin?: string;
  readonly confirmations?: number;
  readonly maxConfirmationCount?: number;
  readonly webhook?: {readonly url: string; readonly secret: string};
  /** More webhooks beside it, by name. */
  readonly sinks?: Readonly<Record<string, {readonly url: string; readonly secret: string}>>;
  /** Also serves the API on TCP. */
  readonly tcp?: {readonly listen: string; readonly token: string};
  /** `500ms`, `30s`. */
  readonly broadcastPeriod?: string;
  readonly limits?: {readonly perPayout?: string; readonly perHour?: string; readonly perDay?: string};
  readonly paidBy?: 'house' | 'account';
  readonly approvalAbove?: string;
  readonly allow?: readonly string[];
}

export interface ConfigFile {
  readonly coin: string;
  readonly path: string;
  readonly socket: string;
  readonly ledger: string;
  readonly log: string;
}

const payoutLines = ({limits, paidBy = 'house', approvalAbove, allow}: ConfigFileOptions): string[] => {
  const lines = [
    '    payouts:',
    `      fee: {target_blocks: 6, fallback_rate: 2, min_rate: 1, max_rate: 200, paid_by: ${paidBy}}`,
  ];
  const given = [
    ...(limits?.perPayout === undefined ? [] : [`per_payout: "${limits.perPayout}"`]),
    ...(limits?.perHour === undefined ? [] : [`per_hour: "${limits.perHour}"`]),
    ...(limits?.perDay === undefined ? [] : [`per_day: "${limits.perDay}"`]),
  ];
  if (given.length > 0) lines.push(`      limits: {${given.join(', ')}}`);
  if (approvalAbove !== undefined) lines.push(`      approval: {above: "${approvalAbove}"}`);
  if (allow !== undefined) lines.push(`      allow: ${JSON.stringify(allow)}`);
  return lines;
};

const notifyLines = ({node, notify}: ConfigFileOptions): string[] => {
  const lines = notify ?? (node.zmqUrl === undefined ? [] : [`{type: zmq, url: "${node.zmqUrl}"}`]);
  return lines.length === 0 ? [] : ['      notify:', ...lines.map(line => `        - ${line}`)];
};

const backendLines = (options: ConfigFileOptions): string[] => {
  const {node, beside, backend} = options;
  if (backend !== undefined) return [`    backend: ${backend}`];
  const isOfNode = options.derived === undefined || options.wallet !== undefined;
  const own = [
    'type: bitcoind',
    `url: ${node.url}`,
    `auth: {cookie: ${JSON.stringify(node.cookiePath)}}`,
    ...(isOfNode ? [`wallet: ${options.wallet ?? 'hot'}`] : []),
    'timeout: 15s',
  ];
  if (beside === undefined) return ['    backend:', ...own.map(line => `      ${line}`), ...notifyLines(options)];
  const {before = [], after = []} = beside;
  const all = [...before, `{name: own, ${own.map(quoteUrl).join(', ')}}`, ...after];
  return ['    backend:', ...all.map(backend => `      - ${backend}`)];
};

/** A colon in a flow mapping begins a value. */
const quoteUrl = (line: string): string => line.replace(/^url: (.*)$/, 'url: "$1"');

const sinkLines = ({webhook, sinks}: ConfigFileOptions): string[] => {
  const all = Object.entries({...(webhook && {shop: webhook}), ...sinks});
  const lines = all.map(
    ([name, {url, secret}]) =>
      `  ${name}: {type: webhook, url: ${JSON.stringify(url)}, secret: ${JSON.stringify(secret)}}`,
  );
  return lines.length === 0 ? [] : ['events:', ...lines];
};

/** Writes the config of one ledger on a regtest node, and says where its parts are. */
export const writeConfigFile = (options: ConfigFileOptions): ConfigFile => {
  const {directory} = options;
  mkdirSync(join(directory, 'data'), {recursive: true});
  const file = {
    coin: options.coin ?? 'btc',
    path: join(directory, 'config.yaml'),
    socket: join(directory, 'engine.sock'),
    ledger: join(directory, 'data', `${options.coin ?? 'btc'}.sqlite`),
    log: join(directory, 'engine.log'),
  };
  const lines = [
    'database:',
    '  url: sqlite:./data/{coin}.sqlite',
    'coins:',
    `  ${options.coin ?? 'btc'}:`,
    '    network: regtest',
    `    confirmations: ${options.confirmations ?? 3}`,
    `    max_confirmation_count: ${options.maxConfirmationCount ?? 8}`,
    ...backendLines(options),
    ...(options.derived === undefined ? [] : [`    wallet: ${options.derived}`]),
    ...(options.agreement === undefined ? [] : [`    agreement: ${options.agreement}`]),
    ...payoutLines(options),
    ...sinkLines(options),
    'api:',
    '  socket: ./engine.sock',
    ...(options.tcp === undefined ? [] : [`  listen: ${options.tcp.listen}`, `  token: ${options.tcp.token}`]),
    'service:',
    `  broadcast_period: ${options.broadcastPeriod ?? '1s'}`,
    '  log: {level: info, file: ./engine.log}',
  ];
  writeFileSync(file.path, `${lines.join('\n')}\n`);
  return file;
};
