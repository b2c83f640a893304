import type {RawBlock} from '../../chain/ports.ts';
import {hasCode} from '../../primitives/errors.ts';
import type {BlockRef} from '../../primitives/ids.ts';
import {readBytes} from './answers.ts';
import {type RpcClient, wasTooLong} from './rpc-client.ts';

const LARGEST_BATCH = 50;
/** Blocks of the first batch, before anything is known of their size: 8 of the largest fit under the cap. */
const FIRST_BATCH = 8;
/** Raw bytes aimed at in one batch, which the node answers as twice as much hex. */
const BATCH_BYTES = 4_000_000;
/** Of an answer: 8 blocks of 4 MB as hex, and some. */
const BATCH_CAP = 72_000_000;
const IN_FLIGHT = 2;

const requestBatch = async (rpc: RpcClient, refs: readonly BlockRef[], signal: AbortSignal): Promise<RawBlock[]> => {
  const calls = refs.map(({hash}) => ({method: 'getblock', params: [hash, false]}));
  const outcomes = await rpc.batch(calls, {lane: 'bulk', cap: BATCH_CAP, signal});
  return outcomes.map((outcome, index) => {
    if ('refusal' in outcome) throw outcome.refusal;
    const {height, hash} = refs[index]!;
    const raw = readBytes(outcome.result, 'getblock', rpc.faults);
    return {height, hash, raw};
  });
};

/** Halves what is too much to answer at once, in bytes or in time. */
const fetchBatch = async (rpc: RpcClient, refs: readonly BlockRef[], signal: AbortSignal): Promise<RawBlock[]> => {
  try {
    return await requestBatch(rpc, refs, signal);
  } catch (error) {
    const tooMuch = wasTooLong(error) || hasCode(error, 'backend_timeout');
    if (!tooMuch || refs.length === 1 || signal.aborted) throw error;
    const half = Math.ceil(refs.length / 2);
    const first = await fetchBatch(rpc, refs.slice(0, half), signal);
    return [...first, ...(await fetchBatch(rpc, refs.slice(half), signal))];
  }
};

const nextSize = (batch: readonly RawBlock[]): number => {
  const bytes = batch.reduce((total, block) => total + block.raw.length, 0);
  return Math.max(1, Math.min(LARGEST_BATCH, Math.floor((BATCH_BYTES * batch.length) / bytes)));
};

/**
 * Raw blocks in the order asked; that they are the ones asked for is for the skim to see. Two batches are under way while the caller
 * works on a third, so that at most three are in memory.
 */
export const streamBlocks = async function* (
  rpc: RpcClient,
  refs: readonly BlockRef[],
  signal: AbortSignal | undefined,
): AsyncGenerator<RawBlock> {
  const ended = new AbortController();
  const both = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal;
  const inFlight: Promise<RawBlock[]>[] = [];
  let asked = 0;
  let size = FIRST_BATCH;
  const fill = () => {
    while (inFlight.length < IN_FLIGHT && asked < refs.length) {
      const batch = fetchBatch(rpc, refs.slice(asked, asked + size), both);
      // Awaited below, in order; until then a failure must not count as unobserved.
      batch.catch(() => undefined);
      inFlight.push(batch);
      asked += size;
    }
  };
  try {
    for (fill(); inFlight.length > 0; fill()) {
      const batch = await inFlight.shift()!;
      size = nextSize(batch);
      fill();
      yield* batch;
    }
  } finally {
    // The caller may leave early, or one batch failed: the others are of no use then.
    ended.abort();
  }
};
