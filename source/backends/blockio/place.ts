import type {Network} from '../../coins/index.ts';
import type {BlockIoConfig} from '../../config/config.ts';

/** Which provider and which keys of the config say so: the part of every error that helps. Holds no secret. */
export class Place {
  readonly coin: string;
  /** `block.io`, or where it is reached instead. */
  readonly node: string;
  /** block.io's name of the network: an API key belongs to one. */
  readonly network: string;

  constructor(config: Pick<BlockIoConfig, 'url'>, coin: string, network: Pick<Network, 'name'>) {
    const {host} = new URL(config.url);
    this.coin = coin;
    this.node = host === 'block.io' ? host : `block.io at ${host}`;
    this.network = `${coin.toUpperCase()}${network.name === 'mainnet' ? '' : 'TEST'}`;
  }

  /** `coins.btc.backend.api_key` */
  key(name: string): string {
    return `coins.${this.coin}.backend.${name}`;
  }
}
