import {matchExactly} from './branch-and-bound.ts';
import {changeInputSize, complete, laterRate, wasteOf, type Choice, type Needed} from './choose-change.ts';
import {pick, type CoinPool, type Picked, type SpendableCoin} from './coin-pool.ts';
import {costOf, milli, type SelectionRules} from './selection-rules.ts';
import {inputSize, outputSize} from './sizes.ts';

export interface Aims {
  readonly needed: Needed;
  readonly rules: SelectionRules;
  /** Other payouts wait for money: nothing is spent on tidying up. */
  readonly isShort: boolean;
}

/** Small coins that are taken along at most, and large ones that are left for other payouts. */
const MOST_TIDIED = 20;
const LEFT_ALONE = 20;
/** Change is worth keeping when it is so many times what it costs to make and to spend. */
const WORTHWHILE = 10n;
/** Coins at the end of the choice for which a smaller one is looked for. */
const SHRUNK = 3;

/**
 * Other coins for the same payouts: without any change, or with the least change that is worth having; where the feerate
 * is low, with small coins taken along. The one that wastes least, and never more than `largest` does.
 */
export const improveChoice = (largest: Choice, pool: CoinPool, aims: Aims): Choice => {
  const {needed, rules} = aims;
  const anchored = pool.coins.filter(({unconfirmed}) => unconfirmed === undefined);
  let best = largest;
  for (const coins of [matchExactly(anchored, needed, rules), withLessChange(largest, anchored, aims)]) {
    const choice = coins && complete(pickOf(coins, rules), needed, rules);
    if (choice && isBetter(choice, best, aims)) best = choice;
  }
  return tidy(best, anchored, aims);
};

const pickOf = (coins: readonly SpendableCoin[], rules: SelectionRules): Picked =>
  pick(coins, rules.inputSize ?? inputSize);

/** Less waste; of the same, the smaller change: what it takes stays in larger coins. */
const isBetter = (one: Choice, other: Choice, {needed, rules}: Aims): boolean => {
  const difference = wasteOf(one, needed, rules) - wasteOf(other, needed, rules);
  return difference < 0n || (difference === 0n && (one.fee.change ?? 0n) < (other.fee.change ?? 0n));
};

/** The same number of coins, the last ones as small as they may be. Undefined where that changes nothing. */
const withLessChange = (
  {picked, fee}: Choice,
  anchored: readonly SpendableCoin[],
  {rules}: Aims,
): SpendableCoin[] | undefined => {
  if (fee.change === undefined) return undefined;
  const rate = milli(rules.rate);
  const made = costOf(outputSize(rules.change.scriptPubKey) + changeInputSize(rules), rate);
  let spare = fee.change - WORTHWHILE * made;
  const coins = [...picked.coins];
  const taken = new Set(coins);
  for (let at = coins.length - 1; at >= Math.max(0, coins.length - SHRUNK) && spare > 0n; at -= 1) {
    const large = coins[at]!;
    const small = anchored.findLast(
      one =>
        !taken.has(one) &&
        one.amount < large.amount &&
        large.amount - one.amount <= spare &&
        // Of another type it might cost more than the coin it stands for.
        one.scriptPubKey.length === large.scriptPubKey.length,
    );
    if (small === undefined) continue;
    coins[at] = small;
    taken.add(small);
    spare -= large.amount - small.amount;
  }
  return coins;
};

/** Small coins are cheap to spend today: their money comes back as change, in one coin. */
const tidy = (choice: Choice, anchored: readonly SpendableCoin[], {needed, rules, isShort}: Aims): Choice => {
  if (isShort || choice.fee.change === undefined || milli(rules.rate) > laterRate(rules)) return choice;
  const taken = new Set(choice.picked.coins);
  const small = anchored
    .filter(one => !taken.has(one))
    .slice(LEFT_ALONE)
    .slice(-MOST_TIDIED)
    .reverse();
  let best = choice;
  for (const coin of small) {
    const more = complete(pickOf([...best.picked.coins, coin], rules), needed, rules);
    // Each must leave more change than there was: it pays for itself.
    if (more?.fee.change === undefined || more.fee.change <= best.fee.change!) break;
    if (wasteOf(more, needed, rules) > wasteOf(best, needed, rules)) break;
    best = more;
  }
  return best;
};
