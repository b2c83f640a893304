import type {BlockFacts} from '../../chain/facts.ts';
import type {ChainSource, Hint, MempoolView, NodeTip} from '../../chain/ports.ts';
import type {WatchSet} from '../../chain/watch-set.ts';
import type {Coin, Network} from '../../coins/index.ts';
import type {ScanPlan} from '../../contract/index.ts';
import type {Clock} from '../../primitives/clock.ts';
import type {BlockHash, BlockRef, Outpoint, Txid} from '../../primitives/ids.ts';
import {blockHash, readAs} from './answers.ts';
import {BlockScan, type ScanParts} from './block-scan.ts';
import type {Mempool} from './mempool.ts';
import type {WebsocketChannel} from './websocket-channel.ts';

export interface ChainSourceParts extends ScanParts {
  readonly network: Network;
  readonly mempool: Mempool;
  readonly channel: WebsocketChannel | undefined;
  readonly clock: Clock;
  /** The backend was closed. */
  readonly ended: AbortSignal;
}

/** A tip so many block times old is no tip: the server stands still, or downloads the chain. */
const STALE_AFTER_BLOCKS = 36;

/**
 * Chain data of an Esplora server. It can leave out, and is late at times; it cannot invent: blocks are hashed here,
 * must have their work, and hold every transaction that is reported of them.
 */
export class EsploraChainSource implements ChainSource {
  readonly mayChangeNode = true;
  readonly #parts: ChainSourceParts;
  readonly #scan: BlockScan;
  #identity: {readonly connection: number; readonly genesis: BlockHash} | undefined;

  constructor(parts: ChainSourceParts) {
    this.#parts = parts;
    this.#scan = new BlockScan(parts);
  }

  async tip(): Promise<NodeTip> {
    const {headers, network, coin, clock, mempool} = this.#parts;
    const [{height, hash, time}, genesis] = await Promise.all([headers.tip(), this.genesis()]);
    mempool.followedTo(height);
    const age = clock.now() / 1000 - time;
    return {
      height,
      hash,
      time,
      chain: chainOf(genesis, coin),
      // Only where blocks come regularly.
      syncing: network.name === 'mainnet' && age > STALE_AFTER_BLOCKS * coin.blockTime,
      prunedBelow: undefined,
    };
  }

  async genesis(): Promise<BlockHash> {
    const {client} = this.#parts;
    if (this.#identity?.connection === client.connection) return this.#identity.genesis;
    const {connection} = client;
    const route = '/block-height/:height';
    const text = await client.text(route, [0]);
    if (text === undefined || text.startsWith('<')) throw client.faults.noApi(route);
    const genesis = readAs(blockHash, text, route, client.faults);
    this.#identity = {connection, genesis};
    return genesis;
  }

  async hashesAt(heights: readonly number[]): Promise<(BlockHash | undefined)[]> {
    return heights.length === 0 ? [] : this.#parts.headers.hashesAt(heights);
  }

  async timesAt(heights: readonly number[]): Promise<(number | undefined)[]> {
    return (await this.#parts.headers.headersAt(heights)).map(header => header?.time);
  }

  watchScript(scriptPubKey: Buffer): void {
    this.#parts.scripts.add(scriptPubKey);
  }

  facts(
    refs: readonly BlockRef[],
    watch: WatchSet,
    signal?: AbortSignal,
    onProgress?: (words?: string) => void,
  ): AsyncIterable<BlockFacts> {
    return this.#scan.facts(refs, watch, {signal, onProgress});
  }

  async scanPlans(range: {readonly from: number; readonly to: number}, scripts: number): Promise<readonly ScanPlan[]> {
    return this.#scan.plans(range, scripts);
  }

  async mempool(): Promise<MempoolView> {
    return this.#parts.mempool.view();
  }

  async mempoolTransactions(txids: readonly Txid[]): Promise<(Buffer | undefined)[]> {
    return this.#parts.mempool.transactions(txids);
  }

  async mempoolSpenders(outpoints: readonly Outpoint[]): Promise<(Txid | undefined)[]> {
    return this.#parts.mempool.spenders(outpoints);
  }

  listen(onHint: (hint: Hint) => void, signal: AbortSignal): void {
    const {mempool, channel, ended} = this.#parts;
    const until = AbortSignal.any([signal, ended]);
    void mempool.listen(onHint, until);
    void channel?.run(onHint, until);
  }
}

/** What a node of this chain would say in `chain`. */
const chainOf = (genesis: BlockHash, {networks}: Coin): string =>
  Object.values(networks).find(network => network.genesis === genesis)?.chain ?? `of genesis ${genesis.slice(0, 16)}…`;
