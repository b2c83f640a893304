import type {AddressSource, CoinSource} from '../../chain/ports.ts';
import {isAddress} from '../../coins/index.ts';
import type {BitcoindConfig} from '../../config/config.ts';
import type {NetworkContext, NetworkSide} from '../../payout/sides.ts';
import {AbilityProbe} from './abilities.ts';
import {BitcoindAddressSource} from './address-source.ts';
import {BitcoindBroadcaster} from './broadcaster.ts';
import {BitcoindChainSource} from './chain-source.ts';
import {BitcoindCoinSource} from './coin-source.ts';
import {BitcoindFeeSource, BitcoindHealth} from './health.ts';
import {channelOf, NotifyChannels} from './notify-channels.ts';
import {RpcClient} from './rpc-client.ts';
import {WalletRpc} from './wallet-rpc.ts';

export interface BitcoindOptions extends NetworkContext {
  /**
   * The wallet as stored at init. Without it `addresses` hands out none: an address of a wallet that is not ours
   * would take money away for good.
   */
  readonly walletFingerprints?: readonly string[] | undefined;
}

/** One node and its wallet, behind the ports. Makes no call before it is asked something. */
export interface Bitcoind extends NetworkSide {
  readonly addresses: AddressSource;
  readonly coins: CoinSource;
  /** For a signer that uses the node's wallet (signers/node.ts). */
  readonly wallet: WalletRpc;
}

export const createBitcoind = (config: BitcoindConfig, options: BitcoindOptions): Bitcoind => {
  const {coin, network, clock, log, meter, walletFingerprints} = options;
  const rpc = new RpcClient(config, coin, clock, meter);
  const abilities = new AbilityProbe(rpc);
  const wallet = new WalletRpc(rpc, abilities, log);
  const channels = new NotifyChannels(
    config.notify.map(one => channelOf(one, clock, log)),
    log,
  );
  const chain = new BitcoindChainSource(rpc, {network, format: coin.format, clock}, channels, abilities);
  return {
    chain,
    addresses: new BitcoindAddressSource(
      wallet,
      {coin, isAddress: text => isAddress(text, coin, network)},
      walletFingerprints,
    ),
    broadcaster: new BitcoindBroadcaster(wallet),
    fees: new BitcoindFeeSource(rpc),
    health: new BitcoindHealth(rpc, channels),
    coins: new BitcoindCoinSource(wallet, coin),
    wallet,
    close: async () => {
      channels.close();
      await Promise.all([chain.close(), rpc.close()]);
    },
  };
};
