import type {BlockHash, Outpoint, Txid} from '../../primitives/ids.ts';
import type {TrackPolicy} from '../chain-store.ts';
import type {Orm} from './connection.ts';

/** What one application of chain facts means for payouts. Built by track, inside its transaction. */
export interface PayoutStep {
  readonly now: number;
  readonly policy: TrackPolicy;
  /** Our tip before and after the step. */
  readonly previousTip: number;
  readonly tip: number;
  /** Relevant transactions that are anchored in blocks of this step (also when they were anchored elsewhere before). */
  readonly anchored: ReadonlyMap<Txid, {readonly height: number; readonly hash: BlockHash; readonly raw: Buffer}>;
  /** Transactions whose block went away and that are not anchored after the step. */
  readonly unanchored: ReadonlySet<Txid>;
  /** Anchored spends of outputs of ours in this step, by whatever transaction. */
  readonly spends: readonly {readonly outpoint: Outpoint; readonly spender: Txid}[];
}

/**
 * Moves broadcasts and payouts along with the chain: anchored (fees and `payouts_due` posted to `external`),
 * unanchored (posted back), settled at `maxConfirmationCount`, conflicted when a different anchored transaction spends
 * an input (or adopted, when it pays the same), and one `payout.confirmations` an item and step. Called by track once
 * per step, after ladder, network transactions and outputs were written, before deposits. Repeating it changes nothing.
 */
export const advancePayouts = (_orm: Orm, _step: PayoutStep): void => {};
