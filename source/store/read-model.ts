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

export interface ReadModel {
  snapshot(rows: number): Promise<LedgerSnapshot>;
  /** Milliseconds of one read, to show that the database answers. */
  ping(): Promise<number>;
}
