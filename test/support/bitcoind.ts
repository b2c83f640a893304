import {type Bitcoind, createBitcoind} from '../../source/backends/bitcoind/index.ts';
import {coins} from '../../source/coins/index.ts';
import type {BitcoindConfig} from '../../source/config/config.ts';
import {systemClock} from '../../source/primitives/clock.ts';
import {type Log, silentLog} from '../../source/primitives/log.ts';
import type {RegtestNode} from './regtest-node.ts';

export const btc = coins.get('btc')!;
export const regtest = btc.networks.regtest!;

export interface OpenOptions extends Partial<BitcoindConfig> {
  readonly walletFingerprints?: readonly string[];
  readonly log?: Log;
}

/** The backend with a config that need not lead to a real node. */
export const openBackend = ({walletFingerprints, log, ...config}: OpenOptions & {url: string}): Bitcoind =>
  createBitcoind(
    {
      type: 'bitcoind',
      auth: {kind: 'password', user: 'u', password: 'p'},
      wallet: 'hot',
      timeout: 15_000,
      notify: [],
      ...config,
    },
    {coin: btc, network: regtest, clock: systemClock, log: log ?? silentLog, walletFingerprints},
  );

/** The backend of a regtest node, by its cookie. */
export const openBitcoind = (node: RegtestNode, options: OpenOptions = {}): Bitcoind =>
  openBackend({url: node.url, auth: {kind: 'cookie', path: node.cookiePath}, ...options});

/** The same with the node's wallet pinned, as after init. */
export const openPinned = async (node: RegtestNode, options: OpenOptions = {}): Promise<Bitcoind> => {
  const unpinned = openBitcoind(node, options);
  try {
    return openBitcoind(node, {...options, walletFingerprints: await unpinned.addresses.walletFingerprints()});
  } finally {
    await unpinned.close();
  }
};
