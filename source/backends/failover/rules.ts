/** When a source counts as well, and how long it must have been. ms by the monotonic clock. */
export interface FailoverRules {
  /** Between looks at every source. */
  readonly probeEvery: number;
  /** Before the second look at one that failed once, and at first between looks at one that is down; then it doubles. */
  readonly probeAgain: number;
  /** What has not answered about its tip by then does not answer. */
  readonly patience: number;
  /** So many blocks behind another at once is behind; fewer only after `lagPatience`. */
  readonly behindBlocks: number;
  readonly lagPatience: number;
  /** A preferred source must have been well for so long before it speaks again. Doubles with each relapse. */
  readonly wellFor: number;
  readonly longestWellFor: number;
  /** One that has spoken for so long without a fault has no relapses any more. */
  readonly steadyAfter: number;
  /** What failed in a source that nobody asked since is tried again after this long. */
  readonly forgiveAfter: number;
  /** Two sources that differ in a block so deep are of different chains: no reorganisation goes there. */
  readonly anchorDepth: number;
}

export const FAILOVER_RULES: FailoverRules = {
  probeEvery: 10_000,
  probeAgain: 500,
  patience: 5_000,
  behindBlocks: 3,
  lagPatience: 60_000,
  wellFor: 30_000,
  longestWellFor: 600_000,
  steadyAfter: 600_000,
  forgiveAfter: 60_000,
  anchorDepth: 100,
};
