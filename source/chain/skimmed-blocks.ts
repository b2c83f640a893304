import type {BlockFormat} from '../coins/index.ts';
import {EngineError} from '../primitives/errors.ts';
import type {BlockFacts} from './facts.ts';
import type {RawBlock} from './ports.ts';
import {skimBlock} from './skim.ts';
import type {Watched} from './watch-set.ts';

/**
 * Raw blocks as facts, in the order they come. Each is checked to be the one that was asked for and, where it is the
 * next by its height, to follow the one before. Outputs that may be ours are watched at once, so that their spends are
 * found in the same pass.
 */
export async function* skimmedBlocks(
  blocks: AsyncIterable<RawBlock>,
  watch: Watched,
  format: BlockFormat,
): AsyncGenerator<BlockFacts> {
  let below: BlockFacts | undefined;
  for await (const raw of blocks) {
    const block = skimAsked(raw, watch, format);
    requireNext(below, block);
    below = block;
    yield block;
  }
}

/** Throws `bad_backend_answer` when it is another block than the one that was asked for. */
export const skimAsked = ({height, hash, raw}: RawBlock, watch: Watched, format: BlockFormat): BlockFacts => {
  const block = skimBlock(raw, height, watch, format);
  if (block.hash !== hash)
    throw new EngineError('bad_backend_answer', `the node sent another block than ${hash}`, {retry: 'backoff'});
  return block;
};

/** Throws `stale_facts` when a block is the next by its height and does not name the one below it. */
export const requireNext = (below: BlockFacts | undefined, {height, previous}: BlockFacts): void => {
  if (below !== undefined && below.height + 1 === height && previous !== below.hash)
    throw new EngineError('stale_facts', `block ${height} does not follow the block below it`, {retry: 'backoff'});
};
