import {parentPort, workerData} from 'node:worker_threads';
import {packFacts, type PackedFacts} from '../../chain/packed-facts.ts';
import {BorrowedWatchSet, type SharedWatch} from '../../chain/watch-set.ts';
import type {BlockFormat} from '../../coins/index.ts';
import type {BlockRef} from '../../primitives/ids.ts';
import {keepYoungGenerationSmall} from '../../primitives/young-generation.ts';
import {skimReplies, type SkimFailure} from './skim-replies.ts';

// The inside of the thread that reads blocks while the engine's own thread writes what the last ones held.

export interface Question {
  readonly body: Uint8Array;
  readonly ids: readonly number[];
  readonly refs: readonly BlockRef[];
  readonly watch: SharedWatch;
}

/** One for each question, in their order. The first word of all, that it listens, is `ready`. */
export type Answer = 'ready' | {readonly packed: PackedFacts} | {readonly failure: SkimFailure};

keepYoungGenerationSmall();
const {format} = workerData as {format: BlockFormat};
const watch = new BorrowedWatchSet();

parentPort!.on('message', (question: Question) => {
  watch.borrow(question.watch);
  const {buffer, byteOffset, length} = question.body;
  const body = Buffer.from(buffer, byteOffset, length);
  const skimmed = skimReplies({body, ids: question.ids, refs: question.refs}, watch, format);
  if ('failure' in skimmed) return parentPort!.postMessage(skimmed satisfies Answer);
  const packed = packFacts(skimmed.facts);
  parentPort!.postMessage({packed} satisfies Answer, [packed.bytes]);
});
parentPort!.postMessage('ready' satisfies Answer);
