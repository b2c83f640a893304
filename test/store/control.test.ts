import * as fc from 'fast-check';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {parseAmount, satoshi} from '../../source/primitives/amount.ts';
import type {ControlStore} from '../../source/store/control-store.ts';
import {createControlStore} from '../../source/store/sqlite/control-store.ts';
import {PayoutLedger} from '../support/payout-ledger.ts';

let ledger: PayoutLedger;
let control: ControlStore;
let alice: number;
let keys = 0;
beforeEach(async () => {
  ledger = new PayoutLedger();
  control = createControlStore(ledger.ledger.connection, ledger.ledger.writer);
  alice = ledger.addAccount('alice');
  ledger.addAccount('bob');
  await ledger.fund(alice, '1.0');
});
/** Adjustments change what the books expect of the chain; every other fault counts. */
const soundness = async () =>
  (await ledger.faults()).filter(fault => !fault.includes('drift') && !/differ/.test(fault));
afterEach(async () => {
  expect(await soundness()).toEqual([]);
  ledger.close();
});

const move = (amount: string, more: Partial<Parameters<ControlStore['transfer']>[0]> = {}) => {
  keys += 1;
  const request = {key: `move-${keys}`, from: 'alice', to: 'bob', amount: parseAmount(amount), label: undefined};
  return control.transfer({...request, ...more}, ledger.now);
};
const adjust = (account: string, amount: bigint, key?: string) =>
  control.adjust({key, account, amount: satoshi(amount), reason: 'because'}, ledger.now);

describe('transfers', () => {
  test('the money moves at once, in one double entry, and the application is told', async () => {
    const {value, created} = await move('0.25', {label: 'rent'});
    expect(created).toBe(true);
    expect(value).toMatchObject({from: 'alice', to: 'bob', amount: '0.25000000', label: 'rent'});
    expect([ledger.balance('alice'), ledger.balance('bob')]).toEqual([75_000_000n, 25_000_000n]);
    expect(ledger.ledger.events().at(-1)).toMatchObject({type: 'transfer.done', data: value});
    expect(await control.transferById(value.id)).toEqual(value);
  });

  test('50 at once with money for one: one moves; 50 with one key: one moves', async () => {
    const answers = await Promise.allSettled(Array.from({length: 50}, () => move('0.9')));
    expect(answers.filter(({status}) => status === 'fulfilled')).toHaveLength(1);
    const same = await Promise.all(Array.from({length: 50}, () => move('0.05', {key: 'same'})));
    expect(new Set(same.map(({value}) => value.id)).size).toBe(1);
    expect(same.filter(({created}) => created)).toHaveLength(1);
    expect([ledger.balance('alice'), ledger.balance('bob')]).toEqual([5_000_000n, 95_000_000n]);
  });

  test('keys are compared by canonical values, apart from those of payouts; only what was done takes one', async () => {
    await ledger.accept(ledger.request('alice', '0.1', {key: 'shared'}));
    const first = await move('0.10', {key: 'shared'});
    expect(first.created).toBe(true);
    expect(await move('0.1', {key: 'shared'})).toEqual({value: first.value, created: false});
    for (const other of [{amount: parseAmount('0.2')}, {label: 'x'}, {from: 'bob', to: 'alice'}])
      await expect(move('0.1', {key: 'shared', ...other})).rejects.toMatchObject({code: 'idempotency_conflict'});
    await expect(move('5', {key: 'later'})).rejects.toMatchObject({code: 'insufficient_funds', field: 'amount'});
    expect((await move('0.1', {key: 'later'})).created).toBe(true);
  });

  test.each([
    [{from: 'external'}, 'house_account', 'from'],
    [{from: 'suspense'}, 'house_account', 'from'],
    [{from: 'payouts_due'}, 'house_account', 'from'],
    [{to: 'external'}, 'house_account', 'to'],
    [{to: 'suspense'}, 'house_account', 'to'],
    [{from: 'nobody'}, 'unknown_account', 'from'],
    [{to: 'nobody'}, 'unknown_account', 'to'],
    [{to: 'alice'}, 'same_account', 'to'],
    [{from: 'network_fee'}, 'insufficient_funds', 'amount'],
  ])('%o is refused: %s', async (more, code, field) => {
    await expect(move('0.1', more)).rejects.toMatchObject({code, field});
    expect(ledger.balance('alice')).toBe(100_000_000n);
  });

  test('out of network_fee only what it has', async () => {
    await move('0.3', {to: 'network_fee'});
    await expect(move('0.31', {from: 'network_fee'})).rejects.toMatchObject({code: 'insufficient_funds'});
    await move('0.3', {from: 'network_fee'});
    expect(ledger.balance('bob')).toBe(30_000_000n);
  });

  test('a frozen account pays nothing and takes money; what a reorg took below zero is whole again by it', async () => {
    await control.freeze('alice', undefined, ledger.now);
    await expect(move('0.1')).rejects.toMatchObject({code: 'account_frozen', field: 'from'});
    await control.unfreeze('alice', undefined, ledger.now);
    ledger.ledger.run("UPDATE account SET balance = -1000, frozen = 'reorg' WHERE name = 'bob'");
    await move('0.1');
    ledger.ledger.run("UPDATE account SET balance = balance + 1000 WHERE name = 'bob'");
    const told = ledger.ledger.events().map(({type}) => type);
    expect(told.slice(-2)).toEqual(['account.unfrozen', 'transfer.done']);
  });

  test('lists are newest first, of both sides, and walked by cursor', async () => {
    for (let n = 0; n < 3; n += 1) await move('0.1');
    await move('0.1', {from: 'bob', to: 'alice'});
    const page = await control.transfers({limit: 3, account: 'bob'});
    expect(page.items.map(({id}) => id)).toEqual(['4', '3', '2']);
    const rest = await control.transfers({limit: 3, account: 'bob', cursor: page.next!});
    expect(rest).toMatchObject({items: [{id: '1'}], next: null});
    expect((await control.transfers({limit: 3, account: 'nobody'})).items).toEqual([]);
    await expect(control.transferById('99')).rejects.toMatchObject({code: 'not_found'});
  });
});

describe('adjustments', () => {
  test('add to an account and take from it, against external', async () => {
    expect((await adjust('alice', -40_000_000n)).value).toMatchObject({
      amount: '-0.40000000',
      balance: '0.60000000',
      reason: 'because',
    });
    await adjust('bob', 40_000_000n);
    expect([ledger.balance('alice'), ledger.balance('bob')]).toEqual([60_000_000n, 40_000_000n]);
    expect(await ledger.faults()).toEqual([]);
  });

  test('more than the books can hold is refused, in one account and in all together', async () => {
    // Of Dogecoin: no output holds more, and nine of them are nearly all that 64 bits do.
    const most = 1_000_000_000_000_000_000n;
    for (let times = 0; times < 5; times += 1) {
      await adjust('alice', most);
      if (times < 4) await adjust('bob', most);
    }
    const refused = {code: 'bad_amount', field: 'amount'};
    await expect(adjust('bob', most)).rejects.toMatchObject(refused);
    await adjust('bob', -4n * most);
    await expect(adjust('alice', 5n * most)).rejects.toMatchObject(refused);
    expect(ledger.balance('bob')).toBeLessThan(most);
    expect(ledger.balance('alice')).toBe(5n * most + 100_000_000n);
    await adjust('alice', -5n * most);
  });

  test('a user stays at zero or more, the float may go below; what follows from the others is not adjusted', async () => {
    await expect(adjust('alice', -100_000_001n)).rejects.toMatchObject({code: 'insufficient_funds', field: 'amount'});
    await expect(adjust('suspense', -1n)).rejects.toMatchObject({code: 'insufficient_funds'});
    await expect(adjust('external', 1n)).rejects.toMatchObject({code: 'house_account'});
    await expect(adjust('payouts_due', 1n)).rejects.toMatchObject({code: 'house_account'});
    await expect(adjust('alice', 0n)).rejects.toMatchObject({code: 'bad_amount'});
    await adjust('network_fee', -5n);
    expect(ledger.balance('network_fee')).toBe(-5n);
  });

  test('one key corrects once', async () => {
    const first = await adjust('alice', -1n, 'ticket');
    expect(await adjust('alice', -1n, 'ticket')).toEqual({value: first.value, created: false});
    await expect(adjust('alice', -2n, 'ticket')).rejects.toMatchObject({code: 'idempotency_conflict'});
    expect(ledger.balance('alice')).toBe(99_999_999n);
  });
});

describe('freezing', () => {
  test('holds what is queued, also what was released before; a later release overrides it', async () => {
    const limits = {perPayout: parseAmount('0.1'), perDay: undefined};
    const {value} = await ledger.accept(ledger.request('alice', '0.2'), limits);
    await ledger.store.releasePayout(value.id, ledger.now);
    expect(await control.freeze('alice', undefined, ledger.now)).toMatchObject({frozen: true, frozen_by: 'operator'});
    await control.freeze('alice', undefined, ledger.now);
    expect(await ledger.reserve()).toBeUndefined();
    expect(await ledger.store.payout(value.id)).toMatchObject({status: 'held', clears: 'person'});
    await ledger.store.releasePayout(value.id, ledger.now);
    expect((await ledger.reserve())?.payoutIds).toEqual([value.id]);
    expect((await control.unfreeze('alice', undefined, ledger.now)).frozen).toBe(false);
    const told = ledger.ledger.events().filter(({type}) => type.startsWith('account.'));
    expect(told.map(({type}) => type)).toEqual(['account.frozen', 'account.unfrozen']);
  });

  test('an account below zero stays frozen by the reorg, whoever froze it first', async () => {
    ledger.ledger.run("UPDATE account SET balance = -1, frozen = 'reorg' WHERE name = 'bob'");
    await expect(control.unfreeze('bob', undefined, ledger.now)).rejects.toMatchObject({code: 'wrong_state'});
    await control.freeze('bob', undefined, ledger.now);
    expect(await control.unfreeze('bob', undefined, ledger.now)).toMatchObject({frozen: true, frozen_by: 'reorg'});
    ledger.ledger.run("UPDATE account SET balance = 0, frozen = NULL WHERE name = 'bob'");
    await expect(control.freeze('network_fee', undefined, ledger.now)).rejects.toMatchObject({code: 'house_account'});
  });
});

describe('the kill switch', () => {
  test('nothing is reserved, and what is being signed is given up', async () => {
    const {value} = await ledger.accept(ledger.request('alice', '0.2'));
    const batch = (await ledger.reserve())!;
    expect(await control.pausePayouts('keys are moved', ledger.now)).toMatchObject({paused: 'keys are moved'});
    await expect(ledger.store.storeSigned(batch.id, Buffer.from('00', 'hex'), 'a' as never, 0)).rejects.toMatchObject({
      code: 'wrong_state',
    });
    expect(await ledger.store.payout(value.id)).toMatchObject({status: 'held', clears: 'itself'});
    expect(await ledger.reserve()).toBeUndefined();
    expect(await ledger.store.payoutsPaused()).toMatch(/paused by a person since .*: keys are moved/);
    expect(await control.resumePayouts(undefined, ledger.now)).toEqual({paused: null, since: null});
    expect((await ledger.reserve())?.payoutIds).toEqual([value.id]);
  });
});

describe('limits, approval and quotes', () => {
  const HOUR = 60 * 60 * 1000;
  const by = (name: string) => ({name, scopes: []});

  test('the limit of an hour rolls by acceptance, by a clock of its own', async () => {
    const at = {value: 5_000_000};
    const pay = async () => {
      const limits = {perPayout: undefined, perHour: parseAmount('0.2'), perDay: undefined, at: at.value};
      return (await ledger.accept(ledger.request('alice', '0.1'), limits)).value;
    };
    expect([(await pay()).status, (await pay()).status, (await pay()).reason]).toEqual([
      'queued',
      'queued',
      'limit_per_hour: more than 0.20000000 in an hour; release or cancel it',
    ]);
    // The wall clock jumps a day ahead: nobody gets anything for it.
    ledger.now += 24 * HOUR;
    expect((await pay()).status).toBe('held');
    at.value += HOUR;
    expect((await pay()).status).toBe('queued');
  });

  test('an address that is not on the list waits for a person', async () => {
    const {value} = await ledger.accept(ledger.request('alice', '0.1', {isAllowed: false}));
    expect(value).toMatchObject({status: 'held', clears: 'person'});
    expect(value.reason).toMatch(/^address_not_allowed: /);
    expect((await ledger.store.releasePayout(value.id, ledger.now)).status).toBe('queued');
  });

  test('above the threshold somebody else must approve, and no release goes around it', async () => {
    const limits = {perPayout: parseAmount('0.3'), perDay: undefined, approvalAbove: parseAmount('0.1')};
    const {value} = await ledger.accept(ledger.request('alice', '0.5', {requestedBy: 'shop'}), limits);
    expect(value).toMatchObject({status: 'held', clears: 'person', requested_by: 'shop'});
    expect(value.reason).toMatch(/^approval: above 0.10000000.*, and above 0.30000000; approve or cancel it$/);
    const {store, now} = ledger;
    await expect(store.releasePayout(value.id, now)).rejects.toMatchObject({code: 'approval_needed'});
    await expect(store.approvePayout(value.id, now, by('shop'))).rejects.toMatchObject({code: 'approval_by_requester'});
    expect(await store.approvePayout(value.id, now, by('carol'))).toMatchObject({
      status: 'queued',
      approved_by: 'carol',
    });
    await expect(store.approvePayout(value.id, now, by('dave'))).rejects.toMatchObject({code: 'wrong_state'});
    expect(await store.payout(value.id)).toMatchObject({approved_by: 'carol'});
    expect(ledger.events(value.id)).toEqual(['payout.queued', 'payout.held', 'payout.released']);
    expect((await ledger.reserve())?.payoutIds).toEqual([value.id]);
  });

  test('an account that pays the fee pays amount and quote, or neither; the difference is the house’s', async () => {
    const quote = satoshi(500n);
    const request = ledger.request('alice', '1.0', {quote});
    await expect(ledger.accept(request)).rejects.toMatchObject({code: 'insufficient_funds'});
    const {value} = await ledger.accept(ledger.request('alice', '0.4', {quote}));
    expect(value.quote).toBe('0.00000500');
    expect(ledger.balance('alice')).toBe(59_999_500n);
    expect(ledger.balance('network_fee')).toBe(500n);
    await ledger.store.cancelPayout(value.id, ledger.now);
    expect([ledger.balance('alice'), ledger.balance('network_fee')]).toEqual([100_000_000n, 0n]);
    await ledger.accept(ledger.request('alice', '0.4', {quote}));
    const {raw, broadcast} = await ledger.send();
    await ledger.block(raw);
    expect(ledger.balance('network_fee')).toBe(500n - broadcast.plan.fee);
    expect(await ledger.faults()).toEqual([]);
  });
});

test('whatever is moved, adjusted, paid and cancelled: postings sum to zero and no account is overdrawn', async () => {
  const names = ['alice', 'bob', 'network_fee'];
  const act = fc.record({
    kind: fc.constantFrom('move', 'adjust', 'pay', 'cancel'),
    from: fc.constantFrom(...names),
    to: fc.constantFrom(...names),
    amount: fc.bigInt({min: 1n, max: 60_000_000n}),
    quote: fc.bigInt({min: 0n, max: 1000n}),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, {maxLength: 30}), async acts => {
      const payouts: string[] = [];
      const total = () => ledger.ledger.rows<{total: bigint}>('SELECT sum(balance) AS total FROM account')[0]!.total;
      await Promise.allSettled(
        acts.map(async ({kind, from, to, amount, quote}) => {
          if (kind === 'move') return move('0.1', {from, to, amount: satoshi(amount)});
          if (kind === 'adjust') return adjust(from, amount % 2n === 0n ? amount : -amount);
          if (kind === 'cancel') return ledger.store.cancelPayout(payouts.pop() ?? '0', ledger.now);
          const request = ledger.request(from, '0.1', {amount: satoshi(amount), quote: satoshi(quote)});
          return payouts.push((await ledger.accept(request)).value.id);
        }),
      );
      expect(total()).toBe(0n);
      expect(await soundness()).toEqual([]);
    }),
    {numRuns: 30},
  );
});
