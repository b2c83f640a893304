import {WatchSet} from '../chain/watch-set.ts';
import type {Coin, Network} from '../coins/index.ts';
import type {CoinConfig, Config} from '../config/config.ts';
import type {Job, RescanEstimate, ScanMethod} from '../contract/index.ts';
import type {Loop} from '../loops/loop.ts';
import {runLoop, type LoopStatus, type SupervisedLoop} from '../loops/run-loop.ts';
import type {SignerState} from '../payout/ports.ts';
import {quoteFee} from '../payout/quote.ts';
import type {Satoshi} from '../primitives/amount.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError, hasCode, messageOf} from '../primitives/errors.ts';
import type {Log} from '../primitives/log.ts';
import type {Meter} from '../primitives/meter.ts';
import {openStore, type Store} from '../store/open-store.ts';
import {createCoinLoops, type CoinLoops} from './coin-loops.ts';
import {allowedScripts} from './allowed-scripts.ts';
import {FeeQuotes} from './fee-quotes.ts';
import {createLeaseLoop, takeLease} from './lease.ts';
import type {Backend, Parts} from './parts.ts';

export interface CoinContext {
  readonly config: Config;
  readonly parts: Parts;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Stops the loops. */
  readonly signal: AbortSignal;
  readonly onFatal: (error: EngineError) => void;
  /** Something that a snapshot shows has changed. */
  readonly onChange: () => void;
}

/**
 * One coin: its ledger, its node and its loops. The engine opens it, takes its lease and starts everything; a verb
 * without an engine opens it and gets lease, node and loops only as it needs them.
 */
export class CoinEngine {
  readonly config: CoinConfig;
  readonly coin: Coin;
  readonly network: Network;
  readonly store: Store;
  readonly #context: CoinContext;
  readonly #supervised: SupervisedLoop[] = [];
  readonly #stopListening: () => void;
  readonly #quotes: FeeQuotes;
  readonly #allowed: ReadonlySet<string> | undefined;
  /** Wall clock less the monotonic one at the start, ms. */
  readonly #clockOffset: number;
  #lease: Promise<void> | undefined;
  #loops: Promise<CoinLoops> | undefined;
  #startedLoops: CoinLoops | undefined;
  #backend: Promise<Backend> | undefined;

  private constructor(config: CoinConfig, store: Store, context: CoinContext) {
    this.config = config;
    const coin = config.definition;
    const network = coin.networks[config.network];
    if (network === undefined)
      throw new EngineError('bad_config', `coin ${config.coin} has no network ${config.network}`);
    this.coin = coin;
    this.network = network;
    this.store = store;
    this.#context = context;
    const {clock} = context;
    this.#quotes = new FeeQuotes(async () => (await this.backend()).fees, config.payouts.fee, clock);
    this.#allowed = allowedScripts(config);
    this.#clockOffset = clock.now() - clock.monotonic();
    this.#stopListening = store.onCommit(() => context.onChange());
  }

  /** Opens the ledger. Throws what `openStore` throws, and `wrong_ledger` when it belongs to another network. */
  static async open(config: CoinConfig, context: CoinContext): Promise<CoinEngine> {
    const store = await openStore(
      {type: 'sqlite', path: context.config.database.path, coin: config.coin},
      config.definition,
    );
    try {
      if (store.identity.network !== config.network)
        throw new EngineError(
          'wrong_ledger',
          `the ${config.coin} ledger was initialised for ${store.identity.network}, and the config says ${config.network}`,
        );
      return new CoinEngine(config, store, context);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get name(): string {
    return this.config.coin;
  }

  get sinkConfigs(): Config['sinks'] {
    return this.#context.config.sinks;
  }

  /** The loops, when they run. */
  get loops(): CoinLoops | undefined {
    return this.#startedLoops;
  }

  loopStatuses(): LoopStatus[] {
    return this.#supervised.map(loop => loop.status());
  }

  /** Resolves once this process may write to the ledger; the lease is renewed from then on. Repeating it is harmless. */
  async lease(options: {impatient: boolean}): Promise<void> {
    this.#lease ??= this.#takeLease(options.impatient).catch((error: unknown) => {
      this.#lease = undefined;
      throw error;
    });
    return this.#lease;
  }

  /** The store, for writing: a verb takes the lease with its first write. */
  async writable(): Promise<Store> {
    await this.lease({impatient: true});
    return this.store;
  }

  async backend(): Promise<Backend> {
    const {parts, clock, log, meter} = this.#context;
    const {coin, network} = this;
    const {walletFingerprints} = this.store.identity;
    this.#backend ??= parts.createBackend(this.config, {
      coin,
      network,
      clock,
      log,
      meter,
      walletFingerprints,
      ledger: {
        derived: this.store.derived,
        rawTransactions: async txids => this.store.rawTransactions(txids),
        watchScript: script => this.watchScript(script),
      },
    });
    return this.#backend;
  }

  /** Starts every loop of this coin, once. Needs the lease. */
  async start(): Promise<CoinLoops> {
    this.#loops ??= this.#start();
    return this.#loops;
  }

  async startRescan(from: number | string | undefined, method: ScanMethod | undefined): Promise<Job> {
    await this.writable();
    const {rescan} = await this.start();
    return rescan.start(from, method);
  }

  async estimateRescan(from: number | string | undefined): Promise<RescanEstimate> {
    const {rescan} = await this.start();
    return rescan.estimate(from);
  }

  /** What an account pays on top for the network fee of a payout to this script, when accounts pay. */
  async quoteFee(scriptPubKey: Buffer): Promise<Satoshi> {
    return quoteFee(scriptPubKey, await this.#quotes.rate());
  }

  /** Whether the operator's list has this script, or there is no list. */
  isAllowed(scriptPubKey: Buffer): boolean {
    return this.#allowed === undefined || this.#allowed.has(scriptPubKey.toString('hex'));
  }

  /** ms since 1970 by a clock that goes on evenly from the start of this process, whatever is set meanwhile. */
  steadyNow(): number {
    return Math.round(this.#clockOffset + this.#context.clock.monotonic());
  }

  /** What is asked of a loop must not outlive it. Throws `stopping`. */
  async untilStopped<Value>(asked: Promise<Value>): Promise<Value> {
    const {signal} = this.#context;
    const {promise, reject} = Promise.withResolvers<never>();
    const stop = () => reject(new EngineError('stopping', 'the engine is stopping', {retry: 'unknown-outcome'}));
    signal.addEventListener('abort', stop, {once: true});
    if (signal.aborted) stop();
    try {
      return await Promise.race([asked, promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** A script that became ours: found from the next look on. */
  watchScript(scriptPubKey: Buffer): void {
    this.#startedLoops?.watchScript(scriptPubKey);
  }

  async cancelJob(id: string): Promise<Job> {
    await this.writable();
    const {rescan} = await this.start();
    return rescan.cancel(id);
  }

  /** Waits for the loops to end (their signal must be aborted), gives the lease back and closes what was opened. */
  async close(): Promise<void> {
    await Promise.all(this.#supervised.map(async loop => loop.ended));
    this.#stopListening();
    if (this.#lease !== undefined) await this.store.releaseLease();
    await Promise.all((this.#startedLoops?.sinks ?? []).map(async sink => sink.close()));
    if (this.#backend !== undefined) await (await this.#backend).close();
    await this.store.close();
  }

  async #takeLease(impatient: boolean): Promise<void> {
    const {clock, log, signal} = this.#context;
    await takeLease(this.store, this.name, {clock, log, signal, impatient});
    this.#supervise(createLeaseLoop(this.store, this.name, clock));
  }

  async #start(): Promise<CoinLoops> {
    const backend = await this.backend();
    await this.#lookAhead(backend);
    const loops = await createCoinLoops(this, backend, new WatchSet(), this.#context);
    this.#startedLoops = loops;
    for (const loop of loops.all) this.#supervise(loop);
    void this.#prepareSigner(loops.backend);
    return loops;
  }

  /** Said now, and not when the first payout is due. */
  async #prepareSigner({signer}: Backend): Promise<void> {
    const {log} = this.#context;
    let state: SignerState | undefined;
    try {
      state = await signer.prepare?.();
    } catch (error) {
      // Whoever pays says so again; deposits must not end with it.
      log.error({coin: this.name, error: messageOf(error)}, 'the signer could not be made ready');
    }
    if (state === undefined) return;
    const {kind, words} = state;
    if (kind === 'ready') log.info({coin: this.name, words}, 'the signer is ready');
    else log.error({coin: this.name, state: kind, words}, 'the signer cannot sign');
  }

  /** Before the chain is looked at. Another wallet than the pinned one is said where all that is wrong with it is said. */
  async #lookAhead({addresses}: Backend): Promise<void> {
    try {
      await addresses.lookAhead?.();
    } catch (error) {
      if (!hasCode(error, 'wallet_mismatch')) throw error;
    }
  }

  #supervise(loop: Loop): void {
    const {clock, log, signal, onFatal, onChange} = this.#context;
    this.#supervised.push(runLoop(loop, {clock, log, signal, onFatal, onChange}));
  }
}
