/** How blocks are looked at: each one whole, or by what the histories of our scripts say of it. */
export type ScanMethod = 'blocks' | 'histories';

/** What a way to look costs. */
export interface ScanCost {
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
}

export interface ScanPlan {
  readonly method: ScanMethod;
  readonly costs: Readonly<Record<ScanMethod, ScanCost>>;
}

export interface ScanQuestion {
  /** Blocks to look at, and those that will be asked for next, up to the tip. */
  readonly blocks: number;
  /** Bytes of a block, on average. */
  readonly blockSize: number;
  /** Scripts whose histories are not known yet. */
  readonly scripts: number;
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Of an empty history, and of one page of a used one. */
const HISTORY_BYTES = 1_500;
/** Requests for the transactions that histories name, by script: most scripts are used once or never. */
const HITS_PER_SCRIPT = 0.2;

/** So few blocks are read whole: only they tell who spent somebody else's coin, and so why a deposit was lost. */
const FEW_BLOCKS = 24;

/** How fast the server may be asked, and the way to it is. */
export type Pace = Pick<ScanQuestion, 'requestsPerSecond' | 'bytesPerSecond'>;

/** A transaction and the proof that its block holds it. */
const REQUESTS_PER_PROOF = 2;
const PROOF_BYTES = 1_000;

/** Whether a block that is known to hold so many transactions of ours is had for less by reading all of it. */
export const isCheaperWhole = (hits: number, blockSize: number, pace: Pace): boolean =>
  cost(1, blockSize, pace).seconds <= cost(hits * REQUESTS_PER_PROOF, hits * PROOF_BYTES, pace).seconds;

const cost = (requests: number, bytes: number, pace: Pace): ScanCost => ({
  requests: Math.ceil(requests),
  bytes: Math.ceil(bytes),
  seconds: Math.max(requests / pace.requestsPerSecond, bytes / pace.bytesPerSecond),
});

/** The cheaper way by the time it takes within the budget; whole blocks when it is the same or they are few. Pure. */
export const planScan = (question: ScanQuestion): ScanPlan => {
  const {blocks, blockSize, scripts} = question;
  const costs = {
    blocks: cost(blocks, blocks * blockSize, question),
    histories: cost(scripts * (1 + HITS_PER_SCRIPT), scripts * HISTORY_BYTES, question),
  };
  const isCheaper = blocks > FEW_BLOCKS && costs.histories.seconds < costs.blocks.seconds;
  return {method: isCheaper ? 'histories' : 'blocks', costs};
};
