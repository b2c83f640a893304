import {createHash} from 'node:crypto';
import {Transaction} from 'bitcoinjs-lib';
import type {RegtestNode} from '../regtest-node.ts';

export interface IndexedBlock {
  readonly height: number;
  readonly hash: string;
  readonly header: string;
  /** In block order, as printed. */
  readonly txids: readonly string[];
  readonly touched: ReadonlySet<string>;
}

export interface HistoryRow {
  readonly tx_hash: string;
  readonly height: number;
  readonly fee?: number;
}

interface Unconfirmed {
  readonly scripts: ReadonlySet<string>;
  readonly hasUnconfirmedParent: boolean;
  readonly fee: number;
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const reversed = (bytes: Uint8Array): Buffer => Buffer.from(bytes).reverse();
const printed = (bytes: Uint8Array): string => reversed(bytes).toString('hex');
export const scriptHash = (script: Uint8Array): string => printed(sha256(script));

const BLOCKS_AT_ONCE = 20;

/** Where the transactions of a block begin. */
const transactionsOf = (raw: Buffer): Transaction[] => {
  let position = 80;
  const first = raw.readUInt8(position);
  const size = first < 0xfd ? 1 : first === 0xfd ? 3 : 5;
  let left = size === 1 ? first : size === 3 ? raw.readUInt16LE(position + 1) : raw.readUInt32LE(position + 1);
  position += size;
  const transactions: Transaction[] = [];
  for (; left > 0; left--) {
    // Never longer than this: a slice spares the parser the rest of a large block.
    const transaction = Transaction.fromBuffer(raw.subarray(position), true);
    transactions.push(transaction);
    position += transaction.byteLength();
  }
  return transactions;
};

/**
 * What an Electrum server knows: blocks, who was paid and who spent, by the hash of the script; read from a real node and
 * following it through reorgs. All in memory.
 */
export class ChainIndex {
  readonly #node: RegtestNode;
  readonly blocks: IndexedBlock[] = [];
  readonly #heightOf = new Map<string, number>();
  /** Script hash -> transactions in chain order. */
  readonly #confirmed = new Map<string, {txid: string; height: number}[]>();
  /** `txid:vout` -> what was paid there. */
  readonly #outputs = new Map<string, {script: string; value: number; height: number}>();
  /** `txid:vout` -> who spends it, in a block or in the mempool. */
  readonly #spenders = new Map<string, Set<string>>();
  #mempool = new Map<string, Unconfirmed>();

  constructor(node: RegtestNode) {
    this.#node = node;
  }

  get tip(): IndexedBlock {
    return this.blocks.at(-1)!;
  }

  heightOf(txid: string): number | undefined {
    return this.#heightOf.get(txid);
  }

  isSpent(txid: string, vout: number): boolean {
    const spenders = this.#spenders.get(`${txid}:${vout}`) ?? [];
    return [...spenders].some(spender => this.#heightOf.has(spender) || this.#mempool.has(spender));
  }

  /** Reads what is new of the node's chain and mempool. Returns the script hashes whose history may have changed. */
  async sync(): Promise<Set<string>> {
    const touched = new Set<string>();
    const best = await this.#node.rpc<string>('getbestblockhash');
    if (this.blocks.at(-1)?.hash !== best) await this.#followChain(touched);
    await this.#followMempool(touched);
    return touched;
  }

  async #followChain(touched: Set<string>): Promise<void> {
    const height = await this.#node.rpc<number>('getblockcount');
    while (this.blocks.length > 0) {
      const {height: at, hash} = this.tip;
      const same = at <= height && (await this.#node.rpc<string>('getblockhash', [at])) === hash;
      if (same) break;
      this.#disconnect(touched);
    }
    for (let from = this.blocks.length; from <= height; from += BLOCKS_AT_ONCE) {
      const heights = Array.from({length: Math.min(BLOCKS_AT_ONCE, height - from + 1)}, (_, index) => from + index);
      const hashes = await this.#node.batch<string>(heights.map(at => ['getblockhash', [at]] as const));
      const raws = await this.#node.batch<string>(hashes.map(hash => ['getblock', [hash, 0]] as const));
      for (const [index, raw] of raws.entries()) this.#connect(heights[index]!, hashes[index]!, raw, touched);
    }
  }

  #connect(height: number, hash: string, hex: string, touched: Set<string>): void {
    const raw = Buffer.from(hex, 'hex');
    const txids: string[] = [];
    const all = new Set<string>();
    for (const transaction of transactionsOf(raw)) {
      const txid = transaction.getId();
      txids.push(txid);
      this.#heightOf.set(txid, height);
      for (const script of this.#addTransaction(txid, transaction, height)) {
        all.add(script);
        const rows = this.#confirmed.get(script);
        if (rows === undefined) this.#confirmed.set(script, [{txid, height}]);
        else rows.push({txid, height});
      }
    }
    this.blocks.push({height, hash, header: hex.slice(0, 160), txids, touched: all});
    for (const script of all) touched.add(script);
  }

  /** Script hashes that it pays or spends. */
  #addTransaction(txid: string, transaction: Transaction, height: number): Set<string> {
    const scripts = new Set<string>();
    for (const {hash, index} of transaction.ins) {
      const key = `${printed(hash)}:${index}`;
      const spent = this.#outputs.get(key);
      if (!spent) continue;
      scripts.add(spent.script);
      if (this.#spenders.get(key)?.add(txid) === undefined) this.#spenders.set(key, new Set([txid]));
    }
    for (const [vout, {script, value}] of transaction.outs.entries()) {
      const hash = scriptHash(script);
      this.#outputs.set(`${txid}:${vout}`, {script: hash, value: Number(value), height});
      scripts.add(hash);
    }
    return scripts;
  }

  #disconnect(touched: Set<string>): void {
    const {height, txids, touched: scripts} = this.blocks.pop()!;
    for (const script of scripts) {
      const rows = this.#confirmed.get(script)!;
      while (rows.at(-1)?.height === height) rows.pop();
      touched.add(script);
    }
    for (const txid of txids) this.#heightOf.delete(txid);
  }

  async #followMempool(touched: Set<string>): Promise<void> {
    const txids = await this.#node.rpc<string[]>('getrawmempool');
    const now = new Set(txids);
    const next = new Map<string, Unconfirmed>();
    for (const [txid, entry] of this.#mempool) {
      if (now.has(txid)) next.set(txid, entry);
      else for (const script of entry.scripts) touched.add(script);
    }
    const fresh = txids.filter(txid => !this.#mempool.has(txid));
    const entries = new Map<string, {depends: string[]; fees: {base: number}}>();
    const raws = new Map<string, Transaction>();
    for (let at = 0; at < fresh.length; at += 500) {
      const part = fresh.slice(at, at + 500);
      try {
        const [found, details] = [
          await this.#node.batch<string>(part.map(txid => ['getrawtransaction', [txid]] as const)),
          await this.#node.batch<{depends: string[]; fees: {base: number}}>(
            part.map(txid => ['getmempoolentry', [txid]] as const),
          ),
        ];
        for (const [index, txid] of part.entries()) {
          raws.set(txid, Transaction.fromHex(found[index]!));
          entries.set(txid, details[index]!);
        }
      } catch {
        // One of them left between two answers: the next look has the others.
      }
    }
    // Outputs of all of them before any input, for those that spend each other.
    for (const [txid, transaction] of raws) this.#addTransaction(txid, transaction, 0);
    for (const [txid, transaction] of raws) {
      const scripts = this.#addTransaction(txid, transaction, 0);
      const {depends, fees} = entries.get(txid)!;
      next.set(txid, {scripts, hasUnconfirmedParent: depends.length > 0, fee: Math.round(fees.base * 1e8)});
      for (const script of scripts) touched.add(script);
    }
    // A block took their parents: no child of theirs depends on anything unconfirmed now.
    for (const [txid, entry] of next) {
      if (!entry.hasUnconfirmedParent || raws.has(txid)) continue;
      const raw = await this.#node.rpc<{depends: string[]}>('getmempoolentry', [txid]).catch(() => undefined);
      if (raw?.depends.length !== 0) continue;
      next.set(txid, {...entry, hasUnconfirmedParent: false});
      for (const script of entry.scripts) touched.add(script);
    }
    this.#mempool = next;
  }

  confirmed(script: string): HistoryRow[] {
    return (this.#confirmed.get(script) ?? []).map(({txid, height}) => ({tx_hash: txid, height}));
  }

  unconfirmed(script: string): Required<HistoryRow>[] {
    const rows: Required<HistoryRow>[] = [];
    for (const [txid, {scripts, hasUnconfirmedParent, fee}] of this.#mempool)
      if (scripts.has(script)) rows.push({tx_hash: txid, height: hasUnconfirmedParent ? -1 : 0, fee});
    return rows;
  }

  /** Outputs of a script with the transactions that are in its history. */
  outputsOf(script: string, txids: readonly string[]): {txid: string; vout: number; value: number}[] {
    const found: {txid: string; vout: number; value: number}[] = [];
    for (const txid of txids)
      for (let vout = 0; this.#outputs.has(`${txid}:${vout}`); vout++) {
        const output = this.#outputs.get(`${txid}:${vout}`)!;
        if (output.script === script) found.push({txid, vout, value: output.value});
      }
    return found;
  }

  /** Deepest first, as printed; the last of an odd row is paired with itself. */
  branch(txid: string, height: number): {merkle: string[]; pos: number} | undefined {
    const txids = this.blocks[height]?.txids ?? [];
    const pos = txids.indexOf(txid);
    if (pos === -1) return undefined;
    const merkle: string[] = [];
    let level = txids.map(id => reversed(Buffer.from(id, 'hex')));
    for (let at = pos; level.length > 1; at >>= 1) {
      merkle.push(printed(level[at ^ 1] ?? level[at]!));
      const next: Buffer[] = [];
      for (let left = 0; left < level.length; left += 2)
        next.push(sha256(sha256(Buffer.concat([level[left]!, level[left + 1] ?? level[left]!]))));
      level = next;
    }
    return {merkle, pos};
  }

  /** Of a script: null when nothing ever touched it. */
  static status(rows: readonly HistoryRow[]): string | null {
    if (rows.length === 0) return null;
    return sha256(Buffer.from(rows.map(({tx_hash: txid, height}) => `${txid}:${height}:`).join(''))).toString('hex');
  }
}
