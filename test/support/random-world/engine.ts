import {WatchSet} from '../../../source/chain/watch-set.ts';
import type {ChainSource} from '../../../source/chain/ports.ts';
import {btc} from '../../../source/coins/btc.ts';
import {createBroadcastLoop, type Broadcasting} from '../../../source/loops/broadcast.ts';
import {createCheckBooks} from '../../../source/loops/check-books.ts';
import {createDeliver} from '../../../source/loops/deliver.ts';
import type {Loop} from '../../../source/loops/loop.ts';
import {createRescan, type Rescan} from '../../../source/loops/rescan.ts';
import {createTrackChain} from '../../../source/loops/track-chain.ts';
import type {Hold} from '../../../source/payout/state.ts';
import type {Broadcaster, SendAnswer, Signer} from '../../../source/payout/ports.ts';
import type {Sink} from '../../../source/outbox/ports.ts';
import type {Clock} from '../../../source/primitives/clock.ts';
import {EngineError, messageOf} from '../../../source/primitives/errors.ts';
import {silentLog} from '../../../source/primitives/log.ts';
import type {Txid} from '../../../source/primitives/ids.ts';
import type {LedgerIdentity, Store} from '../../../source/store/store.ts';
import {openConnection, type Connection} from '../../../source/store/sqlite/connection.ts';
import {composeStore} from '../../../source/store/sqlite/open.ts';
import {REGTEST} from '../payout-ledger.ts';
import {Breaker, Killed} from './faults.ts';
import type {WorldNode} from './node.ts';

export const POLICY = {confirmations: 2, maxConfirmationCount: 6, coinbaseMaturity: 101};
const FEE = {targetBlocks: 6, fallbackRate: 2, minRate: 1, maxRate: 50};
export const LOOPS = ['track', 'broadcast', 'books', 'deliver', 'rescan'] as const;
export type LoopName = (typeof LOOPS)[number];

interface Common {
  readonly coin: typeof btc;
  readonly network: typeof REGTEST;
  readonly clock: Clock;
  readonly log: typeof silentLog;
  readonly store: Store;
}

export interface EngineParts {
  readonly file: string;
  readonly identity: LedgerIdentity;
  readonly node: WorldNode;
  readonly clock: Clock;
  readonly sink: Sink;
  readonly hintsHealthy: () => boolean;
  /** Called with the bytes right before the node gets them. */
  readonly onSend: (raw: Buffer, txid: Txid) => void;
}

/** One life of the engine: its ledger, its loops, run round by round, until the breaker kills it. */
export class WorldEngine {
  readonly breaker = new Breaker();
  readonly store: Store;
  readonly rescan: Rescan;
  readonly #broadcast: Broadcasting;
  readonly #connection: Connection;
  readonly #loops: Readonly<Record<LoopName, Loop>>;
  readonly #stop = new AbortController();

  static async start(parts: EngineParts): Promise<WorldEngine> {
    const connection = openConnection(parts.file);
    connection.sqlite.pragma('synchronous = OFF');
    const store = composeStore(connection, parts.identity, btc);
    await store.ensureSink(parts.sink.name, 0);
    return new WorldEngine(parts, connection, store);
  }

  private constructor(parts: EngineParts, connection: Connection, store: Store) {
    this.#connection = connection;
    this.store = this.#breakable(store);
    const {node, clock} = parts;
    const watch = new WatchSet();
    const chain = this.#chain(node);
    const common = {coin: btc, network: REGTEST, clock, log: silentLog, store: this.store};
    const chainParts = {...common, chain, policy: POLICY, watch};
    const track = createTrackChain({...chainParts, pollInterval: 1000, hintsHealthy: parts.hintsHealthy});
    this.rescan = createRescan(chainParts);
    this.#broadcast = this.#createBroadcast(parts, {common, watch, blocked: () => track.view().blocked});
    this.#loops = {
      track: track.loop,
      rescan: this.rescan.loop,
      books: createCheckBooks({
        ...common,
        addresses: {walletTotal: async () => this.breaker.call(() => 0n), walletCoins: async () => []},
      }),
      deliver: createDeliver({...common, coin: 'btc', sink: parts.sink, types: undefined, random: () => 0.5}),
      broadcast: this.#broadcast,
    };
  }

  #createBroadcast(
    parts: EngineParts,
    {common, watch, blocked}: {common: Common; watch: WatchSet; blocked: () => Hold | undefined},
  ): Broadcasting {
    const {node} = parts;
    return createBroadcastLoop({
      ...common,
      signer: this.#signer(node),
      broadcaster: this.#broadcaster(parts),
      fees: {estimate: () => this.#ask(node, () => node.estimate)},
      addresses: {
        newChangeAddress: async () => {
          const {address, script} = await this.#ask(node, () => node.newChangeAddress());
          watch.addScript(script);
          return address;
        },
      },
      policy: {fee: FEE},
      blocked,
      period: 5000,
      pause: async () => undefined,
      step: async () => this.breaker.pass(),
    });
  }

  /** Lifts the fee of what is in the mempool, as far as the loop gets with it in one round. */
  async lift(txid: string): Promise<'ok' | 'failed' | 'killed'> {
    const lifted = this.#broadcast.bump(txid, undefined).catch((error: unknown) => error);
    const outcome = await this.round('broadcast');
    // One that the loop did not come to is forgotten with it.
    void lifted;
    return outcome;
  }

  /** `failed`: survived, as the supervisor would. Throws what would end the engine and is no kill. */
  async round(name: LoopName): Promise<'ok' | 'failed' | 'killed'> {
    try {
      await this.#loops[name].round({signal: this.#stop.signal, progress: () => {}});
      return 'ok';
    } catch (error) {
      if (this.breaker.isDead) return 'killed';
      if (error instanceof EngineError && error.retry !== 'never') return 'failed';
      throw error;
    }
  }

  async ask<Value>(request: () => Promise<Value>): Promise<Value | 'killed'> {
    try {
      return await request();
    } catch (error) {
      if (error instanceof Killed) return 'killed';
      throw error;
    }
  }

  /** Whatever was on its way to the database when it died arrives or does not; nothing after it. */
  async bury(): Promise<void> {
    this.breaker.killAfter(0);
    this.#stop.abort();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    this.#connection.sqlite.close();
  }

  #breakable(store: Store): Store {
    const breakable = Object.entries(store).map(([key, value]: [string, unknown]) => {
      if (typeof value !== 'function' || ['watchedScripts', 'watchedOutpoints', 'onCommit', 'close'].includes(key))
        return [key, value] as const;
      const operation = value as (...input: unknown[]) => Promise<unknown>;
      const broken = async (...input: unknown[]) => {
        this.breaker.pass();
        const answer = await operation(...input);
        this.breaker.pass();
        return answer;
      };
      return [key, broken] as const;
    });
    return Object.fromEntries(breakable) as unknown as Store;
  }

  async #ask<Value>(node: WorldNode, effect: () => Value | Promise<Value>): Promise<Value> {
    return this.breaker.call(() => {
      if (node.isDown) throw new EngineError('backend_down', 'the node is away', {retry: 'unknown-outcome'});
      return effect();
    });
  }

  #chain(node: WorldNode): ChainSource {
    const {chain} = node;
    const ask = <Value>(effect: () => Promise<Value>) => this.#ask(node, effect);
    return {
      tip: () => ask(() => chain.tip()),
      genesis: () => ask(() => chain.genesis()),
      hashesAt: heights => ask(() => chain.hashesAt(heights)),
      timesAt: heights => ask(() => chain.timesAt(heights)),
      transactionsIn: (blocks, txids) => ask(() => chain.transactionsIn(blocks, txids)),
      mempool: () => ask(() => chain.mempool()),
      mempoolTransactions: txids => ask(() => chain.mempoolTransactions(txids)),
      mempoolSpenders: outpoints => ask(() => chain.mempoolSpenders(outpoints)),
      listen: (onHint, signal) => chain.listen(onHint, signal),
      facts: (refs, watch, signal) => this.#facts(node, refs, watch, signal),
    };
  }

  async *#facts(node: WorldNode, ...asked: Parameters<ChainSource['facts']>): ReturnType<ChainSource['facts']> {
    for await (const block of node.chain.facts(asked[0], asked[1], asked[2])) yield await this.#ask(node, () => block);
  }

  #signer(node: WorldNode): Signer {
    return {
      lock: async () => this.#ask(node, () => undefined),
      unlock: async () => this.#ask(node, () => undefined),
      sign: async plan => {
        try {
          return await this.#ask(node, () =>
            node.isLocked
              ? {kind: 'locked' as const, words: 'locked'}
              : {kind: 'signed' as const, raw: node.sign(plan)},
          );
        } catch (error) {
          if (error instanceof EngineError) return {kind: 'unavailable', words: messageOf(error)};
          throw error;
        }
      },
    };
  }

  #broadcaster({node, onSend}: EngineParts): Broadcaster {
    const accept = async (raw: Buffer, test: boolean): Promise<SendAnswer> => {
      try {
        const answer = await this.#ask(node, () => node.accept(raw, {test}));
        if (answer === 'accepted' || answer === 'known') return {kind: 'accepted'};
        const isAboutInputs = answer === 'missing' || answer === 'conflict';
        return {kind: isAboutInputs ? 'inputs-unavailable' : 'rejected', words: answer};
      } catch (error) {
        if (error instanceof EngineError) return {kind: 'unknown', words: messageOf(error)};
        throw error;
      }
    };
    return {
      testAccept: async raw => {
        const answer = await accept(raw, true);
        return answer.kind === 'accepted' ? {kind: 'acceptable'} : answer;
      },
      send: async (raw, txid) => {
        onSend(raw, txid);
        return accept(raw, false);
      },
      find: async txid =>
        this.#ask(node, () => {
          if (node.anchoredAt(txid) !== undefined) return 'anchored';
          return node.chain.mempoolNow.has(txid) ? 'mempool' : 'absent';
        }),
    };
  }
}
