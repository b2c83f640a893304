import type {
  AddressSource,
  BackendHealth,
  ChainSource,
  CoinSource,
  DerivedScripts,
  SeveralSources,
} from '../chain/ports.ts';
import type {CoinConfig, SinkConfig} from '../config/config.ts';
import type {Coin, Network} from '../coins/index.ts';
import type {Sink} from '../outbox/ports.ts';
import type {Broadcaster, FeeSource, PreviousTransactions, PsbtDesk, Signer} from '../payout/ports.ts';
import type {SizeOfInput} from '../payout/sizes.ts';
import type {Clock} from '../primitives/clock.ts';
import type {Log} from '../primitives/log.ts';
import type {Meter} from '../primitives/meter.ts';

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

/** Everything the engine asks for one coin, behind the ports. Making one does no I/O. */
export interface Backend extends NetworkSide, WalletSide {}

export interface BackendContext {
  readonly coin: Coin;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter?: Meter | undefined;
  /** Pinned at init; undefined while there is no ledger: such a backend hands out no addresses. */
  readonly walletFingerprints: readonly string[] | undefined;
  /** For a wallet that the engine derives itself; undefined while there is no ledger. */
  readonly ledger?: WalletLedger | undefined;
}

/** What a derived wallet keeps in the ledger and finds there. */
export interface WalletLedger extends PreviousTransactions {
  readonly derived: DerivedScripts;
  /** From now on, money that comes to this script is found. */
  watchScript(scriptPubKey: Buffer): void;
}

/** What the composition root supplies: the concrete backends and sinks, loaded only when they are made. */
export interface Parts {
  createBackend(config: CoinConfig, context: BackendContext): Promise<Backend>;
  /** One for each coin. Throws `bad_config` for a sink that no waiting will mend, such as a module that does not load. */
  createSink(name: string, config: SinkConfig, context: {coin: string; log: Log}): Promise<Sink>;
}
