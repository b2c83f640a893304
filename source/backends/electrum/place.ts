import type {Coin} from '../../coins/index.ts';
import type {ElectrumConfig} from '../../config/config.ts';

/** Where a server is and which keys of the config say so: the part of every error that helps. */
export class ServerPlace {
  readonly #field: string;
  readonly coin: string;
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  readonly url: string;
  /** `the Electrum server at ssl://host:50002` */
  readonly server: string;

  constructor(config: Pick<ElectrumConfig, 'url' | 'field'>, coin: Pick<Coin, 'name'>) {
    const url = new URL(config.url);
    this.coin = coin.name;
    this.#field = config.field ?? `coins.${coin.name}.backend`;
    this.url = config.url;
    // Brackets belong to the URL, not to the address.
    this.host = url.hostname.replace(/^\[|\]$/g, '');
    this.port = Number(url.port);
    this.isEncrypted = url.protocol === 'ssl:';
    this.server = `the Electrum server at ${config.url}`;
  }

  /** `coins.btc.backend.url` */
  key(name: string): string {
    return `${this.#field}.${name}`;
  }
}
