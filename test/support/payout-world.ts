import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Bitcoind} from '../../source/backends/bitcoind/index.ts';
import {WatchSet} from '../../source/chain/watch-set.ts';
import {scriptOf} from '../../source/coins/index.ts';
import type {Payout} from '../../source/contract/index.ts';
import {createBroadcastLoop, type Broadcasting, type BroadcastParts} from '../../source/loops/broadcast.ts';
import type {Loop, Round} from '../../source/loops/loop.ts';
import {createTrackChain, type TrackChain} from '../../source/loops/track-chain.ts';
import {parseAmount} from '../../source/primitives/amount.ts';
import {systemClock} from '../../source/primitives/clock.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {createNodeSigner} from '../../source/signers/node.ts';
import {initialiseLedger, openStore, type Store} from '../../source/store/open-store.ts';
import type {PayoutLimits} from '../../source/store/payout-store.ts';
import {btc, openPinned, regtest} from './bitcoind.ts';
import {newLedger} from './new-ledger.ts';
import {RegtestNode} from './regtest-node.ts';
import {until} from './until.ts';

const POLICY = {confirmations: 1, maxConfirmationCount: 8, coinbaseMaturity: 101};
const NO_LIMITS: PayoutLimits = {perPayout: undefined, perDay: undefined};
const FEE = {targetBlocks: 6, fallbackRate: 2, minRate: 1, maxRate: 200};

/**
 * A real node with wallets `hot` and `outside`, a real ledger, and the two loops that payouts need, each run round by
 * round by the test: nothing happens between two rounds, so that a crash can be put anywhere.
 */
export class PayoutWorld {
  readonly node: RegtestNode;
  readonly #directory = mkdtempSync(join(tmpdir(), 'payouts-'));
  backend!: Bitcoind;
  store!: Store;
  track!: TrackChain;
  #watch!: WatchSet;
  #keys = 0;

  private constructor(node: RegtestNode) {
    this.node = node;
  }

  static async start(): Promise<PayoutWorld> {
    const node = await RegtestNode.start({zmq: false});
    const world = new PayoutWorld(node);
    await node.createWallet('hot');
    await node.createWallet('outside');
    await node.mine(103, await node.rpc<string>('getnewaddress', [], 'outside'));
    world.backend = await openPinned(node);
    await world.reset();
    return world;
  }

  /** A ledger of its own on the same node, from its tip on. */
  async reset(): Promise<void> {
    await this.store?.close();
    rmSync(this.#path(), {force: true});
    for (const suffix of ['-wal', '-shm']) rmSync(this.#path() + suffix, {force: true});
    const height = await this.node.rpc<number>('getblockcount');
    const hash = await this.node.rpc<string>('getblockhash', [height]);
    await initialiseLedger(
      {type: 'sqlite', path: this.#path(), coin: 'btc'},
      newLedger({
        walletFingerprints: await this.backend.addresses.walletFingerprints(),
        start: {height, hash: hash as never, time: 0},
      }),
    );
    await this.reopen();
    await this.store.createAccount('alice', Date.now());
  }

  /** As after a crash: a new store on the same file, new loops, nothing remembered. */
  async reopen(): Promise<void> {
    await this.store?.close().catch(() => undefined);
    this.store = await openStore({type: 'sqlite', path: this.#path(), coin: 'btc'});
    this.#watch = new WatchSet();
    this.track = createTrackChain({
      coin: btc,
      network: regtest,
      chain: this.backend.chain,
      store: this.store,
      policy: POLICY,
      watch: this.#watch,
      clock: systemClock,
      log: silentLog,
      pollInterval: 1,
    });
    await this.look();
  }

  #path(): string {
    return join(this.#directory, 'btc.sqlite');
  }

  loop(more: Partial<BroadcastParts> = {}): Broadcasting {
    const addresses = {
      newChangeAddress: async () => {
        const address = await this.backend.addresses.newChangeAddress();
        this.#watch.addScript(scriptOf(address, btc, regtest));
        return address;
      },
    };
    return createBroadcastLoop({
      coin: btc,
      network: regtest,
      store: this.store,
      signer: createNodeSigner(this.backend.wallet, silentLog),
      broadcaster: this.backend.broadcaster,
      fees: this.backend.fees,
      addresses,
      policy: {fee: FEE},
      blocked: () => this.track.view().blocked,
      clock: systemClock,
      log: silentLog,
      // Every round is a period's: what is tried again is tried again at once.
      period: 0,
      ...more,
    });
  }

  /** Lets tracking see everything that the node has now, in the chain and in the mempool. */
  async look(): Promise<void> {
    const tip = await this.node.rpc<string>('getbestblockhash');
    const mempool = new Set<string>(await this.mempool());
    await until('tracking to see what the node has', async () => {
      this.track.loop.wake.ring();
      await round(this.track.loop);
      return (await this.store.ladderTop())?.hash === tip && (await this.#agreesWith(mempool));
    });
  }

  async #agreesWith(mempool: ReadonlySet<string>): Promise<boolean> {
    const known = (await this.store.unanchoredTransactions()).filter(({state}) => state === 'mempool');
    if (!known.every(({txid}) => mempool.has(txid))) return false;
    const {items} = await this.store.broadcasts({limit: 100});
    return items.every(({txid}) => !txid || !mempool.has(txid) || known.some(one => one.txid === txid));
  }

  async mine(blocks = 1): Promise<void> {
    await this.node.mine(blocks);
    await this.look();
  }

  /** A fresh address of alice. */
  async receiving(): Promise<string> {
    const address = await this.backend.addresses.newAddress();
    const scriptPubKey = scriptOf(address, btc, regtest);
    await this.store.addAddress({account: 'alice', address, scriptPubKey, label: undefined}, Date.now());
    this.#watch.addScript(scriptPubKey);
    return address;
  }

  /** Coins for alice, each in an output of its own, credited. */
  async fund(...amounts: string[]): Promise<void> {
    for (const amount of amounts) {
      const address = await this.receiving();
      await this.node.rpc('sendtoaddress', [address, amount], 'outside');
    }
    await this.mine();
  }

  /** One coin more, credited by a block that confirms nothing else. */
  async fundApart(amount: string): Promise<void> {
    const address = await this.receiving();
    const txid = await this.node.rpc<string>('sendtoaddress', [address, amount], 'outside');
    await this.node.rpc('generateblock', [await this.outside(), [txid]]);
    await this.look();
  }

  async outside(): Promise<string> {
    return this.node.rpc<string>('getnewaddress', [], 'outside');
  }

  async accept(amount: string, address?: string, key?: string): Promise<Payout> {
    this.#keys += 1;
    const ownKey = key ?? `key-${this.#keys}`;
    const to = address ?? (await this.outside());
    const scriptPubKey = scriptOf(to, btc, regtest);
    const request = {account: 'alice', address: to, scriptPubKey, amount: parseAmount(amount), label: undefined};
    return (await this.store.acceptPayout({...request, key: ownKey}, NO_LIMITS, Date.now())).value;
  }

  async status(id: string): Promise<string> {
    return (await this.store.payout(id)).status;
  }

  async mempool(): Promise<string[]> {
    return this.node.rpc<string[]>('getrawmempool');
  }

  /** Types of the events of a payout, without counts. */
  async story(id: string): Promise<string[]> {
    const {items} = await this.store.events(0, 1000);
    return items
      .filter(({type, data}) => type.startsWith('payout.') && (data as {id: string}).id === id)
      .map(({type}) => type.slice('payout.'.length))
      .filter(type => type !== 'confirmations');
  }

  async faults(): Promise<string[]> {
    const {books, faults} = await this.store.auditBooks();
    return books.drift === '0.00000000' ? faults : [...faults, `drift ${books.drift}`];
  }

  async dispose(): Promise<void> {
    await this.store?.close();
    await this.backend?.close();
    await this.node.dispose();
    rmSync(this.#directory, {recursive: true, force: true});
  }
}

export const round = async (loop: Loop): Promise<Round> =>
  loop.round({signal: new AbortController().signal, progress: () => {}});
