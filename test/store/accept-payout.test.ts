import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {parseAmount} from '../../source/primitives/amount.ts';
import {PayoutLedger} from '../support/payout-ledger.ts';

const DAY = 24 * 60 * 60 * 1000;
let ledger: PayoutLedger;
let alice: number;
beforeEach(async () => {
  ledger = new PayoutLedger();
  alice = ledger.addAccount('alice');
  await ledger.fund(alice, '1.0');
});
afterEach(async () => {
  expect(await ledger.faults()).toEqual([]);
  ledger.close();
});

describe('acceptPayout', () => {
  test('debits the account at once and tells the application', async () => {
    const {value, created} = await ledger.accept(ledger.request('alice', '0.4', {label: 'rent'}));
    expect(created).toBe(true);
    expect(value).toMatchObject({account: 'alice', amount: '0.40000000', label: 'rent', status: 'queued'});
    expect(value.cancellable).toBe(true);
    expect(ledger.balance('alice')).toBe(60_000_000n);
    expect(ledger.balance('payouts_due')).toBe(40_000_000n);
    expect(ledger.events()).toEqual(['payout.queued']);
  });

  test('the same key with the same body is the same payout', async () => {
    const request = ledger.request('alice', '0.4');
    const first = await ledger.accept(request);
    const again = await ledger.accept({...request, amount: parseAmount('0.40')});
    expect(again).toEqual({value: first.value, created: false});
    expect(ledger.balance('alice')).toBe(60_000_000n);
  });

  test.each([
    ['amount', {amount: parseAmount('0.5')}],
    ['account', {account: 'bob'}],
    ['label', {label: 'other'}],
    ['address', {address: 'other', scriptPubKey: Buffer.from('00140000000000000000000000000000000000000000', 'hex')}],
  ])('the same key with another %s is refused and changes nothing', async (_, other) => {
    ledger.addAccount('bob');
    const request = ledger.request('alice', '0.4');
    await ledger.accept(request);
    await expect(ledger.accept({...request, ...other})).rejects.toMatchObject({code: 'idempotency_conflict'});
    expect(ledger.balance('alice')).toBe(60_000_000n);
  });

  test('a refusal for want of money uses up no key', async () => {
    const request = ledger.request('alice', '1.5');
    await expect(ledger.accept(request)).rejects.toMatchObject({code: 'insufficient_funds', field: 'amount'});
    expect(ledger.events()).toEqual([]);
    await ledger.fund(alice, '1.0');
    expect((await ledger.accept(request)).created).toBe(true);
  });

  test('50 at once with one key are one payout', async () => {
    const request = ledger.request('alice', '0.1');
    const answers = await Promise.all(Array.from({length: 50}, () => ledger.accept(request)));
    expect(new Set(answers.map(({value}) => value.id)).size).toBe(1);
    expect(answers.filter(({created}) => created).length).toBe(1);
    expect(ledger.balance('alice')).toBe(90_000_000n);
  });

  test('50 at once with money for one: one is accepted', async () => {
    const answers = await Promise.allSettled(
      Array.from({length: 50}, () => ledger.accept(ledger.request('alice', '0.9'))),
    );
    expect(answers.filter(({status}) => status === 'fulfilled').length).toBe(1);
    expect(ledger.balance('alice')).toBe(10_000_000n);
    expect(ledger.balance('payouts_due')).toBe(90_000_000n);
  });

  test.each(['external', 'payouts_due', 'suspense'])('%s pays nothing out', async name => {
    await expect(ledger.accept(ledger.request(name, '0.1'))).rejects.toMatchObject({code: 'house_account'});
  });

  test('network_fee pays out only what it has', async () => {
    await expect(ledger.accept(ledger.request('network_fee', '0.1'))).rejects.toMatchObject({
      code: 'insufficient_funds',
    });
  });

  test('a frozen account and an unknown one are refused', async () => {
    ledger.ledger.run("UPDATE account SET frozen = 'operator' WHERE name = 'alice'");
    await expect(ledger.accept(ledger.request('alice', '0.1'))).rejects.toMatchObject({code: 'account_frozen'});
    await expect(ledger.accept(ledger.request('nobody', '0.1'))).rejects.toMatchObject({code: 'unknown_account'});
  });

  test('above the limit of one payout it is accepted and held for a person', async () => {
    const limits = {perPayout: parseAmount('0.3'), perDay: undefined};
    const exact = await ledger.accept(ledger.request('alice', '0.3'), limits);
    expect(exact.value.status).toBe('queued');
    const {value} = await ledger.accept(ledger.request('alice', '0.30000001'), limits);
    expect(value).toMatchObject({status: 'held', held_from: 'queued', clears: 'person', cancellable: true});
    expect(value.reason).toMatch(/^limit_per_payout: /);
    expect(ledger.events(value.id)).toEqual(['payout.queued', 'payout.held']);
    expect(await ledger.reserve().then(batch => batch?.payoutIds)).toEqual([exact.value.id]);
    expect((await ledger.store.releasePayout(value.id, ledger.now)).status).toBe('queued');
    expect(ledger.events(value.id).at(-1)).toBe('payout.released');
  });

  test('the limit of a day rolls with acceptance and counts what was released, not what was cancelled or waits', async () => {
    const limits = {perPayout: undefined, perDay: parseAmount('0.5')};
    const pay = async (amount: string) => (await ledger.accept(ledger.request('alice', amount), limits)).value;
    const first = await pay('0.4');
    const waiting = await pay('0.2');
    expect(waiting.reason).toMatch(/^limit_per_day: /);
    expect((await pay('0.1')).status).toBe('queued');
    expect((await pay('0.00000001')).status).toBe('held');
    await ledger.store.cancelPayout(first.id, ledger.now);
    expect((await pay('0.2')).status).toBe('queued');
    await ledger.store.releasePayout(waiting.id, ledger.now);
    expect((await pay('0.00000002')).status).toBe('held');
    ledger.now += DAY - 1;
    expect((await pay('0.00000003')).status).toBe('held');
    ledger.now += 1;
    expect((await pay('0.00000004')).status).toBe('queued');
  });

  test('a clock set back lets nothing past the limit of a day', async () => {
    const limits = {perPayout: undefined, perDay: parseAmount('0.5')};
    await ledger.accept(ledger.request('alice', '0.4'), limits);
    ledger.now += DAY + 1;
    await ledger.accept(ledger.request('alice', '0.4'), limits);
    ledger.now -= DAY;
    expect((await ledger.accept(ledger.request('alice', '0.15'), limits)).value.status).toBe('held');
  });
});
