import type {ChainSource, Narrowing} from '../chain/ports.ts';
import type {WatchSet} from '../chain/watch-set.ts';
import type {ScanMethod} from '../contract/index.ts';
import {EngineError, hasCode} from '../primitives/errors.ts';
import type {BlockRef} from '../primitives/ids.ts';
import type {ChainStore} from '../store/chain-store.ts';
import type {RoundContext} from './loop.ts';
import type {RescanPlan} from './plan-rescan.ts';

/** Heights looked at before the next are asked for, while they are read in full. */
const READ_AT_ONCE = 5_000;
/** The same while another way says which to read: as many as it takes a second or so for. */
const NARROWED_AT_FIRST = 1_000;
const NARROWED_AT_MOST = 20_000;
const NARROWED_AT_LEAST = 50;
/** ms */
const QUICK = 1_000;
const SLOW = 5_000;

export interface ChoosingBlocks {
  readonly chain: Pick<ChainSource, 'narrow'>;
  readonly store: Pick<ChainStore, 'watchedScripts'>;
  readonly watch: WatchSet;
}

const isNarrowing = (method: ScanMethod): method is Narrowing => method !== 'blocks' && method !== 'histories';

/** Says piece by piece which blocks of a range are read. */
export class BlockChooser {
  readonly #parts: ChoosingBlocks;
  readonly #plan: Pick<RescanPlan, 'methods' | 'fullFrom'>;
  #narrowedAtOnce = NARROWED_AT_FIRST;
  #scripts: readonly Buffer[] = [];
  /** Ways that took too long for the fewest blocks, too: not tried again for what is left. */
  readonly #tooSlow = new Set<ScanMethod>();

  constructor(parts: ChoosingBlocks, plan: Pick<RescanPlan, 'methods' | 'fullFrom'>) {
    this.#parts = parts;
    this.#plan = plan;
  }

  /** How many heights to ask about next. */
  get heights(): number {
    return isNarrowing(this.#plan.methods[0]) ? this.#narrowedAtOnce : READ_AT_ONCE;
  }

  /**
   * Those of these blocks, given in a row, that may hold something. Throws `backend_unavailable` when the only way that
   * was asked for cannot be had just now.
   */
  async choose(refs: readonly BlockRef[], context: RoundContext): Promise<readonly BlockRef[]> {
    const {fullFrom, methods} = this.#plan;
    const narrowed = refs.filter(({height}) => height < fullFrom);
    if (narrowed.length === 0) return refs;
    for (const method of methods) {
      if (!isNarrowing(method)) return refs;
      if (this.#tooSlow.has(method)) continue;
      const found = await this.#narrow(method, narrowed, context);
      if (found !== undefined) return [...found, ...refs.slice(narrowed.length)];
    }
    throw new EngineError('backend_unavailable', `the node cannot do ${methods.join(', ')} just now`, {
      retry: 'backoff',
    });
  }

  async #narrow(
    method: Narrowing,
    refs: readonly BlockRef[],
    context: RoundContext,
  ): Promise<readonly BlockRef[] | undefined> {
    const {chain} = this.#parts;
    const begun = performance.now();
    try {
      const found = await chain.narrow?.(method, refs, this.#watchedScripts(), context.signal);
      this.#pace(performance.now() - begun);
      return found;
    } catch (error) {
      if (!hasCode(error, 'backend_timeout')) throw error;
      this.#pace(Number.POSITIVE_INFINITY);
      if (refs.length <= NARROWED_AT_LEAST) {
        this.#tooSlow.add(method);
        return undefined;
      }
      const half = Math.ceil(refs.length / 2);
      const lower = await this.#narrow(method, refs.slice(0, half), context);
      const upper = lower && (await this.#narrow(method, refs.slice(half), context));
      return upper && [...lower, ...upper];
    }
  }

  /** Addresses that were made meanwhile count for what is still to come. */
  #watchedScripts(): readonly Buffer[] {
    const {store, watch} = this.#parts;
    if (this.#scripts.length < watch.size.scripts)
      this.#scripts = Array.from(store.watchedScripts(), script => Buffer.from(script));
    return this.#scripts;
  }

  #pace(took: number): void {
    if (took < QUICK) this.#narrowedAtOnce = Math.min(NARROWED_AT_MOST, this.#narrowedAtOnce * 2);
    if (took > SLOW) this.#narrowedAtOnce = Math.max(NARROWED_AT_LEAST, Math.floor(this.#narrowedAtOnce / 2));
  }
}
