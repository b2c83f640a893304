import type {ElectrumConfig} from '../../config/config.ts';
import type {NetworkContext, NetworkSide} from '../../payout/sides.ts';
import {ElectrumBroadcaster} from './broadcaster.ts';
import {ElectrumChainSource} from './chain-source.ts';
import {ElectrumClient} from './electrum-client.ts';
import {ElectrumFeeSource, ElectrumHealth} from './health.ts';
import {Transactions} from './transactions.ts';

/** One Electrum server behind the ports of a network. It has no wallet. Makes no call before it is asked something. */
export const createElectrum = (config: ElectrumConfig, options: NetworkContext): NetworkSide => {
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
