import type {BlockFormat} from '../coins/index.ts';
import {EngineError} from '../primitives/errors.ts';
import type {BlockFacts} from './facts.ts';
import type {RawBlock} from './ports.ts';
import {skimBlock} from './skim.ts';
import type {WatchSet} from './watch-set.ts';

/**
 * Raw blocks as facts, in the order they come. Each is checked to be the one that was asked for and, where it is the
 * next by its height, to follow the one before. Outputs that may be ours are watched at once, so that their spends are
 * found in the same pass.
 */
export async function* skimmedBlocks(
  blocks: AsyncIterable<RawBlock>,
  watch: WatchSet,
  format: BlockFormat,
): AsyncGenerator<BlockFacts> {
  let below: BlockFacts | undefined;
  for await (const {height, hash, raw} of blocks) {
    const block = skimBlock(raw, height, watch, format);
    if (block.hash !== hash)
      throw new EngineError('bad_backend_answer', `the node sent another block than ${hash}`, {retry: 'backoff'});
    requireNext(below, block);
    below = block;
    yield block;
  }
}

/** Throws `stale_facts` when a block is the next by its height and does not name the one below it. */
const requireNext = (below: BlockFacts | undefined, {height, previous}: BlockFacts): void => {
  if (below !== undefined && below.height + 1 === height && previous !== below.hash)
    throw new EngineError('stale_facts', `block ${height} does not follow the block below it`, {retry: 'backoff'});
};
