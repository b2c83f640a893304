import type {Satoshi} from '../primitives/amount.ts';
import type {Outpoint} from '../primitives/ids.ts';
import type {SizeOfInput} from './sizes.ts';

export interface SpendableCoin {
  readonly outpoint: Outpoint;
  readonly amount: Satoshi;
  readonly scriptPubKey: Buffer;
  /** Our own change that is not in a block yet: its transaction and the unconfirmed ones before it, together. */
  readonly unconfirmed?: {readonly transactions: number; readonly virtualSize: number} | undefined;
}

/** Bitcoin Core accepts 25 transactions and 101 kvB in an unconfirmed chain, the new one included. */
const MAX_ANCESTORS = 24;
/** Room for outputs beside the inputs in a standard transaction of 100 kvB. */
const MAX_INPUT_SIZE = 60_000;

/** Coins in the order in which they are used, with running totals: `amount[k]` is the sum of the first k coins. */
export interface CoinPool {
  readonly coins: readonly SpendableCoin[];
  readonly amount: readonly bigint[];
  readonly size: readonly number[];
  readonly leastSize: readonly number[];
  /** Virtual bytes of unconfirmed ancestors. */
  readonly ancestorSize: readonly number[];
}

/** A coin whose spending costs more than it brings (its size in milli-satoshi a vbyte) is left alone. */
const isWorthSpending = (coin: SpendableCoin, milliRate: bigint, inputSize: SizeOfInput): boolean => {
  const size = inputSize(coin.scriptPubKey);
  // Two bytes more for the coin that makes the input count longer.
  return size !== undefined && coin.amount * 1000n > BigInt(size.expected + 2) * milliRate;
};

/** Largest first, as many as fit in one transaction. `milliRate` is in milli-satoshi per vbyte. */
export const makePool = (available: readonly SpendableCoin[], milliRate: bigint, inputSize: SizeOfInput): CoinPool => {
  const pool = {
    coins: [] as SpendableCoin[],
    amount: [0n],
    size: [0],
    leastSize: [0],
    ancestorSize: [0],
  };
  let ancestors = 0;
  const byAmount = available
    .filter(coin => isWorthSpending(coin, milliRate, inputSize))
    .sort((a, b) => (a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : 0));
  for (const coin of byAmount) {
    const size = inputSize(coin.scriptPubKey)!;
    const used = pool.coins.length;
    // Ancestors that two coins share are counted twice: refused too early is harmless, too late is not.
    if (ancestors + (coin.unconfirmed?.transactions ?? 0) > MAX_ANCESTORS) continue;
    if (pool.size[used]! + size.expected > MAX_INPUT_SIZE) break;
    ancestors += coin.unconfirmed?.transactions ?? 0;
    pool.coins.push(coin);
    pool.amount.push(pool.amount[used]! + coin.amount);
    pool.size.push(pool.size[used]! + size.expected);
    pool.leastSize.push(pool.leastSize[used]! + size.least);
    pool.ancestorSize.push(pool.ancestorSize[used]! + (coin.unconfirmed?.virtualSize ?? 0));
  }
  return pool;
};

/** Coins for one transaction, with their totals. */
export interface Picked {
  readonly coins: readonly SpendableCoin[];
  readonly amount: bigint;
  readonly size: number;
  readonly leastSize: number;
  readonly ancestorSize: number;
}

/** The first `count` of a pool: its largest. */
export const firstOf = (pool: CoinPool, count: number): Picked => ({
  coins: pool.coins.slice(0, count),
  amount: pool.amount[count]!,
  size: pool.size[count]!,
  leastSize: pool.leastSize[count]!,
  ancestorSize: pool.ancestorSize[count]!,
});

/** Any of them. */
export const pick = (coins: readonly SpendableCoin[], inputSize: SizeOfInput): Picked => {
  const picked = {coins, amount: 0n, size: 0, leastSize: 0, ancestorSize: 0};
  for (const {amount, scriptPubKey, unconfirmed} of coins) {
    const size = inputSize(scriptPubKey);
    picked.amount += amount;
    picked.size += size?.expected ?? 0;
    picked.leastSize += size?.least ?? 0;
    picked.ancestorSize += unconfirmed?.virtualSize ?? 0;
  }
  return picked;
};
