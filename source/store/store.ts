import type {DerivedScripts} from '../chain/ports.ts';
import type {AccountStore} from './account-store.ts';
import type {AuditStore} from './audit-store.ts';
import type {AgreementStore} from './agreement-store.ts';
import type {ChainStore} from './chain-store.ts';
import type {ControlStore} from './control-store.ts';
import type {JobStore} from './job-store.ts';
import type {LeaseStore} from './lease-store.ts';
import type {OutboxStore} from './outbox-store.ts';
import type {PayoutStore} from './payout-store.ts';
import type {ReadModel} from './read-model.ts';

/** Pinned at init; a node that does not match is refused by name. */
export interface LedgerIdentity {
  readonly ledgerId: string;
  readonly coin: string;
  readonly network: string;
  readonly genesis: string;
  readonly walletFingerprints: readonly string[];
  readonly startHeight: number;
  readonly initialisedAt: number;
}

/**
 * One coin's ledger. Every operation is asynchronous outside and one transaction inside; a promise resolves after the
 * commit. Nothing outside `store/` knows which database it is. Faults are EngineErrors: `database_fault`, `fenced`.
 */
export interface Store
  extends
    LeaseStore,
    AccountStore,
    AgreementStore,
    ChainStore,
    PayoutStore,
    ControlStore,
    OutboxStore,
    JobStore,
    AuditStore,
    ReadModel {
  readonly identity: LedgerIdentity;
  /** Of a wallet that the engine derives itself; empty for every other. */
  readonly derived: DerivedScripts;
  /** Calls `listener` after every commit that wrote something, for loops to wake on. Returns the unsubscriber. */
  onCommit(listener: () => void): () => void;
  close(): Promise<void>;
}
