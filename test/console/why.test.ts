import {describe, expect, it} from 'vitest';
import {whyBroadcast, whyDeposit, whyPayout} from '../../source/console/panes/why.ts';
import type {BroadcastStatus, Deposit, Payout} from '../../source/contract/index.ts';
import {broadcast} from './support/details.ts';
import {coin, deposit, payout} from './support/statuses.ts';

const well = coin();
const paused = coin({payouts_paused: 'the books differ'});
const down = coin({backend: {...well.backend, state: 'warming_up'}});

describe('why a payout has not moved', () => {
  it.each([
    [{status: 'queued'}, well, 'waits to be gathered into the next transaction'],
    [{status: 'queued'}, paused, 'no payout is signed now: the books differ'],
    [{status: 'reserved'}, well, 'its coins are chosen; it is about to be signed'],
    [{status: 'reserved'}, paused, 'its coins are chosen; no payout is signed now: the books differ'],
    [
      {status: 'reserved', reason: 'awaiting_signature: a PSBT waits for a signature: /psbt/btc-3.psbt'},
      paused,
      'a PSBT waits for a signature: /psbt/btc-3.psbt',
    ],
    [{status: 'sent'}, well, 'the node has it; waits for a block'],
    [{status: 'sent'}, down, 'the node had it when last seen; the node is warming up now'],
    [{status: 'confirmed', confirmations: 3}, well, 'in a block; settles at 15 confirmations, has 3'],
    [{status: 'settled'}, well, 'final'],
    [
      {status: 'held', reason: 'coins_short: add 0.4', clears: 'itself'},
      well,
      'coins_short: add 0.4 (goes on by itself)',
    ],
    [
      {status: 'held', reason: 'limit_per_day: 11 of 10', clears: 'person'},
      well,
      'limit_per_day: 11 of 10 (waits for a person)',
    ],
    [{status: 'conflicted', reason: 'spent by abc'}, well, 'spent by abc (waits for a person)'],
    [{status: 'cancelled'}, well, 'cancelled; the account has its money back'],
  ] satisfies [Partial<Payout>, typeof well, string][])('%j', (over, coin, words) => {
    expect(whyPayout(payout(1, over), coin)).toBe(words);
  });

  it.each([
    ['signed', {attempts: 3, last_answer: 'no answer in 15 s'}, '(sent 3 times, last answer: no answer in 15 s)'],
    ['sent', {network: 'mempool'}, 'the node has it at 3.2 sat/vB; waits for a block'],
    ['sent', {network: 'gone', attempts: 4, last_answer: 'accepted'}, "the node's mempool has dropped it"],
    ['sent', {feerate: 1}, "LOW FEE: it pays 1 sat/vB and the node's mempool asks 3 now; it may wait long"],
  ] as const)('%s, with its transaction %j', (status, over, words) => {
    expect(whyPayout(payout(1, {status}), well, broadcast(over))).toContain(words);
  });
});

describe('why a deposit has not moved', () => {
  it.each([
    [{confirmations: 0}, 'in the mempool, waits for a block; credited at 6 confirmations'],
    [{confirmations: 2}, 'credited after 4 more confirmations'],
    [{coinbase: true, mature_at: 912_400}, 'mined coins: credited at height 912,400'],
    [{confirmations: 6, waits_for: 'waits for another backend to agree'}, 'waits for another backend to agree'],
    [{status: 'credited', confirmations: 7}, 'settles at 15 confirmations, has 7'],
    [{status: 'settled'}, 'final'],
    [{status: 'dropped', reason: 'replaced', replaced_by: 'ab'}, 'its transaction was replaced by another one'],
    [
      {status: 'dropped', reason: 'evicted'},
      'its transaction is gone (evicted); it comes back by itself when seen again',
    ],
  ] satisfies [Partial<Deposit>, string][])('%j', (over, words) => {
    expect(whyDeposit(deposit(1, over), well)).toBe(words);
  });
});

describe('why a transaction has not moved', () => {
  it.each([
    ['reserved', {}, 'its coins are chosen; it is about to be signed'],
    ['signed', {attempts: 1, last_answer: '-26: min relay fee'}, '(sent 1 time, last answer: -26: min relay fee)'],
    ['sent', {}, 'the node has it at 3.2 sat/vB; waits for a block'],
    ['confirmed', {confirmations: 2}, 'in a block; settles at 15 confirmations, has 2'],
    ['settled', {}, 'final'],
    ['held', {reason: 'refused_by_node: dust'}, 'refused_by_node: dust; its coins stay reserved'],
    ['conflicted', {reason: 'another one was mined'}, 'another one was mined'],
    ['abandoned', {reason: 'wallet_locked: unlock it'}, 'given up before it was signed: wallet_locked: unlock it'],
  ] satisfies [BroadcastStatus, object, string][])('%s %j', (status, over, words) => {
    expect(whyBroadcast(broadcast({...over, status}), well)).toContain(words);
  });
});
