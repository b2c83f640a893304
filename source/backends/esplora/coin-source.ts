import type {CoinSource, Inspected, WalletTransaction} from '../../chain/ports.ts';
import {amountsOf, inputsOf} from '../../chain/skim.ts';
import type {BlockFormat} from '../../coins/index.ts';
import type {BlockRef, Outpoint, Txid} from '../../primitives/ids.ts';
import {outspend, readAs, status} from './answers.ts';
import type {HeaderBook} from './header-book.ts';
import {inParallel} from './in-parallel.ts';
import type {RestClient} from './rest-client.ts';
import {proofOf} from './script-histories.ts';
import {fetchTransaction} from './transactions.ts';

/** Single coins, one question each. That a coin was not spent is the server's word; what it holds is proven. */
export class EsploraCoinSource implements CoinSource {
  readonly #client: RestClient;
  readonly #headers: HeaderBook;
  readonly #format: BlockFormat;
  readonly #parallel: number;

  constructor(client: RestClient, headers: HeaderBook, options: {format: BlockFormat; parallel: number}) {
    this.#client = client;
    this.#headers = headers;
    this.#format = options.format;
    this.#parallel = options.parallel;
  }

  async inspect(outpoints: readonly Outpoint[]): Promise<Inspected> {
    const before = await this.#headers.tip();
    const txids = [...new Set(outpoints.map(({txid}) => txid))];
    const transactions = new Map(
      await inParallel(txids, this.#parallel, async txid => [txid, await this.#anchoredAmounts(txid)] as const),
    );
    const amounts = await inParallel(outpoints, this.#parallel, async outpoint => {
      const amount = transactions.get(outpoint.txid)?.[outpoint.vout];
      return amount === undefined || (await this.#isSpent(outpoint)) ? undefined : amount;
    });
    const after = await this.#headers.tip();
    return before.hash === after.hash ? {tip: after.hash, amounts} : {tip: undefined, amounts: []};
  }

  async #anchoredAmounts(txid: Txid): Promise<bigint[] | undefined> {
    const {confirmed} = await this.#status(txid);
    const raw = confirmed ? await fetchTransaction(this.#client, txid, this.#format, {urgency: 'bulk'}) : undefined;
    return raw && amountsOf(raw, this.#format);
  }

  async #isSpent({txid, vout}: Outpoint): Promise<boolean> {
    const route = '/tx/:txid/outspend/:vout';
    const answer = await this.#client.json(route, [txid, vout], {urgency: 'bulk'});
    if (answer === undefined) throw this.#client.faults.notFound(`transaction ${txid}`);
    const {spent, status: spender} = readAs(outspend, answer, route, this.#client.faults);
    return spent && spender?.confirmed === true;
  }

  async walletTransactions(txids: readonly Txid[]): Promise<(WalletTransaction | undefined)[]> {
    return inParallel(txids, this.#parallel, async txid => {
      const raw = await fetchTransaction(this.#client, txid, this.#format, {urgency: 'bulk'});
      if (raw === undefined) return undefined;
      const coinbase = inputsOf(raw, this.#format).length === 0;
      return {raw, coinbase, block: await this.#blockOf(txid)};
    });
  }

  /** The block of the best chain that holds it, proven. */
  async #blockOf(txid: Txid): Promise<BlockRef | undefined> {
    const {confirmed, block_hash: hash} = await this.#status(txid);
    if (!confirmed || !hash) return undefined;
    const header = await this.#headers.header(hash);
    const [best] = await this.#headers.hashesAt([header.height]);
    if (best !== hash) return undefined;
    await this.#headers.requireWork(header, header.height);
    await proofOf(this.#client, txid, header, this.#format);
    return {height: header.height, hash};
  }

  async #status(txid: Txid) {
    const route = '/tx/:txid/status';
    const answer = await this.#client.json(route, [txid], {urgency: 'bulk'});
    return answer === undefined
      ? {confirmed: false, block_hash: undefined}
      : readAs(status, answer, route, this.#client.faults);
  }
}
