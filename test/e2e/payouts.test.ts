import {afterAll, afterEach, beforeAll, expect, test} from 'vitest';
import type {Account, Payout} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start({limits: {perPayout: '5.0'}});
});
afterEach(() => expectInvariants(world));
afterAll(() => world?.dispose());

const reaches = (id: string, ...statuses: Payout['status'][]) =>
  until(`payout ${id} to be ${statuses.join(' or ')}`, async () => {
    const payout = await world.api.payout(id);
    return statuses.includes(payout.status) ? payout : undefined;
  });

const received = async (address: string): Promise<string> =>
  (await world.node.rpc<number>('getreceivedbyaddress', [address, 0], 'outside')).toFixed(8);

const pay = async (account: string, amount: string, key: string, address?: string): Promise<Payout> => {
  const body = {account, address: address ?? (await world.outsideAddress()), amount};
  const answer = await world.api.pay(key, body);
  expect(answer, JSON.stringify(answer.body)).toMatchObject({status: 201});
  return answer.body;
};

test('a payout is sent, confirmed in a block and settled; the house pays the fee', async () => {
  await world.fundedCustomer('alice', '2');
  const feesBefore = Number((await world.api.get<Account>('/v1/btc/accounts/network_fee')).balance);
  const address = await world.outsideAddress();
  const {id, status, cancellable} = await pay('alice', '0.75', 'rent-2026-11', address);
  expect(status).toBe('queued');
  expect(cancellable).toBe(true);
  expect(await world.api.account('alice')).toMatchObject({balance: '1.25000000', pending_out: '0.75000000'});

  const sent = await reaches(id, 'sent');
  expect(await received(address)).toBe('0.75000000');
  const entry = await world.node.rpc<{fees: {base: number}}>('getmempoolentry', [sent.txid]);
  expect(sent.fee).toBe(entry.fees.base.toFixed(8));
  const [hash] = await world.mine(1);
  expect(await reaches(id, 'confirmed')).toMatchObject({confirmations: 1, block_hash: hash, txid: sent.txid});
  const fees = Number((await world.api.get<Account>('/v1/btc/accounts/network_fee')).balance);
  expect((feesBefore - fees).toFixed(8)).toBe(sent.fee);
  await world.mine(7);
  await reaches(id, 'settled');
  expect(await world.api.account('alice')).toMatchObject({balance: '1.25000000', pending_out: '0.00000000'});
});

test('one idempotency key 50 times at once is one payout; with another body it is refused', async () => {
  await world.fundedCustomer('bob', '1');
  const body = {account: 'bob', address: await world.outsideAddress(), amount: '0.1'};
  const answers = await Promise.all(Array.from({length: 50}, () => world.api.pay('same-key', body)));
  expect(answers.filter(({status}) => status === 201).length).toBe(1);
  expect(answers.filter(({status}) => status === 200).length).toBe(49);
  expect(new Set(answers.map(answer => answer.body.id)).size).toBe(1);
  expect((await world.api.pay('same-key', {...body, amount: '0.10000000'})).status).toBe(200);
  expect(await world.api.pay('same-key', {...body, amount: '0.2'})).toMatchObject({
    status: 409,
    body: {code: 'idempotency_conflict'},
  });
  expect((await world.api.account('bob')).balance).toBe('0.90000000');
  await reaches(answers[0]!.body.id, 'sent');
});

test('50 payouts at once with money for one: one is accepted', async () => {
  await world.fundedCustomer('carol', '0.5');
  const address = await world.outsideAddress();
  const answers = await Promise.all(
    Array.from({length: 50}, (_, index) => world.api.pay(`race-${index}`, {account: 'carol', address, amount: '0.4'})),
  );
  expect(answers.filter(({status}) => status === 201).length).toBe(1);
  expect(answers.filter(({status, body}) => status === 422 && body.code === 'insufficient_funds').length).toBe(49);
  expect((await world.api.account('carol')).balance).toBe('0.10000000');
  await reaches(answers.find(({status}) => status === 201)!.body.id, 'sent');
});

test('what cannot be paid is refused at once and uses up no key', async () => {
  await world.fundedCustomer('dave', '1');
  const address = await world.outsideAddress();
  const refusals: [Partial<{account: string; address: string; amount: string}>, number, string][] = [
    [{amount: '0.00000100'}, 422, 'dust'],
    [{amount: '1,5'}, 422, 'bad_amount'],
    [{amount: '0.000000001'}, 422, 'bad_amount'],
    [{amount: '-1'}, 422, 'bad_amount'],
    [{amount: '0'}, 422, 'bad_amount'],
    [{amount: '1e-8'}, 422, 'bad_amount'],
    [{amount: '99'}, 422, 'insufficient_funds'],
    [{address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'}, 422, 'bad_address'],
    [{address: `${address.slice(0, -1)}${address.endsWith('q') ? 'p' : 'q'}`}, 422, 'bad_address'],
    [{account: 'nobody'}, 422, 'unknown_account'],
  ];
  for (const [change, status, code] of refusals) {
    const answer = await world.api.pay('picky', {account: 'dave', address, amount: '0.1', ...change});
    const found = answer.body.code;
    if (code === 'unknown_account') expect([404, 422]).toContain(answer.status);
    else expect({change, status: answer.status, found}).toEqual({change, status, found: code});
  }
  const accepted = await world.api.pay('picky', {account: 'dave', address, amount: '0.1'});
  expect(accepted.status).toBe(201);
  await reaches(accepted.body.id, 'sent');
});

test('40 payouts go out in few transactions, two of them to one address and one to a customer of ours', async () => {
  await world.fundedCustomer('erin', '4', 4);
  const inside = await world.customer('frank');
  const twice = await world.outsideAddress();
  const addresses = [
    inside,
    twice,
    twice,
    ...(await Promise.all(Array.from({length: 37}, () => world.outsideAddress()))),
  ];
  const answers = await Promise.all(
    addresses.map((address, index) => world.api.pay(`batch-${index}`, {account: 'erin', address, amount: '0.01'})),
  );
  expect(answers.every(({status}) => status === 201)).toBe(true);
  const payouts = await Promise.all(answers.map(({body}) => reaches(body.id, 'sent')));
  expect(new Set(payouts.map(({txid}) => txid)).size).toBeLessThanOrEqual(6);
  expect(await received(twice)).toBe('0.02000000');
  await world.mine(3);
  await until('frank to be credited', async () => (await world.api.account('frank')).balance === '0.01000000');
  expect((await world.api.account('erin')).balance).toBe('3.60000000');
});

test('a payout above the limit is held until it is released', async () => {
  await world.fundedCustomer('gina', '7');
  const {id} = await pay('gina', '6', 'large');
  expect(await reaches(id, 'held')).toMatchObject({clears: 'person'});
  await world.api.post(`/v1/btc/payouts/${id}/release`, {});
  await reaches(id, 'sent');
});

test('a held payout can be cancelled and gives the money back; a sent one cannot', async () => {
  await world.fundedCustomer('hugo', '7');
  const held = await pay('hugo', '6', 'too-large');
  await reaches(held.id, 'held');
  await world.api.post(`/v1/btc/payouts/${held.id}/cancel`, {});
  expect(await world.api.account('hugo')).toMatchObject({balance: '7.00000000', pending_out: '0.00000000'});
  const sent = await pay('hugo', '1', 'small');
  await reaches(sent.id, 'sent');
  expect(await world.api.request('POST', `/v1/btc/payouts/${sent.id}/cancel`, {})).toMatchObject({
    status: 409,
    body: {code: 'already_signed'},
  });
});

test('payouts asked for while the node is down are accepted, wait and go out when it is back', async () => {
  await world.fundedCustomer('ida', '2');
  const address = await world.outsideAddress();
  await world.node.stop();
  await until('the engine to notice', async () => (await world.api.health()).body.status === 'degraded');
  const {id} = await pay('ida', '0.5', 'offline', address);
  expect((await world.api.payout(id)).status).not.toBe('sent');
  await world.node.start();
  await reaches(id, 'sent');
  expect(await received(address)).toBe('0.50000000');
});
