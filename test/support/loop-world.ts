import {WatchSet} from '../../source/chain/watch-set.ts';
import type {BackendEvent} from '../../source/contract/index.ts';
import {createTrackChain, type TrackChain} from '../../source/loops/track-chain.ts';
import type {Round} from '../../source/loops/loop.ts';
import type {Clock} from '../../source/primitives/clock.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {LedgerWorld, type WorldOptions} from './ledger-world.ts';

interface LoopWorldOptions extends WorldOptions {
  readonly failTrack?: () => Error | undefined;
  /** What an engine before this one told last. */
  readonly lastBackendEvent?: 'backend.down' | 'backend.behind' | 'backend.up';
}

/** The chain loop over a simulated node, a round at a time and with a clock that only the test moves. */
export class LoopWorld extends LedgerWorld {
  readonly watch = new WatchSet();
  readonly track: TrackChain;
  readonly backendEvents: string[] = [];
  hintsHealthy = false;
  hintsQuiet = false;
  connections = 0;
  readonly #stop = new AbortController();
  #monotonic = 0;

  constructor(options: LoopWorldOptions = {}) {
    super(options);
    const clock: Clock = {now: () => this.now + this.#monotonic, monotonic: () => this.#monotonic};
    const {store, ledger, backendEvents} = this;
    this.track = createTrackChain({
      coin: ledger.coin,
      network: ledger.coin.networks.regtest!,
      chain: this.chain,
      store: {
        ...store,
        identity: ledger.identity,
        track: async (...parameters) => {
          const failure = options.failTrack?.();
          if (failure) throw failure;
          return store.track(...parameters);
        },
        appendBackendEvent: async (type: string, {reason}: BackendEvent) =>
          void backendEvents.push(reason === undefined ? type : `${type}: ${reason}`),
        lastBackendEvent: async () => options.lastBackendEvent,
        lastSpeaker: async () => undefined,
      },
      policy: this.policy,
      watch: this.watch,
      clock,
      log: silentLog,
      pollInterval: 1_000,
      hintsHealthy: () => this.hintsHealthy,
      hintsQuiet: () => this.hintsQuiet,
      onConnected: () => void (this.connections += 1),
    });
  }

  /** One round, as the supervisor would run it now. */
  async round(progress: () => void = () => {}): Promise<Round> {
    return this.track.loop.round({signal: this.#stop.signal, progress});
  }

  /** Rounds at the times the loop asks for, until this many milliseconds have passed. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#monotonic + milliseconds;
    for (;;) {
      const {sleep} = await this.round();
      if (this.#monotonic + sleep > end) break;
      this.#monotonic += Math.max(sleep, 1);
    }
    this.#monotonic = end;
  }

  /** Rounds at the times the loop asks for, until the node was asked this once more. */
  async untilAsked(call: string): Promise<void> {
    const before = this.chain.calls[call];
    for (let rounds = 0; this.chain.calls[call] === before; rounds++) {
      if (rounds === 1000) throw new Error(`the loop does not ask for ${call}`);
      const {sleep} = await this.round();
      if (this.chain.calls[call] === before) this.#monotonic += Math.max(sleep, 1);
    }
  }

  override close(): void {
    this.#stop.abort();
    super.close();
  }
}
