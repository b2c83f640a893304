import type {EngineError} from '../primitives/errors.ts';
import type {CoinStatus, Deposit, Payout} from '../contract/index.ts';

/** What a status snapshot needs of the ledger, of one moment, at constant cost whatever the ledger's size. */
export interface LedgerSnapshot {
  readonly height: number | undefined;
  readonly counts: CoinStatus['counts'];
  readonly pendingAmount: bigint;
  readonly incomingAmount: bigint;
  readonly pending: Payout[];
  readonly incoming: Deposit[];
  readonly broadcasts: CoinStatus['broadcasts'];
}

/** What is counted for whoever watches from outside. */
export interface LedgerTotals {
  /** Number by status; every status is there. */
  readonly payouts: ReadonlyMap<string, number>;
  readonly deposits: ReadonlyMap<string, number>;
  /** ms */
  readonly oldestPendingPayoutAt: number | undefined;
  /** Balances of the house's accounts by name, smallest units. */
  readonly house: ReadonlyMap<string, bigint>;
}

export interface ReadModel {
  snapshot(rows: number): Promise<LedgerSnapshot>;
  totals(): Promise<LedgerTotals>;
  /** Milliseconds of one read, to show that the database answers. */
  ping(): Promise<number>;
  /** Why the last write failed (disk full, locked by another process), until one succeeds; reads may go on meanwhile. */
  writeFault(): EngineError | undefined;
}
