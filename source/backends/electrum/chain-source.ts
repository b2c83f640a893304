import {readHeader} from '../../chain/headers.ts';
import type {BlockFacts} from '../../chain/facts.ts';
import type {ChainSource, Hint, MempoolView, NodeTip} from '../../chain/ports.ts';
import {skimTransaction} from '../../chain/skim.ts';
import type {WatchSet} from '../../chain/watch-set.ts';
import type {NetworkContext} from '../../payout/sides.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import {type BlockHash, type BlockRef, type Outpoint, parseBlockHash, type Txid} from '../../primitives/ids.ts';
import {features, headerNotice, rawBytes, readAs, subscribed} from './answers.ts';
import type {ElectrumClient} from './electrum-client.ts';
import {type ChainHeader, HeaderChain} from './header-chain.ts';
import {Histories} from './histories.ts';
import type {HistoryNews} from './history-news.ts';
import {MempoolSpenders} from './mempool-spenders.ts';
import {type Proven, Transactions} from './transactions.ts';

export type SourceOptions = Omit<NetworkContext, 'meter'>;

/** Blocks told of in one step, and transactions proven in one: bounds what is in memory. */
const BLOCKS_AT_ONCE = 100;
const TRANSACTIONS_AT_ONCE = 200;
/** A tip older than this is that of a server that lags, as in Bitcoin Core's initial download. Seconds. */
const OLDEST_TIP = 86_400;

/**
 * The chain as an Electrum server tells it, as far as it can prove it: headers by their work, transactions by their merkle
 * branches. It cannot invent a deposit or move one; it can leave something out, and what it tells of late is announced.
 */
export class ElectrumChainSource implements ChainSource {
  readonly mayChangeNode = true;
  readonly #client: ElectrumClient;
  readonly #options: SourceOptions;
  readonly #headers: HeaderChain;
  readonly #transactions: Transactions;
  readonly #histories: Histories;
  readonly #spenders: MempoolSpenders;
  #genesis: Promise<BlockHash> | undefined;
  #onHint: (hint: Hint) => void = () => undefined;

  constructor(client: ElectrumClient, options: SourceOptions, transactions: Transactions) {
    this.#client = client;
    this.#options = options;
    this.#headers = new HeaderChain(client, options);
    this.#transactions = transactions;
    this.#histories = new Histories(client, news => this.#tell(news));
    this.#spenders = new MempoolSpenders(client, transactions, this.#histories.index, options.coin.format);
    client.events = {
      onReady: () => this.#onReady(),
      onLost: () => this.#histories.lost(),
      onNotification: (method, params) => this.#onNotification(method, params),
    };
  }

  async tip(): Promise<NodeTip> {
    const {network, coin, clock} = this.#options;
    const genesis = await this.genesis();
    if (genesis !== network.genesis) {
      const other = Object.values(coin.networks).find(known => known.genesis === genesis);
      const chain = other?.chain ?? `that begins with ${genesis}`;
      return {height: 0, hash: genesis, chain, time: 0, syncing: false, prunedBelow: undefined};
    }
    const {height, hash, time} = await this.#headers.follow();
    const syncing = network.name !== 'regtest' && clock.now() / 1000 - time > OLDEST_TIP;
    return {height, hash, chain: network.chain, time, syncing, prunedBelow: undefined};
  }

  /** By its first header, whose hash is computed here; what the server says of itself must agree. Once a connection. */
  async genesis(): Promise<BlockHash> {
    this.#genesis ??= this.#askGenesis();
    try {
      return await this.#genesis;
    } catch (error) {
      this.#genesis = undefined;
      throw error;
    }
  }

  async #askGenesis(): Promise<BlockHash> {
    const {faults} = this.#client;
    const method = 'blockchain.block.header';
    const [header, told] = await this.#client.batch([
      {method, params: [0]},
      {method: 'server.features', params: []},
    ]);
    if ('refusal' in header!) throw header.refusal;
    const {hash} = readHeader(Buffer.from(readAs(rawBytes, header!.result, method, faults), 'hex'));
    // Not every server has features; what it does not say is not held against it.
    if ('refusal' in told!) return hash;
    const {genesis_hash: claimed, hash_function: hashFunction} = readAs(
      features,
      told!.result,
      'server.features',
      faults,
    );
    if (claimed !== hash) throw faults.lie(`its chain begins with ${claimed}, and with ${hash}`);
    if (hashFunction !== undefined && hashFunction !== 'sha256')
      throw faults.badAnswer('server.features', 'another hash function than sha256');
    return parseBlockHash(hash);
  }

  async hashesAt(heights: readonly number[]): Promise<(BlockHash | undefined)[]> {
    return (await this.#headers.at(heights)).map(header => header?.hash);
  }

  async timesAt(heights: readonly number[]): Promise<(number | undefined)[]> {
    return (await this.#headers.at(heights)).map(header => header?.time);
  }

  watchScript(scriptPubKey: Buffer): void {
    this.#histories.watch(scriptPubKey);
  }

  async *facts(refs: readonly BlockRef[], watch: WatchSet, signal?: AbortSignal): AsyncGenerator<BlockFacts> {
    let below: BlockFacts | undefined;
    for (let at = 0; at < refs.length; at += BLOCKS_AT_ONCE) {
      signal?.throwIfAborted();
      await this.#histories.settled(this.#client.timeout, signal);
      for (const block of await this.#factsOf(refs.slice(at, at + BLOCKS_AT_ONCE), watch)) {
        signal?.throwIfAborted();
        if (below !== undefined && below.height + 1 === block.height && below.hash !== block.previous)
          throw this.#client.faults.stale(`block ${block.height} does not follow the block below it`);
        below = block;
        yield block;
      }
    }
  }

  async #factsOf(refs: readonly BlockRef[], watch: WatchSet): Promise<BlockFacts[]> {
    const headers = await this.#headersOf(refs);
    const wanted = headers.flatMap(header =>
      [...this.#histories.index.at(header.height)].map(txid => ({txid, header})),
    );
    const byBlock = new Map<BlockHash, Proven[]>();
    for (let at = 0; at < wanted.length; at += TRANSACTIONS_AT_ONCE)
      await this.#prove(wanted.slice(at, at + TRANSACTIONS_AT_ONCE), byBlock);
    const facts = new Map<BlockHash, BlockFacts>();
    // Upwards, whatever the order asked: an output is found before what spends it.
    for (const {height, hash, previous, time} of [...headers].sort((one, other) => one.height - other.height)) {
      const proven = (byBlock.get(hash) ?? []).sort((one, other) => one.position - other.position);
      const transactions = proven.flatMap(({raw}) => this.#skim(raw, watch) ?? []);
      facts.set(hash, {height, hash, previous, time, transactions});
    }
    return refs.map(({hash}) => facts.get(hash)!);
  }

  #skim(raw: Buffer, watch: WatchSet) {
    const transaction = skimTransaction(raw, watch, this.#options.coin.format);
    for (const {vout} of transaction?.outputs ?? []) watch.addOutpoint({txid: transaction!.txid, vout});
    return transaction;
  }

  async #headersOf(refs: readonly BlockRef[]): Promise<ChainHeader[]> {
    await this.#headers.at(refs.map(({height}) => height));
    const headers: ChainHeader[] = [];
    for (const {height, hash} of refs) {
      const header = await this.#headers.find(height, hash);
      if (header === undefined) throw this.#client.faults.stale(`the server does not have block ${hash} at ${height}`);
      headers.push(header);
    }
    return headers;
  }

  async #prove(wanted: readonly {txid: Txid; header: ChainHeader}[], found: Map<BlockHash, Proven[]>): Promise<void> {
    const {proven, missing} = await this.#transactions.prove(wanted);
    for (const {txid, header} of missing) await this.#explain(txid, header);
    const blocks = new Map(wanted.map(({txid, header}) => [txid, header.hash]));
    for (const transaction of proven) {
      const hash = blocks.get(transaction.txid)!;
      if (found.get(hash)?.push(transaction) === undefined) found.set(hash, [transaction]);
    }
  }

  /** Why a transaction that a history puts into a block could not be proven to be there. Throws unless all is well. */
  async #explain(txid: Txid, header: ChainHeader): Promise<void> {
    const {faults} = this.#client;
    if (!(await this.#headers.confirm(header)))
      throw faults.stale(`block ${header.hash} has left the chain of the server`);
    this.#histories.doubt(txid, header.height);
    await this.#histories.settled(this.#client.timeout);
    if (this.#histories.index.has(txid, header.height))
      throw faults.lie(`transaction ${txid} is in block ${header.height}, and it cannot prove it`);
  }

  /** Empty-handed until every watched script has been told of: what is not known yet is not gone. */
  async mempool(): Promise<MempoolView> {
    await this.#histories.settled(this.#client.timeout);
    return {loaded: true, txids: this.#unconfirmed};
  }

  get #unconfirmed(): ReadonlySet<Txid> {
    return this.#histories.index.unconfirmed(this.#headers.tip?.height ?? Number.POSITIVE_INFINITY);
  }

  async mempoolTransactions(txids: readonly Txid[]): Promise<(Buffer | undefined)[]> {
    const unconfirmed = this.#unconfirmed;
    const there = txids.filter(txid => unconfirmed.has(txid));
    const raws = await this.#transactions.raws(there);
    const found = new Map(there.map((txid, index) => [txid, raws[index]]));
    return txids.map(txid => found.get(txid));
  }

  async mempoolSpenders(outpoints: readonly Outpoint[]): Promise<(Txid | undefined)[]> {
    await this.#histories.settled(this.#client.timeout);
    return this.#spenders.find(outpoints, this.#unconfirmed);
  }

  listen(onHint: (hint: Hint) => void, signal: AbortSignal): void {
    this.#onHint = onHint;
    if (this.#client.isConnected) onHint({kind: 'everything'});
    void this.#client.keepConnected(signal).finally(() => {
      this.#onHint = () => undefined;
    });
  }

  close(): void {
    this.#histories.close();
  }

  #onReady(): void {
    this.#genesis = undefined;
    this.#headers.forget();
    void this.#follow(async () => this.#headers.follow());
    this.#histories.reconnected();
    this.#onHint({kind: 'everything'});
  }

  /** To a tip that was told of. What goes wrong here is met again by whoever looks. */
  async #follow(step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#options.log.debug({coin: this.#options.coin.name}, `headers not followed: ${messageOf(error)}`);
    }
    this.#onHint({kind: 'block'});
  }

  #onNotification(method: string, params: unknown): void {
    const {faults} = this.#client;
    try {
      if (method === 'blockchain.scripthash.subscribe')
        this.#histories.told(...readAs(subscribed, params, method, faults));
      else if (method === 'blockchain.headers.subscribe') {
        const [{height, hex}] = readAs(headerNotice, params, method, faults);
        void this.#follow(async () => this.#headers.adopt(height, hex));
      }
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#options.log.warn({coin: this.#options.coin.name}, messageOf(error));
      this.#onHint({kind: 'everything'});
    }
  }

  #tell({anchored, mempoolAdded, mempoolRemoved}: HistoryNews): void {
    for (const txid of mempoolAdded) this.#onHint({kind: 'mempool-added', txid});
    for (const txid of mempoolRemoved) this.#onHint({kind: 'mempool-removed', txid});
    if (anchored.size > 0) this.#onHint({kind: 'anchored', at: anchored});
  }
}
