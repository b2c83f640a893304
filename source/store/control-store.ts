import type {
  Account,
  Actor,
  Adjustment,
  CreateTransferBody,
  ImportResult,
  Page,
  PayoutsSwitch,
  Transfer,
  TransferQuery,
} from '../contract/index.ts';
import type {Satoshi} from '../primitives/amount.ts';
import type {BlockRef, Outpoint} from '../primitives/ids.ts';

export interface TransferRequest extends Pick<CreateTransferBody, 'from' | 'to'> {
  readonly key: string;
  readonly amount: Satoshi;
  readonly label: string | undefined;
}

export interface AdjustmentRequest {
  /** Without one a repeated request corrects twice. */
  readonly key: string | undefined;
  readonly account: string;
  /** Signed, not zero. */
  readonly amount: Satoshi;
  readonly reason: string;
}

export interface FoundCoin {
  readonly outpoint: Outpoint;
  readonly amount: Satoshi;
  readonly scriptPubKey: Buffer;
  /** Undefined for a script that has none. */
  readonly address: string | undefined;
  readonly raw: Buffer;
  readonly coinbase: boolean;
  readonly block: BlockRef;
}

export interface ImportRequest {
  readonly account: string;
  readonly coins: readonly FoundCoin[];
  /** The block at which the node was asked. */
  readonly tip: BlockRef;
}

/** What a person does to the books and to the payouts as a whole. With `by`, audited in the same transaction. */
export interface ControlStore {
  /**
   * Checks the balance, moves the money and appends `transfer.done` in one transaction. The same key with the same
   * canonical body: the same transfer, `created: false`. Keys are apart from those of payouts. Money may go to a
   * frozen account and not come from one. Throws `idempotency_conflict`, `insufficient_funds`, `unknown_account`,
   * `account_frozen`, `house_account`, `same_account`; no key is used up.
   */
  transfer(request: TransferRequest, now: number, by?: Actor): Promise<{value: Transfer; created: boolean}>;
  transfers(query: TransferQuery): Promise<Page<Transfer>>;
  transferById(id: string): Promise<Transfer>;
  /**
   * Corrects an account against `external`. A user's account and `suspense` stay at zero or more, `network_fee` may go
   * below. Throws `unknown_account`, `house_account`, `insufficient_funds`, `idempotency_conflict`.
   */
  adjust(request: AdjustmentRequest, now: number, by?: Actor): Promise<{value: Adjustment; created: boolean}>;
  /** An operator's freeze: nothing goes out until it is lifted by hand; what is queued is held. Repeating is harmless. */
  freeze(name: string, reason: string | undefined, now: number, by?: Actor): Promise<Account>;
  /** One below zero stays frozen, from then on by the reorg that brought it there. Throws `wrong_state` for that. */
  unfreeze(name: string, reason: string | undefined, now: number, by?: Actor): Promise<Account>;
  /**
   * Takes coins that the wallet held before the ledger began into the books: each outpoint once, a `balance_import`
   * posting each, their addresses receiving addresses of the account from now on. Told to nobody: they are no deposits.
   * What is ours already is left out silently, what cannot be taken is `skipped`. Throws `stale_facts` (backoff) when
   * the ladder does not stand at `tip` any more, `unknown_account`, `house_account`.
   */
  importCoins(request: ImportRequest, now: number, by?: Actor): Promise<ImportResult>;
  /** From the commit on nothing is signed; plans that are not signed yet are given up. Outlives a restart. */
  pausePayouts(reason: string, now: number, by?: Actor): Promise<PayoutsSwitch>;
  /**
   * `tip`: the height at which the node stands, undefined when nobody knows. Throws `not_reconciled` for a ledger that
   * was restored from a backup while its books are not known to equal the chain there.
   */
  resumePayouts(tip: number | undefined, now: number, by?: Actor): Promise<PayoutsSwitch>;
}
