import type {CoinSource} from '../../chain/ports.ts';
import type {NetworkContext, NetworkSide} from '../../payout/sides.ts';
import {EsploraBroadcaster} from './broadcaster.ts';
import {EsploraChainSource, type ChainSourceParts} from './chain-source.ts';
import {EsploraCoinSource} from './coin-source.ts';
import {HeaderBook} from './header-book.ts';
import {EsploraFeeSource, EsploraHealth} from './health.ts';
import {Mempool} from './mempool.ts';
import type {EsploraPlace} from './place.ts';
import {RestClient} from './rest-client.ts';
import {ScriptMempool} from './script-mempool.ts';
import {WatchedScripts} from './watched-scripts.ts';
import {WebsocketChannel} from './websocket-channel.ts';

export interface EsploraOptions extends NetworkContext {
  /** How to look at blocks; by cost unless said. */
  readonly plan?: ChainSourceParts['plan'];
}

/** One server behind the ports: everything of the network, nothing of a wallet. Makes no call before it is asked something. */
export interface Esplora extends NetworkSide {
  readonly coins: CoinSource;
  /** Requests made and bytes read so far. */
  spent(): {readonly requests: number; readonly bytes: number};
}

export const createEsplora = (config: EsploraPlace, options: EsploraOptions): Esplora => {
  const {coin, network, clock, log, meter, plan} = options;
  const {parallel, requestsPerSecond} = config;
  const {format} = coin;
  const client = new RestClient(config, coin.name, clock, meter);
  const headers = new HeaderBook(client, {coin, network}, {parallel, clock});
  const scripts = new WatchedScripts();
  const byScripts = new ScriptMempool(client, scripts, {clock, log, requestsPerSecond, parallel});
  const mempool = new Mempool(client, byScripts, {format, clock, log, requestsPerSecond, parallel});
  const channel =
    config.websocket === undefined ? undefined : new WebsocketChannel(config.websocket, scripts, {clock, log});
  if (channel !== undefined) {
    channel.onNamed = txid => byScripts.add(txid);
    byScripts.isTold = () => channel.coversScripts;
  }
  const ended = new AbortController();
  const chain = new EsploraChainSource({
    config,
    coin,
    network,
    client,
    headers,
    scripts,
    mempool,
    channel,
    clock,
    log,
    plan,
    ended: ended.signal,
  });
  return {
    chain,
    broadcaster: new EsploraBroadcaster(client),
    fees: new EsploraFeeSource(client),
    health: new EsploraHealth(client, mempool, channel),
    coins: new EsploraCoinSource(client, headers, {format, parallel}),
    spent: () => client.spent,
    close: async () => {
      ended.abort();
      await client.close();
    },
  };
};
