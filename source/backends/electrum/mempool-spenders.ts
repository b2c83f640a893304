import {inputsOf} from '../../chain/skim.ts';
import type {BlockFormat} from '../../coins/index.ts';
import {outpointKey, type Outpoint, type OutpointKey, type Txid} from '../../primitives/ids.ts';
import {history, readAs} from './answers.ts';
import type {ElectrumClient} from './electrum-client.ts';
import {isRefusal} from './faults.ts';
import {scriptHashOf} from './histories.ts';
import type {HistoryIndex} from './history-index.ts';
import {outputScripts} from './raw-transaction.ts';
import type {Transactions} from './transactions.ts';

/** Transactions of a foreign script that are looked at, newest first: an exchange's may have thousands. */
const MOST_FOREIGN = 25;

/**
 * Who spends what in the mempool: by the inputs of our unconfirmed transactions, and for foreign coins, which a replaced
 * deposit leaves behind, by what the server lists for the script of the coin. A foreign spender that was mined meanwhile is
 * named too, since no block is looked at for it. What the server does not list is not known.
 */
export class MempoolSpenders {
  readonly #client: ElectrumClient;
  readonly #transactions: Transactions;
  readonly #format: BlockFormat;
  readonly #histories: HistoryIndex;
  readonly #inputs = new Map<Txid, readonly Outpoint[]>();

  constructor(client: ElectrumClient, transactions: Transactions, histories: HistoryIndex, format: BlockFormat) {
    this.#client = client;
    this.#histories = histories;
    this.#transactions = transactions;
    this.#format = format;
  }

  /** `unconfirmed`: ours. */
  async find(outpoints: readonly Outpoint[], unconfirmed: ReadonlySet<Txid>): Promise<(Txid | undefined)[]> {
    if (outpoints.length === 0) return [];
    for (const txid of this.#inputs.keys()) if (!unconfirmed.has(txid)) this.#inputs.delete(txid);
    await this.#read([...unconfirmed]);
    const spenders = new Map<OutpointKey, Txid>();
    for (const [txid, inputs] of this.#inputs) for (const input of inputs) spenders.set(outpointKey(input), txid);
    const unknown = outpoints.filter(outpoint => !spenders.has(outpointKey(outpoint)));
    const foreign = await this.#foreign(unknown);
    return outpoints.map(outpoint => spenders.get(outpointKey(outpoint)) ?? foreign.get(outpointKey(outpoint)));
  }

  async #read(txids: readonly Txid[]): Promise<void> {
    const fresh = txids.filter(txid => !this.#inputs.has(txid));
    const raws = await this.#transactions.raws(fresh);
    for (const [index, raw] of raws.entries()) if (raw) this.#inputs.set(fresh[index]!, inputsOf(raw, this.#format));
  }

  async #foreign(outpoints: readonly Outpoint[]): Promise<Map<OutpointKey, Txid>> {
    const found = new Map<OutpointKey, Txid>();
    const candidates = await this.#candidates(outpoints);
    const raws = await this.#transactions.raws(candidates);
    for (const [index, raw] of raws.entries())
      for (const input of raw ? inputsOf(raw, this.#format) : []) found.set(outpointKey(input), candidates[index]!);
    return found;
  }

  /** The newest transactions of the scripts that these coins were paid to: the spender may have been mined meanwhile. */
  async #candidates(outpoints: readonly Outpoint[]): Promise<Txid[]> {
    const parents = await this.#transactions.raws(outpoints.map(({txid}) => txid));
    const hashes = new Set<string>();
    for (const [index, raw] of parents.entries()) {
      const script = raw && outputScripts(raw, this.#format)[outpoints[index]!.vout];
      if (script) hashes.add(scriptHashOf(script));
    }
    const method = 'blockchain.scripthash.get_history';
    const outcomes = await this.#client.batch(
      [...hashes].map(hash => ({method, params: [hash]})),
      {together: 1},
    );
    const txids = new Set<Txid>();
    for (const outcome of outcomes) {
      if ('refusal' in outcome) {
        // Too much for this server: not known, then.
        if (!isRefusal(outcome.refusal, 'history-too-long', 'other')) throw outcome.refusal;
        continue;
      }
      const listed = readAs(history, outcome.result, method, this.#client.faults);
      for (const {tx_hash: txid, height} of listed.slice(-MOST_FOREIGN))
        if (!this.#histories.has(txid, height)) txids.add(txid);
    }
    return [...txids];
  }
}
