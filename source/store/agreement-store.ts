import type {Satoshi} from '../primitives/amount.ts';
import type {BlockHash, BlockRef, Outpoint} from '../primitives/ids.ts';
import type {TrackPolicy} from './chain-store.ts';

/** What a backend says of a deposit's transaction in the block where the ledger has it. */
export type Verdict = {readonly says: 'agreed'} | {readonly says: 'denied'; readonly words: string};

/** A large deposit that has its confirmations, and not yet enough backends that say so. */
export interface DepositToAgree {
  readonly id: number;
  readonly outpoint: Outpoint;
  readonly scriptPubKey: Buffer;
  readonly amount: Satoshi;
  readonly block: BlockRef;
  /** By the name of the backend, of this block. */
  readonly said: ReadonlyMap<string, Verdict>;
  readonly waitsFor: string | undefined;
}

export interface AgreementStore {
  /** Oldest first, at most so many. Empty without an agreement in the policy. */
  depositsToAgree(policy: TrackPolicy, limit: number): Promise<DepositToAgree[]>;
  /**
   * Keeps what a backend says, and credits the deposit in the same transaction when that is enough. Of a deposit that is
   * not in this block any more nothing is kept. Repeating it changes nothing.
   */
  recordVerdict(
    id: number,
    {source, block, verdict}: {source: string; block: BlockHash; verdict: Verdict},
    policy: TrackPolicy,
    now: number,
  ): Promise<void>;
  /** In words, for people; only while it is not credited. */
  noteWaiting(id: number, words: string): Promise<void>;
}
