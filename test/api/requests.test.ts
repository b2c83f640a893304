import {request as httpRequest} from 'node:http';
import {connect} from 'node:net';
import {statSync} from 'node:fs';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {Account, Address, Job, Page, Payout, Problem, RescanEstimate} from '../../source/contract/index.ts';
import {until} from '../support/until.ts';
import {serveEngine, type ServedEngine} from './served-engine.ts';

let served: ServedEngine;
let address: string;

beforeAll(async () => {
  served = await serveEngine();
  const {api, node} = served;
  await api.createAccount('shop');
  const own = await api.createAddress('shop');
  address = await node.rpc<string>('getnewaddress', [], 'outside');
  await node.rpc('sendtoaddress', [own, '2'], 'outside');
  await node.rpc('generatetoaddress', [1, address]);
  await until('the deposit to be credited', async () => (await api.account('shop')).balance === '2.00000000');
});
afterAll(async () => served?.dispose());

interface RawAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Problem;
}

/** A request as it stands, whatever a good client would make of it. */
const raw = async (
  method: string,
  path: string,
  {headers = {}, body}: {headers?: Record<string, string>; body?: string | Buffer} = {},
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const {socket: socketPath} = served.config.api;
    const sent = httpRequest({socketPath, method, path, headers}, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        const {statusCode = 0, headers: answered} = answer;
        resolve({status: statusCode, headers: answered, body: (text === '' ? {} : JSON.parse(text)) as Problem});
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });

const json = {'content-type': 'application/json'};
let keys = 0;
const pay = async (body: unknown, headers: Record<string, string> = {}) => {
  keys += 1;
  return raw('POST', '/v1/btc/payouts', {
    headers: {...json, 'idempotency-key': `key-${keys}`, ...headers},
    body: JSON.stringify(body),
  });
};
const good = () => ({account: 'shop', address, amount: '0.001'});

const expectProblem = (answer: RawAnswer, status: number, code: string, field?: string) => {
  expect({status: answer.status, code: answer.body.code, field: answer.body.field}).toEqual({status, code, field});
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.body).toMatchObject({type: `urn:cryptoassets-console:problem:${code}`, status});
  expect(answer.body.title).not.toBe('');
  expect(answer.body.detail).not.toMatch(/\n/);
};

test('only this user may open the socket', () => {
  expect(statSync(served.config.api.socket).mode & 0o777).toBe(0o600);
});

describe('accounts and addresses', () => {
  test('a new account is 201, the same again 200', async () => {
    expect((await served.api.request('POST', '/v1/btc/accounts', {name: 'till'})).status).toBe(201);
    const again = await served.api.request<Account>('POST', '/v1/btc/accounts', {name: 'till'});
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({name: 'till', balance: '0.00000000', pending: '0.00000000', frozen: false});
  });

  test.each(['', ' ', 'a b', '../etc', 'ünï', '-x', 'x'.repeat(65), 'a\u202eb', 'a\u0000b'])(
    'the account name %j is refused',
    async name => {
      const answer = await raw('POST', '/v1/btc/accounts', {headers: json, body: JSON.stringify({name})});
      expectProblem(answer, 422, 'bad_name', 'name');
    },
  );

  test("a house account's name is refused", async () => {
    const answer = await raw('POST', '/v1/btc/accounts', {headers: json, body: '{"name":"external"}'});
    expect({status: answer.status, code: answer.body.code}).toEqual({status: 422, code: 'house_account'});
  });

  test("an address is the node's, carries its label and is found again", async () => {
    const made = await served.api.request<Address>('POST', '/v1/btc/accounts/shop/addresses', {label: 'order 7'});
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({account: 'shop', label: 'order 7'});
    expect(await served.node.rpc('getaddressinfo', [made.body.address], 'hot')).toMatchObject({ismine: true});
    expect(await served.api.get(`/v1/btc/addresses/${made.body.address}`)).toEqual(made.body);
    const page = await served.api.get<Page<Address>>('/v1/btc/addresses?account=shop');
    expect(page.items.map(item => item.address)).toContain(made.body.address);
  });

  test('an address for an account that is not there is 404 and uses up no address of the wallet', async () => {
    const before = await served.node.rpc<{keypoolsize: number}>('getwalletinfo', [], 'hot');
    const answer = await raw('POST', '/v1/btc/accounts/nobody/addresses', {headers: json, body: '{}'});
    expect({status: answer.status, code: answer.body.code}).toEqual({status: 404, code: 'unknown_account'});
    const after = await served.node.rpc<{keypoolsize: number}>('getwalletinfo', [], 'hot');
    expect(after.keypoolsize).toBe(before.keypoolsize);
  });

  test('a label of 201 characters is refused', async () => {
    const body = JSON.stringify({label: 'x'.repeat(201)});
    const answer = await raw('POST', '/v1/btc/accounts/shop/addresses', {headers: json, body});
    expectProblem(answer, 400, 'bad_request', 'label');
  });
});

describe('payouts', () => {
  test('a new one is 201; the same key and amount 200 and the same; another body 409', async () => {
    const headers = {'idempotency-key': 'order-1'};
    const first = await pay({...good(), amount: '0.10'}, headers);
    expect(first.status).toBe(201);
    const again = await pay({...good(), amount: '0.1'}, headers);
    expect(again.status).toBe(200);
    expect((again.body as unknown as Payout).id).toBe((first.body as unknown as Payout).id);
    expect((first.body as unknown as Payout).amount).toBe('0.10000000');
    expect(await pay({...good(), amount: '0.2'}, headers)).toMatchObject({
      status: 409,
      body: {code: 'idempotency_conflict'},
    });
  });

  test('fifty requests at once with one key make one payout', async () => {
    const headers = {'idempotency-key': 'order-2'};
    const answers = await Promise.all(Array.from({length: 50}, async () => pay(good(), headers)));
    expect(new Set(answers.map(answer => (answer.body as unknown as Payout).id)).size).toBe(1);
    expect(answers.filter(answer => answer.status === 201)).toHaveLength(1);
  });

  test('the key is needed, and must be printable and of one piece', async () => {
    const body = JSON.stringify(good());
    expectProblem(
      await raw('POST', '/v1/btc/payouts', {headers: json, body}),
      422,
      'idempotency_key_missing',
      'idempotency-key',
    );
    for (const key of ['a b', 'x'.repeat(201), 'é'])
      expectProblem(await pay(good(), {'idempotency-key': key}), 400, 'bad_request', 'idempotency-key');
  });

  test.each([
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
    '.5',
    '01',
    '',
    ' 1',
    '1 ',
    'Infinity',
    '0',
    '0.00000000',
    '21000000.00000001',
    '9'.repeat(10_000),
  ])('the amount %j is refused', async amount => {
    expectProblem(await pay({...good(), amount}), 422, 'bad_amount', 'amount');
  });

  test.each([0.001, 1, 1e21, -1])('the JSON number %s is no amount, and the answer says what is', async amount => {
    const answer = await pay({...good(), amount});
    expectProblem(answer, 422, 'bad_amount', 'amount');
    expect(answer.body.detail).toContain('"0.5"');
  });

  test('dust is refused, and the key can be used again', async () => {
    const headers = {'idempotency-key': 'order-3'};
    expectProblem(await pay({...good(), amount: '0.00000293'}, headers), 422, 'dust', 'amount');
    expectProblem(await pay({...good(), amount: '5'}, headers), 422, 'insufficient_funds', 'amount');
    expect((await pay({...good(), amount: '0.00000294'}, headers)).status).toBe(201);
  });

  test.each([
    ['a mainnet address', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    ['a testnet address', 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx'],
    ["another coin's", 'ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9'],
    ['a dogecoin address', 'DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L'],
    ['an MWEB address', `ltcmweb1qq${'x'.repeat(100)}`],
    ['nothing', ''],
    ['spaces', '   '],
    ['a long text', 'b'.repeat(5000)],
    ['a script', '<script>alert(1)</script>'],
  ])('%s is refused', async (_, bad) => {
    expectProblem(await pay({...good(), address: bad}), 422, 'bad_address', 'address');
  });

  test('a mistyped, mixed-case, wrongly checked or invisibly changed address is refused', async () => {
    const taproot = await served.node.rpc<string>('getnewaddress', ['', 'bech32m'], 'outside');
    const flip = (text: string) => `${text.slice(0, -1)}${text.endsWith('q') ? 'p' : 'q'}`;
    const middle = address.length / 2;
    const bad = [
      flip(address),
      flip(taproot),
      address.slice(0, middle) + address.slice(middle).toUpperCase(),
      `${address.slice(0, middle)}\u200b${address.slice(middle)}`,
      ` ${address}`,
      `${address}\n`,
      // Witness version 1 with the checksum of version 0 (BIP350).
      'bcrt1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7k0ylj56',
    ];
    for (const one of bad) expectProblem(await pay({...good(), address: one}), 422, 'bad_address', 'address');
  });

  test('an unknown field is refused by name, a missing one too', async () => {
    const unknown = await pay({...good(), ammount: '1'});
    expectProblem(unknown, 400, 'bad_request', 'ammount');
    expect(unknown.body.detail).toContain('account, address, amount, label');
    expectProblem(await pay({account: 'shop', address}), 400, 'bad_request', 'amount');
    expectProblem(await pay({...good(), account: 7}), 400, 'bad_request', 'account');
  });

  test('an account that is not there is 404, a house account 422', async () => {
    expect(await pay({...good(), account: 'nobody'})).toMatchObject({status: 404, body: {code: 'unknown_account'}});
    expect(await pay({...good(), account: 'suspense'})).toMatchObject({status: 422, body: {code: 'house_account'}});
    expect(await pay({...good(), account: '__proto__'})).toMatchObject({status: 404});
  });

  test('nothing of what was refused took money', async () => {
    const items = await served.api.payouts('?account=shop');
    const paid = items.reduce((sum, payout) => sum + BigInt(payout.amount.replace('.', '')), 0n);
    const {balance} = await served.api.account('shop');
    expect(BigInt(balance.replace('.', '')) + paid).toBe(200_000_000n);
  });
});

describe('what is not there', () => {
  test.each([
    ['GET', '/v1/xmr/accounts', 404, 'unknown_coin'],
    ['GET', '/v1/__proto__/accounts', 404, 'unknown_coin'],
    ['GET', '/v1/btc/accounts/nobody', 404, 'unknown_account'],
    ['GET', '/v1/btc/payouts/999999', 404, 'not_found'],
    ['GET', '/v1/btc/payouts/abc', 404, 'not_found'],
    ['GET', '/v1/btc/payouts/1%27%20OR%201=1', 404, 'not_found'],
    ['GET', '/v1/btc/deposits/0', 404, 'not_found'],
    ['GET', '/v1/btc/jobs/7', 404, 'not_found'],
    ['GET', `/v1/btc/broadcasts/${'0'.repeat(64)}`, 404, 'not_found'],
    ['GET', '/v1/btc/addresses/bcrt1nothing', 404, 'not_found'],
    ['POST', '/v1/btc/payouts/999999/cancel', 404, 'not_found'],
    ['POST', '/v1/btc/deliveries/999999/retry', 404, 'not_found'],
    ['POST', '/v1/sinks/nowhere/resume', 404, 'not_found'],
    ['POST', '/v1/sinks/nowhere/pause', 404, 'not_found'],
    ['GET', '/v1/btc/payouts/999999/history', 404, 'not_found'],
    ['GET', '/v1/btc/deposits/999999/history', 404, 'not_found'],
    ['GET', '/v1/btc/events/999999', 404, 'not_found'],
    ['DELETE', '/v1/btc/jobs/999999', 404, 'not_found'],
    ['GET', '/v2/status', 404, 'not_found'],
    ['GET', `/v1/btc/accounts/${'x'.repeat(300)}`, 404, 'not_found'],
  ])('%s %s is %i %s', async (method, path, status, code) => {
    const answer = await raw(method, path);
    expect({status: answer.status, code: answer.body.code}).toEqual({status, code});
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  test('another method on a path that is there says which it takes', async () => {
    const answer = await raw('DELETE', '/v1/btc/accounts/shop');
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers['allow']).toBe('GET, HEAD');
  });
});

describe('queries', () => {
  test.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1.5', 'limit'],
    ['status=lost', 'status'],
    ['txid=abc', 'txid'],
    ['owner=me', 'owner'],
    ['__proto__=1', '__proto__'],
  ])('%s is refused by name', async (query, field) => {
    expectProblem(await raw('GET', `/v1/btc/payouts?${query}`), 400, 'bad_request', field);
  });

  test('a cursor that nobody gave out is refused', async () => {
    const answer = await raw('GET', '/v1/btc/payouts?cursor=zzz');
    expect({status: answer.status, code: answer.body.code}).toEqual({status: 400, code: 'bad_cursor'});
  });

  test('a list is read page by page without gaps or repeats', async () => {
    const items = await served.api.payouts();
    const page = await served.api.get<Page<Payout>>('/v1/btc/payouts?limit=1');
    expect(page.items).toEqual(items.slice(0, 1));
    const next = await served.api.get<Page<Payout>>(`/v1/btc/payouts?limit=1&cursor=${page.next}`);
    expect(next.items).toEqual(items.slice(1, 2));
  });
});

describe('bodies', () => {
  const post = async (body: string | Buffer, headers: Record<string, string> = json) =>
    raw('POST', '/v1/btc/accounts', {headers, body});

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/html',
    'json',
  ])('content-type %s is 415', async type => {
    expectProblem(await post('{"name":"x"}', {'content-type': type}), 415, 'unsupported_media_type');
  });

  test('a body without a content type is 415', async () => {
    expectProblem(await post('{"name":"x"}', {}), 415, 'unsupported_media_type');
  });

  test.each([
    ['half of it', '{"name":'],
    ['no JSON', 'name=x'],
    ['an array', '[]'],
    ['a string', '"x"'],
    ['a number', '1'],
    ['true', 'true'],
    ['a prototype', '{"__proto__":{"name":"x"},"name":"x"}'],
    ['a constructor', '{"constructor":{"prototype":{"x":1}},"name":"x"}'],
    ['two values', '{"name":"x"}{"name":"y"}'],
    ['UTF-16', Buffer.from('{"name":"x"}', 'utf16le')],
    ['deep arrays', '['.repeat(30_000) + ']'.repeat(30_000)],
    ['deep objects', `${'{"name":'.repeat(7000)}1${'}'.repeat(7000)}`],
  ])('%s is 400, one line, and the engine lives on', async (_, body) => {
    const answer = await post(body);
    expect(answer.status === 400 || answer.status === 422).toBe(true);
    expect(['bad_request', 'bad_name']).toContain(answer.body.code);
    expect((await served.api.health()).status).toBe(200);
  });

  test('more than 64 KB is 413', async () => {
    expectProblem(await post(JSON.stringify({name: 'x'.repeat(70_000)})), 413, 'body_too_large');
  });

  test('10 MB, announced or not, are not read', async () => {
    const {socket: path} = served.config.api;
    for (const head of ['content-length: 10485760', 'transfer-encoding: chunked']) {
      const answer = await new Promise<string>(resolve => {
        const socket = connect(path);
        let text = '';
        socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        socket.on('error', () => resolve(text));
        socket.on('close', () => resolve(text));
        socket.write(`POST /v1/btc/accounts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${head}\r\n\r\n`);
        const piece = 'x'.repeat(65_536);
        for (let sent = 0; sent < 160; sent += 1)
          socket.write(head.startsWith('transfer') ? `10000\r\n${piece}\r\n` : piece);
      });
      expect(answer).toMatch(/^HTTP\/1.1 413 /);
    }
  });

  test('a request without body needs no content type, and an empty JSON body is none', async () => {
    expect((await raw('POST', '/v1/btc/accounts/shop/addresses')).status).toBe(201);
    expect((await raw('POST', '/v1/btc/accounts/shop/addresses', {headers: json, body: ''})).status).toBe(201);
  });

  test.each(['GET / HTTP/1.1\r\nhost: a\r\n\r\n', 'rubbish\r\n\r\n', 'GET /%zz HTTP/1.1\r\nhost: a\r\n\r\n'])(
    'the bytes %j get an answer or the door',
    async bytes => {
      const {socket: path} = served.config.api;
      const answer = await new Promise<string>(resolve => {
        const socket = connect(path);
        let text = '';
        socket.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          socket.end();
        });
        socket.on('close', () => resolve(text));
        socket.write(bytes);
      });
      expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
    },
  );
});

describe('rescans', () => {
  test.each([-1, 1.5, 'yesterday', '2026-13', {}, [], true])('from %j is refused', async from => {
    const answer = await raw('POST', '/v1/btc/rescans', {headers: json, body: JSON.stringify({from})});
    expectProblem(answer, 422, 'bad_height', 'from');
  });

  test.each(['quickly', '', 7, null])('by the method %j are refused', async method => {
    const answer = await raw('POST', '/v1/btc/rescans', {headers: json, body: JSON.stringify({from: 0, method})});
    expectProblem(answer, 422, 'bad_method', 'method');
  });

  test('by a method that this node does not have are refused', async () => {
    const answer = await raw('POST', '/v1/btc/rescans', {headers: json, body: '{"from": 0, "method": "histories"}'});
    expectProblem(answer, 422, 'bad_method', 'method');
  });

  test('say before they begin what they cost, by each method', async () => {
    const estimate = await served.api.get<RescanEstimate>('/v1/btc/rescans/estimate?from=1');
    expect(estimate).toMatchObject({from_height: 1, to_height: estimate.to_height});
    expect(estimate.plans.map(({method}) => method)).toContain('blocks');
    const answer = await raw('GET', '/v1/btc/rescans/estimate?from=yesterday', {headers: {}});
    expectProblem(answer, 422, 'bad_height', 'from');
    const started = await served.api.post<Job>('/v1/btc/rescans', {from: 1, method: 'blocks'});
    const ended = await until('the rescan to end', async () => {
      const job = await served.api.get<Job>(`/v1/btc/jobs/${started.id}`);
      return job.status === 'running' ? undefined : job;
    });
    expect(ended).toMatchObject({status: 'finished', method: 'blocks', estimate: {blocks: estimate.to_height}});
  });

  test('one is accepted as a job that ends, and finds nothing new', async () => {
    const started = await served.api.request<{id: string; status: string}>('POST', '/v1/btc/rescans', {from: 0});
    expect(started.status).toBe(202);
    const ended = await until('the rescan to end', async () => {
      const job = await served.api.get<{status: string; found: number}>(`/v1/btc/jobs/${started.body.id}`);
      return job.status === 'running' ? undefined : job;
    });
    expect(ended).toMatchObject({status: 'finished', found: 0});
  });
});
