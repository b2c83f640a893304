import {z} from 'zod';
import type {CoinSource, Inspected, WalletTransaction} from '../../chain/ports.ts';
import {txidOf} from '../../chain/skim.ts';
import type {Coin} from '../../coins/index.ts';
import {parseAmount} from '../../primitives/amount.ts';
import type {Outpoint, Txid} from '../../primitives/ids.ts';
import {blockHash, decimal, readAs, readBytes} from './answers.ts';
import {isRefusal} from './faults.ts';
import type {RpcOutcome} from './rpc-client.ts';
import type {WalletRpc} from './wallet-rpc.ts';

const CALLS_PER_BATCH = 200;
/** Of a batch of raw transactions of up to 100 kvB, as hex. */
const TRANSACTIONS_CAP = 100_000_000;

const unspentOutput = z.object({value: decimal}).nullable();
const walletTransaction = z.object({
  hex: z.string(),
  generated: z.boolean().optional(),
  blockhash: blockHash.optional(),
  blockheight: z.number().int().nonnegative().optional(),
});

/** What the node's set of unspent outputs and its wallet say of single coins. */
export class BitcoindCoinSource implements CoinSource {
  readonly #wallet: WalletRpc;
  readonly #coin: Pick<Coin, 'decimals'>;

  constructor(wallet: WalletRpc, coin: Pick<Coin, 'decimals'>) {
    this.#wallet = wallet;
    this.#coin = coin;
  }

  async inspect(outpoints: readonly Outpoint[]): Promise<Inspected> {
    const {client} = this.#wallet;
    const best = {method: 'getbestblockhash', params: []};
    const amounts: (bigint | undefined)[] = [];
    let tip: Inspected['tip'];
    for (let at = 0; at < outpoints.length || at === 0; at += CALLS_PER_BATCH) {
      const part = outpoints.slice(at, at + CALLS_PER_BATCH);
      const calls = part.map(({txid, vout}) => ({method: 'gettxout', params: [txid, vout, false]}));
      // A batch is answered in order: the same tip before and after is that of everything between.
      const answers = await client.batch([best, ...calls, best], {decimals: true});
      const [before, after] = [answers[0], answers.at(-1)].map(answer =>
        readAs(blockHash, resultOf(answer), 'getbestblockhash', client.faults),
      );
      if (before !== after || (tip !== undefined && tip !== before)) return {tip: undefined, amounts: []};
      tip = before;
      for (const answer of answers.slice(1, -1)) {
        const found = readAs(unspentOutput, resultOf(answer), 'gettxout', client.faults);
        amounts.push(found === null ? undefined : parseAmount(found.value, this.#coin.decimals));
      }
    }
    return {tip, amounts};
  }

  async walletTransactions(txids: readonly Txid[]): Promise<(WalletTransaction | undefined)[]> {
    const {faults} = this.#wallet.client;
    const found: (WalletTransaction | undefined)[] = [];
    for (let at = 0; at < txids.length; at += CALLS_PER_BATCH) {
      const part = txids.slice(at, at + CALLS_PER_BATCH);
      const answers = await this.#wallet.batch(
        part.map(txid => ({method: 'gettransaction', params: [txid]})),
        {cap: TRANSACTIONS_CAP},
      );
      for (const [index, answer] of answers.entries()) {
        if ('refusal' in answer && isRefusal(answer.refusal, 'not-found')) {
          found.push(undefined);
          continue;
        }
        const {hex, generated, blockhash, blockheight} = readAs(
          walletTransaction,
          resultOf(answer),
          'gettransaction',
          faults,
        );
        const raw = readBytes(hex, 'gettransaction', faults);
        if (txidOf(raw) !== part[index])
          throw faults.badAnswer('gettransaction', `another transaction than ${part[index]}`);
        const isAnchored = blockhash !== undefined && blockheight !== undefined;
        found.push({
          raw,
          coinbase: generated === true,
          block: isAnchored ? {hash: blockhash, height: blockheight} : undefined,
        });
      }
    }
    return found;
  }
}

const resultOf = (outcome: RpcOutcome | undefined): unknown => {
  if (outcome === undefined) return undefined;
  if ('refusal' in outcome) throw outcome.refusal;
  return outcome.result;
};
