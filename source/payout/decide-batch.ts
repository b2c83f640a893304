import {formatAmount, type Satoshi} from '../primitives/amount.ts';
import type {HoldReason} from '../contract/index.ts';
import type {SpendableCoin} from './coin-pool.ts';
import {selectCoins, type Batch, type WantedOutput} from './select-coins.ts';
import type {SelectionRules} from './selection-rules.ts';

export interface Offer {
  readonly due: readonly WantedOutput[];
  readonly coins: readonly SpendableCoin[];
  /** Our change that the network has and tracking has not seen yet. */
  readonly expected: Satoshi;
  /** Credited coins that the network lets nobody spend yet. Asked only when coins are short. */
  readonly maturing?: () => Satoshi;
}

export interface BatchRules extends SelectionRules {
  /** `BTC`, for the words. */
  readonly unit: string;
  /** Confirmations at which a deposit can be spent, for the words. */
  readonly depositMaturity: number;
  /** Set after the node refused a chain of unconfirmed transactions. */
  readonly anchoredOnly: boolean;
}

export interface Decision {
  readonly batch: Batch | undefined;
  readonly holds: readonly {
    readonly payoutIds: readonly string[];
    readonly reason: HoldReason;
    readonly words: string;
  }[];
}

/** What goes out now and what is held for want of coins. What change on its way will cover just waits. */
export const decideBatch = (offer: Offer, rules: BatchRules): Decision => {
  const coins = rules.anchoredOnly ? offer.coins.filter(coin => coin.unconfirmed === undefined) : offer.coins;
  const {batch, short} = selectCoins(offer.due, coins, rules);
  const missed = short.filter(({missing}) => rules.anchoredOnly || missing > offer.expected);
  const maturing = missed.length === 0 ? 0n : (offer.maturing?.() ?? 0n);
  const holds = missed.map(({id, missing}) => ({
    payoutIds: [id],
    reason: 'coins_short' as const,
    words:
      missing <= maturing
        ? `its coins are too young: the network lets them be spent at ${rules.depositMaturity} confirmations`
        : `add ${formatAmount(missing)} ${rules.unit} for it to go out`,
  }));
  return {batch, holds};
};

/** Holds everything that is due, for a reason that lies in none of it. */
export const holdAll = (offer: Offer, reason: HoldReason, words: string): Decision => ({
  batch: undefined,
  holds: [{payoutIds: offer.due.map(({id}) => id), reason, words}],
});
