import type {AddressSource, BackendHealth, ChainSource, CoinSource, SeveralSources} from '../chain/ports.ts';
import type {Coin, Network} from '../coins/index.ts';
import type {Clock} from '../primitives/clock.ts';
import type {Log} from '../primitives/log.ts';
import type {Meter} from '../primitives/meter.ts';
import type {Broadcaster, FeeSource, PsbtDesk, Signer} from './ports.ts';
import type {SizeOfInput} from './sizes.ts';

/** What a node or a provider of chain data is asked. */
export interface NetworkSide {
  readonly chain: ChainSource;
  readonly broadcaster: Broadcaster;
  readonly fees: FeeSource;
  readonly health: BackendHealth;
  /** Undefined for a backend that cannot tell of single coins. */
  readonly coins?: CoinSource | undefined;
  /** Undefined when there is one source only. */
  readonly several?: SeveralSources | undefined;
  close(): Promise<void>;
}

/** Where addresses and signatures come from: the node's wallet, or one that needs no node. */
export interface WalletSide {
  readonly addresses: AddressSource;
  readonly signer: Signer;
  /** Where somebody signs by hand; undefined for a signer that is no person. */
  readonly psbts?: PsbtDesk | undefined;
  /** What spending a coin of it takes, where its scripts are not the usual ones of single keys. */
  readonly inputSize?: SizeOfInput | undefined;
}

/** What every network side is made with. */
export interface NetworkContext {
  readonly coin: Coin;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter?: Meter | undefined;
}
