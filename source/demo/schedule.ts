/** One thing that the demo's outside world does. */
export type Act = 'deposit' | 'block' | 'payout' | 'offer' | 'replace' | 'reorg';

/**
 * What happens in a second of the demo, in order. A block every 4 s; an offer (a payment meant to be replaced) falls
 * between two blocks, as does its replacement; a reorg happens once a minute.
 */
export const actsAt = (second: number): readonly Act[] => {
  const acts: Act[] = [];
  if (second % 3 === 0) acts.push('deposit');
  if (second % 40 === 23) acts.push('offer');
  if (second % 40 === 25) acts.push('replace');
  if (second % 60 === 47) acts.push('reorg');
  if (second % 4 === 2) acts.push('block');
  if (second >= 7 && second % 5 === 2) acts.push('payout');
  return acts;
};
