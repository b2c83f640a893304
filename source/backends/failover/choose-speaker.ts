import type {SourceView} from '../../chain/ports.ts';
import type {FailoverRules} from './rules.ts';

/** What is known of one source, compared with the others. */
export interface Observed {
  /** Twice in a row the same question was not answered. */
  readonly fault: {readonly code: string; readonly words: string} | undefined;
  /** Why it is not our chain, in words. */
  readonly otherChain: string | undefined;
  readonly height: number | undefined;
  readonly syncing: boolean;
  /** Blocks that another one has on top of its tip. */
  readonly lag: number;
  /** Monotonic; since when it has lagged at all. */
  readonly lagsSince: number | undefined;
}

export interface Standing {
  readonly state: SourceView['state'];
  readonly reason: string | null;
  /** 0 is best. `NEVER` is not asked at all. */
  readonly rank: number;
}

export const NEVER = Number.POSITIVE_INFINITY;
/** Well enough to go on with: what speaks and is no worse than this is left only for a more preferred one. */
const GOOD = 1;

/** How one source stands now. Pure. */
export const standingOf = (observed: Observed, rules: FailoverRules, now: number): Standing => {
  const {fault, otherChain, height, syncing, lag, lagsSince} = observed;
  if (otherChain !== undefined) return {state: 'wrong_chain', reason: otherChain, rank: NEVER};
  if (fault !== undefined) {
    const state = fault.code === 'backend_warming_up' ? 'warming_up' : 'down';
    return {state, reason: fault.words, rank: NEVER};
  }
  if (height === undefined) return {state: 'connecting', reason: null, rank: GOOD};
  if (syncing) return {state: 'syncing', reason: 'it is still downloading the chain', rank: 3};
  const isBehind = lag >= rules.behindBlocks || (lagsSince !== undefined && now - lagsSince > rules.lagPatience);
  if (lag > 0 && isBehind)
    return {state: 'behind', reason: `it is at block ${height}, and another one ${lag} blocks ahead of it`, rank: 2};
  return {state: 'ok', reason: null, rank: lag > 0 ? GOOD : 0};
};

export interface Candidate {
  readonly rank: number;
  /** Monotonic; since when it has been well without a break; undefined while it is not. */
  readonly wellSince: number | undefined;
  /** How long it must have been well before the word goes back to it. */
  readonly wellFor: number;
}

/**
 * Who speaks from now on: an index into `candidates`, which are in order of preference. The one that speaks is left when
 * a better one is there and it is not well itself, or for a more preferred one that has been well for long enough. Pure.
 */
export const chooseSpeaker = (candidates: readonly Candidate[], current: number, now: number): number => {
  const {rank} = candidates[current]!;
  if (rank <= GOOD) {
    const preferred = candidates.findIndex(
      ({rank: other, wellSince, wellFor}) => other === 0 && wellSince !== undefined && now - wellSince >= wellFor,
    );
    return preferred >= 0 && preferred < current ? preferred : current;
  }
  let best = current;
  for (const [index, candidate] of candidates.entries()) if (candidate.rank < candidates[best]!.rank) best = index;
  return best;
};
