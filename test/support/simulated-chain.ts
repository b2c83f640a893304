import {createHash} from 'node:crypto';
import type {BlockFacts, ChainFacts, RelevantTransaction} from '../../source/chain/facts.ts';
import type {ChainSource, Hint, MempoolView, NodeTip, RawBlock} from '../../source/chain/ports.ts';
import {skimmedBlocks} from '../../source/chain/skimmed-blocks.ts';
import type {WatchSet} from '../../source/chain/watch-set.ts';
import {btc} from '../../source/coins/btc.ts';
import {EngineError} from '../../source/primitives/errors.ts';
import {
  hashToHex,
  outpointKey,
  txidToWire,
  type BlockHash,
  type BlockRef,
  type Outpoint,
  type Txid,
} from '../../source/primitives/ids.ts';

const doubleSha = (bytes: Buffer): Buffer =>
  createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();

const number = (value: number, size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, Math.min(size, 6));
  return bytes;
};
const count = (value: number): Buffer =>
  value < 0xfd ? number(value, 1) : Buffer.concat([Buffer.from([0xfd]), number(value, 2)]);

export interface SimulatedOutput {
  readonly script: Buffer;
  readonly amount: bigint;
}

/** A transaction with real bytes (no witness) and a real txid. Nobody signs in a simulation. */
export interface SimulatedTransaction {
  readonly txid: Txid;
  readonly raw: Buffer;
  readonly coinbase: boolean;
  readonly inputs: readonly Outpoint[];
  readonly outputs: readonly SimulatedOutput[];
}

export interface SimulatedBlock extends BlockRef {
  readonly previous: BlockHash;
  readonly time: number;
  readonly transactions: readonly SimulatedTransaction[];
}

const serialize = (inputs: readonly Outpoint[], outputs: readonly SimulatedOutput[], salt: number): Buffer => {
  const isCoinbase = inputs.length === 0;
  const ins = isCoinbase
    ? [Buffer.concat([Buffer.alloc(32), number(0xffff_ffff, 4), count(4), number(salt, 4), number(0xffff_ffff, 4)])]
    : inputs.map(({txid, vout}) =>
        Buffer.concat([txidToWire(txid), number(vout, 4), count(0), number(0xffff_fffd, 4)]),
      );
  const outs = outputs.map(({script, amount}) => {
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(amount);
    return Buffer.concat([value, count(script.length), script]);
  });
  return Buffer.concat([number(2, 4), count(ins.length), ...ins, count(outs.length), ...outs, number(salt, 4)]);
};

/**
 * A chain and a mempool in memory, with real bytes, that reorganise, lose blocks and evict at will. Answers like a
 * node (ChainSource), and tells what an ideal fetch would report (`idealFacts`).
 */
export class SimulatedChain implements ChainSource {
  readonly genesisBlock: SimulatedBlock;
  readonly mempoolNow = new Map<Txid, SimulatedTransaction>();
  /** Best chain, by height. */
  blocksNow: SimulatedBlock[];
  /** Every block ever made, as a node keeps stale ones. */
  readonly #all = new Map<BlockHash, SimulatedBlock>();
  readonly #listeners = new Set<(hint: Hint) => void>();
  #salt = 1;
  /** Set to make the node fail in this way. */
  fault: EngineError | undefined;
  mempoolLoaded = true;
  prunedBelow: number | undefined;
  /** Calls so far by name, to show what costs what. */
  readonly calls: Record<string, number> = {};

  constructor(genesisHash: BlockHash) {
    this.genesisBlock = {
      height: 0,
      hash: genesisHash,
      previous: '0'.repeat(64) as BlockHash,
      time: 0,
      transactions: [],
    };
    this.blocksNow = [this.genesisBlock];
    this.#all.set(genesisHash, this.genesisBlock);
  }

  get tipNow(): SimulatedBlock {
    return this.blocksNow.at(-1)!;
  }

  /** A coin of somebody else, to be spent by `transaction`. */
  foreignCoin(): Outpoint {
    return {txid: hashToHex(doubleSha(number(this.#salt++, 4))) as Txid, vout: 0};
  }

  transaction(inputs: readonly Outpoint[], outputs: readonly SimulatedOutput[]): SimulatedTransaction {
    const spent = inputs.length > 0 ? inputs : [this.foreignCoin()];
    const raw = serialize(spent, outputs, this.#salt++);
    return {txid: hashToHex(doubleSha(raw)) as Txid, raw, coinbase: false, inputs: spent, outputs};
  }

  coinbase(outputs: readonly SimulatedOutput[]): SimulatedTransaction {
    const raw = serialize([], outputs, this.#salt++);
    return {txid: hashToHex(doubleSha(raw)) as Txid, raw, coinbase: true, inputs: [], outputs};
  }

  /** Enters the mempool and replaces there whatever spends the same. */
  broadcast(transaction: SimulatedTransaction): void {
    this.#forgetConflicts(transaction);
    this.mempoolNow.set(transaction.txid, transaction);
    this.hint({kind: 'mempool-added', txid: transaction.txid});
  }

  evict(txid: Txid): void {
    this.mempoolNow.delete(txid);
    this.hint({kind: 'mempool-removed', txid});
  }

  /** A block with these transactions, by default with the whole mempool. */
  mine(transactions: readonly SimulatedTransaction[] = [...this.mempoolNow.values()], time?: number): SimulatedBlock {
    const {height, hash: previous, time: before} = this.tipNow;
    const all = transactions.some(transaction => transaction.coinbase)
      ? [...transactions].sort((a, b) => Number(b.coinbase) - Number(a.coinbase))
      : [this.coinbase([{script: Buffer.from([0x51]), amount: 50n}]), ...transactions];
    const stamp = time ?? before + 600;
    const header = this.#header(previous, stamp);
    const block = {
      height: height + 1,
      hash: hashToHex(doubleSha(header)) as BlockHash,
      previous,
      time: stamp,
      transactions: all,
    };
    this.#headers.set(block.hash, header);
    this.#all.set(block.hash, block);
    this.blocksNow.push(block);
    for (const transaction of all) {
      this.mempoolNow.delete(transaction.txid);
      this.#forgetConflicts(transaction);
    }
    this.hint({kind: 'block'});
    return block;
  }

  mineMany(blocks: number): void {
    for (let left = blocks; left > 0; left--) this.mine(left === blocks ? undefined : []);
  }

  readonly #headers = new Map<BlockHash, Buffer>();

  #header(previous: BlockHash, time: number): Buffer {
    const root = doubleSha(number(this.#salt++, 4));
    const wirePrevious = Buffer.from(previous, 'hex').reverse();
    return Buffer.concat([number(4, 4), wirePrevious, root, number(time, 4), number(0x207f_ffff, 4), number(0, 4)]);
  }

  #forgetConflicts({txid, inputs}: SimulatedTransaction): void {
    const spent = new Set(inputs.map(outpointKey));
    for (const other of this.mempoolNow.values())
      if (other.txid !== txid && other.inputs.some(input => spent.has(outpointKey(input)))) {
        this.mempoolNow.delete(other.txid);
        this.hint({kind: 'mempool-removed', txid: other.txid});
      }
  }

  /** Takes the top blocks away. Their transactions return to the mempool, unless the node was killed. */
  disconnect(depth: number, options: {killed?: boolean} = {}): SimulatedBlock[] {
    const gone = this.blocksNow.splice(this.blocksNow.length - depth);
    if (options.killed) this.mempoolNow.clear();
    else
      for (const block of gone)
        for (const transaction of block.transactions)
          if (!transaction.coinbase) this.mempoolNow.set(transaction.txid, transaction);
    return gone;
  }

  /** Replaces the top `depth` blocks by these; what they leave out is in the mempool again unless they conflict with it. */
  reorg(depth: number, blocks: readonly (readonly SimulatedTransaction[])[]): void {
    this.disconnect(depth);
    for (const transactions of blocks) this.mine(transactions);
  }

  hint(hint: Hint): void {
    for (const listener of this.#listeners) listener(hint);
  }

  // What a node answers.

  #call(name: string): void {
    this.calls[name] = (this.calls[name] ?? 0) + 1;
    if (this.fault) throw this.fault;
  }

  async tip(): Promise<NodeTip> {
    this.#call('tip');
    const {height, hash, time} = this.tipNow;
    return {height, hash, time, chain: 'regtest', syncing: false, prunedBelow: this.prunedBelow};
  }

  async genesis(): Promise<BlockHash> {
    this.#call('genesis');
    return this.genesisBlock.hash;
  }

  async hashesAt(heights: readonly number[]): Promise<(BlockHash | undefined)[]> {
    this.#call('hashesAt');
    return heights.map(height => this.blocksNow[height]?.hash);
  }

  async timesAt(heights: readonly number[]): Promise<(number | undefined)[]> {
    this.#call('timesAt');
    return heights.map(height => this.blocksNow[height]?.time);
  }

  facts(refs: readonly BlockRef[], watch: WatchSet, signal?: AbortSignal): AsyncIterable<BlockFacts> {
    return skimmedBlocks(this.#blocks(refs, signal), watch, btc.format);
  }

  async *#blocks(refs: readonly BlockRef[], signal?: AbortSignal): AsyncIterable<RawBlock> {
    for (const {height, hash} of refs) {
      signal?.throwIfAborted();
      this.#call('block');
      if (this.prunedBelow !== undefined && height < this.prunedBelow)
        throw new EngineError('block_pruned', `block ${height} was pruned`);
      yield {height, hash, raw: this.rawBlock(hash)};
    }
  }

  /** Any block that was ever mined, stale ones included. */
  blockOf(hash: BlockHash): SimulatedBlock | undefined {
    return this.#all.get(hash);
  }

  rawBlock(hash: BlockHash): Buffer {
    const block = this.#all.get(hash);
    const header = this.#headers.get(hash);
    if (!block || !header) throw new EngineError('bad_backend_answer', `no block ${hash}`, {retry: 'backoff'});
    return Buffer.concat([header, count(block.transactions.length), ...block.transactions.map(({raw}) => raw)]);
  }

  async transactionsIn(blocks: readonly BlockHash[], txids: readonly Txid[]): Promise<(Buffer | undefined)[]> {
    this.#call('transactionsIn');
    const held = blocks.flatMap(hash => this.#all.get(hash)?.transactions ?? []);
    return txids.map(txid => held.find(one => one.txid === txid)?.raw);
  }

  async mempool(): Promise<MempoolView> {
    this.#call('mempool');
    return {loaded: this.mempoolLoaded, txids: new Set(this.mempoolNow.keys())};
  }

  async mempoolTransactions(txids: readonly Txid[]): Promise<(Buffer | undefined)[]> {
    this.#call('mempoolTransactions');
    return txids.map(txid => this.mempoolNow.get(txid)?.raw);
  }

  async mempoolSpenders(outpoints: readonly Outpoint[]): Promise<(Txid | undefined)[]> {
    this.#call('mempoolSpenders');
    return outpoints.map(outpoint => this.spenderInMempool(outpoint));
  }

  listen(onHint: (hint: Hint) => void, signal: AbortSignal): void {
    this.#listeners.add(onHint);
    signal.addEventListener('abort', () => this.#listeners.delete(onHint), {once: true});
  }

  // What an ideal fetch reports.

  spenderInMempool(outpoint: Outpoint): Txid | undefined {
    const key = outpointKey(outpoint);
    for (const {txid, inputs} of this.mempoolNow.values())
      if (inputs.some(input => outpointKey(input) === key)) return txid;
    return undefined;
  }

  /** The highest block of the best chain among these rungs, by height. */
  forkWith(rungs: ReadonlyMap<number, BlockHash>): number {
    for (let height = this.tipNow.height; height > 0; height--)
      if (rungs.get(height) === this.blocksNow[height]?.hash) return height;
    return 0;
  }

  blockFacts(block: SimulatedBlock): BlockFacts {
    return {...block, transactions: block.transactions.map(relevant)};
  }

  /** Blocks above a height of the best chain (up to `limit` of them) and, once at the tip, the whole mempool. */
  idealFacts(
    ladder: ReadonlyMap<number, BlockHash>,
    tracked: readonly {txid: Txid; inputs: readonly Outpoint[]}[],
    limit = Number.MAX_SAFE_INTEGER,
  ): ChainFacts {
    const fork = this.forkWith(ladder);
    const top = Math.max(...ladder.keys());
    const connected = this.blocksNow.slice(fork + 1, fork + 1 + limit).map(block => this.blockFacts(block));
    const atTip = fork + connected.length === this.tipNow.height;
    const gone = tracked
      .filter(({txid}) => atTip && !this.mempoolNow.has(txid))
      .map(({txid, inputs}) => ({
        txid,
        replacedBy: inputs.map(input => this.spenderInMempool(input)).find(spender => spender !== undefined),
      }));
    return {
      tip: this.tipNow,
      fork: fork < top ? {height: fork, hash: this.blocksNow[fork]!.hash} : undefined,
      connected,
      seen: atTip ? [...this.mempoolNow.values()].map(relevant) : [],
      gone,
    };
  }
}

/** As if every output hit the watch set: the store must tell ours from foreign ones anyway. */
export const relevant = ({txid, raw, coinbase, inputs, outputs}: SimulatedTransaction): RelevantTransaction => ({
  txid,
  raw,
  coinbase,
  inputs,
  outputs: outputs.map(({script, amount}, vout) => ({
    vout,
    scriptPubKey: script,
    amount: amount as RelevantTransaction['outputs'][number]['amount'],
  })),
});
