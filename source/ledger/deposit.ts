import type {DropReason, EventType} from '../contract/index.ts';
import type {Txid} from '../primitives/ids.ts';

/** Confirmations at which a deposit is credited and settled. */
export interface DepositRules {
  readonly creditAt: number;
  readonly settleAt: number;
}

/** The thresholds of one deposit; a coinbase cannot be credited before it can be spent. */
export const depositRules = (
  policy: {confirmations: number; maxConfirmationCount: number; coinbaseMaturity: number},
  coinbase: boolean,
): DepositRules => {
  const creditAt = coinbase ? Math.max(policy.confirmations, policy.coinbaseMaturity) : policy.confirmations;
  return {creditAt, settleAt: Math.max(policy.maxConfirmationCount, creditAt)};
};

/** Only `dropped` has a reason; it is not terminal. */
export type HeldState =
  | {readonly status: 'detected'}
  | {readonly status: 'credited'}
  | {readonly status: 'settled'}
  | {readonly status: 'dropped'; readonly reason: DropReason; readonly replacedBy: Txid | null};

/** `unseen`: no row yet. */
export type DepositState = {readonly status: 'unseen'} | HeldState;

/** What the chain says of one deposit's transaction. */
export type DepositFact =
  /** In the best chain with `confirmations`; `before` is what the last step counted. */
  | {readonly kind: 'anchored'; readonly confirmations: number; readonly before: number}
  | {readonly kind: 'sighted'}
  /** Its block went away and no block of the new branch has it. */
  | {readonly kind: 'unanchored'; readonly before: number}
  | {readonly kind: 'gone'; readonly reason: DropReason; readonly replacedBy: Txid | null};

export interface DepositStep {
  readonly state: HeldState;
  readonly event: Extract<EventType, `deposit.${string}`>;
  /** The posting that goes with it: credit (external -> account) or its reversal. */
  readonly posting?: 'credit' | 'reversal';
}

const detected: DepositStep = {state: {status: 'detected'}, event: 'deposit.detected'};
const credited: DepositStep = {state: {status: 'credited'}, event: 'deposit.credited', posting: 'credit'};
const settled: DepositStep = {state: {status: 'settled'}, event: 'deposit.settled'};
const recounted = (state: HeldState): DepositStep => ({state, event: 'deposit.confirmations'});

/**
 * The deposit's state machine: the steps that a fact leads to, in order, none skipped. No steps: nothing changed.
 *
 * | from     | sighted  | anchored                      | unanchored                  | gone    |
 * |----------|----------|-------------------------------|-----------------------------|---------|
 * | unseen   | detected | detected (credited (settled)) | -                           | -       |
 * | detected | -        | credited (settled), or count  | count 0                     | dropped |
 * | credited | -        | settled, or count             | dropped (reorged), reversed | -       |
 * | settled  | -        | -                             | dropped (reorged), reversed | -       |
 * | dropped  | detected | detected (credited (settled)) | -                           | -       |
 *
 * `gone` cannot meet a credited deposit: what is gone from the mempool is not anchored, and what is unanchored was
 * dropped first.
 */
export const transition = (state: DepositState, fact: DepositFact, rules: DepositRules): readonly DepositStep[] =>
  MACHINE[state.status](fact, rules);

type Reaction = (fact: DepositFact, rules: DepositRules) => readonly DepositStep[];

const appear: Reaction = (fact, rules) => {
  if (fact.kind === 'sighted') return [detected];
  return fact.kind === 'anchored' ? [detected, ...confirm({status: 'detected'}, fact, rules)] : [];
};

const fromDetected: Reaction = (fact, rules) => {
  if (fact.kind === 'anchored') return confirm({status: 'detected'}, fact, rules);
  if (fact.kind === 'unanchored') return fact.before === 0 ? [] : [recounted({status: 'detected'})];
  return fact.kind === 'gone' ? [dropped(fact.reason, fact.replacedBy)] : [];
};

const fromAnchored =
  (state: {readonly status: 'credited' | 'settled'}): Reaction =>
  (fact, rules) => {
    if (fact.kind === 'gone') throw new Error(`a ${state.status} deposit cannot leave the mempool`);
    if (fact.kind === 'unanchored') return [{...dropped('reorged', null), posting: 'reversal'}];
    return fact.kind === 'anchored' && state.status === 'credited' ? confirm(state, fact, rules) : [];
  };

const MACHINE: Readonly<Record<DepositState['status'], Reaction>> = {
  unseen: appear,
  detected: fromDetected,
  credited: fromAnchored({status: 'credited'}),
  settled: fromAnchored({status: 'settled'}),
  dropped: appear,
};

const dropped = (reason: DropReason, replacedBy: Txid | null): DepositStep => ({
  state: {status: 'dropped', reason, replacedBy},
  event: 'deposit.dropped',
});

const confirm = (
  state: HeldState,
  fact: Extract<DepositFact, {kind: 'anchored'}>,
  rules: DepositRules,
): readonly DepositStep[] => {
  const steps: DepositStep[] = [];
  if (state.status === 'detected' && fact.confirmations >= rules.creditAt) steps.push(credited);
  const isCredited = state.status === 'credited' || steps.length > 0;
  if (isCredited && fact.confirmations >= rules.settleAt) steps.push(settled);
  if (steps.length === 0 && fact.confirmations !== fact.before)
    steps.push(recounted({status: isCredited ? 'credited' : 'detected'}));
  return steps;
};
