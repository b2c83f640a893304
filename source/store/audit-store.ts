import type {Actor, AuditEntry, AuditQuery, Page} from '../contract/index.ts';

/** An act to be remembered: `action` is `noun.verb`, `subject` the id or name it was done to. */
export interface Act {
  readonly action: string;
  readonly subject: string;
  /** What else matters: amounts as text, what was before. No secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The audit log: append-only, each row chained to the one before by its hash. An act that writes to the ledger is
 * appended inside that write's own transaction (`appendAudit`); `recordAct` is for acts that write nothing else.
 */
export interface AuditStore {
  recordAct(actor: Actor, act: Act, now: number): Promise<void>;
  /** Newest first. */
  audit(query: AuditQuery): Promise<Page<AuditEntry>>;
  /** Recomputes every hash. What does not hold, in words, naming the row; undefined when all holds. */
  auditFault(): Promise<string | undefined>;
}
