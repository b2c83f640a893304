import {createServer, type AddressInfo} from 'node:net';
import {connect} from 'node:net';
import {request} from 'undici';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {Problem} from '../../source/contract/index.ts';
import {serveEngine, TOKEN, type ServedEngine} from './served-engine.ts';

let served: ServedEngine;
let origin: string;
let port: number;

const OTHER = 'token-of-another-0123456789';
const MOST = 100;

const freePort = async (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const {port: found} = server.address() as AddressInfo;
      server.close(() => resolve(found));
    });
  });

beforeAll(async () => {
  port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  served = await serveEngine(config => ({
    ...config,
    api: {
      ...config.api,
      listen: {host: '127.0.0.1', port},
      token: TOKEN,
      tokens: [{name: 'other', token: OTHER, scopes: ['read']}],
      rateLimit: MOST,
    },
  }));
  await served.api.createAccount('shop');
});
afterAll(async () => served?.dispose());

const ask = async (token: string, method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST', path: string, headers = {}) => {
  const answer = await request(`${origin}${path}`, {method, headers: {authorization: `Bearer ${token}`, ...headers}});
  return {status: answer.statusCode, headers: answer.headers, text: await answer.body.text()};
};

test('a token that asks too often is told to wait, and no other token with it', async () => {
  const flood = async () =>
    Promise.all(Array.from({length: MOST * 3}, async () => ask(OTHER, 'GET', '/v1/btc/accounts/shop')));
  let answers = await flood();
  // A machine so busy that a flood takes seconds has asked no more often than it may.
  for (let more = 0; more < 10 && answers.every(({status}) => status === 200); more += 1) answers = await flood();
  const refused = answers.filter(({status}) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.every(({status}) => status === 200 || status === 429)).toBe(true);
  expect(refused[0]!.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(JSON.parse(refused[0]!.text)).toMatchObject({code: 'too_many_requests', status: 429});
  expect(Number(refused[0]!.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect((await ask(TOKEN, 'GET', '/v1/btc/accounts/shop')).status).toBe(200);
});

test('the socket has no such limit', async () => {
  const answers = await Promise.all(Array.from({length: MOST * 3}, async () => served.api.health()));
  expect(answers.every(({status}) => status === 200)).toBe(true);
});

describe('requests and answers carry an id', () => {
  test("the caller's, when it is one", async () => {
    const {headers} = await ask(TOKEN, 'GET', '/health', {'x-request-id': 'order-7:42'});
    expect(headers['x-request-id']).toBe('order-7:42');
  });

  test.each(['a b', 'x'.repeat(101), '<script>', ''])('one of ours instead of %j', async id => {
    const {headers} = await ask(TOKEN, 'GET', '/health', {'x-request-id': id});
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('also those that are refused', async () => {
    expect((await ask('nobody', 'GET', '/health')).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('other methods', () => {
  test.each(['/health', '/v1/btc/accounts/shop', '/v1/btc/deposits', '/metrics', '/openapi.json'])(
    'HEAD %s answers as GET does, without a body',
    async path => {
      const got = await ask(TOKEN, 'GET', path);
      const head = await ask(TOKEN, 'HEAD', path);
      expect({status: head.status, text: head.text, type: head.headers['content-type']}).toEqual({
        status: got.status,
        text: '',
        type: got.headers['content-type'],
      });
    },
  );

  test.each(['/v1/stream', '/v1/btc/events'])('HEAD %s ends, although GET may stream', async path => {
    const {status, headers} = await ask(TOKEN, 'HEAD', path, {accept: 'text/event-stream'});
    expect({status, type: headers['content-type']}).toEqual({status: 200, type: 'text/event-stream'});
  });

  test('OPTIONS says what a path takes, and gives a page of another origin nothing', async () => {
    const {status, headers} = await ask(TOKEN, 'OPTIONS', '/v1/btc/payouts');
    expect(status).toBe(204);
    expect(new Set(String(headers['allow']).split(', '))).toEqual(new Set(['GET', 'HEAD', 'POST']));
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect((await ask(TOKEN, 'OPTIONS', '/v1/nothing')).status).toBe(404);
  });
});

/** What the server says to these bytes, until it closes the connection. */
const exchange = async (bytes: string): Promise<string> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });

const problemIn = (answer: string): Partial<Problem> => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as Problem;

describe('what is no request', () => {
  test('after a request that is being answered it ends the connection, and writes nothing into the answer', async () => {
    const stream = `GET /v1/stream HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`;
    const text = await new Promise<string>(resolve => {
      const socket = connect(port, '127.0.0.1');
      let seen = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        seen += chunk;
        if (seen.includes('data: ') && socket.writable) socket.write('rubbish\r\n\r\n');
      });
      socket.on('error', () => resolve(seen));
      socket.on('close', () => resolve(seen));
      socket.write(stream);
    });
    expect(text.match(/HTTP\/1\.1 /g)).toEqual(['HTTP/1.1 ']);
  });

  test('headers of more than 16 KB are 431', async () => {
    const answer = await exchange(`GET /health HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(problemIn(answer)).toMatchObject({status: 431, code: 'headers_too_large'});
  });

  test.each(['rubbish\r\n\r\n', 'GET /health HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n'])(
    '%j is 400, as a problem document',
    async bytes => {
      const answer = await exchange(bytes);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(problemIn(answer)).toMatchObject({status: 400, code: 'bad_request'});
    },
  );
});

/** The ids of the first events of a stream. */
const idsOf = async (path: string, count: number, headers: Record<string, string> = {}): Promise<string[]> => {
  const abort = new AbortController();
  const answer = await request(`${origin}${path}`, {
    headers: {authorization: `Bearer ${TOKEN}`, accept: 'text/event-stream', ...headers},
    signal: abort.signal,
  });
  expect({status: answer.statusCode, type: answer.headers['content-type']}).toEqual({
    status: 200,
    type: 'text/event-stream',
  });
  let text = '';
  const found = () => [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id!);
  try {
    for await (const chunk of answer.body) {
      text += String(chunk);
      if (found().length >= count) break;
    }
  } finally {
    abort.abort();
  }
  return found().slice(0, count);
};

describe('streams are resumed', () => {
  test('events go on after the last id, which wins over the URL', async () => {
    const {node, api} = served;
    await node.rpc('sendtoaddress', [await api.createAddress('shop'), '0.5'], 'outside');
    await node.rpc('generatetoaddress', [3, await node.rpc<string>('getnewaddress', [], 'outside')]);
    const ids = await idsOf('/v1/btc/events?after=0', 3);
    expect(ids).toEqual(['1', '2', '3']);
    expect(await idsOf('/v1/btc/events?after=0', 2, {'last-event-id': '1'})).toEqual(['2', '3']);
  });

  test.each(['x', '-1', '1.5', '9'.repeat(20)])('the last id %j is refused', async id => {
    const answer = await ask(TOKEN, 'GET', '/v1/btc/events', {accept: 'text/event-stream', 'last-event-id': id});
    expect({status: answer.status, body: JSON.parse(answer.text) as unknown}).toMatchObject({
      status: 400,
      body: {code: 'bad_request', field: 'last-event-id'},
    });
  });

  test('statuses go on with one that the reader has not', async () => {
    const [first] = await idsOf('/v1/stream', 1);
    const [next] = await idsOf('/v1/stream', 1, {'last-event-id': first!});
    expect(Number(next)).toBeGreaterThan(Number(first));
  });

  test('a stream of a coin that is not there is refused while it can be', async () => {
    expect((await ask(TOKEN, 'GET', '/v1/xmr/events', {accept: 'text/event-stream'})).status).toBe(404);
  });
});
