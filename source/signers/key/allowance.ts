import {formatAmount} from '../../primitives/amount.ts';
import {type OwnInput, Refusal} from './inspect-psbt.ts';

/** What one signer may sign, given when it was started. Amounts in smallest units. */
export interface SigningLimits {
  /** Most that a transaction may cost, in smallest units per vB. */
  readonly maxRate: number;
  /** Most that may leave by one transaction; undefined: any. */
  readonly perTransaction: bigint | undefined;
  /** Most that may leave in any 24 hours; undefined: any. */
  readonly perDay: bigint | undefined;
}

const DAY = 24 * 60 * 60 * 1000;
/** Coins whose amounts are remembered. Forgetting the oldest costs a defence in depth, not memory. */
const MOST_COINS = 100_000;

/**
 * What has been signed since this process began. Of transactions that spend the same coin only one can ever confirm: all
 * that share an `anchor` input count once, as the largest of them. Transactions that can all confirm share no input, so
 * they have different anchors, and the sum is never too low. A replacement spends the anchor of what it replaces.
 */
export class Allowance {
  readonly #limits: SigningLimits;
  readonly #now: () => number;
  readonly #anchors = new Map<string, {amount: bigint; at: number}>();
  readonly #amounts = new Map<string, bigint>();

  /** `now`: ms that never go back. */
  constructor(limits: SigningLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Throws Refusal when so much may not leave, or a coin is said to be worth something else than before. */
  require(inputs: readonly OwnInput[], leaving: bigint): void {
    const {perTransaction, perDay} = this.#limits;
    for (const {outpoint, amount} of inputs) {
      const known = this.#amounts.get(outpoint);
      // Each signature covers its own input's amount only: two requests with different lies would make one true fee of any size.
      if (known !== undefined && known !== amount)
        throw new Refusal(
          `the coin ${outpoint} was worth ${formatAmount(known)} and is now said to be ${formatAmount(amount)}`,
        );
    }
    if (perTransaction !== undefined && leaving > perTransaction)
      throw new Refusal(
        `${formatAmount(leaving)} would leave at once, and the signer was started with a limit of ${formatAmount(perTransaction)}`,
      );
    if (perDay === undefined) return;
    const anchor = this.#anchorOf(inputs);
    const others = this.#spent(anchor);
    const here = max(leaving, this.#anchors.get(anchor)?.amount ?? 0n);
    if (others + here > perDay)
      throw new Refusal(
        `${formatAmount(others)} left in the last 24 hours, and with these ${formatAmount(here)} it would be more than the ${formatAmount(perDay)} that the signer was started with`,
      );
  }

  /** Counts what is about to be handed out. */
  count(inputs: readonly OwnInput[], leaving: bigint): void {
    const anchor = this.#anchorOf(inputs);
    this.#anchors.set(anchor, {amount: max(leaving, this.#anchors.get(anchor)?.amount ?? 0n), at: this.#now()});
    for (const {outpoint, amount} of inputs) this.#amounts.set(outpoint, amount);
    for (const outpoint of this.#amounts.keys()) {
      if (this.#amounts.size <= MOST_COINS) break;
      this.#amounts.delete(outpoint);
    }
  }

  /** Without `anchor` and what is over a day old. */
  #spent(anchor: string): bigint {
    let total = 0n;
    const since = this.#now() - DAY;
    for (const [key, {amount, at}] of this.#anchors) {
      if (at < since) this.#anchors.delete(key);
      else if (key !== anchor) total += amount;
    }
    return total;
  }

  #anchorOf(inputs: readonly OwnInput[]): string {
    const known = inputs.find(({outpoint}) => this.#anchors.has(outpoint)) ?? inputs[0]!;
    return known.outpoint;
  }
}

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other);
