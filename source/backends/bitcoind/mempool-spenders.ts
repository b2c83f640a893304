import {outpointKey, type Outpoint, type OutpointKey, type Txid} from '../../primitives/ids.ts';
import {inputsOf} from '../../chain/skim.ts';
import type {BlockFormat} from '../../coins/index.ts';

/**
 * Who spends what in the mempool, for daemons without gettxspendingprevout: the inputs of every transaction in it, each
 * fetched once. Asked only when something of ours is gone, on chains whose mempools are small.
 */
export class MempoolSpenders {
  readonly #format: BlockFormat;
  readonly #inputs = new Map<Txid, readonly Outpoint[]>();

  constructor(format: BlockFormat) {
    this.#format = format;
  }

  /** `fetch` gives raw transactions, undefined for those that left meanwhile. */
  async find(
    outpoints: readonly Outpoint[],
    txids: ReadonlySet<Txid>,
    fetch: (txids: readonly Txid[]) => Promise<(Buffer | undefined)[]>,
  ): Promise<(Txid | undefined)[]> {
    for (const txid of this.#inputs.keys()) if (!txids.has(txid)) this.#inputs.delete(txid);
    const fresh = [...txids].filter(txid => !this.#inputs.has(txid));
    const raws = await fetch(fresh);
    for (const [index, raw] of raws.entries()) if (raw) this.#inputs.set(fresh[index]!, inputsOf(raw, this.#format));
    const spenders = new Map<OutpointKey, Txid>();
    for (const [txid, inputs] of this.#inputs) for (const input of inputs) spenders.set(outpointKey(input), txid);
    return outpoints.map(outpoint => spenders.get(outpointKey(outpoint)));
  }
}
