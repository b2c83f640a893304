import type {BlockHash, BlockRef} from '../primitives/ids.ts';
import type {BlockFacts} from './facts.ts';

/** Our side of a comparison: the rungs we hold, from `bottom` to `top` without gaps. */
export interface Ladder {
  readonly bottom: number;
  readonly top: BlockRef;
}

/** How the node's best chain stands to our ladder. */
export type Standing =
  | {readonly kind: 'same'}
  /** Our top is an ancestor of its tip: there are blocks to connect. */
  | {readonly kind: 'ahead'}
  /** Its tip is an ancestor of our top, or below our start: it lost blocks or is catching up. Nothing is concluded. */
  | {readonly kind: 'behind'}
  /** It offers a different block at a height we hold. `at` is the highest block both share. */
  | {readonly kind: 'fork'; readonly at: BlockRef}
  /** As `fork`, but they share no block that we hold. */
  | {readonly kind: 'fork-below'; readonly bottom: number}
  /** Its answers do not fit together, because its chain moved between them: look again. */
  | {readonly kind: 'unknown'}
  /** Undecided: ask node and ladder for the hashes at these heights, add them, and compare again. */
  | {readonly kind: 'ask'; readonly heights: readonly number[]};

export interface HashPair {
  readonly ours: BlockHash | undefined;
  readonly theirs: BlockHash | undefined;
}

const ASKED_AT_ONCE = 16;

/**
 * Compares the node's tip with our ladder. Pure: `known` holds the hashes of both sides at the heights asked so far.
 * Genesis counts as an ancestor of everything (its equality is checked where the chain's identity is): a killed
 * regtest node can lose every block and is then behind, not on another chain.
 */
export const compareChains = (ladder: Ladder, tip: BlockRef, known: ReadonlyMap<number, HashPair>): Standing => {
  const {top, bottom} = ladder;
  if (tip.hash === top.hash) return {kind: 'same'};
  if (tip.height < bottom || tip.height === 0) return {kind: 'behind'};
  const highest = Math.min(tip.height, top.height);
  const pair = known.get(highest);
  if (!pair) return {kind: 'ask', heights: [highest]};
  const theirs = tip.height === highest ? tip.hash : pair.theirs;
  if (theirs === undefined || pair.ours === undefined) return {kind: 'unknown'};
  if (theirs === pair.ours) return {kind: tip.height > top.height ? 'ahead' : 'behind'};
  return findFork(ladder, highest, known);
};

/** Hashes agree up to the fork and differ above it, so the highest agreeing height is found by halving. */
const findFork = (ladder: Ladder, differsAt: number, known: ReadonlyMap<number, HashPair>): Standing => {
  let agrees = -1;
  let differs = differsAt;
  for (const [height, {ours, theirs}] of known) {
    if (height > differsAt || height < ladder.bottom) continue;
    if (ours === undefined || theirs === undefined) return {kind: 'unknown'};
    if (ours === theirs) agrees = Math.max(agrees, height);
    else differs = Math.min(differs, height);
  }
  if (agrees >= differs) return {kind: 'unknown'};
  if (agrees === differs - 1 && agrees >= 0)
    return {kind: 'fork', at: {height: agrees, hash: known.get(agrees)!.ours!}};
  if (differs === ladder.bottom) return {kind: 'fork-below', bottom: ladder.bottom};
  return {kind: 'ask', heights: heightsBetween(agrees, differs, ladder.bottom)};
};

const heightsBetween = (agrees: number, differs: number, bottom: number): number[] => {
  const heights: number[] = [];
  if (agrees < 0) {
    // Forks are shallow: the last few first, with ever larger steps below them.
    let step = 1;
    while (heights.length < ASKED_AT_ONCE - 1 && differs - step > bottom) {
      heights.push(differs - step);
      step = step < 8 ? step + 1 : step * 2;
    }
    heights.push(Math.max(bottom, differs - step));
    return heights;
  }
  const stride = Math.max(1, Math.floor((differs - agrees) / ASKED_AT_ONCE));
  for (let height = agrees + stride; height < differs; height += stride) heights.push(height);
  return heights;
};

export type LadderPlan =
  | {
      readonly kind: 'apply';
      /** Our rungs from this height up go; undefined when none does. */
      readonly disconnectFrom: number | undefined;
      /** New rungs, upwards. */
      readonly connect: readonly BlockFacts[];
      readonly top: BlockRef;
    }
  /** Deeper than allowed: nothing may be reversed. */
  | {readonly kind: 'too-deep'; readonly fork: number; readonly depth: number}
  /** The blocks do not attach to our ladder as it is now: they were fetched against an older one. */
  | {readonly kind: 'stale'; readonly words: string};

interface ForkRules {
  readonly maxDepth: number;
  /** Whether an operator let a fork above this height through. */
  readonly isAccepted: (fork: number) => boolean;
}

/**
 * What connected blocks mean for the ladder. Rungs go only where a different block is offered at a height we hold,
 * and only when the fetch saw the fork (`fork`): a rescan, which walks heights we hold, never disconnects anything.
 * A fork without blocks only asks whether it may be followed. `rungAt` answers for the heights of `connected` and the
 * one below the first.
 */
export const planLadder = (
  top: BlockRef,
  rungAt: (height: number) => BlockHash | undefined,
  facts: {readonly fork: BlockRef | undefined; readonly connected: readonly BlockFacts[]},
  rules: ForkRules,
): LadderPlan => {
  const {fork, connected} = facts;
  if (fork !== undefined && connected.length === 0) return tooDeep(fork.height, top, rules) ?? unmoved(top);
  const attaching = attach(rungAt, facts);
  if (typeof attaching === 'string') return {kind: 'stale', words: attaching};
  const {newFrom} = attaching;
  if (newFrom === undefined) return unmoved(top);
  const connect = connected.filter(block => block.height >= newFrom);
  const {height, hash} = connect.at(-1)!;
  if (newFrom > top.height) return {kind: 'apply', disconnectFrom: undefined, connect, top: {height, hash}};
  if (fork === undefined) return {kind: 'stale', words: `block ${newFrom} is not the one the ladder holds`};
  const refusal = tooDeep(newFrom - 1, top, rules);
  return refusal ?? {kind: 'apply', disconnectFrom: newFrom, connect, top: {height, hash}};
};

const unmoved = (top: BlockRef): LadderPlan => ({kind: 'apply', disconnectFrom: undefined, connect: [], top});

const tooDeep = (fork: number, top: BlockRef, rules: ForkRules): LadderPlan | undefined => {
  const depth = top.height - fork;
  return depth > rules.maxDepth && !rules.isAccepted(fork) ? {kind: 'too-deep', fork, depth} : undefined;
};

/** The lowest height at which the blocks leave the ladder or rise above it; words when they do not attach to it. */
const attach = (
  rungAt: (height: number) => BlockHash | undefined,
  {fork, connected}: {readonly fork: BlockRef | undefined; readonly connected: readonly BlockFacts[]},
): {newFrom: number | undefined} | string => {
  let newFrom: number | undefined;
  let below: BlockRef | undefined;
  for (const {height, hash, previous} of connected) {
    const isHeld = newFrom === undefined && rungAt(height) === hash;
    if (below && height !== below.height + 1) {
      // Of blocks that we hold, a rescan may have had reason to look at some only.
      if (!isHeld || height <= below.height) return `block ${height} does not come next`;
      below = {height, hash};
      continue;
    }
    // The lowest block we hold has nothing of ours below it, nor has the one that takes its place.
    const expected = below?.hash ?? rungAt(height - 1) ?? (fork?.height === height - 1 ? fork.hash : undefined);
    const attaches = expected === previous || (below === undefined && isHeld);
    if (!attaches) return `block ${height} does not follow the block below it`;
    if (!isHeld) newFrom ??= height;
    below = {height, hash};
  }
  return {newFrom};
};
