import type {BlockFacts} from '../../chain/facts.ts';
import type {ChainSource, Hint, MempoolView, Narrowing, NodeTip, ScanSurvey} from '../../chain/ports.ts';
import {findTxid} from '../../chain/skim.ts';
import type {WatchSet} from '../../chain/watch-set.ts';
import type {BlockFormat, Network} from '../../coins/index.ts';
import type {Clock} from '../../primitives/clock.ts';
import type {BlockHash, BlockRef, Outpoint, Txid} from '../../primitives/ids.ts';
import {blockchainInfo, blockHash, mempoolState, readAs, readBytes, readTxids, spendingPrevouts} from './answers.ts';
import {BlockReader} from './block-reader.ts';
import type {AbilityProbe} from './abilities.ts';
import {MempoolSpenders} from './mempool-spenders.ts';
import type {NotifyChannels} from './notify-channels.ts';
import type {RpcCall, RpcClient, RpcOutcome} from './rpc-client.ts';
import {BitcoindScans} from './scans.ts';

/** Calls in one request: keeps a single one well under a second, so that others get their turn. */
const CALLS_PER_BATCH = 500;
/** A mempool of a million transactions. */
const MEMPOOL_CAP = 72_000_000;
/** Of a batch of raw transactions: a hundred of the largest that relay (100 kvB) as hex. */
const TRANSACTIONS_CAP = 100_000_000;
const TRANSACTIONS_PER_BATCH = 100;
const HEADER_TIME_OFFSET = 68;
/** A daemon that does not say whether it downloads the chain does so while its headers are this far ahead. */
const BLOCKS_BEHIND = 24;
/** ms a daemon that does not say so may take to load its stored mempool after a start. */
const MEMPOOL_LOADS_FOR = 120_000;

const chunks = <Item>(items: readonly Item[], size: number): Item[][] => {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
};

export class BitcoindChainSource implements ChainSource {
  readonly #rpc: RpcClient;
  readonly #network: Network;
  readonly #format: BlockFormat;
  readonly #blocks: BlockReader;
  readonly #scans: BitcoindScans;
  readonly #channels: NotifyChannels;
  readonly #abilities: AbilityProbe;
  readonly #spenders: MempoolSpenders;
  #tipTime: {readonly hash: BlockHash; readonly time: number} | undefined;

  constructor(
    rpc: RpcClient,
    {network, format, clock}: {network: Network; format: BlockFormat; clock: Clock},
    channels: NotifyChannels,
    abilities: AbilityProbe,
  ) {
    this.#rpc = rpc;
    this.#abilities = abilities;
    this.#spenders = new MempoolSpenders(format);
    this.#network = network;
    this.#format = format;
    this.#blocks = new BlockReader(rpc, format);
    this.#scans = new BitcoindScans(rpc, abilities, clock, this.#blocks);
    this.#channels = channels;
  }

  async tip(): Promise<NodeTip> {
    const info = readAs(
      blockchainInfo,
      await this.#rpc.call('getblockchaininfo'),
      'getblockchaininfo',
      this.#rpc.faults,
    );
    // A regtest node whose last block is a day old says that it downloads, until somebody mines. It has all there is.
    const isIdleRegtest = this.#network.name === 'regtest' && info.blocks >= info.headers;
    return {
      height: info.blocks,
      hash: info.bestblockhash,
      chain: info.chain,
      time: info.time ?? (await this.#timeOf(info.bestblockhash)),
      syncing: (info.initialblockdownload ?? info.blocks + BLOCKS_BEHIND < info.headers) && !isIdleRegtest,
      prunedBelow: info.pruned ? info.pruneheight : undefined,
    };
  }

  /** Header time of the tip, for daemons that do not say it themselves. */
  async #timeOf(hash: BlockHash): Promise<number> {
    if (this.#tipTime?.hash !== hash) {
      const time = this.#headerTime(await this.#rpc.call('getblockheader', [hash, false]));
      this.#tipTime = {hash, time};
    }
    return this.#tipTime.time;
  }

  async genesis(): Promise<BlockHash> {
    return readAs(blockHash, await this.#rpc.call('getblockhash', [0]), 'getblockhash', this.#rpc.faults);
  }

  async hashesAt(heights: readonly number[]): Promise<(BlockHash | undefined)[]> {
    const outcomes = await this.#batches(heights.map(height => ({method: 'getblockhash', params: [height]})));
    return outcomes.map(outcome =>
      readFound(outcome, result => readAs(blockHash, result, 'getblockhash', this.#rpc.faults)),
    );
  }

  facts(refs: readonly BlockRef[], watch: WatchSet, signal?: AbortSignal): AsyncIterable<BlockFacts> {
    return this.#blocks.read(refs, watch, signal);
  }

  async surveyScan(range: {readonly from: number; readonly to: number}): Promise<ScanSurvey> {
    return this.#scans.survey(range);
  }

  async narrow(
    method: Narrowing,
    refs: readonly BlockRef[],
    scripts: readonly Buffer[],
    signal: AbortSignal,
  ): Promise<readonly BlockRef[] | undefined> {
    return this.#scans.narrow(method, refs, scripts, signal);
  }

  async timesAt(heights: readonly number[]): Promise<(number | undefined)[]> {
    const hashes = await this.hashesAt(heights);
    const known = hashes.filter(hash => hash !== undefined);
    const headers = await this.#batches(known.map(hash => ({method: 'getblockheader', params: [hash, false]})));
    const times = new Map<BlockHash, number | undefined>();
    headers.forEach((outcome, index) => {
      const time = readFound(outcome, result => this.#headerTime(result));
      times.set(known[index]!, time);
    });
    return hashes.map(hash => (hash === undefined ? undefined : times.get(hash)));
  }

  #headerTime(result: unknown): number {
    const header = readBytes(result, 'getblockheader', this.#rpc.faults);
    if (header.length < HEADER_TIME_OFFSET + 4)
      throw this.#rpc.faults.badAnswer('getblockheader', 'a truncated header');
    return header.readUInt32LE(HEADER_TIME_OFFSET);
  }

  async mempool(): Promise<MempoolView> {
    const [info, list] = await this.#rpc.batch(
      [
        {method: 'getmempoolinfo', params: []},
        {method: 'getrawmempool', params: []},
      ],
      {cap: MEMPOOL_CAP},
    );
    const {loaded} = readAs(mempoolState, resultOf(info), 'getmempoolinfo', this.#rpc.faults);
    return {
      loaded: loaded ?? this.#rpc.steadyFor >= MEMPOOL_LOADS_FOR,
      txids: readTxids(resultOf(list), 'getrawmempool', this.#rpc.faults),
    };
  }

  async mempoolTransactions(txids: readonly Txid[]): Promise<(Buffer | undefined)[]> {
    const found: (Buffer | undefined)[] = [];
    for (const part of chunks(txids, TRANSACTIONS_PER_BATCH)) {
      // With -txindex getrawtransaction finds mined ones too: whether the mempool holds it, its entry says.
      const calls = part.flatMap(txid => [
        {method: 'getrawtransaction', params: [txid, false]},
        {method: 'getmempoolentry', params: [txid]},
      ]);
      const outcomes = await this.#rpc.batch(calls, {cap: TRANSACTIONS_CAP});
      part.forEach((txid, index) => {
        const raw = readFound(outcomes[index * 2], result => this.#rawTransaction(result, txid));
        const entry = readFound(outcomes[index * 2 + 1], () => true);
        found.push(entry === true ? raw : undefined);
      });
    }
    return found;
  }

  /** The node keeps blocks of branches that it left. A daemon that takes no block here refuses, and says nothing. */
  async transactionsIn(blocks: readonly BlockHash[], txids: readonly Txid[]): Promise<(Buffer | undefined)[]> {
    const calls = txids.flatMap(txid =>
      blocks.map(block => ({method: 'getrawtransaction', params: [txid, false, block]})),
    );
    const outcomes = await this.#batches(calls);
    return txids.map((txid, index) => {
      const ofIt = outcomes.slice(index * blocks.length, (index + 1) * blocks.length);
      const found = ofIt.find(outcome => 'result' in outcome);
      return found && this.#rawTransaction(resultOf(found), txid);
    });
  }

  /** Undefined for one with MWEB parts only: nothing in it can be ours. */
  #rawTransaction(result: unknown, txid: Txid): Buffer | undefined {
    const raw = readBytes(result, 'getrawtransaction', this.#rpc.faults);
    const found = findTxid(raw, this.#format);
    if (found === undefined) return undefined;
    if (found !== txid) throw this.#rpc.faults.badAnswer('getrawtransaction', `another transaction than ${txid}`);
    return raw;
  }

  async mempoolSpenders(outpoints: readonly Outpoint[]): Promise<(Txid | undefined)[]> {
    if (outpoints.length === 0) return [];
    if (!(await this.#abilities.get()).has('gettxspendingprevout')) {
      const {txids} = await this.mempool();
      return this.#spenders.find(outpoints, txids, fresh => this.mempoolTransactions(fresh));
    }
    const spenders: (Txid | undefined)[] = [];
    for (const part of chunks(outpoints, CALLS_PER_BATCH)) {
      const answer = await this.#rpc.call('gettxspendingprevout', [part.map(({txid, vout}) => ({txid, vout}))]);
      const rows = readAs(spendingPrevouts, answer, 'gettxspendingprevout', this.#rpc.faults);
      if (rows.length !== part.length)
        throw this.#rpc.faults.badAnswer('gettxspendingprevout', `${rows.length} rows for ${part.length} outpoints`);
      spenders.push(...rows.map(row => row.spendingtxid));
    }
    return spenders;
  }

  listen(onHint: (hint: Hint) => void, signal: AbortSignal): void {
    this.#channels.listen(onHint, signal);
  }

  async close(): Promise<void> {
    await this.#blocks.close();
  }

  async #batches(calls: readonly RpcCall[]): Promise<RpcOutcome[]> {
    const parts = await Promise.all(chunks(calls, CALLS_PER_BATCH).map(async part => this.#rpc.batch(part)));
    return parts.flat();
  }
}

const resultOf = (outcome: RpcOutcome | undefined): unknown => {
  if (outcome === undefined) return undefined;
  if ('refusal' in outcome) throw outcome.refusal;
  return outcome.result;
};

/** Undefined for what the node does not have; any other refusal throws. */
const readFound = <Found>(outcome: RpcOutcome | undefined, read: (result: unknown) => Found): Found | undefined => {
  if (outcome !== undefined && 'refusal' in outcome && outcome.refusal.kind === 'not-found') return undefined;
  return read(resultOf(outcome));
};
