import type {BlockHash} from '../primitives/ids.ts';

/** The two sides of the books at one ladder tip, in the smallest unit. */
export interface Totals {
  /** Sum of all accounts but `external`, which is minus the balance of `external`. */
  readonly ledger: bigint;
  /** Anchored deposits that are not credited yet, immature ones included. */
  readonly uncredited: bigint;
  /** Our anchored outputs, change included, unspent by anchored transactions. */
  readonly chain: bigint;
}

export const driftOf = ({ledger, uncredited, chain}: Totals): bigint => chain - ledger - uncredited;

/** A nonzero drift as one check saw it. */
export interface DriftSeen {
  readonly drift: bigint;
  readonly tip: BlockHash;
}

export type DriftVerdict =
  /** Nothing to say: balanced as before, or a first look that may be a passing moment. */
  'unchanged' | 'drift' | 'balanced';

/** A drift counts after two checks that agree at the same tip; it ends with the first check without it. */
export const judgeDrift = (now: DriftSeen, before: DriftSeen | undefined, isDeclared: boolean): DriftVerdict => {
  if (now.drift === 0n) return isDeclared ? 'balanced' : 'unchanged';
  if (isDeclared) return 'unchanged';
  return before?.tip === now.tip && before.drift === now.drift ? 'drift' : 'unchanged';
};
