import type {BlockFacts} from '../chain/facts.ts';
import type {ChainSource} from '../chain/ports.ts';
import {skimBlock} from '../chain/skim.ts';
import type {WatchSet} from '../chain/watch-set.ts';
import type {BlockFormat} from '../coins/index.ts';
import {EngineError} from '../primitives/errors.ts';
import type {BlockRef} from '../primitives/ids.ts';

/**
 * Blocks as facts, in the order asked. Each is checked to be the one asked for and to follow the one before. Outputs
 * that may be ours are watched at once, so that whatever spends them further on is found in the same pass; a spend in
 * the very same block too, because such a block is looked at twice.
 */
export async function* skimmedBlocks(
  chain: ChainSource,
  refs: readonly BlockRef[],
  watch: WatchSet,
  format: BlockFormat,
  signal: AbortSignal,
): AsyncGenerator<BlockFacts> {
  let below: BlockFacts | undefined;
  for await (const {height, hash, raw} of chain.blocks(refs, signal)) {
    const block = skimWithSpends(raw, height, watch, format);
    if (block.hash !== hash)
      throw new EngineError('bad_backend_answer', `the node sent another block than ${hash}`, {retry: 'backoff'});
    if (below && (below.height + 1 !== height || block.previous !== below.hash))
      throw new EngineError('stale_facts', `block ${height} does not follow the block below it`, {retry: 'backoff'});
    below = block;
    yield block;
  }
}

const skimWithSpends = (raw: Buffer, height: number, watch: WatchSet, format: BlockFormat): BlockFacts => {
  const block = skimBlock(raw, height, watch, format);
  let paysUs = false;
  for (const {txid, outputs} of block.transactions)
    for (const {vout} of outputs) {
      watch.addOutpoint({txid, vout});
      paysUs = true;
    }
  return paysUs ? skimBlock(raw, height, watch, format) : block;
};
