import type {BlockFacts} from '../chain/facts.ts';
import type {Txid} from '../primitives/ids.ts';
import type {ChainStore} from '../store/chain-store.ts';
import {applyFacts, factsOfBlocks, type Connecting} from './connect-blocks.ts';
import type {Hinted} from './hint-box.ts';
import type {RoundContext} from './loop.ts';

/** Blocks asked for again in one step. */
const HEIGHTS_AT_ONCE = 100;

/** Blocks of which a source says that it did not tell all. */
export const lookAgain = async (
  options: Connecting,
  {heights, anchored}: Pick<Hinted, 'heights' | 'anchored'>,
  context: RoundContext,
): Promise<void> => {
  const wanted = new Set(heights);
  for (const height of await lackingHeights(options.store, anchored)) wanted.add(height);
  const upwards = [...wanted].sort((one, other) => one - other);
  for (let at = 0; at < upwards.length && !context.signal.aborted; at += HEIGHTS_AT_ONCE) {
    await lookAgainAt(options, upwards.slice(at, at + HEIGHTS_AT_ONCE));
    context.progress();
  }
};

/** Heights that the ladder holds: what is above it comes with its blocks. */
const lookAgainAt = async (options: Connecting, heights: readonly number[]): Promise<void> => {
  const {chain, store, watch} = options;
  const rungs = await store.rungs(heights);
  const refs = heights.flatMap((height, index) => (rungs[index] === undefined ? [] : [{height, hash: rungs[index]}]));
  if (refs.length === 0) return;
  const blocks: BlockFacts[] = [];
  for await (const block of chain.facts(refs, watch)) blocks.push(block);
  await applyFacts(options, factsOfBlocks(refs.at(-1)!, blocks));
};

/** Heights at which the ledger does not have what is said to be there. */
const lackingHeights = async (
  store: Pick<ChainStore, 'anchoredAt'>,
  anchored: ReadonlyMap<Txid, number>,
): Promise<Set<number>> => {
  const heights = await store.anchoredAt([...anchored.keys()]);
  const lacking = new Set<number>();
  for (const [index, height] of [...anchored.values()].entries()) if (heights[index] !== height) lacking.add(height);
  return lacking;
};
