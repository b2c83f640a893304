import {z} from 'zod';
import {mayHold} from '../../chain/block-filter.ts';
import type {Narrowing, ScanSurvey} from '../../chain/ports.ts';
import type {Clock} from '../../primitives/clock.ts';
import {hasCode} from '../../primitives/errors.ts';
import type {BlockRef} from '../../primitives/ids.ts';
import type {AbilityProbe} from './abilities.ts';
import {readAs, readBytes} from './answers.ts';
import {isRefusal} from './faults.ts';
import type {RpcClient, RpcOutcome} from './rpc-client.ts';

/** Blocks whose size is asked, over the whole range. */
const SAMPLES = 5;
/** Bytes of a header and a coinbase, which the node's total leaves out. */
const UNCOUNTED = 250;
/** Before anything was measured: what Bitcoin Core on the same machine gives. */
const BLOCK_BYTES = 10_000;
/** ms for a scan that the node does in one call; its set of unspent outputs takes minutes. */
const SCANBLOCKS_TIMEOUT = 60_000;
const COINS_TIMEOUT = 600_000;
const FILTERS_PER_BATCH = 100;
/** Scripts times blocks between two turns of the event loop: some 30 ms. */
const MATCHES_AT_ONCE = 100_000;
/** ms that the answer of a scan of the coins serves for the next blocks of the same range. */
const COINS_KEPT = 60_000;

const indexes = z.record(z.string(), z.looseObject({synced: z.boolean()}));
const chain = z.looseObject({size_on_disk: z.number().optional()});
const stats = z.looseObject({total_size: z.number()});
const scanned = z.looseObject({relevant_blocks: z.array(z.string()), completed: z.boolean().optional()});
const filter = z.looseObject({filter: z.string()});
const coins = z.looseObject({success: z.boolean(), unspents: z.array(z.looseObject({height: z.number().int()}))});

interface Pace {
  readonly blockSize: number | undefined;
  readonly bytesPerSecond: number;
}

/** How a node finds the blocks that matter without handing out all of them. */
export class BitcoindScans {
  readonly #rpc: RpcClient;
  readonly #abilities: AbilityProbe;
  readonly #clock: Clock;
  readonly #pace: Pace;
  #coins: {readonly scripts: number; readonly heights: ReadonlySet<number>; usedAt: number} | undefined;

  constructor(rpc: RpcClient, abilities: AbilityProbe, clock: Clock, pace: Pace) {
    this.#rpc = rpc;
    this.#abilities = abilities;
    this.#clock = clock;
    this.#pace = pace;
  }

  async survey({from, to}: {readonly from: number; readonly to: number}): Promise<ScanSurvey> {
    const abilities = await this.#abilities.get();
    const heights = Array.from({length: SAMPLES}, (_, index) =>
      Math.floor(from + ((to - from) * index) / (SAMPLES - 1)),
    );
    const [index, info, ...sizes] = await this.#rpc.batch([
      {method: 'getindexinfo', params: []},
      {method: 'getblockchaininfo', params: []},
      ...heights.map(height => ({method: 'getblockstats', params: [height, ['total_size']]})),
    ]);
    const bytes = sizes.map(outcome => resultAs(outcome, stats)?.total_size).filter(size => size !== undefined);
    const isIndexed = resultAs(index, indexes)?.['basic block filter index']?.synced === true;
    const narrows: Narrowing[] = [];
    if (isIndexed && abilities.has('scanblocks')) narrows.push('scanblocks');
    if (isIndexed && abilities.has('getblockfilter')) narrows.push('filters');
    if (abilities.has('scantxoutset')) narrows.push('coins');
    return {
      narrows,
      blockBytes:
        bytes.length > 0 ? bytes.reduce((one, other) => one + other) / bytes.length + UNCOUNTED : this.#blockSize(),
      bytesPerSecond: this.#pace.bytesPerSecond,
      chainBytes: resultAs(info, chain)?.size_on_disk ?? to * this.#blockSize(),
    };
  }

  #blockSize(): number {
    return this.#pace.blockSize ?? BLOCK_BYTES;
  }

  /** Undefined for whatever the node refuses: a scan that runs already, an index that is not there, a method that is not allowed. */
  async narrow(
    method: Narrowing,
    refs: readonly BlockRef[],
    scripts: readonly Buffer[],
    signal: AbortSignal,
  ): Promise<readonly BlockRef[] | undefined> {
    if (refs.length === 0 || scripts.length === 0) return [];
    try {
      if (method === 'scanblocks') return await this.#scanBlocks(refs, scripts, signal);
      return method === 'filters'
        ? await this.#match(refs, scripts, signal)
        : await this.#findCoins(refs, scripts, signal);
    } catch (error) {
      if (isRefusal(error) || hasCode(error, 'backend_auth')) return undefined;
      throw error;
    }
  }

  async #scanBlocks(
    refs: readonly BlockRef[],
    scripts: readonly Buffer[],
    signal: AbortSignal,
  ): Promise<readonly BlockRef[] | undefined> {
    const params = ['start', rawDescriptors(scripts), refs[0]!.height, refs.at(-1)!.height, 'basic'];
    let isOver = false;
    try {
      const answer = await this.#rpc.call('scanblocks', params, {lane: 'bulk', timeout: SCANBLOCKS_TIMEOUT, signal});
      const {relevant_blocks: blocks, completed} = readAs(scanned, answer, 'scanblocks', this.#rpc.faults);
      isOver = true;
      const found = new Set(blocks);
      return completed === false ? undefined : refs.filter(({hash}) => found.has(hash));
    } catch (error) {
      // Refused, it never began; and what runs then is somebody else's.
      isOver ||= isRefusal(error);
      throw error;
    } finally {
      // Nobody waits for it any more, and it would keep the next one from beginning.
      if (!isOver) void this.#rpc.call('scanblocks', ['abort']).catch(() => undefined);
    }
  }

  async #match(
    refs: readonly BlockRef[],
    scripts: readonly Buffer[],
    signal: AbortSignal,
  ): Promise<readonly BlockRef[]> {
    const found: BlockRef[] = [];
    const size = Math.max(1, Math.min(FILTERS_PER_BATCH, Math.floor(MATCHES_AT_ONCE / scripts.length)));
    for (let at = 0; at < refs.length; at += size) {
      const part = refs.slice(at, at + size);
      const calls = part.map(({hash}) => ({method: 'getblockfilter', params: [hash]}));
      const outcomes = await this.#rpc.batch(calls, {lane: 'bulk', signal});
      for (const [index, outcome] of outcomes.entries()) {
        if ('refusal' in outcome) throw outcome.refusal;
        const {filter: hex} = readAs(filter, outcome.result, 'getblockfilter', this.#rpc.faults);
        const bytes = readBytes(hex, 'getblockfilter', this.#rpc.faults);
        const ref = part[index]!;
        if (mayHold(bytes, ref.hash, scripts)) found.push(ref);
      }
    }
    return found;
  }

  /** One scan serves a whole range, of which blocks are asked for piece by piece. */
  async #findCoins(
    refs: readonly BlockRef[],
    scripts: readonly Buffer[],
    signal: AbortSignal,
  ): Promise<readonly BlockRef[] | undefined> {
    const now = this.#clock.monotonic();
    if (this.#coins?.scripts !== scripts.length || now - this.#coins.usedAt > COINS_KEPT) {
      const params = ['start', rawDescriptors(scripts)];
      const answer = await this.#rpc.call('scantxoutset', params, {lane: 'bulk', timeout: COINS_TIMEOUT, signal});
      const {success, unspents} = readAs(coins, answer, 'scantxoutset', this.#rpc.faults);
      if (!success) return undefined;
      const heights = new Set(unspents.map(({height}) => height));
      this.#coins = {scripts: scripts.length, heights, usedAt: now};
    }
    this.#coins.usedAt = this.#clock.monotonic();
    const {heights} = this.#coins;
    return refs.filter(({height}) => heights.has(height));
  }
}

const rawDescriptors = (scripts: readonly Buffer[]): string[] =>
  scripts.map(script => `raw(${script.toString('hex')})`);

/** Undefined for what the node refuses or says in other words: a survey does without. */
const resultAs = <Schema extends z.ZodType>(outcome: RpcOutcome | undefined, schema: Schema) => {
  if (outcome === undefined || 'refusal' in outcome) return undefined;
  return schema.safeParse(outcome.result).data;
};
