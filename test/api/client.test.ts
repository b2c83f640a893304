import {afterAll, beforeAll, expect, test} from 'vitest';
import {createApiClient, type ApiClient} from '../../source/api/client.ts';
import type {Event, Status} from '../../source/contract/index.ts';
import {until} from '../support/until.ts';
import {serveEngine, type ServedEngine} from './served-engine.ts';

let served: ServedEngine;
let client: ApiClient;

beforeAll(async () => {
  served = await serveEngine();
  client = createApiClient(served.config.api.socket);
});
afterAll(async () => {
  await client?.close();
  await served?.dispose();
});

test('what the engine answers and refuses is the same as in its own process', async () => {
  expect(await client.createAccount('btc', 'shop')).toMatchObject({created: true, value: {name: 'shop'}});
  expect((await client.createAccount('btc', 'shop')).created).toBe(false);
  expect((await client.accounts('btc', {limit: 10})).items.map(item => item.name)).toContain('shop');
  await expect(client.account('btc', 'nobody')).rejects.toMatchObject({status: 404, code: 'unknown_account'});
  await expect(client.account('btc', '../../health')).rejects.toMatchObject({code: 'unknown_account'});
  await expect(client.createAccount('btc', 'a b')).rejects.toMatchObject({code: 'bad_name', field: 'name'});
  const body = {account: 'shop', address: 'bcrt1qnothing', amount: '1'};
  await expect(client.createPayout('btc', 'key', body)).rejects.toMatchObject({code: 'bad_address', field: 'address'});
  expect(await client.health()).toMatchObject({status: 'ok'});
});

test('a stream of statuses begins at once, tells of a change, is never silent for long and never hasty', async () => {
  const abort = new AbortController();
  const seen: {status: Status; at: number}[] = [];
  const reading = (async () => {
    for await (const status of client.stream(abort.signal)) seen.push({status, at: performance.now()});
  })();
  await until('the first status', () => seen.length > 0);
  const accounts = (status: Status) => status.coins[0]!.counts.accounts;
  const before = accounts(seen.at(-1)!.status);
  await client.createAccount('btc', 'streamed');
  await until('the change', () => seen.some(({status}) => accounts(status) === before + 1));
  await until('more', () => seen.length >= 6, {timeout: 15_000});
  abort.abort();
  await reading;
  // Two a second at most. A busy machine may hold one back, so that the next one seems to come early.
  const gaps = seen.slice(1).map(({at}, index) => at - seen[index]!.at);
  expect(gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)]).toBeGreaterThan(300);
});

test('events are followed from any point, in order, as they come', async () => {
  const address = await client.createAddress('btc', 'shop');
  const pay = async () => served.node.rpc('sendtoaddress', [address.address, '0.5'], 'outside');
  await pay();
  const first = await until('the first event', async () => (await client.events('btc', 0, 10)).items[0]);
  const abort = new AbortController();
  const followed: Event[] = [];
  const reading = (async () => {
    for await (const event of client.followEvents('btc', first.sequence, abort.signal)) followed.push(event);
  })();
  await pay();
  await served.node.rpc('generatetoaddress', [3, await served.node.rpc<string>('getnewaddress', [], 'outside')]);
  await until('both to settle', () => followed.filter(event => event.type === 'deposit.settled').length === 2);
  abort.abort();
  await reading;
  const listed = await client.events('btc', first.sequence, 1000);
  expect(followed).toEqual(listed.items.slice(0, followed.length));
  await expect(
    (async () => {
      for await (const event of client.followEvents('xmr', 0, new AbortController().signal)) return event;
      return undefined;
    })(),
  ).rejects.toMatchObject({code: 'unknown_coin'});
});

test('an engine that is not there is engine_unreachable, and says where it was looked for', async () => {
  const nobody = createApiClient('/nowhere/engine.sock');
  await expect(nobody.health()).rejects.toMatchObject({
    code: 'engine_unreachable',
    retry: 'backoff',
    message: expect.stringContaining('/nowhere/engine.sock') as string,
  });
  await nobody.close();
});

test('streams end with an error when the engine stops, and it stops with exit code 0 all the same', async () => {
  const reading = (async () => {
    for await (const status of client.stream(new AbortController().signal)) if (!status.at) break;
  })();
  const ended = expect(reading).rejects.toMatchObject({code: 'engine_unreachable'});
  await client.status();
  expect(await served.stop()).toBe(0);
  await ended;
});
