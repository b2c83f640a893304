import {afterAll, beforeAll, expect, test} from 'vitest';
import type {Problem} from '../../source/contract/index.ts';
import {until} from '../support/until.ts';
import {serveEngine, type ServedEngine} from './served-engine.ts';

let served: ServedEngine;

beforeAll(async () => {
  served = await serveEngine();
  const {api, node} = served;
  await api.createAccount('shop');
  await api.createAccount('till');
  await node.rpc('sendtoaddress', [await api.createAddress('shop'), '2'], 'outside');
  await node.rpc('generatetoaddress', [1, await node.rpc<string>('getnewaddress', [], 'outside')]);
  await until('the deposit to be credited', async () => (await api.account('shop')).balance === '2.00000000');
});
afterAll(async () => served?.dispose());

const refusal = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
  const answer = await served.api.request<Problem>('POST', path, body, headers);
  const {code, field, detail} = answer.body;
  expect(detail ?? '').not.toMatch(/\n|at Object|node_modules/);
  return {status: answer.status, code, field};
};

/** One key for all that is refused: none of them may use it up. */
const KEY = {'idempotency-key': 'the-one-key'};
const move = (body: Record<string, unknown>) => ({from: 'shop', to: 'till', amount: '0.1', ...body});

const AMOUNTS = [
  '1,5',
  '0.000000001',
  '1e-8',
  'NaN',
  '-0',
  '-1',
  '+1',
  '0x10',
  '١',
  '1.',
  '',
  ' 1',
  '0',
  '21000000.00000001',
  '9'.repeat(10_000),
];

test.each(AMOUNTS)('a transfer of %j is refused', async amount => {
  expect(await refusal('/v1/btc/transfers', move({amount}), KEY)).toEqual({
    status: 422,
    code: 'bad_amount',
    field: 'amount',
  });
});

test.each([
  ['a number for an amount', move({amount: 0.1}), 422, 'bad_amount', 'amount'],
  ['more than there is', move({amount: '2.00000001'}), 422, 'insufficient_funds', 'amount'],
  ['an account that is not there', move({from: 'nobody'}), 404, 'unknown_account', 'from'],
  ['a receiver that is not there', move({to: 'nobody'}), 404, 'unknown_account', 'to'],
  ['from and to the same', move({to: 'shop'}), 422, 'same_account', 'to'],
  ['out of external', move({from: 'external'}), 422, 'house_account', 'from'],
  ['out of suspense', move({from: 'suspense'}), 422, 'house_account', 'from'],
  ['a field too many', move({colour: 'red'}), 400, 'bad_request', 'colour'],
  ['no receiver', {from: 'shop', amount: '0.1'}, 400, 'bad_request', 'to'],
  ['a prototype for a name', move({from: '__proto__'}), 404, 'unknown_account', 'from'],
  ['a long label', move({label: 'x'.repeat(201)}), 400, 'bad_request', 'label'],
])('a transfer with %s is refused by its field', async (_what, body, status, code, field) => {
  expect(await refusal('/v1/btc/transfers', body, KEY)).toEqual({status, code, field});
});

test('a transfer needs a key, and none of the above has used it up', async () => {
  expect(await refusal('/v1/btc/transfers', move({}))).toMatchObject({status: 422, code: 'idempotency_key_missing'});
  expect((await served.api.request('POST', '/v1/btc/transfers', move({}), KEY)).status).toBe(201);
  expect((await served.api.request('POST', '/v1/btc/transfers', move({amount: '0.10'}), KEY)).status).toBe(200);
  expect(await refusal('/v1/btc/transfers', move({amount: '0.2'}), KEY)).toMatchObject({
    status: 409,
    code: 'idempotency_conflict',
  });
  expect((await served.api.account('till')).balance).toBe('0.10000000');
});

test.each([
  ['no reason', {account: 'shop', amount: '0.1'}, 400, 'reason'],
  ['an empty reason', {account: 'shop', amount: '0.1', reason: ' '}, 400, 'reason'],
  ['a number', {account: 'shop', amount: 1, reason: 'why'}, 422, 'amount'],
  ['nothing', {account: 'shop', amount: '0', reason: 'why'}, 422, 'amount'],
  ['minus nothing', {account: 'shop', amount: '-0', reason: 'why'}, 422, 'amount'],
  ['1e-8', {account: 'shop', amount: '1e-8', reason: 'why'}, 422, 'amount'],
])('an adjustment with %s is refused by its field', async (_what, body, status, field) => {
  const found = await refusal('/v1/btc/adjustments', body);
  expect({...found, code: undefined}).toEqual({status: expect.toBeOneOf([status, 422]), field, code: undefined});
});

test.each([-1, 0, '5', 1e9, Number.MAX_VALUE])('a bump to %j sat/vB is refused', async rate => {
  const txid = '0'.repeat(64);
  expect(await refusal(`/v1/btc/broadcasts/${txid}/bump`, {fee_rate: rate})).toMatchObject({
    status: 400,
    field: 'fee_rate',
  });
});

test.each([
  ['freeze', '/v1/btc/accounts/nobody/freeze', 404],
  ['unfreeze', '/v1/btc/accounts/nobody/unfreeze', 404],
  ['approve', '/v1/btc/payouts/999/approve', 404],
  ['repay', '/v1/btc/payouts/999/repay', 404],
  ['bump', `/v1/btc/broadcasts/${'0'.repeat(64)}/bump`, 404],
  ['replay', '/v1/sinks/nowhere/replay', 404],
])('%s of what is not there is 404', async (_what, path, status) => {
  const body = path.endsWith('replay') ? {from: 1, to: 2} : {};
  expect((await refusal(path, body)).status).toBe(status);
});
