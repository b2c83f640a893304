import {Ajv2020} from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {until} from '../support/until.ts';
import {serveEngine, type ServedEngine} from './served-engine.ts';

interface Operation {
  readonly responses: Record<string, {content?: Record<string, unknown>}>;
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
}

let served: ServedEngine;
let document: Document;
let ajv: Ajv2020;
/** What stands for each parameter of a path: things that are there. */
const known: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  served = await serveEngine();
  const {api, node} = served;
  document = await api.get<Document>('/openapi.json');
  ajv = new Ajv2020({strict: false, allErrors: true});
  addFormats.default(ajv);
  ajv.addSchema(document, 'openapi');

  await api.createAccount('shop');
  const address = await api.createAddress('shop');
  await node.rpc('sendtoaddress', [address, '2'], 'outside');
  const outside = await node.rpc<string>('getnewaddress', [], 'outside');
  await node.rpc('generatetoaddress', [1, outside]);
  await until('the deposit to be credited', async () => (await api.account('shop')).balance === '2.00000000');
  const {body: sent} = await api.pay('one', {account: 'shop', address: outside, amount: '0.5'});
  const {body: held} = await api.pay('two', {account: 'shop', address: outside, amount: '0.6'});
  await api.request('POST', `/v1/btc/payouts/${held.id}/cancel`);
  const txid = await until('the payout to be sent', async () => (await api.payout(sent.id)).txid);
  await node.rpc('generatetoaddress', [1, outside]);
  await until('the payout to be confirmed', async () => (await api.payout(sent.id)).status === 'confirmed');
  await node.rpc('sendtoaddress', [address, '0.25'], 'outside');
  const job = await api.post<{id: string}>('/v1/btc/rescans', {from: 0});
  await until('the rescan to end', async () => {
    const found = await api.get<{status: string}>(`/v1/btc/jobs/${job.id}`);
    return found.status !== 'running';
  });
  const [deposit] = await api.deposits();
  const [event] = await api.events();
  Object.assign(known, {
    accounts: {name: 'shop'},
    addresses: {address},
    deposits: {id: deposit!.id},
    payouts: {id: sent.id},
    broadcasts: {txid},
    jobs: {id: job.id},
    events: {sequence: String(event!.sequence)},
  });
});
afterAll(async () => served?.dispose());

/** Whether a body fits the schema that stands for it in the document; the faults when not. */
const faultsOf = (path: string, method: string, status: number, body: unknown): string[] => {
  const response = document.paths[path]?.[method]?.responses[String(status)];
  if (response === undefined) return [`no answer ${status} is described`];
  const part = (text: string) => encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'));
  const pointer = ['paths', path, method, 'responses', String(status), 'content', 'application/json', 'schema'];
  const validate = ajv.compile({$ref: `openapi#/${pointer.map(part).join('/')}`});
  validate(body);
  return (validate.errors ?? []).map(
    error => `${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`,
  );
};

/** Routes whose answer is no JSON, or nothing that stands in this ledger. */
const LEFT_OUT = new Set(['/metrics', '/v1/stream']);

test('what every route to look at answers is what the document says, whatever it answers', async () => {
  let withThings = 0;
  for (const [path, methods] of Object.entries(document.paths)) {
    if (methods['get'] === undefined || LEFT_OUT.has(path)) continue;
    const noun = path.split('/')[3] ?? '';
    const things: Record<string, string> = {coin: 'btc', ...known[noun]};
    const url = path.replaceAll(/\{([a-z]+)\}/g, (_, name: string) => encodeURIComponent(things[name] ?? '0'));
    const {status, body} = await served.api.request<{items?: unknown[]}>('GET', url);
    const isMissing = status === 404 && /\{(?!coin)/.test(path) && known[noun] === undefined;
    if (isMissing) continue;
    expect({path, status, faults: faultsOf(path, 'get', status, body)}).toEqual({path, status: 200, faults: []});
    if (body.items === undefined || body.items.length > 0) withThings += 1;
  }
  // An empty list would fit any schema.
  expect(withThings).toBeGreaterThan(18);
});

test('what is made is what the document says', async () => {
  const {api, node} = served;
  const outside = await node.rpc<string>('getnewaddress', [], 'outside');
  const made: [path: string, url: string, body: unknown, status: number][] = [
    ['/v1/{coin}/accounts', '/v1/btc/accounts', {name: 'new'}, 201],
    ['/v1/{coin}/accounts', '/v1/btc/accounts', {name: 'new'}, 200],
    ['/v1/{coin}/accounts/{name}/addresses', '/v1/btc/accounts/new/addresses', {label: 'x'}, 201],
    ['/v1/{coin}/payouts', '/v1/btc/payouts', {account: 'shop', address: outside, amount: '0.01'}, 201],
  ];
  for (const [path, url, body, status] of made) {
    const answer = await api.request('POST', url, body, {'idempotency-key': 'made'});
    expect({status: answer.status, faults: faultsOf(path, 'post', status, answer.body)}).toEqual({status, faults: []});
  }
});

test('a refusal is the problem document of the document', async () => {
  const {body} = await served.api.request('GET', '/v1/btc/payouts/999999');
  const validate = ajv.compile({$ref: 'openapi#/components/schemas/Problem'});
  expect(validate(body)).toBe(true);
});

test('the schemas would notice: a number for an amount, a field too many, one missing', async () => {
  const account = await served.api.account('shop');
  const faults = (body: unknown) => faultsOf('/v1/{coin}/accounts/{name}', 'get', 200, body);
  expect(faults(account)).toEqual([]);
  expect(faults({...account, balance: 1.5})).not.toEqual([]);
  expect(faults({...account, surprise: true})).not.toEqual([]);
  expect(faults({...account, frozen: undefined})).not.toEqual([]);
});

test('fees are the policy applied to what the node says', async () => {
  const fees = await served.api.get<Record<string, unknown>>('/v1/btc/fees');
  // A fresh chain has no estimate.
  expect(fees).toMatchObject({target_blocks: 6, estimate: null, fallback_rate: 2, rate: 2, reason: null});
  expect(fees['floor']).toBeGreaterThan(0);
});

test.each([
  ['broadcasts', 'status=confirmed', 1],
  ['broadcasts', 'status=abandoned', 0],
  ['broadcasts', () => `txid=${known['broadcasts']!['txid']}`, 1],
  ['broadcasts', `txid=${'0'.repeat(64)}`, 0],
  ['jobs', 'status=finished', 1],
  ['jobs', 'status=failed', 0],
  ['deposits', 'account=shop&status=credited', 1],
  ['deposits', () => `address=${known['addresses']!['address']}&status=detected`, 1],
  ['payouts', 'idempotency_key=one', 1],
  ['payouts', 'idempotency_key=one&status=cancelled', 0],
  ['payouts', 'account=nobody', 0],
  ['addresses', 'account=shop', 1],
] as const)('/v1/btc/%s is filtered by %s', async (list, filter, count) => {
  const query = typeof filter === 'string' ? filter : filter();
  const {items} = await served.api.get<{items: unknown[]}>(`/v1/btc/${list}?${query}`);
  expect(items).toHaveLength(count);
});

test.each(['accounts?status=x', 'deposits?idempotency_key=x', 'jobs?account=x', 'broadcasts?colour=red'])(
  'a filter that a list does not have is refused: %s',
  async path => {
    const {status, body} = await served.api.request('GET', `/v1/btc/${path}`);
    const field = /\?([a-z_]+)/.exec(path)![1];
    expect({status, body}).toMatchObject({status: 400, body: {code: 'bad_request', field}});
  },
);
