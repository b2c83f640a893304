import {writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** A unix socket's path may not be longer (sockaddr_un, with its closing NUL). */
const LONGEST_SOCKET_PATH = 107;

export interface DemoFiles {
  readonly config: string;
  readonly socket: string;
  /** What the demo's programs print. */
  readonly engineOutput: string;
  readonly demoLog: string;
  /** Of one coin's node. */
  readonly nodeDirectory: (coin: string) => string;
}

export const demoFiles = (directory: string): DemoFiles => {
  const socket = join(directory, 'engine.sock');
  return {
    config: join(directory, 'config.yaml'),
    socket: Buffer.byteLength(socket) <= LONGEST_SOCKET_PATH ? socket : join(tmpdir(), `cac-demo-${process.pid}.sock`),
    engineOutput: join(directory, 'engine-output.log'),
    demoLog: join(directory, 'demo.log'),
    nodeDirectory: coin => join(directory, 'node', coin),
  };
};

export interface DemoEnds {
  readonly nodes: readonly {
    readonly kind: {readonly coin: string; readonly confirmations: number};
    readonly url: string;
    readonly zmqUrl: string | undefined;
    readonly cookiePath: string;
  }[];
  readonly webhook: {readonly url: string; readonly secret: string};
}

const coinLines = ({kind, url, zmqUrl, cookiePath}: DemoEnds['nodes'][number]): string =>
  `  ${kind.coin}:
    network: regtest
    confirmations: ${kind.confirmations}
    max_confirmation_count: ${kind.confirmations + 4}
    backend:
      type: bitcoind
      url: ${url}
      auth: {cookie: ${JSON.stringify(cookiePath)}}
      wallet: hot
      timeout: 15s
${zmqUrl === undefined ? '' : `      notify:\n        - {type: zmq, url: ${JSON.stringify(zmqUrl)}}\n`}    payouts:
      fee: {target_blocks: 6, fallback_rate: 2, min_rate: 1, max_rate: 200, paid_by: house}
`;

/** Few confirmations and a short period, so that a deposit's and a payout's whole life passes within a minute. */
export const writeDemoConfig = (files: DemoFiles, {nodes, webhook}: DemoEnds): void => {
  writeFileSync(
    files.config,
    `# Made by \`cryptoassets-console demo\`: nodes on regtest, without real money. The next demo here replaces it.
database:
  url: sqlite:./data/{coin}.sqlite
coins:
${nodes.map(coinLines).join('')}events:
  shop: {type: webhook, url: ${JSON.stringify(webhook.url)}, secret: ${JSON.stringify(webhook.secret)}}
api:
  socket: ${JSON.stringify(files.socket)}
service:
  broadcast_period: 2s
  log: {level: info, file: ./engine.log}
`,
    {mode: 0o600},
  );
};
