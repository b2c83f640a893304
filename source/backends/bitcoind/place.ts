import type {BitcoindConfig} from '../../config/config.ts';

/** Where a node is and which keys of the config say so: the part of every error that helps. Holds no secret. */
export class Place {
  readonly #config: BitcoindConfig;
  readonly coin: string;
  /** `http://127.0.0.1:18443`, without user and password. */
  readonly origin: string;
  /** `bitcoind at http://127.0.0.1:18443` */
  readonly node: string;

  constructor(config: BitcoindConfig, coin: string) {
    this.#config = config;
    this.coin = coin;
    this.origin = new URL(config.url).origin;
    this.node = `bitcoind at ${this.origin}`;
  }

  /** `coins.btc.backend.url` */
  key(name: string): string {
    return `coins.${this.coin}.backend.${name}`;
  }

  get authKey(): string {
    return this.key(this.#config.auth.kind === 'cookie' ? 'auth.cookie' : 'auth');
  }

  get wallet(): string {
    return this.#config.wallet;
  }

  get cookiePath(): string | undefined {
    return this.#config.auth.kind === 'cookie' ? this.#config.auth.path : undefined;
  }
}
