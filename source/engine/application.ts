import type {
  Account,
  Actor,
  Address,
  Adjustment,
  Attendance,
  AuditEntry,
  AuditQuery,
  Books,
  Broadcast,
  BroadcastDetail,
  BroadcastQuery,
  BumpBody,
  CreateAdjustmentBody,
  CreatePayoutBody,
  CreateReplayBody,
  CreateTransferBody,
  Delivery,
  DeliveryQuery,
  Deposit,
  DepositQuery,
  Event,
  EventDetail,
  Fees,
  Health,
  History,
  ImportResult,
  Job,
  JobQuery,
  LogLine,
  LogQuery,
  NoticeBody,
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
  Status,
  SubmitPsbtBody,
  Transaction,
  Transfer,
  TransferQuery,
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
  /** The same for somebody else: what is written from now on is theirs. Cheap; holds nothing that must be closed. */
  as(actor: Actor): Application;

  health(): Promise<Health>;
  status(): Promise<Status>;
  /** A status at once, then whenever something changed, at most two a second, until the signal aborts. */
  stream(signal: AbortSignal): AsyncIterable<Status>;
  /** What the engine logged, newest first; the last few hundred lines of it. */
  log(query: LogQuery): Promise<Page<LogLine>>;
  /** Begins a clean stop; resolves when it has begun. */
  stop(): Promise<void>;
  /**
   * A console says, every few seconds, that it is there. The first, or one that asks, has control. Refused without a
   * running engine (`engine_unreachable`).
   */
  attendConsole(id: string, name: string, takeControl?: boolean): Promise<Attendance>;
  /** It is gone, and its control free. */
  leaveConsole(id: string): Promise<void>;

  createAccount(coin: string, name: string): Promise<Created<Account>>;
  account(coin: string, name: string): Promise<Account>;
  accounts(coin: string, query: PageQuery): Promise<Page<Account>>;
  freezeAccount(coin: string, name: string, reason?: string): Promise<Account>;
  unfreezeAccount(coin: string, name: string, reason?: string): Promise<Account>;

  createAddress(coin: string, account: string, label?: string): Promise<Address>;
  address(coin: string, address: string): Promise<Address>;
  addresses(coin: string, query: PageQuery & {account?: string | undefined}): Promise<Page<Address>>;

  deposits(coin: string, query: DepositQuery): Promise<Page<Deposit>>;
  deposit(coin: string, id: string): Promise<Deposit>;
  depositHistory(coin: string, id: string): Promise<History>;

  createPayout(coin: string, key: string, body: CreatePayoutBody): Promise<Created<Payout>>;
  payouts(coin: string, query: PayoutQuery): Promise<Page<Payout>>;
  payout(coin: string, id: string): Promise<Payout>;
  /** The newest events about it, and how far each is on its way to each sink. */
  payoutHistory(coin: string, id: string): Promise<History>;
  cancelPayout(coin: string, id: string): Promise<Payout>;
  releasePayout(coin: string, id: string): Promise<Payout>;
  /** By somebody else than who asked for it. */
  approvePayout(coin: string, id: string): Promise<Payout>;
  /** Pays a conflicted payout again, once the conflict is deep enough to be final. */
  repayPayout(coin: string, id: string): Promise<Payout>;
  /** The kill switch: nothing is signed or sent until it is resumed, also after a restart. */
  pausePayouts(coin: string, reason?: string): Promise<PayoutsSwitch>;
  resumePayouts(coin: string): Promise<PayoutsSwitch>;

  broadcasts(coin: string, query: BroadcastQuery): Promise<Page<Broadcast>>;
  broadcast(coin: string, txid: string): Promise<BroadcastDetail>;
  /** Lifts its feerate: a replacement of its family, or a child of its chain. Resolves with the new broadcast. */
  bumpBroadcast(coin: string, txid: string, body: BumpBody): Promise<BroadcastDetail>;

  /** Transactions that wait for somebody to sign them, oldest first, all of them. */
  psbts(coin: string): Promise<Page<PsbtView>>;
  psbt(coin: string, id: string): Promise<PsbtView>;
  /** Brings signatures back, some or all. Safe to repeat. Throws `psbt_stale`, `psbt_differs`, `bad_psbt`. */
  submitPsbt(coin: string, id: string, body: SubmitPsbtBody): Promise<PsbtView>;

  createTransfer(coin: string, key: string, body: CreateTransferBody): Promise<Created<Transfer>>;
  transfers(coin: string, query: TransferQuery): Promise<Page<Transfer>>;
  transfer(coin: string, id: string): Promise<Transfer>;
  /** Without a key a repeated request corrects twice. */
  adjust(coin: string, body: CreateAdjustmentBody, key?: string): Promise<Created<Adjustment>>;
  /** Coins that the wallet held before the ledger began become this account's, each once. */
  importBalance(coin: string, account: string): Promise<ImportResult>;

  /** Asks the node. Throws `backend_unavailable` while it is away. */
  fees(coin: string): Promise<Fees>;
  transactions(coin: string, query: PageQuery & {account?: string | undefined}): Promise<Page<Transaction>>;
  books(coin: string): Promise<Books>;
  acceptReorg(coin: string): Promise<void>;
  /** The running engine looks at once; without one there is nothing to hasten. Repeating it is harmless. */
  notify(coin: string, notice: NoticeBody): Promise<void>;

  events(coin: string, after: number, limit: number): Promise<Page<Event>>;
  /** Events after a sequence as they come, until the signal aborts. */
  followEvents(coin: string, after: number, signal: AbortSignal): AsyncIterable<Event>;
  event(coin: string, sequence: number): Promise<EventDetail>;
  deliveries(coin: string, query: DeliveryQuery): Promise<Page<Delivery>>;
  retryDelivery(coin: string, id: string): Promise<Delivery>;
  /** One for each sink and coin. */
  sinks(): Promise<SinkStatus[]>;
  /** Nothing goes out to it until it is resumed. */
  pauseSink(name: string): Promise<void>;
  resumeSink(name: string): Promise<void>;
  /** Sends events again that it had, with their ids and sequences; `bad_range` when it had none of them. */
  replaySink(name: string, body: CreateReplayBody): Promise<Replay[]>;

  startRescan(coin: string, from?: number | string, method?: ScanMethod): Promise<Job>;
  /** What a rescan from there would cost, by every method. Needs the node. */
  estimateRescan(coin: string, from?: number | string): Promise<RescanEstimate>;
  jobs(coin: string, query: JobQuery): Promise<Page<Job>>;
  job(coin: string, id: string): Promise<Job>;
  cancelJob(coin: string, id: string): Promise<Job>;

  /** What people did, newest first. */
  audit(coin: string, query: AuditQuery): Promise<Page<AuditEntry>>;
}
