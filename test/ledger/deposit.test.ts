import {describe, expect, test} from 'vitest';
import {depositRules, transition, type DepositFact, type DepositState} from '../../source/ledger/deposit.ts';
import type {Txid} from '../../source/primitives/ids.ts';

const RULES = {creditAt: 3, settleAt: 6};
const SPENDER = 'aa'.repeat(32) as Txid;
const STATES: Readonly<Record<string, DepositState>> = {
  unseen: {status: 'unseen'},
  detected: {status: 'detected'},
  credited: {status: 'credited'},
  settled: {status: 'settled'},
  dropped: {status: 'dropped', reason: 'evicted', replacedBy: null},
};
const anchored = (confirmations: number, before = 0): DepositFact => ({kind: 'anchored', confirmations, before});
const FACTS: Readonly<Record<string, DepositFact>> = {
  sighted: {kind: 'sighted'},
  'anchored 1': anchored(1),
  'anchored 1 again': anchored(1, 1),
  'anchored 3': anchored(3, 2),
  'anchored 6': anchored(6, 5),
  'unanchored from 2': {kind: 'unanchored', before: 2},
  replaced: {kind: 'gone', reason: 'replaced', replacedBy: SPENDER},
};

/** Events and postings of every state under every fact: the whole machine. */
const MACHINE: readonly (readonly [state: string, fact: string, steps: string])[] = [
  ['unseen', 'sighted', 'detected'],
  ['unseen', 'anchored 1', 'detected, confirmations'],
  ['unseen', 'anchored 1 again', 'detected'],
  ['unseen', 'anchored 3', 'detected, credited+credit'],
  ['unseen', 'anchored 6', 'detected, credited+credit, settled'],
  ['unseen', 'unanchored from 2', ''],
  ['unseen', 'replaced', ''],
  ['detected', 'sighted', ''],
  ['detected', 'anchored 1', 'confirmations'],
  ['detected', 'anchored 1 again', ''],
  ['detected', 'anchored 3', 'credited+credit'],
  ['detected', 'anchored 6', 'credited+credit, settled'],
  ['detected', 'unanchored from 2', 'confirmations'],
  ['detected', 'replaced', 'dropped'],
  ['credited', 'sighted', ''],
  ['credited', 'anchored 1', 'confirmations'],
  ['credited', 'anchored 1 again', ''],
  ['credited', 'anchored 3', 'confirmations'],
  ['credited', 'anchored 6', 'settled'],
  ['credited', 'unanchored from 2', 'dropped+reversal'],
  ['credited', 'replaced', 'throws'],
  ['settled', 'sighted', ''],
  ['settled', 'anchored 1', ''],
  ['settled', 'anchored 1 again', ''],
  ['settled', 'anchored 3', ''],
  ['settled', 'anchored 6', ''],
  ['settled', 'unanchored from 2', 'dropped+reversal'],
  ['settled', 'replaced', 'throws'],
  ['dropped', 'sighted', 'detected'],
  ['dropped', 'anchored 1', 'detected, confirmations'],
  ['dropped', 'anchored 1 again', 'detected'],
  ['dropped', 'anchored 3', 'detected, credited+credit'],
  ['dropped', 'anchored 6', 'detected, credited+credit, settled'],
  ['dropped', 'unanchored from 2', ''],
  ['dropped', 'replaced', ''],
];

test('every state meets every fact', () => {
  const named = MACHINE.map(([state, fact]) => `${state} ${fact}`);
  const all = Object.keys(STATES).flatMap(state => Object.keys(FACTS).map(fact => `${state} ${fact}`));
  expect(named.toSorted()).toEqual(all.toSorted());
});

describe('a deposit', () => {
  test.each(MACHINE)('that is %s and then %s: %s', (state, fact, expected) => {
    const take = () => transition(STATES[state]!, FACTS[fact]!, RULES);
    if (expected === 'throws') {
      expect(take).toThrow('cannot leave the mempool');
      return;
    }
    const steps = take().map(({event, posting}) => [event.slice('deposit.'.length), posting].filter(Boolean).join('+'));
    expect(steps.join(', ')).toBe(expected);
  });

  test('says why it was dropped, and by what', () => {
    const [step] = transition({status: 'detected'}, FACTS['replaced']!, RULES);
    expect(step?.state).toEqual({status: 'dropped', reason: 'replaced', replacedBy: SPENDER});
  });

  test('of a coinbase waits until it can be spent, and settles no earlier than it is credited', () => {
    const policy = {confirmations: 3, maxConfirmationCount: 15, coinbaseMaturity: 101};
    expect(depositRules(policy, false)).toEqual({creditAt: 3, settleAt: 15});
    expect(depositRules(policy, true)).toEqual({creditAt: 101, settleAt: 101});
    expect(depositRules({...policy, confirmations: 120, maxConfirmationCount: 150}, true)).toEqual({
      creditAt: 120,
      settleAt: 150,
    });
  });
});
