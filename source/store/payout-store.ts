import type {BumpPlan, Leaf, Replaceable} from '../payout/bump.ts';
import type {Actor, Broadcast, BroadcastDetail, BroadcastQuery, Page, Payout, PayoutQuery} from '../contract/index.ts';
import type {SpendableCoin} from '../payout/coin-pool.ts';
import type {TransactionPlan} from '../payout/ports.ts';
import type {Batch, WantedOutput} from '../payout/select-coins.ts';
import type {Hold} from '../payout/state.ts';
import type {Satoshi} from '../primitives/amount.ts';
import type {Outpoint, Txid} from '../primitives/ids.ts';

export interface PayoutRequest {
  readonly key: string;
  readonly account: string;
  readonly address: string;
  readonly scriptPubKey: Buffer;
  readonly amount: Satoshi;
  readonly label: string | undefined;
  /** What the account pays on top for the network fee; nothing when the house pays. */
  readonly quote?: Satoshi | undefined;
  /** Who asked: whoever approves it must be somebody else. */
  readonly requestedBy?: string | undefined;
  /** Whether the address is on the operator's list, or there is none. */
  readonly isAllowed?: boolean | undefined;
}

export interface PayoutLimits {
  readonly perPayout: Satoshi | undefined;
  /** Rolling, by acceptance. */
  readonly perHour?: Satoshi | undefined;
  readonly perDay: Satoshi | undefined;
  /** Above it a second person must approve. */
  readonly approvalAbove?: Satoshi | undefined;
  /** Time of acceptance by a clock that steps of the wall clock do not move, ms; the wall clock's unless given. */
  readonly at?: number | undefined;
}

/** Payouts to hold and why; money stays in `payouts_due`. */
export interface HoldDecision extends Hold {
  readonly payoutIds: readonly string[];
}

/** What the ledger offers for the next transaction, of one moment. */
export interface BatchOffer {
  /** Oldest first. Those that no choice of coins could pay are among them, to be held. */
  readonly due: readonly WantedOutput[];
  readonly coins: readonly SpendableCoin[];
  /** Our change that the network has and tracking has not seen yet: worth waiting for. */
  readonly expected: Satoshi;
  /** Credited coins that the network lets nobody spend yet. Asked only when coins are short. */
  readonly maturing?: () => Satoshi;
}

/** What the gather step decided: all or nothing. */
export interface BatchDecision {
  readonly batch: Batch | undefined;
  readonly holds: readonly HoldDecision[];
}

/** What a bump starts from, and the confirmed coins that may be added. */
export type BumpSubject =
  | {readonly kind: 'bump'; readonly from: Replaceable; readonly coins: readonly SpendableCoin[]}
  | {readonly kind: 'child'; readonly leaf: Leaf; readonly coins: readonly SpendableCoin[]};

/** A broadcast that still has something to do: sign it (`reserved`), send it (`signed`), or send it again. */
export interface OpenBroadcast {
  readonly id: string;
  readonly status: 'reserved' | 'signed' | 'sent' | 'held';
  /** Whether its transaction is in the mempool as far as tracking knows. */
  readonly inMempool: boolean;
}

/** An open broadcast with everything needed to sign, verify and send it. */
export interface PlannedBroadcast {
  readonly id: string;
  readonly status: OpenBroadcast['status'];
  readonly kind: Broadcast['kind'];
  /** What it waits for, `code: words`. */
  readonly reason?: string | undefined;
  readonly plan: TransactionPlan;
  readonly changeVout: number | undefined;
  readonly payoutIds: readonly string[];
  readonly raw: Buffer | undefined;
  readonly txid: Txid | undefined;
  /** vbytes as planned. */
  readonly virtualSize: number;
  readonly spendsUnconfirmed: boolean;
}

/** How many payouts wait to be signed. */
export interface Queue {
  readonly queued: number;
  /** Held by something that clears by itself and without signed bytes: due again at every period. */
  readonly held: number;
  /** Among them those that the node refused by name: tried apart, so that they spoil no batch. */
  readonly refused: number;
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
  /** Throws `already_signed`. Gives the money back. With `by`, audited in the same transaction, here and below. */
  cancelPayout(id: string, now: number, by?: Actor): Promise<Payout>;
  /** Only those that a person clears. Throws `wrong_state`, and `approval_needed` for one that waits for approval. */
  releasePayout(id: string, now: number, by?: Actor): Promise<Payout>;
  /** Lets one go that waits for approval. Throws `wrong_state`, and `approval_by_requester` for who asked for it. */
  approvePayout(id: string, now: number, by: Actor): Promise<Payout>;
  /**
   * Queues a conflicted payout again, once no transaction that pays it can come back: what each lost to is
   * `maxConfirmationCount` deep. Throws `wrong_state` and `conflict_not_deep`.
   */
  repayPayout(id: string, maxConfirmationCount: number, now: number, by?: Actor): Promise<Payout>;

  /** A change address nobody has used, stored earlier; undefined when a new one is needed. */
  unusedChangeAddress(): Promise<{address: string; scriptPubKey: Buffer} | undefined>;
  addChangeAddress(address: string, scriptPubKey: Buffer, now: number): Promise<void>;
  /**
   * Offers due payouts and spendable coins, lets `decide` choose, and stores its choice: inputs reserved, payouts
   * `reserved`, the others held. One transaction. `which`: everything due, only what
   * is queued, or only what the node refused before.
   * Payouts of frozen accounts are held and not offered. Undefined when nothing was reserved.
   */
  reserveBatch(
    limit: number,
    decide: (offer: BatchOffer) => BatchDecision,
    now: number,
    which?: 'due' | 'queued' | 'refused',
  ): Promise<PlannedBroadcast | undefined>;
  /**
   * Stores a transaction that lifts the feerate of one that is out: its replacement, as `decide` plans it, or a child
   * of its chain's last change where its own is spent. Any member of a family stands for the newest. One transaction.
   * Throws `not_found`, `already_confirmed`, `not_sent`, `no_change`, `wrong_state`, and what `decide` throws.
   */
  reserveBump(txid: string, decide: (subject: BumpSubject) => BumpPlan, now: number): Promise<PlannedBroadcast>;
  queue(): Promise<Queue>;
  /** Cheap, in the order of their making: parents before children. */
  openBroadcasts(): Promise<OpenBroadcast[]>;
  /** Undefined when it is not open any more. */
  plannedBroadcast(id: string): Promise<PlannedBroadcast | undefined>;
  /** Bytes of the transactions that this one stems from and that neither chain nor mempool hold, oldest first. */
  missingParents(broadcastId: string): Promise<{txid: Txid; raw: Buffer}[]>;
  /**
   * Before the first send: bytes and txid become durable, payouts `signed`. Throws `wrong_state` when the broadcast was
   * abandoned meanwhile (a payout cancelled, an input spent): the bytes must then be thrown away.
   */
  storeSigned(broadcastId: string, raw: Buffer, txid: Txid, now: number): Promise<void>;
  /**
   * Counted before sending: a crash mid-request must still use up an attempt. False, and nothing counted, when the
   * chain was quicker (confirmed, lost or settled by now): nothing is to be sent any more.
   */
  countAttempt(broadcastId: string, now: number): Promise<boolean>;
  markSent(broadcastId: string, answer: string, now: number): Promise<void>;
  recordAnswer(broadcastId: string, answer: string, now: number): Promise<void>;
  /**
   * Nothing was signed: frees the inputs and puts payouts back to `queued`, or holds them, or only `heldIds` of them.
   * Throws `wrong_state` once bytes are stored. Abandoning it again changes nothing. Resolves with the coins that are
   * free now: of a bump only those that it brought.
   */
  abandonBroadcast(
    broadcastId: string,
    hold: Hold | undefined,
    now: number,
    heldIds?: ReadonlySet<string>,
  ): Promise<Outpoint[]>;
  /** Reserved, and somebody has to sign it: its payouts say so. Nothing once it is not reserved any more. */
  noteUnsigned(broadcastId: string, hold: Hold, now: number): Promise<void>;
  /** Signed bytes exist: keeps the inputs, payouts `held` from `signed`/`sent`. */
  holdBroadcast(broadcastId: string, hold: Hold, now: number): Promise<void>;
  /** Why no payout may be signed now (drift, deep fork), in words, or undefined. */
  payoutsPaused(): Promise<string | undefined>;
  /** The same with its reason. */
  payoutsPausedBy(): Promise<Hold | undefined>;

  broadcasts(query: BroadcastQuery): Promise<Page<Broadcast>>;
  /** By txid, or by id while it has none. */
  broadcast(txid: string): Promise<BroadcastDetail>;
}
