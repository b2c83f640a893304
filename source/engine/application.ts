import type {
  Account,
  Address,
  Books,
  Broadcast,
  BroadcastDetail,
  CreatePayoutBody,
  Delivery,
  Deposit,
  DepositQuery,
  Event,
  Health,
  Job,
  Page,
  PageQuery,
  Payout,
  PayoutQuery,
  Status,
  Transaction,
} from '../contract/index.ts';

/** `created` is false when the same thing was there already (HTTP 200 instead of 201). */
export interface Created<Thing> {
  readonly value: Thing;
  readonly created: boolean;
}

/**
 * Everything a person or an application can ask of the engine: served in-process, directly on the ledger when no
 * engine runs, or over the API socket. Refusals are EngineErrors whose code stands in contract/problem.ts.
 */
export interface Application {
  health(): Promise<Health>;
  status(): Promise<Status>;
  /** A status at once, then whenever something changed, at most two a second, until the signal aborts. */
  stream(signal: AbortSignal): AsyncIterable<Status>;
  /** Begins a clean stop; resolves when it has begun. */
  stop(): Promise<void>;

  createAccount(coin: string, name: string): Promise<Created<Account>>;
  account(coin: string, name: string): Promise<Account>;
  accounts(coin: string, query: PageQuery): Promise<Page<Account>>;

  createAddress(coin: string, account: string, label?: string): Promise<Address>;
  address(coin: string, address: string): Promise<Address>;
  addresses(coin: string, query: PageQuery & {account?: string | undefined}): Promise<Page<Address>>;

  deposits(coin: string, query: DepositQuery): Promise<Page<Deposit>>;
  deposit(coin: string, id: string): Promise<Deposit>;

  createPayout(coin: string, key: string, body: CreatePayoutBody): Promise<Created<Payout>>;
  payouts(coin: string, query: PayoutQuery): Promise<Page<Payout>>;
  payout(coin: string, id: string): Promise<Payout>;
  cancelPayout(coin: string, id: string): Promise<Payout>;
  releasePayout(coin: string, id: string): Promise<Payout>;

  broadcasts(coin: string, query: PageQuery): Promise<Page<Broadcast>>;
  broadcast(coin: string, txid: string): Promise<BroadcastDetail>;

  transactions(coin: string, query: PageQuery & {account?: string | undefined}): Promise<Page<Transaction>>;
  books(coin: string): Promise<Books>;
  acceptReorg(coin: string): Promise<void>;

  events(coin: string, after: number, limit: number): Promise<Page<Event>>;
  /** Events after a sequence as they come, until the signal aborts. */
  followEvents(coin: string, after: number, signal: AbortSignal): AsyncIterable<Event>;
  deliveries(coin: string, query: PageQuery): Promise<Page<Delivery>>;
  retryDelivery(coin: string, id: string): Promise<Delivery>;
  resumeSink(name: string): Promise<void>;

  startRescan(coin: string, from?: number | string): Promise<Job>;
  jobs(coin: string, query: PageQuery): Promise<Page<Job>>;
  job(coin: string, id: string): Promise<Job>;
  cancelJob(coin: string, id: string): Promise<Job>;
}
