import type {FeeSource} from './ports.ts';

/** All rates in sat/vB. 0 < minRate <= maxRate. */
export interface FeePolicy {
  readonly targetBlocks: number;
  readonly fallbackRate: number;
  readonly minRate: number;
  readonly maxRate: number;
  /** Small coins are spent along at or below this rate; `minRate` when undefined. */
  readonly consolidateBelow?: number | undefined;
}

export interface PayoutPolicy {
  readonly fee: FeePolicy;
}

export type FeeChoice =
  | {readonly kind: 'rate'; readonly rate: number}
  /** The network asks more than the operator allows: payouts wait rather than go out and get stuck. */
  | {readonly kind: 'above-cap'; readonly words: string};

/** The node's estimate, or the fallback without one; raised to `minRate`, and never paid above `maxRate`. */
export const chooseFeeRate = (estimate: number | undefined, policy: FeePolicy): FeeChoice => {
  // The fallback is the operator's own number: above the cap it is capped, where the node's word means waiting.
  const wanted = estimate ?? Math.min(policy.fallbackRate, policy.maxRate);
  if (!Number.isFinite(wanted)) return chooseFeeRate(undefined, policy);
  if (wanted > policy.maxRate)
    return {
      kind: 'above-cap',
      words: `the node estimates ${wanted} sat/vB for ${policy.targetBlocks} blocks, max_rate is ${policy.maxRate}`,
    };
  return {kind: 'rate', rate: Math.max(wanted, policy.minRate)};
};

export const askFeeRate = async (source: FeeSource, policy: FeePolicy): Promise<FeeChoice> =>
  chooseFeeRate(await source.estimate(policy.targetBlocks), policy);
