import {createServer, type AddressInfo} from 'node:net';
import {request} from 'undici';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {createApiClient} from '../../source/api/client.ts';
import {scopeOf} from '../../source/api/scopes.ts';
import {LOCAL, scope, type AuditEntry, type Page, type Problem, type Scope} from '../../source/contract/index.ts';
import {serveEngine, TOKEN, type ServedEngine} from './served-engine.ts';

let served: ServedEngine;
let origin: string;

const tokenOf = (name: string): string => `token-of-${name}-0123456789`;

const freePort = async (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const {port} = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

beforeAll(async () => {
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  served = await serveEngine(config => ({
    ...config,
    api: {
      ...config.api,
      listen: {host: '127.0.0.1', port},
      token: TOKEN,
      tokens: scope.options.map(one => ({name: `only-${one}`, token: tokenOf(one), scopes: [one]})),
    },
  }));
  await served.api.createAccount('shop');
});
afterAll(async () => served?.dispose());

const ask = async (token: string, method: 'GET' | 'POST' | 'DELETE', path: string, headers = {}) => {
  const answer = await request(`${origin}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(method === 'POST' && {'content-type': 'application/json'}),
      ...headers,
    },
    body: method === 'POST' ? '{}' : null,
  });
  return {status: answer.statusCode, problem: (await answer.body.json()) as Partial<Problem>};
};

/** One request for each scope; what it answers when let in does not matter. */
const REQUESTS: readonly (readonly [Scope, 'GET' | 'POST' | 'DELETE', string])[] = [
  ['read', 'GET', '/health'],
  ['read', 'GET', '/openapi.json'],
  ['read', 'GET', '/v1/status'],
  ['read', 'GET', '/v1/btc/accounts/shop'],
  ['read', 'GET', '/v1/btc/audit'],
  ['receive', 'POST', '/v1/btc/accounts'],
  ['receive', 'POST', '/v1/btc/accounts/nobody/addresses'],
  ['pay', 'POST', '/v1/btc/payouts'],
  ['pay', 'POST', '/v1/btc/payouts/999/cancel'],
  ['operate', 'POST', '/v1/btc/payouts/999/release'],
  ['operate', 'POST', '/v1/btc/chain/accept-reorg'],
  ['operate', 'DELETE', '/v1/btc/jobs/999'],
  ['operate', 'POST', '/v1/sinks/nothing/resume'],
];

test.each(REQUESTS)('%s is what %s %s needs, and nothing else will do', async (needed, method, path) => {
  for (const held of scope.options) {
    const {status, problem} = await ask(tokenOf(held), method, path);
    if (held === needed) expect({held, status}).not.toMatchObject({status: expect.toBeOneOf([401, 403])});
    else
      expect({held, status, code: problem.code, detail: problem.detail}).toEqual({
        held,
        status: 403,
        code: 'forbidden',
        detail: `the token only-${held} has not the scope ${needed}; it has ${held}`,
      });
  }
  expect((await ask(TOKEN, method, path)).status).not.toBe(403);
});

test('a route that nobody listed is for operators, looking is for readers', () => {
  expect(scopeOf('POST', '/v1/:coin/something/new')).toBe('operate');
  expect(scopeOf('GET', '/v1/:coin/something/new')).toBe('read');
});

test('a token that is nearly right, or joined of two, is nobody', async () => {
  for (const token of [tokenOf('read').slice(0, -1), `${tokenOf('read')} ${TOKEN}`.replace(' ', ''), '', 'undefined'])
    expect(await ask(token, 'GET', '/health')).toMatchObject({status: 401, problem: {code: 'unauthorized'}});
});

test('the audit log knows the token, and what the program in front of a person said of itself', async () => {
  const client = createApiClient(served.config.api.socket);
  const told = client.as({...LOCAL, name: 'forged', client: 'console', command: 'cryptoassets-console rescan – now'});
  const job = await told.startRescan('btc', 100);
  await ask(tokenOf('operate'), 'DELETE', `/v1/btc/jobs/${job.id}`, {'cryptoassets-client': '<b>', x: 'y'});
  await client.close();
  const {items} = await served.api.get<Page<AuditEntry>>('/v1/btc/audit');
  expect(items.slice(0, 2)).toMatchObject([
    {actor: 'only-operate', action: 'job.cancel', subject: job.id},
    {
      actor: 'local',
      client: 'console',
      command: 'cryptoassets-console rescan – now',
      action: 'rescan.start',
      details: {from_height: 100},
    },
  ]);
  expect(items[0]).not.toHaveProperty('client');
});
