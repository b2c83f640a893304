import {Transaction} from 'bitcoinjs-lib';
import {addressOf} from '../../../source/coins/index.ts';
import type {TransactionPlan} from '../../../source/payout/ports.ts';
import {outpointKey, txidFromWire, type BlockHash, type Outpoint, type Txid} from '../../../source/primitives/ids.ts';
import {REGTEST, unsignedBytes} from '../payout-ledger.ts';
import {SimulatedChain, type SimulatedBlock, type SimulatedTransaction} from '../simulated-chain.ts';

/** Why the node does not take a transaction. */
export type Objection = 'missing' | 'conflict' | 'chain-too-long' | 'fee-too-low';

const LONGEST_CHAIN = 25;

export const parseRaw = (raw: Buffer): SimulatedTransaction => {
  const parsed = Transaction.fromBuffer(raw);
  return {
    txid: txidFromWire(parsed.getHash()),
    raw,
    coinbase: false,
    inputs: parsed.ins.map(({hash, index}) => ({txid: txidFromWire(hash), vout: index})),
    outputs: parsed.outs.map(({script, value}) => ({script: Buffer.from(script), amount: value})),
  };
};

/**
 * A simulated chain with the rules of a node on top: what may enter the mempool, what leaves it with what else, what is
 * lost when it is killed. And its wallet, which signs whatever it is told to, also by hand.
 */
export class WorldNode {
  readonly chain = new SimulatedChain(REGTEST.genesis as BlockHash);
  /** Every transaction anybody made, by txid: whoever spends from another one spends a coin out of nowhere. */
  readonly made = new Map<Txid, SimulatedTransaction>();
  /** Made by hand with the wallet: the same payouts at a higher fee, or coins taken away. */
  readonly byHand = new Set<Txid>();
  readonly evicted: SimulatedTransaction[] = [];
  readonly changeScripts = new Set<string>();
  isDown = false;
  isLocked = false;
  /** Nothing new enters the mempool but what pays more than anybody does. */
  isFull = false;
  estimate: number | undefined;
  #lost: SimulatedBlock[] = [];
  #scripts = 0;

  /** A script of the wallet, told from every other by its number. */
  newScript(): Buffer {
    this.#scripts += 1;
    return Buffer.from(`0014${this.#scripts.toString(16).padStart(40, '0')}`, 'hex');
  }

  /** A script that nobody here holds. */
  strangersScript(): Buffer {
    const script = this.newScript();
    script[2] = 0xff;
    return script;
  }

  newChangeAddress(): {address: string; script: Buffer} {
    const script = this.newScript();
    this.changeScripts.add(script.toString('hex'));
    return {address: addressOf(script, REGTEST)!, script};
  }

  sign(plan: TransactionPlan): Buffer {
    return unsignedBytes(plan).raw;
  }

  make(inputs: readonly Outpoint[], outputs: SimulatedTransaction['outputs']): SimulatedTransaction {
    const transaction = this.chain.transaction(inputs, outputs);
    this.made.set(transaction.txid, transaction);
    return transaction;
  }

  get mempool(): SimulatedTransaction[] {
    return [...this.chain.mempoolNow.values()];
  }

  anchoredAt(txid: Txid): number | undefined {
    return this.chain.blocksNow.find(block => block.transactions.some(one => one.txid === txid))?.height;
  }

  isSpentInChain(outpoint: Outpoint): boolean {
    const key = outpointKey(outpoint);
    return this.chain.blocksNow.some(block =>
      block.transactions.some(({inputs}) => inputs.some(input => outpointKey(input) === key)),
    );
  }

  objection(transaction: SimulatedTransaction): Objection | undefined {
    const {txid, inputs} = transaction;
    if (!inputs.every(input => this.#exists(input))) return 'missing';
    const rivals = new Set(inputs.map(input => this.chain.spenderInMempool(input) ?? txid));
    rivals.delete(txid);
    if (rivals.size > 0 && !this.#outbids(transaction, rivals)) return 'conflict';
    return this.#ancestors(transaction) > LONGEST_CHAIN ? 'chain-too-long' : undefined;
  }

  /** Replacing costs more than all that leave the mempool for it paid (BIP125). */
  #outbids(transaction: SimulatedTransaction, rivals: ReadonlySet<Txid>): boolean {
    const leaving = new Set(rivals);
    for (const {txid, inputs} of this.mempool) if (inputs.some(input => leaving.has(input.txid))) leaving.add(txid);
    let paid = 20n;
    for (const txid of leaving) {
      const fee = this.#feeOf(this.chain.mempoolNow.get(txid)!);
      if (fee === undefined) return false;
      paid += fee;
    }
    return (this.#feeOf(transaction) ?? 0n) >= paid;
  }

  /** Undefined when it spends a coin out of nowhere. */
  #feeOf({inputs, outputs}: SimulatedTransaction): bigint | undefined {
    let fee = 0n;
    for (const {txid, vout} of inputs) {
      const amount = this.made.get(txid)?.outputs[vout]?.amount;
      if (amount === undefined) return undefined;
      fee += amount;
    }
    for (const {amount} of outputs) fee -= amount;
    return fee;
  }

  #exists(input: Outpoint): boolean {
    if (this.isSpentInChain(input)) return false;
    const parent = this.made.get(input.txid);
    return !parent || this.chain.mempoolNow.has(parent.txid) || this.anchoredAt(parent.txid) !== undefined;
  }

  #ancestors({inputs}: SimulatedTransaction): number {
    const seen = new Set<Txid>();
    const open = [...inputs];
    for (let next = open.pop(); next; next = open.pop()) {
      const parent = this.chain.mempoolNow.get(next.txid);
      if (!parent || seen.has(parent.txid)) continue;
      seen.add(parent.txid);
      open.push(...parent.inputs);
    }
    return seen.size + 1;
  }

  /** What sendrawtransaction does. `known`: it is in the mempool or in a block with an output unspent. */
  accept(raw: Buffer, options: {readonly test: boolean}): 'accepted' | 'known' | Objection {
    const transaction = parseRaw(raw);
    const {txid, outputs} = transaction;
    if (this.chain.mempoolNow.has(txid)) return 'known';
    if (this.anchoredAt(txid) !== undefined)
      return outputs.some((_, vout) => !this.isSpentInChain({txid, vout})) ? 'known' : 'missing';
    const objection = this.objection(transaction) ?? (this.isFull ? ('fee-too-low' as const) : undefined);
    if (objection !== undefined || options.test) return objection ?? 'accepted';
    this.enter(transaction);
    return 'accepted';
  }

  /** By whatever force: what spends the same leaves, with its children. */
  enter(transaction: SimulatedTransaction): void {
    this.made.set(transaction.txid, transaction);
    this.chain.broadcast(transaction);
    this.#cleanse();
  }

  evict(txid: Txid): void {
    const gone = this.chain.mempoolNow.get(txid);
    if (!gone) return;
    this.evicted.push(gone);
    this.chain.evict(txid);
    this.#cleanse();
  }

  /** Removes what cannot be mined any more, children after their parents. */
  #cleanse(): void {
    for (let removed = 1; removed > 0;) {
      removed = 0;
      for (const transaction of this.mempool) {
        const {txid, inputs} = transaction;
        if (this.anchoredAt(txid) === undefined && inputs.every(input => this.#exists(input))) continue;
        this.chain.evict(txid);
        this.evicted.push(transaction);
        removed += 1;
      }
    }
  }

  /** Some of the mempool, parents before children, a child never without its parent. */
  minable(share: number): SimulatedTransaction[] {
    const chosen: SimulatedTransaction[] = [];
    const names = new Set<Txid>();
    const open = new Set(this.mempool.filter((_, index) => index % 4 <= share));
    for (let added = 1; added > 0;) {
      added = 0;
      for (const transaction of open) {
        const waits = ({txid}: Outpoint) => this.chain.mempoolNow.has(txid) && !names.has(txid);
        if (transaction.inputs.some(waits)) continue;
        open.delete(transaction);
        chosen.push(transaction);
        names.add(transaction.txid);
        added += 1;
      }
    }
    return chosen;
  }

  mine(transactions: readonly SimulatedTransaction[]): void {
    for (const transaction of transactions) this.made.set(transaction.txid, transaction);
    this.chain.mine(transactions);
    this.#lost = [];
    this.#cleanse();
  }

  /** The top blocks give way to as many others and `extra`; these hold some of what the old ones held. */
  reorg(depth: number, extra: number, keep: number, steal: SimulatedTransaction | undefined): void {
    const deep = Math.min(depth, this.chain.tipNow.height);
    if (deep === 0) return;
    const before = this.mempool;
    this.chain.disconnect(deep);
    // As a node does: first those that were mined, then those that were not.
    for (const {txid} of before) this.chain.mempoolNow.delete(txid);
    for (const transaction of before) this.chain.mempoolNow.set(transaction.txid, transaction);
    this.#cleanse();
    if (steal) this.enter(steal);
    this.chain.mine(steal ? [steal, ...this.minable(keep).filter(one => one !== steal)] : this.minable(keep));
    for (let left = deep + extra; left > 1; left--) this.chain.mine([]);
    this.#lost = [];
    this.#cleanse();
  }

  /** Killed: it comes back without its last blocks and without its mempool. */
  lose(depth: number): void {
    const deep = Math.min(depth, this.chain.tipNow.height);
    this.evicted.push(...this.mempool);
    this.#lost = [...this.chain.disconnect(deep, {killed: true}), ...this.#lost];
    this.#cleanse();
  }

  /** It catches up with the blocks it lost, unless others were mined since. */
  regain(): void {
    const [first] = this.#lost;
    if (first?.previous !== this.chain.tipNow.hash) return;
    this.chain.blocksNow.push(...this.#lost);
    this.#lost = [];
    this.#cleanse();
    this.chain.hint({kind: 'block'});
  }
}
