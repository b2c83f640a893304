import type {BackendHealth, ChainSource} from '../../chain/ports.ts';
import type {Coin, Network} from '../../coins/index.ts';
import type {ElectrumConfig} from '../../config/config.ts';
import type {Broadcaster, FeeSource} from '../../payout/ports.ts';
import type {Clock} from '../../primitives/clock.ts';
import type {Log} from '../../primitives/log.ts';
import type {Meter} from '../../primitives/meter.ts';
import {ElectrumBroadcaster} from './broadcaster.ts';
import {ElectrumChainSource} from './chain-source.ts';
import {ElectrumClient} from './electrum-client.ts';
import {ElectrumFeeSource, ElectrumHealth} from './health.ts';
import {Transactions} from './transactions.ts';

export interface ElectrumOptions {
  readonly coin: Coin;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter?: Meter | undefined;
}

/** One Electrum server behind the ports of a network. It has no wallet. Makes no call before it is asked something. */
export interface Electrum {
  readonly chain: ChainSource;
  readonly broadcaster: Broadcaster;
  readonly fees: FeeSource;
  readonly health: BackendHealth;
  close(): Promise<void>;
}

export const createElectrum = (config: ElectrumConfig, options: ElectrumOptions): Electrum => {
  const {coin, network, clock, log, meter} = options;
  const client = new ElectrumClient(config, coin, clock, meter);
  const transactions = new Transactions(client, coin.format);
  const chain = new ElectrumChainSource(client, {coin, network, clock, log}, transactions);
  return {
    chain,
    broadcaster: new ElectrumBroadcaster(client, transactions, coin.format),
    fees: new ElectrumFeeSource(client, coin.decimals),
    health: new ElectrumHealth(client, coin.decimals, clock),
    close: async () => {
      chain.close();
      client.close();
    },
  };
};
