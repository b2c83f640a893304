import type {DepositStatus, DropReason} from '../contract/index.ts';
import type {Satoshi} from '../primitives/amount.ts';
import type {BlockHash, Txid} from '../primitives/ids.ts';
import type {TransactionMove, Whereabouts} from '../chain/transaction-moves.ts';
import {
  transition,
  type DepositFact,
  type DepositRules,
  type DepositState,
  type DepositStep,
  type HeldState,
} from './deposit.ts';

/** One deposit as the ledger holds it. Its outpoint is its identity. */
export interface DepositRecord {
  readonly id: number;
  readonly txid: Txid;
  readonly vout: number;
  readonly accountId: number;
  readonly addressId: number;
  readonly amount: Satoshi;
  readonly status: DepositStatus;
  readonly reason: DropReason | null;
  readonly replacedBy: Txid | null;
  readonly coinbase: boolean;
  readonly height: number | null;
  readonly blockHash: BlockHash | null;
  readonly firstSeenAt: number;
  readonly creditedAt: number | null;
}

/** A deposit that has no row yet is decided about like any other. */
export type NewDeposit = Omit<DepositRecord, 'status'> & {readonly status: 'unseen'};

export interface DepositChange {
  /** What the row holds after the step. */
  readonly after: DepositRecord;
  /** Each with the deposit as it was at that moment. */
  readonly steps: readonly {
    readonly event: DepositStep['event'];
    readonly deposit: DepositRecord;
    readonly posting: DepositStep['posting'];
  }[];
}

/** What a step of the chain says of a transaction's deposits, weakest last: leaving the chain comes before the rest. */
export const factsOf = (
  move: Pick<TransactionMove, 'after' | 'unanchored' | 'sighted'>,
  before: number,
  tip: number,
): DepositFact[] => {
  const {after} = move;
  if (after.kind === 'anchored') return [{kind: 'anchored', confirmations: tip - after.height + 1, before}];
  const facts: DepositFact[] = [];
  if (move.unanchored) facts.push({kind: 'unanchored', before});
  if (move.sighted) facts.push({kind: 'sighted'});
  if (after.kind === 'gone') facts.push({kind: 'gone', reason: after.reason, replacedBy: after.replacedBy ?? null});
  return facts;
};

const stateOf = (deposit: DepositRecord | NewDeposit): DepositState =>
  deposit.status === 'dropped'
    ? {status: 'dropped', reason: deposit.reason ?? 'evicted', replacedBy: deposit.replacedBy}
    : {status: deposit.status};

/**
 * Applies what one step of the chain says to one deposit. Pure. Undefined: nothing changed, not even its place in the
 * chain. A count is told only when no stronger event of the step tells it too.
 */
export const decideDeposit = (
  deposit: DepositRecord | NewDeposit,
  facts: readonly DepositFact[],
  after: Whereabouts,
  rules: DepositRules,
  now: number,
): DepositChange | undefined => {
  const taken: DepositStep[] = [];
  let state = stateOf(deposit);
  for (const fact of facts) {
    const steps = transition(state, fact, rules);
    taken.push(...steps);
    state = steps.at(-1)?.state ?? state;
  }
  // No fact about it, although it was found in a transaction: there is nothing to record.
  if (state.status === 'unseen') return undefined;
  const final = explain(state, after);
  const place = placeOf(after);
  const told = taken.some(step => step.event !== 'deposit.confirmations')
    ? taken.filter(step => step.event !== 'deposit.confirmations')
    : taken.slice(-1);
  let creditedAt = deposit.creditedAt;
  const steps = told.map(({event, state: reached, posting}) => {
    if (posting !== undefined) creditedAt = posting === 'credit' ? now : null;
    const isLast = reached.status === final.status;
    return {event, posting, deposit: record(deposit, isLast ? final : reached, place, creditedAt)};
  });
  const reached = record(deposit, final, place, creditedAt);
  return steps.length > 0 || !isSame(deposit, reached) ? {after: reached, steps} : undefined;
};

/** A reorg that also anchored a competing spender is told as what it is: a conflict. Evidence may come a step later. */
const explain = (state: HeldState, after: Whereabouts): HeldState => {
  if (state.status !== 'dropped' || after.kind !== 'gone' || after.reason !== 'conflicted') return state;
  return {status: 'dropped', reason: 'conflicted', replacedBy: after.replacedBy ?? null};
};

const placeOf = (after: Whereabouts): {height: number | null; blockHash: BlockHash | null} =>
  after.kind === 'anchored' ? {height: after.height, blockHash: after.hash} : {height: null, blockHash: null};

const record = (
  deposit: DepositRecord | NewDeposit,
  state: HeldState,
  place: {height: number | null; blockHash: BlockHash | null},
  creditedAt: number | null,
): DepositRecord => ({
  id: deposit.id,
  txid: deposit.txid,
  vout: deposit.vout,
  accountId: deposit.accountId,
  addressId: deposit.addressId,
  amount: deposit.amount,
  status: state.status,
  reason: state.status === 'dropped' ? state.reason : null,
  replacedBy: state.status === 'dropped' ? state.replacedBy : null,
  coinbase: deposit.coinbase,
  height: place.height,
  blockHash: place.blockHash,
  firstSeenAt: deposit.firstSeenAt,
  creditedAt,
});

const isSame = (before: DepositRecord | NewDeposit, after: DepositRecord): boolean =>
  before.status === after.status &&
  before.reason === after.reason &&
  before.replacedBy === after.replacedBy &&
  before.height === after.height &&
  before.blockHash === after.blockHash;
