import type {BlockFacts} from '../../chain/facts.ts';
import type {ChainSource, Hint, MempoolView, Narrowing, NodeTip, ScanSurvey} from '../../chain/ports.ts';
import type {WatchSet} from '../../chain/watch-set.ts';
import type {ScanPlan} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {BlockHash, BlockRef, Outpoint, Txid} from '../../primitives/ids.ts';
import type {Speakers} from './failover.ts';

/** The chain as whoever speaks tells it. */
export class FailoverChainSource implements ChainSource {
  readonly #speakers: Speakers;
  readonly watchScript: (scriptPubKey: Buffer) => void;

  constructor(speakers: Speakers) {
    this.#speakers = speakers;
    // All are told: whoever speaks next must know of every script at once.
    this.watchScript = script => {
      for (const {chain} of speakers.sources) chain.watchScript?.(script);
    };
  }

  get mayChangeNode(): boolean {
    return this.#speakers.speaker.chain.mayChangeNode === true;
  }

  beginLook(): 'same' | 'changed' {
    return this.#speakers.beginLook();
  }

  landmark(block: BlockRef): void {
    this.#speakers.landmark(block);
  }

  distrust(words: string): void {
    this.#speakers.distrust(words);
  }

  async tip(): Promise<NodeTip> {
    return this.#speakers.tip();
  }

  async genesis(): Promise<BlockHash> {
    return this.#speakers.ask('genesis', async ({chain}) => chain.genesis());
  }

  async hashesAt(heights: readonly number[]): Promise<(BlockHash | undefined)[]> {
    return this.#speakers.ask('hashes', async ({chain}) => chain.hashesAt(heights));
  }

  async *facts(
    refs: readonly BlockRef[],
    watch: WatchSet,
    signal?: AbortSignal,
    onProgress?: (words?: string) => void,
  ): AsyncIterable<BlockFacts> {
    const source = this.#speakers.speaker;
    const ended = new AbortController();
    const until = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal;
    const blocks = source.chain.facts(refs, watch, until, onProgress)[Symbol.asyncIterator]();
    let isOver = false;
    try {
      for (;;) {
        const next = await this.#speakers.unlessSilent(source, blocks.next());
        this.#speakers.answered(source, 'facts');
        isOver = next.done === true;
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      throw await this.#speakers.failed(source, 'facts', error);
    } finally {
      // What it was asked is of no use to anybody. Not waited for: it may be silent.
      ended.abort(new EngineError('aborted', `${source.name} is not asked any more`, {retry: 'backoff'}));
      if (!isOver) void blocks.return?.().catch(() => undefined);
    }
  }

  async surveyScan(range: {readonly from: number; readonly to: number}): Promise<ScanSurvey | undefined> {
    return this.#speakers.ask('survey', async ({chain}) => chain.surveyScan?.(range));
  }

  async scanPlans(range: {readonly from: number; readonly to: number}, scripts: number): Promise<readonly ScanPlan[]> {
    return this.#speakers.ask('plans', async ({chain}) => (await chain.scanPlans?.(range, scripts)) ?? []);
  }

  /**
   * Not asked of another one: who speaks next may know another way, or none. One that takes too long has too much to look
   * through, which is no fault of it.
   */
  async narrow(
    method: Narrowing,
    refs: readonly BlockRef[],
    scripts: readonly Buffer[],
    signal: AbortSignal,
  ): Promise<readonly BlockRef[] | undefined> {
    const source = this.#speakers.speaker;
    const ended = new AbortController();
    const asked = source.chain.narrow?.(method, refs, scripts, AbortSignal.any([signal, ended.signal]));
    try {
      return await this.#speakers.unlessSilent(source, Promise.resolve(asked));
    } finally {
      // One that is silent scans for nobody any more.
      ended.abort();
    }
  }

  async timesAt(heights: readonly number[]): Promise<(number | undefined)[]> {
    return this.#speakers.ask('times', async ({chain}) => chain.timesAt(heights));
  }

  /** Who spoke when a branch was followed may be the only one that has it, so that the others are asked for the rest. */
  async transactionsIn(blocks: readonly BlockHash[], txids: readonly Txid[]): Promise<(Buffer | undefined)[]> {
    const {speaker, order} = this.#speakers;
    const said = await this.#speakers.ask('left blocks', async ({chain}) => chain.transactionsIn?.(blocks, txids));
    const found = said ?? txids.map(() => undefined);
    for (const source of order) {
      const missing = txids.filter((_, index) => found[index] === undefined);
      const asked =
        source === speaker || missing.length === 0 ? undefined : source.chain.transactionsIn?.(blocks, missing);
      if (asked === undefined) continue;
      // Their silence is their own: the speaker has answered.
      const more = await this.#speakers.unlessSilent(source, asked).catch(() => undefined);
      for (const [index, raw] of more?.entries() ?? []) found[txids.indexOf(missing[index]!)] = raw;
    }
    return found;
  }

  async mempool(): Promise<MempoolView> {
    return this.#speakers.ask('mempool', async ({chain}) => chain.mempool());
  }

  async mempoolTransactions(txids: readonly Txid[]): Promise<(Buffer | undefined)[]> {
    return this.#speakers.ask('transactions', async ({chain}) => chain.mempoolTransactions(txids));
  }

  async mempoolSpenders(outpoints: readonly Outpoint[]): Promise<(Txid | undefined)[]> {
    return this.#speakers.ask('spenders', async ({chain}) => chain.mempoolSpenders(outpoints));
  }

  listen(onHint: (hint: Hint) => void, signal: AbortSignal): void {
    this.#speakers.listen(onHint, signal);
  }
}
