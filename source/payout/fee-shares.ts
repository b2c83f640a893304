import {satoshi, type Satoshi} from '../primitives/amount.ts';

/** Splits a fee over `count` payouts in equal parts that sum exactly; the first ones bear the remainder. */
export const shareFee = (fee: Satoshi, count: number): Satoshi[] => {
  const each = fee / BigInt(count);
  const remainder = Number(fee % BigInt(count));
  return Array.from({length: count}, (_, index) => satoshi(index < remainder ? each + 1n : each));
};
