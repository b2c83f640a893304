import type {Satoshi} from '../primitives/amount.ts';
import type {Outpoint, Txid} from '../primitives/ids.ts';

/** What the node said to a send. Mapped by code in the adapter; `words` are the node's own, cleaned, for people. */
export type SendAnswer =
  /** Our txid, -27 or already known: the network has it. */
  | {readonly kind: 'accepted'}
  /** -25 missing or spent inputs, -26 mempool conflict: look before concluding anything. */
  | {readonly kind: 'inputs-unavailable'; readonly words: string}
  /** Any other refusal: fee too low, dust, policy. */
  | {readonly kind: 'rejected'; readonly words: string}
  /** Timeout, connection lost, warm-up: the same bytes again later. */
  | {readonly kind: 'unknown'; readonly words: string}
  /** 401 after the cookie was read again. */
  | {readonly kind: 'unauthorized'; readonly words: string};

export type AcceptAnswer = {readonly kind: 'acceptable'} | Exclude<SendAnswer, {kind: 'accepted'}>;

export interface Broadcaster {
  /** testmempoolaccept. Already in the mempool counts as acceptable. */
  testAccept(raw: Buffer): Promise<AcceptAnswer>;
  /** Sends exactly these bytes. Never throws for anything the network did. */
  send(raw: Buffer, txid: Txid): Promise<SendAnswer>;
  /** Where the network has it now, asked of the mempool and, if the node can, of the chain. */
  find(txid: Txid): Promise<'mempool' | 'anchored' | 'absent'>;
}

export interface FeeSource {
  /** sat/vB for confirmation within `blocks`; undefined when the node has too little data. */
  estimate(blocks: number): Promise<number | undefined>;
}

/** A transaction decided to the last satoshi, before signing. */
export interface TransactionPlan {
  readonly inputs: readonly {readonly outpoint: Outpoint; readonly amount: Satoshi; readonly scriptPubKey: Buffer}[];
  /** In transaction order. */
  readonly outputs: readonly {readonly address: string; readonly scriptPubKey: Buffer; readonly amount: Satoshi}[];
  readonly fee: Satoshi;
}

export type SignAnswer =
  | {readonly kind: 'signed'; readonly raw: Buffer}
  | {readonly kind: 'locked'; readonly words: string}
  | {readonly kind: 'wallet-missing'; readonly words: string}
  | {readonly kind: 'unauthorized'; readonly words: string}
  | {readonly kind: 'refused'; readonly words: string}
  | {readonly kind: 'unavailable'; readonly words: string}
  /** Nobody holds the keys. */
  | {readonly kind: 'no-signer'; readonly words: string}
  /** A person signs elsewhere, in minutes or days. Asked again, it may be signed. Only of a signer that is patient. */
  | {readonly kind: 'waiting'; readonly words: string};

/** Transactions that pay us, as the chain or the mempool had them. */
export interface PreviousTransactions {
  /** In the order asked; undefined for those that the ledger does not hold. */
  rawTransactions(txids: readonly Txid[]): Promise<(Buffer | undefined)[]>;
}

/** Whether a signer could sign now. */
export type SignerState =
  {readonly kind: 'ready'; readonly words: string} | Exclude<SignAnswer, {kind: 'signed' | 'waiting'}>;

/** Signs what it is given and decides nothing. Signing the same plan again gives the same bytes or is harmless. */
export interface Signer {
  /** Keeps the coins from being spent by hand while reserved. Repeating it is harmless. Best effort, across restarts. */
  lock(outpoints: readonly Outpoint[]): Promise<void>;
  unlock(outpoints: readonly Outpoint[]): Promise<void>;
  /** `id`: of the broadcast that is stored for it; none for a plan that is only tried. */
  sign(plan: TransactionPlan, id?: string): Promise<SignAnswer>;
  /**
   * A person signs: plans are few, gathered once a period, and kept until they are signed, called back, or their coins
   * are gone, whatever else stops payouts meanwhile.
   */
  readonly isPatient?: boolean;
  /** Everything that still is to be signed or sent: what was kept for anything else may go. Only of a patient signer. */
  retain?(open: readonly {readonly id: string; readonly isSigned: boolean}[]): Promise<void>;
  /**
   * Gets ready ahead of the first payout, at the engine's start and in `check`, and says what is in the way. Only signers
   * that have something to get ready.
   */
  prepare?(): Promise<SignerState>;
  /** Ends what it has started, if anything. It signs no more. */
  close?(): Promise<void>;
}

/** What is there for one plan that waits. */
export interface PsbtState {
  /** The plan's PSBT (BIP174) with the signatures so far. */
  readonly psbt: Buffer;
  /** Where it waits. */
  readonly file: string;
  readonly inputs: number;
  readonly missing: readonly {
    /** Position, from 0. */
    readonly input: number;
    readonly outpoint: string;
    /** Of its key, from the master key on. */
    readonly path: string | undefined;
  }[];
  /** Why signatures that were found were not used. */
  readonly faults: readonly string[];
  /** Nothing is missing: it is verified and sent next. */
  readonly isComplete: boolean;
}

/** Where plans that wait for signatures are fetched and brought back. */
export interface PsbtDesk {
  /** Throws `psbt_folder`, `wallet_mismatch`. */
  look(plan: TransactionPlan, id: string): Promise<PsbtState>;
  /**
   * Takes signatures, durably, after checking each of them and that they are of this plan. Binary, base64 or hex.
   * Repeating it is harmless. Throws `bad_psbt`, `psbt_differs`, and what `look` throws.
   */
  submit(plan: TransactionPlan, id: string, given: Buffer): Promise<PsbtState>;
}
