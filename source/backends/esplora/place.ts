import type {EsploraConfig} from '../../config/config.ts';

/** `field`: where it stands in the file, `coins.btc.backend[1]`; the coin's only backend unless said. */
export type EsploraPlace = EsploraConfig & {readonly field?: string};

/** Where a server is and which keys of the config say so: the part of every error that helps. Holds no secret. */
export class Place {
  readonly coin: string;
  readonly #field: string;
  /** `https://mempool.space/api`, without a trailing slash. */
  readonly url: string;
  /** `Esplora at https://mempool.space/api` */
  readonly server: string;

  constructor({url, field}: EsploraPlace, coin: string) {
    this.coin = coin;
    this.#field = field ?? `coins.${coin}.backend`;
    this.url = url;
    this.server = `Esplora at ${url}`;
  }

  /** `coins.btc.backend.url` */
  key(name: 'url' | 'websocket' | 'timeout' | 'requests_per_second'): string {
    return `${this.#field}.${name}`;
  }
}
