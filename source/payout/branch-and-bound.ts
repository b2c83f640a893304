import type {SpendableCoin} from './coin-pool.ts';
import {changeInputSize, laterRate, type Needed} from './choose-change.ts';
import {milli, type SelectionRules} from './selection-rules.ts';
import {inputSize, outputSize, overheadSize} from './sizes.ts';

/** Steps of the search: a few milliseconds. What is not found until then is paid with change. */
const TRIES = 20_000;

interface Candidate {
  readonly coin: SpendableCoin;
  /** What it brings beyond the cost of spending it, in milli-satoshi. */
  readonly value: bigint;
  /** What spending it today costs more than later; less than nothing when today is cheap. */
  readonly waste: bigint;
}

/**
 * Coins whose sum is what the payouts and the fee take, or more by less than change would cost: no change is made. Of
 * several, the one that wastes least. Depth first, the largest first, as Bitcoin Core's SelectCoinsBnB does
 * (Murch, "An Evaluation of Coin Selection Strategies", 2016). Undefined when none is found.
 */
export const matchExactly = (
  coins: readonly SpendableCoin[],
  {amount, outputs, count}: Needed,
  rules: SelectionRules,
): SpendableCoin[] | undefined => {
  const rate = milli(rules.rate);
  const target = amount * 1000n + BigInt(outputs + overheadSize(0, count)) * rate;
  const change = BigInt(outputSize(rules.change.scriptPubKey) + changeInputSize(rules)) * rate;
  const candidates = candidatesOf(coins, rules);
  return new Search(candidates, target, target + change).run();
};

const candidatesOf = (coins: readonly SpendableCoin[], rules: SelectionRules): Candidate[] => {
  const today = milli(rules.rate);
  const dearer = today - laterRate(rules);
  const sizeOf = rules.inputSize ?? inputSize;
  return coins
    .map((coin): Candidate => {
      const size = BigInt(sizeOf(coin.scriptPubKey)?.expected ?? 0);
      return {coin, value: coin.amount * 1000n - size * today, waste: size * dearer};
    })
    .filter(({value}) => value > 0n)
    .sort((one, other) => (one.value < other.value ? 1 : one.value > other.value ? -1 : 0));
};

class Search {
  readonly #candidates: readonly Candidate[];
  readonly #lowest: bigint;
  readonly #highest: bigint;
  /** More coins waste more; where today is cheap they waste less, and waste ends no branch. */
  readonly #isDearer: boolean;
  readonly #chosen: number[] = [];
  #value = 0n;
  #waste = 0n;
  /** Of those that are still to be decided about. */
  #available: bigint;
  #best: {readonly waste: bigint; readonly indexes: readonly number[]} | undefined;

  constructor(candidates: readonly Candidate[], lowest: bigint, highest: bigint) {
    this.#candidates = candidates;
    this.#lowest = lowest;
    this.#highest = highest;
    this.#isDearer = candidates.some(({waste}) => waste > 0n);
    this.#available = candidates.reduce((total, {value}) => total + value, 0n);
  }

  run(): SpendableCoin[] | undefined {
    let next = 0;
    for (let tries = 0; tries < TRIES; tries += 1) {
      if (this.#isDeadEnd()) {
        if (this.#chosen.length === 0) break;
        next = this.#backtrack(next);
      } else this.#decide(next);
      next += 1;
    }
    return this.#best?.indexes.map(index => this.#candidates[index]!.coin);
  }

  /** Also where a match was just noted: more coins only make it worse. */
  #isDeadEnd(): boolean {
    if (this.#value + this.#available < this.#lowest || this.#value > this.#highest) return true;
    if (this.#isDearer && this.#best !== undefined && this.#waste > this.#best.waste) return true;
    if (this.#value < this.#lowest) return false;
    const waste = this.#waste + this.#value - this.#lowest;
    if (this.#best === undefined || waste < this.#best.waste) this.#best = {waste, indexes: [...this.#chosen]};
    return true;
  }

  /** Takes the next one, unless its equal was left out: that branch was searched already. */
  #decide(index: number): void {
    const {value, waste} = this.#candidates[index]!;
    this.#available -= value;
    const before = this.#candidates[index - 1];
    if (before !== undefined && this.#chosen.at(-1) !== index - 1 && before.value === value && before.waste === waste)
      return;
    this.#chosen.push(index);
    this.#value += value;
    this.#waste += waste;
  }

  /** Leaves out the one that was taken last; what was decided behind it is open again. */
  #backtrack(next: number): number {
    const last = this.#chosen.pop()!;
    for (let index = next - 1; index > last; index -= 1) this.#available += this.#candidates[index]!.value;
    const {value, waste} = this.#candidates[last]!;
    this.#value -= value;
    this.#waste -= waste;
    return last;
  }
}
