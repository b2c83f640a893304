import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect} from 'vitest';
import {createBitcoind, type Bitcoind} from '../../source/backends/bitcoind/index.ts';
import type {ChainSource} from '../../source/chain/ports.ts';
import type {Failover} from '../../source/backends/failover/index.ts';
import {WatchSet} from '../../source/chain/watch-set.ts';
import {btc} from '../../source/coins/btc.ts';
import {scriptOf} from '../../source/coins/index.ts';
import type {Deposit, Event, Job} from '../../source/contract/index.ts';
import {createAgree, type Agree} from '../../source/loops/agree.ts';
import {createCheckBooks} from '../../source/loops/check-books.ts';
import {createRescan, type Rescan} from '../../source/loops/rescan.ts';
import {runLoop, type SupervisedLoop} from '../../source/loops/run-loop.ts';
import {createTrackChain, type TrackChain} from '../../source/loops/track-chain.ts';
import {systemClock} from '../../source/primitives/clock.ts';
import {silentLog} from '../../source/primitives/log.ts';
import type {BlockHash} from '../../source/primitives/ids.ts';
import type {AgreementPolicy} from '../../source/store/chain-store.ts';
import {initialiseLedger, openStore, type Store} from '../../source/store/open-store.ts';
import {openElectrum} from './electrum.ts';
import {ElectrumServer} from './electrum-server/index.ts';
import {openEsplora} from './esplora.ts';
import {EsploraServer} from './esplora-server/index.ts';
import {changed} from './esplora-server/faults.ts';
import {RegtestNode, type RegtestOptions} from './regtest-node.ts';
import {until} from './until.ts';

const NETWORK = btc.networks.regtest!;
const OUTSIDE = 'outside';

/**
 * By which road the node is seen. `esplora-large`: through a server whose mempool is too large to be read whole, with its
 * websocket.
 */
export type Road = 'bitcoind' | 'electrum' | 'esplora' | 'esplora-large';

/** A source that is not the node itself. */
interface Server {
  readonly chain: ChainSource;
  readonly health: Pick<Bitcoind['health'], 'notifyChannels'>;
  close(): Promise<void>;
}

interface Running {
  readonly stop: AbortController;
  readonly loops: readonly SupervisedLoop[];
  readonly bitcoind: Bitcoind;
  readonly server: Server | undefined;
  readonly several: Failover | undefined;
  readonly agree: Agree | undefined;
  readonly chain: ChainSource;
  readonly store: Store;
  readonly track: TrackChain;
  readonly rescan: Rescan;
}

export interface TrackedNodeOptions extends RegtestOptions {
  /** By which road the node is seen; its RPC unless said. */
  readonly backend?: Road;
  readonly confirmations?: number;
  readonly maxConfirmationCount?: number;
  /** Large deposits need several sources; with `through` only. */
  readonly agreement?: AgreementPolicy;
  /** Follows the chain through several sources, of which this node may be one, instead of this node alone. */
  readonly through?: (own: Bitcoind) => Failover;
  /** Called when the node has its blocks, before anything follows it. */
  readonly prepare?: (node: RegtestNode) => Promise<void>;
}

/** A real node, a real ledger, and the chain loops between them, without engine, API or payouts. */
export class TrackedNode {
  readonly node: RegtestNode;
  /** Of a world that is seen through one. */
  server: ElectrumServer | EsploraServer | undefined;
  readonly #options: TrackedNodeOptions;
  readonly #directory: string;
  readonly #faults: string[] = [];
  #running: Running | undefined;

  private constructor(node: RegtestNode, options: TrackedNodeOptions, directory: string) {
    this.node = node;
    this.#options = options;
    this.#directory = directory;
  }

  /** 105 blocks mined to a wallet outside, the ledger made at their tip, the loops running. */
  static async start(options: TrackedNodeOptions = {}): Promise<TrackedNode> {
    const node = await RegtestNode.start(options);
    const tracked = new TrackedNode(node, options, mkdtempSync(join(tmpdir(), 'tracked-')));
    try {
      await node.createWallet(OUTSIDE);
      await node.createWallet('hot');
      await tracked.mine(105);
      await options.prepare?.(node);
      const height = await node.rpc<number>('getblockcount');
      const hash = await node.rpc<BlockHash>('getblockhash', [height]);
      await initialiseLedger(tracked.#location, {
        network: 'regtest',
        genesis: NETWORK.genesis,
        walletFingerprints: [],
        start: {height, hash, time: 0},
        now: Date.now(),
      });
      await tracked.run();
      await tracked.store.createAccount('alice', Date.now());
      await tracked.store.createAccount('bob', Date.now());
    } catch (error) {
      await tracked.dispose();
      throw error;
    }
    return tracked;
  }

  get #location() {
    return {type: 'sqlite' as const, path: join(this.#directory, '{coin}.sqlite'), coin: 'btc'};
  }

  get #now(): Running {
    if (!this.#running) throw new Error('the loops do not run');
    return this.#running;
  }

  get store(): Store {
    return this.#now.store;
  }

  get track(): TrackChain {
    return this.#now.track;
  }

  get agree(): Agree {
    const {agree} = this.#now;
    if (!agree) throw new Error('no deposit needs several sources here');
    return agree;
  }

  get rescan(): Rescan {
    return this.#now.rescan;
  }

  /** Starts the loops on the ledger, as a restarted engine does. */
  async run(): Promise<void> {
    const {confirmations = 3, maxConfirmationCount = 15, zmq = true} = this.#options;
    const store = await openStore(this.#location);
    const notify = zmq ? [{type: 'zmq' as const, url: this.node.zmqUrl}] : [];
    const auth = {kind: 'cookie' as const, path: this.node.cookiePath};
    const config = {type: 'bitcoind' as const, url: this.node.url, auth, wallet: 'hot', timeout: 15_000, notify};
    const common = {coin: btc, network: NETWORK, clock: systemClock, log: silentLog};
    const bitcoind = createBitcoind(config, common);
    const {agreement} = this.#options;
    const policy = {confirmations, maxConfirmationCount, coinbaseMaturity: btc.coinbaseMaturity, agreement};
    const server = await this.#openServer();
    const several = this.#options.through?.(bitcoind);
    const chain = several?.chain ?? server?.chain ?? bitcoind.chain;
    const parts = {...common, chain, store, policy, watch: new WatchSet()};
    const track = createTrackChain({
      ...parts,
      pollInterval: 100,
      hintsHealthy: () => zmq,
      ...(several && {sources: () => several.several.list()}),
    });
    const rescan = createRescan(parts);
    const books = createCheckBooks({...common, store, addresses: bitcoind.addresses});
    const stop = new AbortController();
    const supervision = {
      ...common,
      signal: stop.signal,
      onFatal: (error: Error) => void this.#faults.push(error.message),
    };
    const agree =
      several && agreement
        ? createAgree({...parts, sources: several.several, policy: {...policy, agreement}, askAgain: 300})
        : undefined;
    const loops = [track.loop, rescan.loop, books, ...(agree ? [agree] : [])].map(loop => runLoop(loop, supervision));
    this.#running = {stop, loops, bitcoind, server, several, agree, chain, store, track, rescan};
    this.#watch = parts.watch;
  }

  /** The server stays; whoever asks it is new, as in a restarted engine. */
  async #openServer(): Promise<Server | undefined> {
    const {backend = 'bitcoind'} = this.#options;
    if (backend === 'bitcoind') return undefined;
    if (backend === 'electrum') {
      this.server ??= await ElectrumServer.start({node: this.node});
      return openElectrum(this.server.url);
    }
    const server = (this.server as EsploraServer | undefined) ?? (await EsploraServer.start(this.node));
    this.server = server;
    if (backend === 'esplora') return openEsplora(server.url);
    server.fault = changed<object>(/^\/mempool$/, size => ({...size, count: 1_000_000}));
    return openEsplora(server.url, {websocket: server.websocketUrl});
  }

  #watch = new WatchSet();

  /** Ends the loops and closes the ledger; the node goes on. */
  async pause(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    running.stop.abort();
    await Promise.all(running.loops.map(async loop => loop.ended));
    await running.bitcoind.close();
    await running.server?.close();
    await running.several?.close();
    await running.store.close();
  }

  /** A fresh address of the hot wallet for this account. */
  async address(account: string): Promise<string> {
    const address = await this.node.rpc<string>('getnewaddress', [], 'hot');
    const scriptPubKey = scriptOf(address, btc, NETWORK);
    await this.store.addAddress({account, address, scriptPubKey, label: undefined}, Date.now());
    this.#watch.addScript(scriptPubKey);
    this.#now.chain.watchScript?.(scriptPubKey);
    return address;
  }

  async pay(address: string, amount: number, feerate = 5): Promise<string> {
    const parameters = [address, amount, '', '', false, true, null, 'unset', null, feerate];
    return this.node.rpc<string>('sendtoaddress', parameters, OUTSIDE);
  }

  async mine(blocks: number, address?: string): Promise<string[]> {
    return this.node.mine(blocks, address ?? (await this.node.rpc<string>('getnewaddress', [], OUTSIDE)));
  }

  /** Blocks without any mempool transaction but these. */
  async mineOnly(blocks: number, transactions: readonly string[] = []): Promise<void> {
    for (let mined = 0; mined < blocks; mined++) {
      const to = await this.node.rpc<string>('getnewaddress', [], OUTSIDE);
      await this.node.rpc('generateblock', [to, mined === 0 ? transactions : []]);
    }
  }

  /** Takes the top blocks away; what they held is back in the mempool. */
  async invalidate(depth: number): Promise<void> {
    const height = await this.node.rpc<number>('getblockcount');
    await this.node.rpc('invalidateblock', [await this.node.rpc<string>('getblockhash', [height - depth + 1])]);
  }

  /** The ledger stands at the node's tip. */
  async caughtUp(): Promise<void> {
    await until('the ledger to reach the node’s tip', async () => {
      this.#expectNoFaults();
      const hash = await this.node.rpc<string>('getbestblockhash');
      return (await this.store.ladderTop())?.hash === hash;
    });
  }

  #expectNoFaults(): void {
    expect(this.#faults).toEqual([]);
  }

  async deposits(): Promise<Deposit[]> {
    return (await this.store.deposits({limit: 1000})).items.reverse();
  }

  /** `credited 3`: status and confirmations of every deposit, oldest first. */
  async states(): Promise<string[]> {
    return (await this.deposits()).map(({status, confirmations, reason}) =>
      [status, reason ?? confirmations].join(' '),
    );
  }

  /** Nodes tell each other of transactions when they like to, which may take half a minute. */
  async untilStates(...states: string[]): Promise<void> {
    try {
      await until('', async () => (await this.states()).join() === states.join(), {every: 10, timeout: 45_000});
    } catch {
      // The comparison says more than that time passed.
      expect(await this.states()).toEqual(states);
    }
  }

  async events(): Promise<Event[]> {
    return (await this.store.events(0, 10_000)).items;
  }

  /** `detected 0`, `dropped reorged`… of one deposit, in order; `confirmations` left out, which may be skipped. */
  async story(txid?: string): Promise<string[]> {
    return (await this.events())
      .filter(({type}) => type.startsWith('deposit.') && type !== 'deposit.confirmations')
      .filter(({data}) => txid === undefined || (data as Deposit).txid === txid)
      .map(({type, data}) => [type.slice(8), (data as Deposit).reason].filter(Boolean).join(' '));
  }

  async balance(account: string): Promise<string> {
    return (await this.store.account(account)).balance;
  }

  async ended(job: Job): Promise<Job> {
    return until(`job ${job.id} to end`, async () => {
      const now = await this.store.job(job.id);
      return now.status === 'running' ? undefined : now;
    });
  }

  async dispose(): Promise<void> {
    await this.pause();
    await this.server?.close();
    await this.node.dispose();
    rmSync(this.#directory, {recursive: true, force: true});
  }

  /** The books hold and nothing died. */
  async expectSound(): Promise<void> {
    this.#expectNoFaults();
    expect((await this.store.auditBooks()).faults).toEqual([]);
  }
}
