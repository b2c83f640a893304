import type {Coin} from '../../coins/index.ts';
import type {BitcoindConfig} from '../../config/config.ts';

/** Where a node is and which keys of the config say so: the part of every error that helps. Holds no secret. */
export class Place {
  readonly #config: BitcoindConfig;
  readonly coin: string;
  /** `bitcoind` */
  readonly daemon: string;
  /** `http://127.0.0.1:18443`, without user and password. */
  readonly origin: string;
  /** `bitcoind at http://127.0.0.1:18443` */
  readonly node: string;

  constructor(config: BitcoindConfig, coin: Pick<Coin, 'name' | 'daemon'>) {
    this.#config = config;
    this.coin = coin.name;
    this.daemon = coin.daemon;
    this.origin = new URL(config.url).origin;
    this.node = `${coin.daemon} at ${this.origin}`;
  }

  /** `coins.btc.backend.url` */
  key(name: string): string {
    return `${this.#config.field ?? `coins.${this.coin}.backend`}.${name}`;
  }

  get authKey(): string {
    return this.key(this.#config.auth.kind === 'cookie' ? 'auth.cookie' : 'auth');
  }

  /** `bitcoin.conf` */
  get conf(): string {
    return this.daemon.endsWith('d') ? `${this.daemon.slice(0, -1)}.conf` : 'its configuration';
  }

  /** The command line that talks to it, `bitcoin-cli`. */
  get cli(): string {
    return this.daemon.endsWith('d') ? `${this.daemon.slice(0, -1)}-cli` : 'its command line';
  }

  /** Undefined for a node that only tells of the network. */
  get wallet(): string | undefined {
    return this.#config.wallet;
  }

  get cookiePath(): string | undefined {
    return this.#config.auth.kind === 'cookie' ? this.#config.auth.path : undefined;
  }
}
