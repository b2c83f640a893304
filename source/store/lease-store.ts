/** Who runs the engine on this ledger. */
export interface LeaseHolder {
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  readonly processStart: string;
}

export type LeaseAnswer =
  | {readonly kind: 'held'; readonly epoch: number}
  /** Somebody else has it until `expiresAt` (ms); whether that process is dead is for the caller to find out. */
  | {readonly kind: 'taken'; readonly holder: LeaseHolder; readonly epoch: number; readonly expiresAt: number};

export interface LeaseStore {
  /**
   * Takes the lease when it is free, expired, released or held by `replace` (an epoch whose holder is provably dead).
   * From then on every write of this store is refused with `fenced` once somebody else has taken it.
   */
  acquireLease(holder: LeaseHolder, now: number, validFor: number, replace?: number): Promise<LeaseAnswer>;
  renewLease(now: number, validFor: number): Promise<void>;
  releaseLease(): Promise<void>;
  /** Throws `fenced` when the lease is no longer ours; asked right before every send. */
  checkLease(): Promise<void>;
}
