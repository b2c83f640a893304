import type {TransactionMove, Whereabouts} from '../../chain/transaction-moves.ts';
import {
  decideDeposit,
  factsOf,
  type DepositChange,
  type DepositRecord,
  type NewDeposit,
} from '../../ledger/decide-deposit.ts';
import {depositRules, type DepositRules} from '../../ledger/deposit.ts';
import type {TrackPolicy} from '../chain-store.ts';
import {forgetAgreement, isAgreed} from './agreement-rows.ts';
import {EventBatch} from './append-event.ts';
import {isRecordedChange} from './apply-moves.ts';
import type {Orm} from './connection.ts';
import {DepositRows, depositsOf, liveDeposits} from './deposit-rows.ts';
import {freezeOverdrawn} from './freeze-accounts.ts';
import {anyImported, isImported} from './import-coins.ts';
import {Names} from './names.ts';
import {HOUSE} from './post.ts';
import {PostBatch} from './post-batch.ts';
import {rawStatement} from './raw-statement.ts';
import {confirmationsAt, toDeposit} from './to-contract.ts';

const markChange = rawStatement("UPDATE output SET purpose = 'change' WHERE txid = ? AND vout = ?");

export interface DepositsStep {
  readonly moves: readonly TransactionMove[];
  readonly previousTip: number;
  readonly tip: number;
  readonly policy: TrackPolicy;
  readonly now: number;
}

/**
 * Moves every deposit that the step is about, and counts for those that only got another block above them: rows,
 * postings and events. Returns how many rows changed.
 */
export const applyDeposits = (orm: Orm, step: DepositsStep): number => {
  const writing = new DepositWriter(orm, step);
  const moved = new Set<string>();
  // Read before this step's rows are written: those are at their count already.
  const live = step.tip === step.previousTip ? [] : liveDeposits(orm);
  for (const move of step.moves) {
    moved.add(move.txid);
    writing.applyMove(move);
  }
  for (const deposit of live) if (!moved.has(deposit.txid)) writing.recount(deposit);
  return writing.finish();
};

/** Counts one anchored deposit again at the tip where it is: something else than the chain lets it be credited. */
export const creditDeposit = (orm: Orm, deposit: DepositRecord, step: DepositsStep): void => {
  const writing = new DepositWriter(orm, step);
  writing.recount(deposit);
  writing.finish();
};

class DepositWriter {
  readonly #orm: Orm;
  readonly #step: DepositsStep;
  readonly #names: Names;
  readonly #postings: PostBatch;
  readonly #rows: DepositRows;
  readonly #events: EventBatch;
  readonly #hasImported: boolean;
  #written = 0;

  constructor(orm: Orm, step: DepositsStep) {
    this.#orm = orm;
    this.#step = step;
    this.#names = new Names(orm);
    this.#postings = new PostBatch(orm);
    this.#rows = new DepositRows(orm);
    this.#events = new EventBatch(orm);
    this.#hasImported = anyImported(orm);
  }

  applyMove(move: TransactionMove): void {
    // A deposit that turned out to be the change of an adopted twin was dropped for good.
    const held = (move.before ? depositsOf(this.#orm, move.txid) : []).filter(
      deposit => !isRecordedChange(this.#orm, move.txid, deposit.vout),
    );
    for (const deposit of held) this.#apply(deposit, move);
    for (const output of move.outputs) {
      if (held.some(deposit => deposit.vout === output.vout)) continue;
      if (this.#isChange(move, output)) continue;
      if (this.#hasImported && isImported(this.#orm, move.txid, output.vout)) continue;
      this.#apply(this.#newDeposit(move, output), move);
    }
  }

  recount(deposit: DepositRecord): void {
    if (deposit.height === null || deposit.blockHash === null) throw new Error(`deposit ${deposit.id} is not anchored`);
    const after: Whereabouts = {kind: 'anchored', height: deposit.height, hash: deposit.blockHash};
    this.#apply(deposit, {after, unanchored: false, sighted: false});
  }

  finish(): number {
    this.#rows.flush();
    this.#events.flush();
    const balances = this.#postings.flush();
    freezeOverdrawn(this.#orm, balances, this.#step.now);
    return this.#written;
  }

  /** Asked again here: a twin adopted by the payouts' part of this step may have made it change. */
  #isChange(move: TransactionMove, output: TransactionMove['outputs'][number]): boolean {
    if (output.address.purpose !== 'change' || !isRecordedChange(this.#orm, move.txid, output.vout)) return false;
    markChange(this.#orm).run(move.txid, output.vout);
    return true;
  }

  #newDeposit(move: TransactionMove, {vout, amount, address}: TransactionMove['outputs'][number]): NewDeposit {
    return {
      id: this.#rows.nextId,
      txid: move.txid,
      vout,
      // Foreign money on a change script has no owner yet.
      accountId: address.accountId ?? HOUSE.suspense,
      addressId: address.id,
      amount,
      status: 'unseen',
      reason: null,
      replacedBy: null,
      coinbase: move.coinbase,
      height: null,
      blockHash: null,
      firstSeenAt: this.#step.now,
      creditedAt: null,
    };
  }

  #apply(deposit: DepositRecord | NewDeposit, move: Pick<TransactionMove, 'after' | 'unanchored' | 'sighted'>): void {
    const {previousTip, tip, now} = this.#step;
    const facts = factsOf(move, confirmationsAt(deposit.height, previousTip), tip);
    if (move.unanchored && deposit.status !== 'unseen') forgetAgreement(this.#orm, deposit.id);
    const rules = this.#rulesOf(deposit, move.after);
    const change = decideDeposit(deposit, facts, move.after, rules, now);
    if (!change) return;
    this.#written += 1;
    if (deposit.status === 'unseen') this.#rows.add(change.after);
    else this.#rows.update(change.after);
    this.#tell(change);
  }

  /** Before enough backends agree on the block where it is, no number of confirmations is enough. */
  #rulesOf(deposit: DepositRecord | NewDeposit, after: Whereabouts): DepositRules {
    const {policy} = this.#step;
    const rules = depositRules(policy, deposit.coinbase);
    const {agreement} = policy;
    if (agreement === undefined || after.kind !== 'anchored' || isAgreed(this.#orm, deposit, after.hash, agreement))
      return rules;
    return {...rules, creditAt: Number.POSITIVE_INFINITY};
  }

  #tell({after, steps}: DepositChange): void {
    if (steps.length === 0) return;
    const {tip, policy, now} = this.#step;
    const named = this.#names.of(after);
    for (const {event, posting, deposit} of steps) {
      if (posting !== undefined) {
        const {accountId, amount, id} = deposit;
        const [kind, from, to] =
          posting === 'credit'
            ? (['deposit', HOUSE.external, accountId] as const)
            : (['deposit_reversal', accountId, HOUSE.external] as const);
        this.#postings.move({kind, reference: String(id), now, from, to, amount});
      }
      this.#events.add(event, toDeposit(deposit, named, tip, policy.coinbaseMaturity), now);
    }
  }
}
