import type {
  Account,
  Address,
  Broadcast,
  BroadcastDetail,
  CreatePayoutBody,
  Delivery,
  Deposit,
  DepositQuery,
  Job,
  Page,
  PageQuery,
  Payout,
  PayoutQuery,
  Transaction,
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
}

/** The network transactions that pay payouts. */
export interface Broadcasts extends Listed<Broadcast, PageQuery> {
  get(coin: string, txid: string, call?: CallOptions): Promise<BroadcastDetail>;
}

/** Double-entry transactions, newest first. */
export type Transactions = Listed<Transaction, AccountFilter>;

export interface Deliveries extends Listed<Delivery, PageQuery> {
  /** Tries it again now, with the same event id and sequence. */
  retry(coin: string, id: string, call?: CallOptions): Promise<Delivery>;
}

export interface Jobs extends Listed<Job, PageQuery> {
  get(coin: string, id: string, call?: CallOptions): Promise<Job>;
  /** Looks for missed transactions from a height or a day (`2026-01-31`, UTC); without one, from the ledger's start. */
  startRescan(coin: string, from?: number | string, call?: CallOptions): Promise<Job>;
  cancel(coin: string, id: string, call?: CallOptions): Promise<Job>;
}
