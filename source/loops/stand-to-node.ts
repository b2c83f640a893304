import {compareChains, type HashPair, type Standing} from '../chain/ladder.ts';
import type {ChainSource, NodeTip} from '../chain/ports.ts';
import {EngineError} from '../primitives/errors.ts';
import type {BlockRef} from '../primitives/ids.ts';
import type {ChainStore} from '../store/chain-store.ts';

/** A fork below our lowest block is one right below it: nothing of ours is deeper. */
export type Decided = Exclude<Standing, {kind: 'ask'} | {kind: 'fork-below'}>;
type LadderStore = Pick<ChainStore, 'ladderTop' | 'ladderBottom' | 'rungs' | 'extendLadder'>;

export interface LadderEnds {
  readonly top: BlockRef;
  readonly bottom: BlockRef;
}

export const ladderEnds = async (store: LadderStore): Promise<LadderEnds> => {
  const [top, bottom] = [await store.ladderTop(), await store.ladderBottom()];
  if (!top || !bottom) throw new EngineError('not_initialised', 'the ledger has no start block; run init');
  return {top, bottom};
};

/** Asks node and ladder for hashes until it is clear how they stand to each other. A few calls, whatever the depth. */
export const standToNode = async (chain: ChainSource, store: LadderStore, tip: NodeTip): Promise<Decided> => {
  const {top, bottom} = await ladderEnds(store);
  const known = new Map<number, HashPair>();
  for (;;) {
    const standing = compareChains({top, bottom: bottom.height}, tip, known);
    if (standing.kind === 'fork-below') return forkBelow(chain, standing.bottom);
    if (standing.kind !== 'ask') return standing;
    const [theirs, ours] = await Promise.all([chain.hashesAt(standing.heights), store.rungs(standing.heights)]);
    for (const [index, height] of standing.heights.entries())
      known.set(height, {ours: ours[index], theirs: theirs[index]});
  }
};

const forkBelow = async (chain: ChainSource, bottom: number): Promise<Decided> => {
  const [hash] = bottom === 0 ? [] : await chain.hashesAt([bottom - 1]);
  return hash === undefined ? {kind: 'unknown'} : {kind: 'fork', at: {height: bottom - 1, hash}};
};

/** Blocks above a landmark: no reorganisation that anybody follows is so deep. */
const LANDMARK_DEPTH = 100;

/** Tells a source that is made of several by which block other chains are known. A young ledger holds none so deep. */
export const tellLandmark = async (chain: ChainSource, store: LadderStore): Promise<void> => {
  const top = await store.ladderTop();
  if (chain.landmark === undefined || top === undefined || top.height < LANDMARK_DEPTH) return;
  const height = top.height - LANDMARK_DEPTH;
  const [hash] = await store.rungs([height]);
  if (hash !== undefined) chain.landmark({height, hash});
};

const RUNGS_PER_STEP = 2_000;

/**
 * Extends the ladder down to `from` by the node's hashes. Only when the node holds our bottom rung: then what is below
 * it there is below it here. Returns false when it does not, and nothing more was added.
 */
export const extendDownTo = async (
  chain: ChainSource,
  store: LadderStore,
  from: number,
  onProgress: (height: number) => void = () => {},
): Promise<boolean> => {
  for (;;) {
    const {bottom} = await ladderEnds(store);
    if (bottom.height <= from) return true;
    const lowest = Math.max(from, bottom.height - RUNGS_PER_STEP);
    const heights = Array.from({length: bottom.height - lowest + 1}, (_, index) => lowest + index);
    const hashes = await chain.hashesAt(heights);
    if (hashes.pop() !== bottom.hash || hashes.includes(undefined)) return false;
    await store.extendLadder(hashes.map((hash, index) => ({height: lowest + index, hash: hash!})));
    onProgress(lowest);
  }
};
