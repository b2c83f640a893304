import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {RemoteApplication} from '../../source/api/client.ts';
import {Transport} from '../../source/api/transport.ts';
import {connect, type Client} from '../../source/client/index.ts';

// A server that misbehaves as no real engine can be made to: lost answers, strange proxies, refusals on demand.

type Act = (request: IncomingMessage, response: ServerResponse) => void;
interface Seen {
  readonly what: string;
  readonly key: string | undefined;
  readonly body: string;
}

let folder: string;
let socket: string;
let server: Server;
let client: Client;
let seen: Seen[];
let acts: Act[];

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Act =>
  (_request, response) =>
    response.writeHead(status, {'content-type': 'application/json', ...headers}).end(JSON.stringify(body));
const refuse = (status: number, code: string, headers = {}) => json(status, {status, code, detail: code}, headers);
const loseAnswer: Act = request => request.socket.destroy();
const hang: Act = () => {};

const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const key = request.headers['idempotency-key'];
  seen.push({what: `${request.method} ${request.url}`, key: key as string | undefined, body});
  (acts.shift() ?? json(200, {ok: true}))(request, response);
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'client-'));
  socket = join(folder, 's');
  seen = [];
  acts = [];
  server = createServer((request, response) => void take(request, response));
  await new Promise<void>(resolve => server.listen(socket, resolve));
  client = connect({socket});
});
afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
  rmSync(folder, {recursive: true, force: true});
});

const body = {account: 'a', address: 'b', amount: '1'};

test('a payout whose answer was lost is asked for again with the same key and body, until it is answered', async () => {
  acts = [loseAnswer, refuse(503, 'database_fault'), json(201, {id: '7'})];
  expect(await client.payouts.create('btc', body)).toEqual({id: '7'});
  expect(seen).toHaveLength(3);
  expect(new Set(seen.map(one => `${one.key} ${one.body}`)).size).toBe(1);
  expect(seen[0]!.key).toMatch(/^[0-9a-f-]{36}$/);
});

test('when every answer is lost the error says that the outcome is unknown, and with which key to ask again', async () => {
  acts = [loseAnswer, loseAnswer, loseAnswer];
  const failed = client.payouts.create('btc', body, {retries: 2});
  await expect(failed).rejects.toMatchObject({
    code: 'engine_unreachable',
    retry: 'unknown-outcome',
    status: undefined,
    idempotencyKey: expect.stringMatching(/./) as string,
  });
  await expect(failed).rejects.toMatchObject({idempotencyKey: seen[0]!.key});
  expect(seen).toHaveLength(3);
});

test('what would be done twice is sent once: addresses, cancels, jobs', async () => {
  acts = [loseAnswer, loseAnswer, loseAnswer];
  await expect(client.addresses.create('btc', 'a')).rejects.toMatchObject({code: 'engine_unreachable'});
  await expect(client.payouts.cancel('btc', '1')).rejects.toMatchObject({code: 'engine_unreachable'});
  await expect(client.jobs.startRescan('btc')).rejects.toMatchObject({code: 'engine_unreachable'});
  expect(seen).toHaveLength(3);
  // An Application may ask for a correction without a key: it must not be made twice.
  acts = [loseAnswer];
  const transport = new Transport({socket});
  const remote = new RemoteApplication(transport, {timeout: 5000, retries: 3});
  await expect(remote.adjust('btc', {account: 'a', amount: '1', reason: 'r'})).rejects.toMatchObject({
    retry: 'unknown-outcome',
  });
  expect(seen).toHaveLength(4);
  await transport.close();
});

test('reads and the creation of an account are repeated; refusals are final', async () => {
  acts = [loseAnswer, json(200, {name: 'a'}), refuse(502, 'x'), json(201, {name: 'a'}), refuse(404, 'unknown_account')];
  await client.accounts.get('btc', 'a');
  await client.accounts.create('btc', 'a');
  await expect(client.accounts.get('btc', 'a')).rejects.toMatchObject({code: 'unknown_account', status: 404});
  expect(seen).toHaveLength(5);
});

test('too many requests: waits as long as the engine says, whatever the call', async () => {
  acts = [refuse(429, 'too_many_requests', {'retry-after': '1'}), json(201, {address: 'x'})];
  const begun = performance.now();
  expect(await client.addresses.create('btc', 'a')).toEqual({address: 'x'});
  expect(performance.now() - begun).toBeGreaterThan(950);
});

test('an engine that is not there yet is tried again for any call, and found', async () => {
  const later = connect({socket: `${socket}2`, retries: 8});
  const asked = later.addresses.create('btc', 'a');
  const second = createServer((request, response) => void take(request, response));
  const timer = setTimeout(() => second.listen(`${socket}2`), 300);
  expect(await asked).toEqual({ok: true});
  clearTimeout(timer);
  await later.close();
  await new Promise(resolve => second.close(resolve));
  const nobody = connect({socket: '/nowhere/engine.sock', retries: 0});
  await expect(nobody.status()).rejects.toMatchObject({code: 'engine_unreachable', retry: 'backoff'});
  await nobody.close();
});

test('a call that is not answered in time, or that the caller ends, is an error and not a wait', async () => {
  acts = [hang, hang, hang];
  await expect(client.status({timeout: 300, retries: 0})).rejects.toMatchObject({code: 'engine_unreachable'});
  const abort = new AbortController();
  const asked = client.payouts.create('btc', body, {signal: abort.signal, idempotencyKey: 'k'});
  setTimeout(() => abort.abort(new Error('enough')), 50);
  await expect(asked).rejects.toMatchObject({code: 'aborted', idempotencyKey: 'k', cause: {message: 'enough'}});
  await expect(client.status({signal: AbortSignal.abort()})).rejects.toMatchObject({code: 'aborted'});
  // Also between two attempts.
  acts = [refuse(503, 'stopping', {'retry-after': '30'})];
  const waiting = client.status({signal: AbortSignal.timeout(200)});
  await expect(waiting).rejects.toMatchObject({code: 'aborted'});
});

test('what answers and is no engine is said to be none', async () => {
  acts = [(_request, response) => response.writeHead(404).end('<html>'), json(200, 'not JSON')];
  await expect(client.status()).rejects.toMatchObject({code: 'engine_unreachable', status: 404});
  acts = [(_request, response) => response.end('<html>')];
  await expect(client.status()).rejects.toMatchObject({code: 'engine_unreachable'});
});
