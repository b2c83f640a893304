import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest';
import type {Account, Books, Payout, Transaction} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start({limits: {perHour: '50'}, approvalAbove: '2.0'});
});
afterAll(() => world?.dispose());

const payoutIs = (id: string, ...statuses: Payout['status'][]) =>
  until(`payout ${id} to be ${statuses.join(' or ')}`, async () => {
    const payout = await world.api.payout(id);
    return statuses.includes(payout.status) ? payout : undefined;
  });
const pausedBy = async () => (await world.api.status()).coins[0]?.payouts_paused ?? null;
const post = <Body>(path: string, body: unknown = {}, headers = {}) =>
  world.api.request<Body & {code?: string; detail?: string; field?: string}>('POST', `/v1/btc${path}`, body, headers);

describe('with the books in order', () => {
  afterEach(() => expectInvariants(world));

  test('money moves between accounts by API and by verb, once for each key', async () => {
    await world.fundedCustomer('alice', '3');
    await world.api.createAccount('bob');
    const body = {from: 'alice', to: 'bob', amount: '0.5'};
    expect((await post('/transfers', body)).body.code).toBe('idempotency_key_missing');
    const first = await post<{id: string}>('/transfers', body, {'idempotency-key': 'm-1'});
    const again = await post<{id: string}>('/transfers', {...body, amount: '0.50'}, {'idempotency-key': 'm-1'});
    expect([first.status, again.status, again.body.id]).toEqual([201, 200, first.body.id]);
    const moved = await world.run('move', 'btc', '0.25', '--from', 'bob', '--to', 'alice', '--key', 'm-2', '--json');
    expect(moved.code, moved.stderr).toBe(0);
    expect(JSON.parse(moved.stdout)).toMatchObject({from: 'bob', to: 'alice', amount: '0.25000000'});
    expect((await world.api.account('bob')).balance).toBe('0.25000000');
    expect((await world.api.get<{items: unknown[]}>('/v1/btc/transfers?account=bob')).items).toHaveLength(2);
    expect((await world.api.events()).filter(({type}) => type === 'transfer.done')).toHaveLength(2);
  });

  test('the kill switch outlives a restart, is seen, and lets go of what waits', async () => {
    const paused = await post<{paused: string}>('/payouts/pause', {reason: 'keys are moved'});
    expect(paused.body.paused).toBe('keys are moved');
    const address = await world.outsideAddress();
    const {body} = await world.api.pay('while-paused', {account: 'alice', address, amount: '0.1'});
    await until('it to be held', async () => (await world.api.payout(body.id)).status === 'held');
    expect(await world.api.payout(body.id)).toMatchObject({clears: 'itself'});
    await world.engine.kill();
    await world.engine.start();
    await until('the status to say so', async () => (await pausedBy())?.includes('keys are moved'));
    expect(await world.node.rpc<string[]>('getrawmempool')).toEqual([]);
    const resumed = await world.run('payouts', 'resume', 'btc');
    expect(resumed.code, resumed.stderr).toBe(0);
    await payoutIs(body.id, 'sent');
    await until('the status to say so', async () => (await pausedBy()) === null);
    await world.mine(1);
  });

  test('a frozen account pays nothing until it is unfrozen by hand', async () => {
    expect((await post<Account>('/accounts/alice/freeze', {reason: 'ticket 7'})).body).toMatchObject({
      frozen: true,
      frozen_by: 'operator',
    });
    const refused = await world.api.pay('frozen', {
      account: 'alice',
      address: await world.outsideAddress(),
      amount: '0.1',
    });
    expect(refused).toMatchObject({status: 422, body: {code: 'account_frozen'}});
    expect((await post<Account>('/accounts/alice/unfreeze')).body.frozen).toBe(false);
    const audit = await world.api.get<{items: {action: string}[]}>('/v1/btc/audit?limit=1000');
    expect(audit.items.map(({action}) => action)).toEqual(
      expect.arrayContaining(['account.freeze', 'account.unfreeze', 'payouts.pause', 'payouts.resume']),
    );
  });

  test('a bump over the API and by verb: the payout has a new transaction and is paid once', async () => {
    const address = await world.outsideAddress();
    const {body} = await world.api.pay('slow', {account: 'alice', address, amount: '0.3'});
    const {txid} = await payoutIs(body.id, 'sent');
    await until('tracking to see it', async () => (await world.api.status()).coins[0]!.pending.length > 0);
    const bumped = await post<{txid: string; kind: string}>(`/broadcasts/${txid}/bump`, {fee_rate: 30});
    expect(bumped.status, JSON.stringify(bumped.body)).toBe(200);
    expect(bumped.body.kind).toBe('bump');
    expect(await world.node.rpc<string[]>('getrawmempool')).toEqual([bumped.body.txid]);
    expect((await world.api.payout(body.id)).txid).toBe(bumped.body.txid);
    const tooLow = await post(`/broadcasts/${txid}/bump`, {fee_rate: 3});
    expect(tooLow).toMatchObject({status: 422, body: {code: 'nothing_to_gain', field: 'fee_rate'}});
    // Without an engine the verb runs the loops itself.
    await world.engine.stop();
    const verb = await world.run('broadcast', 'bump', 'btc', bumped.body.txid, '--rate', '60', '--json');
    expect(verb.code, verb.stderr).toBe(0);
    await world.engine.start();
    await world.mine(8);
    await payoutIs(body.id, 'settled');
    const received = await world.node.rpc<number>('getreceivedbyaddress', [address, 1], 'outside');
    expect(received).toBe(0.3);
    expect((await post(`/broadcasts/${txid}/bump`)).body.code).toBe('already_confirmed');
  });

  test('a large payout waits for a second person, whom this machine is not', async () => {
    await world.fundedCustomer('rich', '4');
    const {body} = await world.api.pay('large', {
      account: 'rich',
      address: await world.outsideAddress(),
      amount: '2.5',
    });
    expect(body).toMatchObject({status: 'held', clears: 'person', requested_by: 'local'});
    expect((await post(`/payouts/${body.id}/release`)).body.code).toBe('approval_needed');
    expect(await post(`/payouts/${body.id}/approve`)).toMatchObject({
      status: 403,
      body: {code: 'approval_by_requester'},
    });
    await post(`/payouts/${body.id}/cancel`);
    expect((await world.api.account('rich')).balance).toBe('4.00000000');
  });
});

describe('a coin spent by hand', () => {
  test('drift names the outpoint and stops payouts, deposits go on; an adjustment cures it', async () => {
    const before = await world.api.books();
    // The operator sends a whole coin away from the node's wallet, so that no change of it comes back.
    const [coin] = await world.node.rpc<{txid: string; vout: number}[]>('listunspent', [1], 'hot');
    const inputs = {inputs: [{txid: coin!.txid, vout: coin!.vout}]};
    await world.node.rpc('sendall', [[await world.outsideAddress()], null, 'unset', 10, inputs], 'hot');
    await world.mine(1);
    const books = await until('the drift', async () => {
      const found = await world.api.books();
      return found.suspects === undefined ? undefined : found;
    });
    expect(books.drift).toMatch(/^-/);
    expect(books.suspects![0]).toMatchObject({problem: 'spent_by_hand'});
    expect(books.outpoints).toBeLessThan(before.outpoints);
    const {txid, vout} = books.suspects![0]!;
    expect({txid, vout}).toEqual(inputs.inputs[0]);
    await until('payouts to stop', async () => (await pausedBy())?.includes(`${txid}:${vout}`));
    const drift = (await world.api.events()).find(({type}) => type === 'books.drift');
    expect(drift?.data).toMatchObject({drift: books.drift, suspects: books.suspects});
    await world.fundedCustomer('late', '0.7');
    expect((await world.api.account('late')).balance).toBe('0.70000000');

    const current = await world.api.get<Books>('/v1/btc/books');
    const why = ['--account', 'network_fee', '--reason', 'sent by hand'];
    const adjusted = await world.run('adjust', 'btc', current.drift, ...why, '--json');
    expect(adjusted.code, adjusted.stderr).toBe(0);
    await until('payouts to go on', async () => (await pausedBy()) === null);
    expect(await world.api.books()).toMatchObject({drift: '0.00000000'});
    const [entry] = (await world.api.get<{items: Transaction[]}>('/v1/btc/transactions?limit=1')).items;
    expect(entry).toMatchObject({kind: 'adjustment'});
    expect(entry!.postings.map(({account}) => account).sort()).toEqual(['external', 'network_fee']);
    await expectInvariants(world);
  });

  test('a coin that only the ledger believes in is named too, and it clears by itself', async () => {
    await world.engine.stop();
    const {default: Database} = await import('better-sqlite3');
    const [coin] = await world.node.rpc<{txid: string; vout: number}[]>('listunspent', [1], 'hot');
    const ledger = new Database(world.config.ledger);
    // As after a block whose spend of it was never seen: the last spend is forgotten.
    const spent = ledger
      .prepare('SELECT txid, vout, spent_by, spent_height FROM output WHERE spent_height IS NOT NULL LIMIT 1')
      .get() as {txid: string; vout: number; spent_by: string; spent_height: number};
    ledger
      .prepare('UPDATE output SET spent_by = NULL, spent_height = NULL WHERE txid = ? AND vout = ?')
      .run(spent.txid, spent.vout);
    ledger
      .prepare(
        "UPDATE account SET balance = balance - (SELECT amount FROM output WHERE txid = ? AND vout = ?) WHERE name = 'external'",
      )
      .run(spent.txid, spent.vout);
    ledger.close();
    expect(coin).toBeDefined();
    await world.engine.start();
    const books = await until('the drift', async () => {
      const found = await world.api.books();
      return found.suspects?.some(suspect => suspect.txid === spent.txid) ? found : undefined;
    });
    expect(books.suspects).toEqual([expect.objectContaining({txid: spent.txid, vout: spent.vout, problem: 'missing'})]);
    await until('payouts to stop', async () => (await pausedBy())?.includes('the node does not hold'));
    await world.engine.stop();
    const repaired = new Database(world.config.ledger);
    repaired
      .prepare('UPDATE output SET spent_by = ?, spent_height = ? WHERE txid = ? AND vout = ?')
      .run(spent.spent_by, spent.spent_height, spent.txid, spent.vout);
    repaired
      .prepare(
        "UPDATE account SET balance = balance + (SELECT amount FROM output WHERE txid = ? AND vout = ?) WHERE name = 'external'",
      )
      .run(spent.txid, spent.vout);
    repaired.close();
    await world.engine.start();
    await until('the books to balance', async () => (await pausedBy()) === null);
    await expectInvariants(world);
  });
});
