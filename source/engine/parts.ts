import type {DerivedScripts} from '../chain/ports.ts';
import type {CoinConfig, SinkConfig} from '../config/config.ts';
import type {Sink} from '../outbox/ports.ts';
import type {PreviousTransactions} from '../payout/ports.ts';
import type {NetworkContext, NetworkSide, WalletSide} from '../payout/sides.ts';
import type {Log} from '../primitives/log.ts';

/** Everything the engine asks for one coin, behind the ports. Making one does no I/O. */
export interface Backend extends NetworkSide, WalletSide {}

export interface BackendContext extends NetworkContext {
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
