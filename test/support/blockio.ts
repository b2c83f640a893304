import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createBlockIo} from '../../source/backends/blockio/index.ts';
import type {Coin} from '../../source/coins/index.ts';
import type {BlockIoConfig, BlockIoWalletConfig} from '../../source/config/config.ts';
import {systemClock} from '../../source/primitives/clock.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {btc, openBackend, openBitcoind} from './bitcoind.ts';
import {API_KEY, PIN} from './blockio-account.ts';
import type {BlockIoServer} from './blockio-server.ts';
import type {RegtestNode} from './regtest-node.ts';

export const WITH_PIN: BlockIoWalletConfig = {type: 'basic', pin: PIN, key: undefined};
const folder = mkdtempSync(join(tmpdir(), 'blockio-'));
process.once('exit', () => rmSync(folder, {recursive: true, force: true}));

export const DTRUST = {
  type: 'dtrust',
  keys: ['a1'.repeat(32), 'b2'.repeat(32)],
  scripts: join(folder, 'scripts.txt'),
} satisfies BlockIoWalletConfig;

export interface OpenOptions extends Partial<BlockIoConfig> {
  readonly node?: RegtestNode;
  readonly walletFingerprints?: readonly string[];
  /** Instead of the node's own. */
  readonly chainSide?: ChainSide;
  /** btc unless said; its addresses on regtest must be those of btc. */
  readonly coin?: Coin;
}

type ChainSide = Parameters<typeof createBlockIo>[2];

const sideOf = (node: RegtestNode | undefined): ChainSide => {
  const named = {wallet: undefined};
  return node === undefined ? openBackend({url: 'http://127.0.0.1:1', ...named}) : openBitcoind(node, named);
};

/** The backend over a server and, if there is one, a node without a wallet. */
export const openBlockIo = (
  server: BlockIoServer,
  {node, walletFingerprints, coin = btc, chainSide, ...config}: OpenOptions = {},
) => {
  const apiKey = config.apiKey ?? API_KEY;
  return createBlockIo(
    {
      type: 'blockio',
      url: server.url,
      apiKey,
      wallet: WITH_PIN,
      // Stands in the config only: the side is given.
      chain: {type: 'bitcoind', url: '', auth: {kind: 'cookie', path: ''}, wallet: undefined, timeout: 0, notify: []},
      timeout: 20_000,
      notify: [],
      secrets: [apiKey, PIN],
      ...config,
    },
    {coin, network: coin.networks.regtest!, clock: systemClock, log: silentLog, walletFingerprints},
    chainSide ?? sideOf(node),
  );
};

export type OpenBlockIo = ReturnType<typeof openBlockIo>;

/** The same with the account pinned, as after init. */
export const openPinnedBlockIo = async (server: BlockIoServer, options: OpenOptions = {}): Promise<OpenBlockIo> => {
  const unpinned = openBlockIo(server, options);
  try {
    return openBlockIo(server, {...options, walletFingerprints: await unpinned.wallet.addresses.walletFingerprints()});
  } finally {
    await unpinned.network.close();
  }
};
