import {satoshi, type Satoshi} from '../primitives/amount.ts';

/**
 * Splits a fee by the sizes (vbytes) of the outputs that it pays for, in parts that sum exactly. What rounding down
 * leaves, less than one smallest unit each, goes to the first ones.
 */
export const shareFee = (fee: Satoshi, sizes: readonly number[]): Satoshi[] => {
  const total = BigInt(sizes.reduce((sum, size) => sum + size, 0));
  const shares = sizes.map(size => (fee * BigInt(size)) / total);
  const shared = shares.reduce((sum, share) => sum + share, 0n);
  const rest = Number(fee - shared);
  return shares.map((share, index) => satoshi(index < rest ? share + 1n : share));
};
