import type {RelevantTransaction} from '../../chain/facts.ts';
import {provesInclusion} from '../../chain/merkle.ts';
import {skimTransaction} from '../../chain/skim.ts';
import type {WatchSet} from '../../chain/watch-set.ts';
import type {BlockFormat} from '../../coins/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {BlockHash, BlockRef, Txid} from '../../primitives/ids.ts';
import {history, merkleProof, readAs} from './answers.ts';
import type {KnownHeader} from './header-book.ts';
import {inParallel} from './in-parallel.ts';
import {fetchTransaction} from './transactions.ts';
import type {RestClient} from './rest-client.ts';
import type {ScriptHash, WatchedScripts} from './watched-scripts.ts';

/** Bytes of one page: 25 transactions with everything they spend. */
const HISTORY_CAP = 64_000_000;
/** No server gives fewer on a page that is not the last one. */
const LEAST_PAGE = 10;

/** Of one script. At 25 on a page it takes half an hour to be told of so many, and a list without end would take for ever. */
const MOST_LISTED = 100_000;

/** Blocks by which a chain may have grown before histories that were read are out of date. */
const SLACK = 20;

/** Scripts between two words on how far it is. */
const SAID_EVERY = 25;

/** What the histories of the scripts in `done` hold from a height on, as the server had it at `tip`. */
interface Read {
  readonly from: number;
  readonly tip: BlockRef;
  readonly done: Set<ScriptHash>;
  readonly found: Map<BlockHash, Set<Txid>>;
}

export interface HistoryOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each script: reading all of them may take long before there is anything to show. */
  readonly onProgress?: ((words?: string) => void) | undefined;
}

/** Blocks by what the histories of our scripts say of them, each transaction proven to be in its block. */
export class ScriptHistories {
  readonly #client: RestClient;
  readonly #scripts: WatchedScripts;
  readonly #format: BlockFormat;
  readonly #parallel: number;
  #read: Read | undefined;

  constructor(client: RestClient, scripts: WatchedScripts, options: {format: BlockFormat; parallel: number}) {
    this.#client = client;
    this.#scripts = scripts;
    this.#format = options.format;
    this.#parallel = options.parallel;
  }

  /** Scripts whose histories would have to be read to tell of the heights from `from` to about `to`. */
  unread(from: number, to: number, isBest: (tip: BlockRef) => boolean): number {
    const read = this.#read;
    const isOfUse = read !== undefined && read.from <= from && read.tip.height + SLACK >= to && isBest(read.tip);
    return this.#scripts.size - (isOfUse ? read.done.size : 0);
  }

  /** The last block that `find` can tell of now. */
  get readTo(): number | undefined {
    return this.#read?.tip.height;
  }

  /** Transactions that the histories place in this block. */
  hitsIn(block: BlockHash): number {
    return this.#read?.found.get(block)?.size ?? 0;
  }

  /** Reads the histories from this height up to the tip, as far as they are not known already. */
  async read(
    {from, to, tip}: {from: number; to: number; tip: BlockRef},
    isBest: (tip: BlockRef) => boolean,
    options: HistoryOptions,
  ): Promise<void> {
    if (this.unread(from, to, isBest) === this.#scripts.size)
      this.#read = {from, tip, done: new Set(), found: new Map()};
    const read = this.#read!;
    const missing = this.#scripts.from(0).filter(script => !read.done.has(script));
    await inParallel(missing, this.#parallel, async script => {
      await this.#readScript(script, read, options);
      // A scan that fails midway goes on from here.
      read.done.add(script);
      const isWorthWords = read.done.size % SAID_EVERY === 0;
      options.onProgress?.(isWorthWords ? `histories: ${read.done.size} of ${this.#scripts.size}` : undefined);
    });
  }

  /** What is known of one block, in its order; fetched and proven now. Outpoints that are found are added to `watch`. */
  async find(header: KnownHeader, watch: WatchSet, {signal}: HistoryOptions): Promise<RelevantTransaction[]> {
    const txids = [...(this.#read?.found.get(header.hash) ?? [])];
    if (txids.length === 0) return [];
    const proven = await inParallel(txids, this.#parallel, async txid => this.#prove(txid, header, signal));
    proven.sort((one, other) => one.position - other.position);
    // Twice, since what spends a coin of ours may stand in the same block as the coin.
    for (const {raw, txid} of proven)
      for (const {vout} of skimTransaction(raw, watch, this.#format)?.outputs ?? []) watch.addOutpoint({txid, vout});
    return proven.flatMap(({raw}) => skimTransaction(raw, watch, this.#format) ?? []);
  }

  async #readScript(script: ScriptHash, read: Read, {signal, onProgress}: HistoryOptions): Promise<void> {
    const listed = new Set<Txid>();
    let lastSeen: Txid | undefined;
    for (;;) {
      const page = await this.#page(script, lastSeen, signal);
      onProgress?.();
      this.#requireNew(page, listed);
      for (const {txid, status} of page) {
        const {block_height: height, block_hash: block} = status;
        if (height === null || height === undefined || !block || height < read.from) continue;
        const inBlock = read.found.get(block);
        if (inBlock === undefined) read.found.set(block, new Set([txid]));
        else inBlock.add(txid);
      }
      const last = page.at(-1);
      if (page.length < LEAST_PAGE || last === undefined || (last.status.block_height ?? 0) < read.from) return;
      lastSeen = last.txid;
    }
  }

  /** Pages end: a server may not know how to go on, and list the same ones in turn, or make them up. */
  #requireNew(page: readonly {readonly txid: Txid}[], listed: Set<Txid>): void {
    const before = listed.size;
    for (const {txid} of page) listed.add(txid);
    const {faults} = this.#client;
    if (page.length > 0 && listed.size === before) throw faults.badAnswer(PAGE_ROUTE, 'a page that was given before');
    if (listed.size > MOST_LISTED)
      throw faults.badAnswer(PAGE_ROUTE, `more than ${MOST_LISTED} transactions of one address`);
  }

  async #page(script: ScriptHash, lastSeen: Txid | undefined, signal: AbortSignal | undefined) {
    const options = {cap: HISTORY_CAP, urgency: 'bulk', signal} as const;
    const [route, values] = lastSeen === undefined ? [FIRST_ROUTE, [script]] : [PAGE_ROUTE, [script, lastSeen]];
    const answer = await this.#client.json(route, values, options);
    if (answer === undefined) throw this.#client.faults.noApi(route);
    return readAs(history, answer, route, this.#client.faults);
  }

  async #prove(txid: Txid, header: KnownHeader, signal?: AbortSignal) {
    const options = {urgency: 'bulk', signal} as const;
    const [raw, position] = await Promise.all([
      fetchTransaction(this.#client, txid, this.#format, options),
      proofOf(this.#client, txid, header, this.#format, options),
    ]);
    if (raw === undefined) throw this.#client.faults.notFound(`transaction ${txid}`);
    return {txid, raw, position};
  }
}

const FIRST_ROUTE = '/scripthash/:hash/txs/chain';
const PAGE_ROUTE = '/scripthash/:hash/txs/chain/:last_seen_txid';

/** The transaction's position in the block, proven by the block's header. Throws `bad_backend_answer` when it is not. */
export const proofOf = async (
  client: RestClient,
  txid: Txid,
  header: KnownHeader,
  format: BlockFormat,
  options: {readonly urgency?: 'now' | 'bulk'; readonly signal?: AbortSignal | undefined} = {},
): Promise<number> => {
  const route = '/tx/:txid/merkle-proof';
  const answer = await client.json(route, [txid], options);
  if (answer === undefined) throw client.faults.notFound(`a proof of transaction ${txid}`);
  const {pos, merkle, block_height} = readAs(merkleProof, answer, route, client.faults);
  if (block_height !== header.height)
    throw new EngineError('stale_facts', `transaction ${txid} moved to another block`, {retry: 'backoff'});
  if (!provesInclusion(txid, {position: pos, hashes: merkle}, header.merkleRoot, format))
    throw client.faults.lie(`transaction ${txid} in block ${header.hash}, which does not hold it`);
  return pos;
};
