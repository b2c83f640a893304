import {request as httpRequest} from 'node:http';
import {connect, createServer, type AddressInfo} from 'node:net';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {serveEngine, TOKEN, type ServedEngine} from './served-engine.ts';

let served: ServedEngine;
let port: number;

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
  served = await serveEngine(config => ({
    ...config,
    api: {...config.api, listen: {host: '127.0.0.1', port}, token: TOKEN},
  }));
});
afterAll(async () => served?.dispose());

const get = async (
  headers: Record<string, string>,
): Promise<{status: number; code: string | undefined; text: string}> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest(
      {host: '127.0.0.1', port, path: '/v1/status', headers, setHost: !('host' in headers)},
      answer => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => {
          const {code} = JSON.parse(text) as {code?: string};
          resolve({status: answer.statusCode ?? 0, code, text});
        });
      },
    );
    sent.once('error', reject);
    sent.end();
  });

const authorization = `Bearer ${TOKEN}`;

test('the right token is let in, under every name of this host', async () => {
  expect((await get({authorization})).status).toBe(200);
  for (const host of ['localhost', `127.0.0.1:${port}`, `localhost:${port}`, '[::1]'])
    expect((await get({authorization, host})).status).toBe(200);
});

test.each([
  ['none', {}],
  ['an empty one', {authorization: ''}],
  ['another', {authorization: 'Bearer wrong'}],
  ['a longer one', {authorization: `${authorization}x`}],
  ['another scheme', {authorization: `Basic ${TOKEN}`}],
  ['the bare token', {authorization: TOKEN}],
])('a request with %s is 401 and learns nothing', async (_, headers: Record<string, string>) => {
  const answer = await get(headers);
  expect(answer).toMatchObject({status: 401, code: 'unauthorized'});
  expect(answer.text).not.toContain(TOKEN);
});

test.each(['evil.example', 'evil.example:18881', '127.0.0.1.evil.example', '10.0.0.1', 'localhost.evil.example', ''])(
  'the host %j is refused, token or not',
  async host => {
    expect(await get({authorization, host})).toMatchObject({status: 403, code: 'forbidden_host'});
  },
);

test.each(['https://evil.example', 'null', 'http://localhost:1'])('a page of origin %s is refused', async origin => {
  expect(await get({authorization, origin})).toMatchObject({status: 403, code: 'forbidden'});
});

test('the socket asks for no token', async () => {
  expect((await served.api.health()).status).toBe(200);
});

test('a connection that is closed before its request was answered is not taken for the socket', async () => {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>(resolve => socket.once('connect', resolve));
  const body = JSON.stringify({name: 'intruder'});
  socket.end(
    `POST /v1/btc/accounts HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  socket.destroySoon();
  await new Promise<void>(resolve => socket.once('close', () => resolve()));
  expect((await served.api.request('GET', '/v1/btc/accounts/intruder')).status).toBe(404);
});
