import type {BlockFacts} from '../../chain/facts.ts';
import {skimAsked} from '../../chain/skimmed-blocks.ts';
import type {Watched} from '../../chain/watch-set.ts';
import type {BlockFormat} from '../../coins/index.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import type {BlockRef} from '../../primitives/ids.ts';
import {readBlockReplies} from './block-replies.ts';

/** The answer to one batch of `getblock`, as it came. */
export interface BlockReplies {
  readonly body: Buffer;
  readonly ids: readonly number[];
  readonly refs: readonly BlockRef[];
}

/** Why there are no facts; said where words for it are known, which is not in every thread. */
export type SkimFailure =
  | {readonly kind: 'refused'; readonly code: number; readonly words: string}
  /** Not the answer to what was asked. */
  | {readonly kind: 'unreadable'; readonly words: string}
  /** Not the blocks that were asked for. */
  | {readonly kind: 'malformed'; readonly code: string; readonly message: string};

export type Skimmed = {readonly facts: BlockFacts[]} | {readonly failure: SkimFailure};

/** Never throws, unless the program is wrong. */
export const skimReplies = ({body, ids, refs}: BlockReplies, watch: Watched, format: BlockFormat): Skimmed => {
  let replies: ReturnType<typeof readBlockReplies>;
  try {
    replies = readBlockReplies(body, ids);
  } catch (error) {
    return {failure: {kind: 'unreadable', words: messageOf(error)}};
  }
  const facts: BlockFacts[] = [];
  for (const [index, reply] of replies.entries()) {
    if (!('raw' in reply)) return {failure: {kind: 'refused', code: reply.code, words: reply.words}};
    try {
      facts.push(skimAsked({...refs[index]!, raw: reply.raw}, watch, format));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return {failure: {kind: 'malformed', code: error.code, message: error.message}};
    }
  }
  return {facts};
};
