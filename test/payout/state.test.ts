import {describe, expect, test} from 'vitest';
import type {PayoutStatus} from '../../source/contract/index.ts';
import {transition, type PayoutEvent, type PayoutState} from '../../source/payout/state.ts';
import {satoshi} from '../../source/primitives/amount.ts';
import type {BlockHash} from '../../source/primitives/ids.ts';

const placed = {broadcastId: 1, vout: 0, fee: satoshi(100n)};
const anchor = {height: 5, hash: 'aa'.repeat(32) as BlockHash};
const locked = {reason: 'wallet_locked', words: 'unlock it'} as const;
const limit = {reason: 'limit_per_day', words: 'release it'} as const;

const STATES = {
  queued: {status: 'queued', released: false},
  reserved: {status: 'reserved', released: false, placed, before: undefined},
  signed: {status: 'signed', placed},
  sent: {status: 'sent', placed},
  confirmed: {status: 'confirmed', placed, ...anchor},
  settled: {status: 'settled', placed, ...anchor},
  'held by itself': {status: 'held', from: 'queued', released: false, hold: locked},
  'held by a limit': {status: 'held', from: 'queued', released: false, hold: limit},
  'held with bytes': {status: 'held', from: 'signed', placed, hold: locked},
  conflicted: {status: 'conflicted', placed, words: 'spent'},
  cancelled: {status: 'cancelled'},
} as const satisfies Record<string, PayoutState>;
type Name = keyof typeof STATES;

const EVENTS: readonly PayoutEvent[] = [
  {kind: 'reserve', placed},
  {kind: 'sign'},
  {kind: 'send'},
  {kind: 'place', placed},
  {kind: 'anchor', ...anchor},
  {kind: 'unanchor'},
  {kind: 'settle'},
  {kind: 'hold', hold: {reason: 'node_behind', words: ''}},
  {kind: 'abandon'},
  {kind: 'release'},
  {kind: 'cancel'},
  {kind: 'conflict', words: 'spent'},
];

/** Every allowed step; what is not here must be refused. `told` is the event that the application gets. */
const ALLOWED: Readonly<Record<Name, Partial<Record<PayoutEvent['kind'], [to: PayoutStatus, told?: string]>>>> = {
  queued: {reserve: ['reserved'], hold: ['held', 'payout.held'], cancel: ['cancelled', 'payout.cancelled']},
  reserved: {
    sign: ['signed'],
    abandon: ['queued'],
    hold: ['held', 'payout.held'],
    cancel: ['cancelled', 'payout.cancelled'],
  },
  signed: {
    send: ['sent', 'payout.sent'],
    place: ['signed'],
    hold: ['held', 'payout.held'],
    conflict: ['conflicted', 'payout.conflicted'],
  },
  sent: {
    send: ['sent'],
    place: ['sent'],
    anchor: ['confirmed', 'payout.confirmed'],
    hold: ['held', 'payout.held'],
    conflict: ['conflicted', 'payout.conflicted'],
  },
  confirmed: {
    place: ['confirmed'],
    anchor: ['confirmed'],
    unanchor: ['sent', 'payout.unconfirmed'],
    settle: ['settled', 'payout.settled'],
  },
  settled: {place: ['settled'], anchor: ['settled'], unanchor: ['sent', 'payout.unconfirmed']},
  'held by itself': {
    reserve: ['reserved'],
    hold: ['held', 'payout.held'],
    cancel: ['cancelled', 'payout.cancelled'],
  },
  'held by a limit': {
    hold: ['held', 'payout.held'],
    release: ['queued', 'payout.released'],
    cancel: ['cancelled', 'payout.cancelled'],
  },
  'held with bytes': {
    send: ['sent', 'payout.sent'],
    place: ['held'],
    hold: ['held', 'payout.held'],
    conflict: ['conflicted', 'payout.conflicted'],
  },
  conflicted: {send: ['sent', 'payout.sent'], place: ['conflicted']},
  cancelled: {},
};

const NAMES = Object.keys(STATES) as Name[];

describe('transition', () => {
  test.each(NAMES)('from %s only the steps of the table are taken', name => {
    for (const event of EVENTS) {
      const allowed = ALLOWED[name][event.kind];
      if (!allowed) {
        const code = event.kind === 'cancel' && name !== 'cancelled' ? 'already_signed' : 'wrong_state';
        expect(() => transition(STATES[name], event), event.kind).toThrow(expect.objectContaining({code}));
        continue;
      }
      const {state, announce} = transition(STATES[name], event);
      expect([event.kind, state.status, announce]).toEqual([event.kind, allowed[0], allowed[1]]);
    }
  });

  test('held again for the same reason, after another try or not, tells nobody', () => {
    const again: PayoutEvent = {kind: 'hold', hold: {reason: 'wallet_locked', words: 'still'}};
    expect(transition(STATES['held by itself'], again).announce).toBeUndefined();
    const tried = transition(STATES['held by itself'], {kind: 'reserve', placed}).state;
    const held = transition(tried, again);
    expect(held.announce).toBeUndefined();
    expect(held.state).toEqual({status: 'held', from: 'reserved', released: false, hold: again.hold});
  });

  test('a release is remembered through reserving and giving up', () => {
    const released = transition(STATES['held by a limit'], {kind: 'release'}).state;
    const reserved = transition(released, {kind: 'reserve', placed}).state;
    expect(transition(reserved, {kind: 'abandon'}).state).toEqual({status: 'queued', released: true});
  });
});
