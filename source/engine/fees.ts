import type {Fees} from '../contract/index.ts';
import {chooseFeeRate} from '../payout/fee-policy.ts';
import type {CoinEngine} from './coin-engine.ts';
import {fromNode} from './requests.ts';

/** What a transaction made now would pay. Throws `backend_unavailable` while the node is away. */
export const readFees = async (engine: CoinEngine): Promise<Fees> => {
  const policy = engine.config.payouts.fee;
  const {fees, health} = await engine.backend();
  const [estimate, {feeFloor}] = await fromNode(engine, 'says nothing about fees', async () =>
    Promise.all([fees.estimate(policy.targetBlocks), health.vitals()]),
  );
  const choice = chooseFeeRate(estimate, policy);
  return {
    target_blocks: policy.targetBlocks,
    estimate: estimate ?? null,
    floor: feeFloor ?? null,
    fallback_rate: policy.fallbackRate,
    min_rate: policy.minRate,
    max_rate: policy.maxRate,
    rate: choice.kind === 'rate' ? choice.rate : null,
    reason: choice.kind === 'rate' ? null : choice.words,
  };
};
