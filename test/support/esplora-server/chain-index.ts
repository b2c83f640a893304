import {createHash} from 'node:crypto';
import {Block, Transaction} from 'bitcoinjs-lib';
import type {RegtestNode} from '../regtest-node.ts';

export interface IndexedOutput {
  readonly script: Buffer;
  readonly value: bigint;
}

export interface IndexedTransaction {
  readonly txid: string;
  readonly transaction: Transaction;
  readonly raw: Buffer;
  readonly coinbase: boolean;
  readonly inputs: readonly {readonly txid: string; readonly vout: number}[];
  readonly outputs: readonly IndexedOutput[];
  /** SHA-256 of each script that it pays or spends, hex. */
  readonly scripts: ReadonlySet<string>;
}

export interface IndexedBlock {
  readonly height: number;
  readonly hash: string;
  readonly raw: Buffer;
  readonly weight: number;
  readonly txids: readonly string[];
}

/** What changed since the last look, for those that are told of news. */
export interface IndexChange {
  readonly connected: readonly IndexedBlock[];
  readonly disconnected: readonly IndexedBlock[];
  readonly added: readonly IndexedTransaction[];
  readonly removed: readonly IndexedTransaction[];
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const outpoint = (txid: string, vout: number): string => `${txid}:${vout}`;
const printed = (hash: Uint8Array): string => Buffer.from(hash).reverse().toString('hex');

const BLOCKS_AT_ONCE = 50;

/** An index of scripts over a real node's chain and mempool, in memory, as Esplora keeps one on disk. */
export class ChainIndex {
  readonly #node: RegtestNode;
  readonly chain: IndexedBlock[] = [];
  /** Stale ones too. */
  readonly blocks = new Map<string, IndexedBlock>();
  /** Of any block, and of the mempool. */
  readonly transactions = new Map<string, IndexedTransaction>();
  readonly mempool = new Map<string, IndexedTransaction>();
  /** txid -> height, of the best chain. */
  readonly confirmed = new Map<string, number>();
  /** Confirmed transactions of a script, in the order of the chain. */
  readonly #histories = new Map<string, string[]>();
  readonly #spends = new Map<string, {txid: string; vin: number}>();
  #syncing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #syncedAt = Number.NEGATIVE_INFINITY;
  /** Told of every change, whoever's look found it. */
  onChange: (change: IndexChange) => void = () => {};
  /** ms for which a look at the node serves; each request looks anew unless this says otherwise. */
  freshFor = 0;

  constructor(node: RegtestNode) {
    this.#node = node;
  }

  /** Brings the index to where the node is. Looks that wait for their turn share one. */
  async sync(): Promise<void> {
    if (performance.now() - this.#syncedAt < this.freshFor) return undefined;
    if (this.#syncing === undefined) return this.#begin();
    this.#next ??= this.#syncing
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#begin();
      });
    return this.#next;
  }

  async #begin(): Promise<void> {
    this.#syncing = this.#sync().finally(() => (this.#syncing = undefined));
    return this.#syncing;
  }

  async #sync(): Promise<void> {
    const disconnected: IndexedBlock[] = [];
    const connected: IndexedBlock[] = [];
    const [count, best, txids] = (await this.#node.batch([
      ['getblockcount', []],
      ['getbestblockhash', []],
      ['getrawmempool', []],
    ])) as [number, string, string[]];
    if (this.chain.at(-1)?.hash !== best) {
      disconnected.push(...(await this.#disconnectStale(count)));
      for (let from = this.chain.length; from <= count; from += BLOCKS_AT_ONCE)
        connected.push(...(await this.#connect(from, Math.min(count, from + BLOCKS_AT_ONCE - 1))));
    }
    const {added, removed} = await this.#followMempool(txids);
    this.#syncedAt = performance.now();
    if (connected.length + disconnected.length + added.length + removed.length > 0)
      this.onChange({connected, disconnected, added, removed});
  }

  async #disconnectStale(count: number): Promise<IndexedBlock[]> {
    const gone: IndexedBlock[] = [];
    while (this.chain.length > 0) {
      const top = this.chain.at(-1)!;
      const hash = top.height > count ? undefined : await this.#node.rpc<string>('getblockhash', [top.height]);
      if (hash === top.hash) break;
      this.chain.pop();
      gone.push(top);
      for (const txid of top.txids.toReversed()) this.#disconnect(this.transactions.get(txid)!);
    }
    return gone;
  }

  #disconnect(transaction: IndexedTransaction): void {
    this.confirmed.delete(transaction.txid);
    for (const script of transaction.scripts) this.#histories.get(script)?.pop();
    for (const {txid, vout} of transaction.inputs) this.#spends.delete(outpoint(txid, vout));
  }

  async #connect(from: number, to: number): Promise<IndexedBlock[]> {
    const heights = Array.from({length: to - from + 1}, (_, index) => from + index);
    const hashes = await this.#node.batch<string>(heights.map(height => ['getblockhash', [height]] as const));
    const raws = await this.#node.batch<string>(hashes.map(hash => ['getblock', [hash, 0]] as const));
    return raws.map((hex, index) => {
      const raw = Buffer.from(hex, 'hex');
      const parsed = Block.fromBuffer(raw);
      const txids = parsed.transactions!.map(transaction => this.#index(transaction).txid);
      const block = {height: heights[index]!, hash: hashes[index]!, raw, weight: parsed.weight(), txids};
      for (const txid of txids) {
        const transaction = this.transactions.get(txid)!;
        this.confirmed.set(txid, block.height);
        for (const script of transaction.scripts) {
          const history = this.#histories.get(script);
          if (history === undefined) this.#histories.set(script, [txid]);
          else history.push(txid);
        }
        for (const [vin, spent] of transaction.inputs.entries())
          this.#spends.set(outpoint(spent.txid, spent.vout), {txid, vin});
      }
      this.chain.push(block);
      this.blocks.set(block.hash, block);
      return block;
    });
  }

  /** Parents come before their children, in blocks as in what is asked of the mempool. */
  #index(transaction: Transaction): IndexedTransaction {
    const txid = transaction.getId();
    const known = this.transactions.get(txid);
    if (known !== undefined) return known;
    const coinbase = transaction.isCoinbase();
    const inputs = coinbase ? [] : transaction.ins.map(({hash, index}) => ({txid: printed(hash), vout: index}));
    const outputs = transaction.outs.map(({script, value}) => ({script: Buffer.from(script), value}));
    const scripts = new Set([
      ...outputs.map(({script}) => sha256(script)),
      ...inputs.map(({txid: parent, vout}) => sha256(this.outputOf(parent, vout)!.script)),
    ]);
    const raw = Buffer.from(transaction.toBuffer());
    const indexed = {txid, transaction, raw, coinbase, inputs, outputs, scripts};
    this.transactions.set(txid, indexed);
    return indexed;
  }

  async #followMempool(txids: readonly string[]): Promise<Pick<IndexChange, 'added' | 'removed'>> {
    const now = new Set(txids);
    const removed = [...this.mempool.values()].filter(({txid}) => !now.has(txid));
    for (const {txid} of removed) this.mempool.delete(txid);
    const added: IndexedTransaction[] = [];
    const waiting = txids.filter(txid => !this.mempool.has(txid));
    const raws = new Map<string, Transaction>();
    for (const txid of waiting) {
      const hex = await this.#node.rpc<string>('getrawtransaction', [txid]).catch(() => undefined);
      if (hex !== undefined) raws.set(txid, Transaction.fromHex(hex));
    }
    const add = (txid: string): void => {
      const transaction = raws.get(txid);
      if (transaction === undefined) return;
      raws.delete(txid);
      // A mempool lists children before their parents.
      for (const {hash} of transaction.ins) add(printed(hash));
      const indexed = this.#index(transaction);
      this.mempool.set(txid, indexed);
      added.push(indexed);
    };
    for (const txid of waiting) add(txid);
    return {added, removed: removed.filter(({txid}) => !this.confirmed.has(txid))};
  }

  outputOf(txid: string, vout: number): IndexedOutput | undefined {
    return this.transactions.get(txid)?.outputs[vout];
  }

  /** In the best chain or in the mempool; one of a stale block only is nowhere. */
  find(txid: string): IndexedTransaction | undefined {
    return this.confirmed.has(txid) ? this.transactions.get(txid) : this.mempool.get(txid);
  }

  blockOf(txid: string): IndexedBlock | undefined {
    const height = this.confirmed.get(txid);
    return height === undefined ? undefined : this.chain[height];
  }

  /** Confirmed transactions of a script, newest first. */
  history(script: string): IndexedTransaction[] {
    return (this.#histories.get(script) ?? []).toReversed().map(txid => this.transactions.get(txid)!);
  }

  mempoolHistory(script: string): IndexedTransaction[] {
    return [...this.mempool.values()].filter(({scripts}) => scripts.has(script));
  }

  spenderOf(txid: string, vout: number): {txid: string; vin: number} | undefined {
    const confirmed = this.#spends.get(outpoint(txid, vout));
    if (confirmed !== undefined) return confirmed;
    for (const spender of this.mempool.values()) {
      const vin = spender.inputs.findIndex(input => input.txid === txid && input.vout === vout);
      if (vin !== -1) return {txid: spender.txid, vin};
    }
    return undefined;
  }
}
