import type {
  Account,
  Address,
  AuditEntry,
  AuditQuery,
  Broadcast,
  BroadcastDetail,
  BumpBody,
  CreatePayoutBody,
  CreateReplayBody,
  CreateTransferBody,
  Delivery,
  DeliveryQuery,
  Deposit,
  DepositQuery,
  Job,
  Page,
  PageQuery,
  Payout,
  PayoutQuery,
  PayoutsSwitch,
  PsbtView,
  Replay,
  RescanEstimate,
  ScanMethod,
  SinkStatus,
  Transaction,
  Transfer,
  TransferQuery,
} from '../contract/index.ts';
import type {CallOptions, KeyedCallOptions} from './options.ts';

/** Filters of a list; `limit` is 100 unless said, at most 1000. */
export type Filter<Query extends PageQuery> = {readonly [Key in keyof Query]?: Query[Key] | undefined};

export type AccountFilter = PageQuery & {account?: string | undefined};

/** A list, read by the page or to its end. */
export interface Listed<Item, Query extends PageQuery> {
  /** One page; `next` is the `cursor` of the next one, null at the end. */
  list(coin: string, filter?: Filter<Query>, call?: CallOptions): Promise<Page<Item>>;
  /** Every item, page after page. What is added meanwhile may or may not be among them. */
  all(coin: string, filter?: Filter<Query>, call?: CallOptions): AsyncIterable<Item>;
}

export interface Accounts extends Listed<Account, PageQuery> {
  /** Creates it, or returns the one that has this name already. Throws `bad_name`. */
  create(coin: string, name: string, call?: CallOptions): Promise<Account>;
  /** Throws `unknown_account`. */
  get(coin: string, name: string, call?: CallOptions): Promise<Account>;
  /** Nothing leaves it until it is unfrozen; deposits still come in. */
  freeze(coin: string, name: string, reason?: string, call?: CallOptions): Promise<Account>;
  unfreeze(coin: string, name: string, reason?: string, call?: CallOptions): Promise<Account>;
}

export interface Addresses extends Listed<Address, AccountFilter> {
  /**
   * A fresh receiving address of the account. Needs the node. Not repeated by itself when an answer is lost: one more
   * address does no harm, so call again. Throws `unknown_account`, `backend_unavailable`.
   */
  create(coin: string, account: string, label?: string, call?: CallOptions): Promise<Address>;
  get(coin: string, address: string, call?: CallOptions): Promise<Address>;
}

export interface Deposits extends Listed<Deposit, DepositQuery> {
  get(coin: string, id: string, call?: CallOptions): Promise<Deposit>;
}

export interface Payouts extends Listed<Payout, PayoutQuery> {
  /**
   * Checks the balance, debits it and queues the payout, all or nothing. Safe to repeat with the same key, and repeated
   * by itself when an answer is lost. Throws `insufficient_funds`, `bad_amount`, `bad_address`, `dust`,
   * `account_frozen`, `unknown_account`; `idempotency_conflict` when the key was used for something else.
   */
  create(coin: string, payout: CreatePayoutBody, call?: KeyedCallOptions): Promise<Payout>;
  get(coin: string, id: string, call?: CallOptions): Promise<Payout>;
  /** Gives the money back while no signed transaction exists; afterwards throws `already_signed`. */
  cancel(coin: string, id: string, call?: CallOptions): Promise<Payout>;
  /** Lets one go on that is held for a person. */
  release(coin: string, id: string, call?: CallOptions): Promise<Payout>;
  /** Lets one go on that is above a limit; with another token than the one that asked for it. */
  approve(coin: string, id: string, call?: CallOptions): Promise<Payout>;
  /** Pays a conflicted one again, once the conflict is deep enough to be final. */
  repay(coin: string, id: string, call?: CallOptions): Promise<Payout>;
  /** The kill switch: nothing is signed or sent until `resume`, also after a restart. */
  pause(coin: string, reason?: string, call?: CallOptions): Promise<PayoutsSwitch>;
  resume(coin: string, call?: CallOptions): Promise<PayoutsSwitch>;
}

/** Money that moves between two accounts of the ledger; the network knows nothing of it. */
export interface Transfers extends Listed<Transfer, TransferQuery> {
  /** At once, all or nothing. Safe to repeat with the same key; refused as payouts are. */
  create(coin: string, transfer: CreateTransferBody, call?: KeyedCallOptions): Promise<Transfer>;
  get(coin: string, id: string, call?: CallOptions): Promise<Transfer>;
}

/** The network transactions that pay payouts. */
export interface Broadcasts extends Listed<Broadcast, PageQuery> {
  get(coin: string, txid: string, call?: CallOptions): Promise<BroadcastDetail>;
  /** Lifts its feerate (sat/vB; without one the node's estimate). Resolves with the new broadcast. */
  bump(coin: string, txid: string, body?: BumpBody, call?: CallOptions): Promise<BroadcastDetail>;
}

/** Transactions that wait for somebody to sign them. */
export interface Psbts {
  /** Oldest first, all of them. */
  list(coin: string, call?: CallOptions): Promise<PsbtView[]>;
  get(coin: string, id: string, call?: CallOptions): Promise<PsbtView>;
  /** Brings signatures back, some or all: a PSBT or the finished transaction, in base64 or hex. Safe to repeat. */
  submit(coin: string, id: string, psbt: string, call?: CallOptions): Promise<PsbtView>;
}

/** Double-entry transactions, newest first. */
export type Transactions = Listed<Transaction, AccountFilter>;

/** Events that a sink did not take. */
export interface Deliveries extends Listed<Delivery, DeliveryQuery> {
  /** Tries it again now, with the same event id and sequence. */
  retry(coin: string, id: string, call?: CallOptions): Promise<Delivery>;
}

/** Who is told of events, one for each sink and coin. */
export interface Sinks {
  list(call?: CallOptions): Promise<SinkStatus[]>;
  /** Nothing goes out to it until `resume`; its events wait. */
  pause(name: string, call?: CallOptions): Promise<void>;
  resume(name: string, call?: CallOptions): Promise<void>;
  /** Sends a range of events again, with their ids and sequences. */
  replay(name: string, range: CreateReplayBody, call?: CallOptions): Promise<Replay[]>;
}

/** What people did, newest first. */
export type Audit = Listed<AuditEntry, AuditQuery>;

export interface RescanOptions {
  readonly from?: number | string;
  /** Without one, the cheapest that finds everything. */
  readonly method?: ScanMethod;
}

export interface Jobs extends Listed<Job, PageQuery> {
  get(coin: string, id: string, call?: CallOptions): Promise<Job>;
  /** Looks for missed transactions from a height or a day (`2026-01-31`, UTC); without one, from the ledger's start. */
  startRescan(coin: string, from?: number | string | RescanOptions, call?: CallOptions): Promise<Job>;
  /** What that would cost, by every method that the node can be asked by. */
  estimateRescan(coin: string, from?: number | string, call?: CallOptions): Promise<RescanEstimate>;
  cancel(coin: string, id: string, call?: CallOptions): Promise<Job>;
}
