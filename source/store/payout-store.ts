import type {Broadcast, BroadcastDetail, HoldReason, Page, PageQuery, Payout, PayoutQuery} from '../contract/index.ts';
import type {TransactionPlan} from '../payout/ports.ts';
import type {Satoshi} from '../primitives/amount.ts';
import type {Outpoint, Txid} from '../primitives/ids.ts';

export interface PayoutRequest {
  readonly key: string;
  readonly account: string;
  readonly address: string;
  readonly scriptPubKey: Buffer;
  readonly amount: Satoshi;
  readonly label: string | undefined;
}

export interface PayoutLimits {
  readonly perPayout: Satoshi | undefined;
  /** Rolling 24 h by acceptance. */
  readonly perDay: Satoshi | undefined;
}

export interface DuePayout {
  readonly id: string;
  readonly address: string;
  readonly scriptPubKey: Buffer;
  readonly amount: Satoshi;
}

export interface SpendableCoin {
  readonly outpoint: Outpoint;
  readonly amount: Satoshi;
  readonly scriptPubKey: Buffer;
}

/** What the gather step decided, all or nothing: which payouts, which coins, what change and fee. */
export interface BatchPlan {
  readonly payoutIds: readonly string[];
  readonly plan: TransactionPlan;
  readonly changeVout: number | undefined;
  readonly virtualSize: number;
}

/** Payouts to hold and why; money stays in `payouts_due`. */
export interface HoldDecision {
  readonly payoutIds: readonly string[];
  readonly reason: HoldReason;
  readonly words: string;
}

/** A broadcast that still has something to do: sign it (`reserved`), send it (`signed`), or send it again. */
export interface OpenBroadcast {
  readonly id: string;
  readonly status: 'reserved' | 'signed' | 'sent' | 'held';
  readonly plan: TransactionPlan;
  readonly changeVout: number | undefined;
  readonly payoutIds: readonly string[];
  readonly raw: Buffer | undefined;
  readonly txid: Txid | undefined;
  /** Whether its transaction is in the mempool as far as tracking knows. */
  readonly inMempool: boolean;
}

export interface PayoutStore {
  /**
   * Checks the balance, debits the account into `payouts_due` and appends `payout.queued` (and `payout.held` above a
   * limit) in one transaction. The same key with the same canonical body: the same payout, `created: false`. Throws
   * `idempotency_conflict`, `insufficient_funds`, `unknown_account`, `account_frozen`, `house_account`; no key is used up.
   */
  acceptPayout(request: PayoutRequest, limits: PayoutLimits, now: number): Promise<{value: Payout; created: boolean}>;
  payouts(query: PayoutQuery): Promise<Page<Payout>>;
  payout(id: string): Promise<Payout>;
  /** Throws `already_signed`. Gives the money back. */
  cancelPayout(id: string, now: number): Promise<Payout>;
  /** Only those that a person clears. Throws `wrong_state`. */
  releasePayout(id: string, now: number): Promise<Payout>;

  /** Anything due to be signed: queued, or held by something that clears by itself. */
  hasDuePayouts(): Promise<boolean>;
  /** A change address nobody has used, stored earlier; undefined when a new one is needed. */
  unusedChangeAddress(): Promise<{address: string; scriptPubKey: Buffer} | undefined>;
  addChangeAddress(address: string, scriptPubKey: Buffer, now: number): Promise<void>;
  /**
   * Loads due payouts (oldest first, at most `limit`) and spendable coins (largest first), lets `decide` choose, and
   * stores its choice: inputs reserved, payouts `reserved`, the others held. One transaction.
   */
  reserveBatch(
    limit: number,
    decide: (
      due: readonly DuePayout[],
      coins: readonly SpendableCoin[],
    ) => {batch: BatchPlan | undefined; holds: readonly HoldDecision[]},
    now: number,
  ): Promise<OpenBroadcast | undefined>;
  openBroadcasts(): Promise<OpenBroadcast[]>;
  /** Before the first send: bytes and txid become durable, payouts `signed` with their vout and fee share. */
  storeSigned(broadcastId: string, raw: Buffer, txid: Txid, now: number): Promise<void>;
  /** Counted before sending: a crash mid-request must still use up an attempt. */
  countAttempt(broadcastId: string, now: number): Promise<void>;
  markSent(broadcastId: string, answer: string, now: number): Promise<void>;
  recordAnswer(broadcastId: string, answer: string, now: number): Promise<void>;
  /** Nothing was signed: frees the inputs, puts payouts back to `queued`, or holds them. */
  abandonBroadcast(
    broadcastId: string,
    hold: {reason: HoldReason; words: string} | undefined,
    now: number,
  ): Promise<void>;
  /** Signed bytes exist: keeps the inputs, payouts `held` from `signed`/`sent`. */
  holdBroadcast(broadcastId: string, hold: {reason: HoldReason; words: string}, now: number): Promise<void>;
  /** Why no payout may be signed now (drift, deep fork), or undefined. */
  payoutsPaused(): Promise<string | undefined>;

  broadcasts(query: PageQuery): Promise<Page<Broadcast>>;
  /** By txid, or by id while it has none. */
  broadcast(txid: string): Promise<BroadcastDetail>;
}
