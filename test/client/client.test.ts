import {afterAll, beforeAll, expect, test} from 'vitest';
import {connect, CryptoassetsError, type Client} from '../../source/client/index.ts';
import {serveEngine, TOKEN, type ServedEngine} from '../api/served-engine.ts';
import {freePort} from '../support/free-port.ts';
import {until} from '../support/until.ts';

let served: ServedEngine;
let client: Client;
let overTcp: Client;
let url: string;

const outside = async () => served.node.rpc<string>('getnewaddress', [], 'outside');

beforeAll(async () => {
  const port = await freePort();
  served = await serveEngine(config => ({
    ...config,
    api: {...config.api, listen: {host: '127.0.0.1', port}, token: TOKEN},
  }));
  url = `http://127.0.0.1:${port}`;
  client = connect({socket: served.config.api.socket});
  overTcp = connect({url: `${url}/`, token: TOKEN});
  await client.accounts.create('btc', 'shop');
  const {address} = await client.addresses.create('btc', 'shop', 'till 1');
  await served.node.rpc('sendtoaddress', [address, '2'], 'outside');
  await served.node.rpc('generatetoaddress', [1, await outside()]);
  await until('the deposit to be credited', async () => {
    const {balance} = await client.accounts.get('btc', 'shop');
    return balance === '2.00000000';
  });
});
afterAll(async () => {
  await client?.close();
  await overTcp?.close();
  await served?.dispose();
});

test('accounts, addresses, deposits, books and jobs are there, over the socket and over TCP', async () => {
  for (const one of [client, overTcp]) {
    expect(await one.accounts.create('btc', 'shop')).toMatchObject({name: 'shop', frozen: false});
    const [deposit] = (await one.deposits.list('btc', {account: 'shop'})).items;
    expect(deposit).toMatchObject({amount: '2.00000000', label: 'till 1'});
    expect(await one.deposits.get('btc', deposit!.id)).toEqual(deposit);
    expect(await one.addresses.get('btc', deposit!.address)).toMatchObject({account: 'shop', label: 'till 1'});
    expect((await one.transactions.list('btc', {account: 'shop'})).items).not.toEqual([]);
    expect((await one.broadcasts.list('btc')).next).toBeNull();
    expect((await one.deliveries.list('btc')).items).toEqual([]);
    expect(await one.health()).toMatchObject({status: 'ok'});
    expect((await one.status()).coins[0]).toMatchObject({coin: 'btc', network: 'regtest'});
  }
  await until('the books to be compared', async () => (await client.books('btc')).drift === '0.00000000');
  const job = await client.jobs.startRescan('btc', 100);
  expect(await until('the rescan', async () => (await client.jobs.get('btc', job.id)).status === 'finished')).toBe(
    true,
  );
});

test('a list is read by the page or to its end', async () => {
  for (let made = 0; made < 5; made += 1) await client.addresses.create('btc', 'shop');
  const page = await client.addresses.list('btc', {limit: 2});
  expect(page.items).toHaveLength(2);
  expect(page.next).not.toBeNull();
  const all: string[] = [];
  for await (const {address} of client.addresses.all('btc', {limit: 2, account: 'shop'})) all.push(address);
  expect(new Set(all).size).toBe(6);
});

test('a payout without a key is given one, which the answer and the error tell', async () => {
  const payout = await client.payouts.create('btc', {account: 'shop', address: await outside(), amount: '0.01'});
  expect(payout.idempotency_key).toMatch(/^[0-9a-f-]{36}$/);
  const address = await outside();
  const body = {account: 'shop', address, amount: '0.02', label: 'refund'};
  const first = await client.payouts.create('btc', body, {idempotencyKey: 'refund-1'});
  const again = await overTcp.payouts.create('btc', {...body, amount: '0.0200'}, {idempotencyKey: 'refund-1'});
  expect(again.id).toBe(first.id);
  expect(first).toMatchObject({idempotency_key: 'refund-1', label: 'refund', amount: '0.02000000'});
  expect((await client.payouts.list('btc', {idempotency_key: 'refund-1'})).items).toHaveLength(1);
  const other = client.payouts.create('btc', {...body, amount: '0.03'}, {idempotencyKey: 'refund-1'});
  await expect(other).rejects.toMatchObject({code: 'idempotency_conflict', status: 409, idempotencyKey: 'refund-1'});
  const poor = client.payouts.create('btc', {...body, amount: '1000'});
  await expect(poor).rejects.toMatchObject({
    code: 'insufficient_funds',
    status: 422,
    idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
  });
});

test('money moves between accounts, once per key; freezes, the switch and corrections are there', async () => {
  await client.accounts.create('btc', 'till');
  const move = {from: 'shop', to: 'till', amount: '0.25', label: 'change'};
  const moved = await client.transfers.create('btc', move, {idempotencyKey: 'move-1'});
  expect((await overTcp.transfers.create('btc', move, {idempotencyKey: 'move-1'})).id).toBe(moved.id);
  expect(await client.transfers.get('btc', moved.id)).toEqual(moved);
  expect((await client.transfers.list('btc', {account: 'till'})).items).toEqual([moved]);
  expect((await client.accounts.get('btc', 'till')).balance).toBe('0.25000000');
  expect((await client.accounts.freeze('btc', 'till', 'to be looked at')).frozen).toBe(true);
  const back = client.transfers.create('btc', {...move, from: 'till', to: 'shop'});
  await expect(back).rejects.toMatchObject({code: 'account_frozen', idempotencyKey: expect.any(String) as string});
  expect((await client.accounts.unfreeze('btc', 'till')).frozen).toBe(false);
  expect((await client.payouts.pause('btc', 'a drill')).paused).toContain('a drill');
  expect((await client.payouts.resume('btc')).paused).toBeNull();
  const counted = {account: 'till', amount: '-0.05', reason: 'counted'};
  const adjusted = await client.adjust('btc', counted, {idempotencyKey: 'count-1'});
  expect(adjusted.balance).toBe('0.20000000');
  expect((await client.adjust('btc', counted, {idempotencyKey: 'count-1'})).id).toBe(adjusted.id);
  // The books must agree with the chain again for the tests that follow.
  await client.adjust('btc', {...counted, amount: '0.05'});
  expect((await client.audit.list('btc', {limit: 1})).items).toHaveLength(1);
  expect(await client.sinks.list()).toEqual([]);
  for await (const event of client.events('btc', {types: ['transfer.done']})) {
    expect(event.data).toMatchObject({from: 'shop', to: 'till'});
    break;
  }
});

test('what is refused is one class with code, field, status and detail', async () => {
  const bad = await client.payouts
    .create('btc', {account: 'shop', address: 'bcrt1qnothing', amount: '1'})
    .catch((error: unknown) => error);
  expect(bad).toBeInstanceOf(CryptoassetsError);
  expect(bad).toMatchObject({code: 'bad_address', field: 'address', status: 422, retry: 'never'});
  expect((bad as CryptoassetsError).detail).toBe((bad as CryptoassetsError).message);
  await expect(client.accounts.get('btc', 'nobody')).rejects.toMatchObject({code: 'unknown_account', status: 404});
  await expect(client.accounts.get('xmr', 'shop')).rejects.toMatchObject({code: 'unknown_coin', status: 404});
  await expect(client.accounts.get('btc', '../../health')).rejects.toMatchObject({code: 'unknown_account'});
  const stranger = connect({url, token: 'x'.repeat(20)});
  await expect(stranger.status()).rejects.toMatchObject({code: 'unauthorized', status: 401});
  await stranger.close();
});

test.each([
  ['nothing', {}, 'socket'],
  ['both', {socket: 'a', url: 'http://127.0.0.1:1'}, 'socket'],
  ['an empty path', {socket: ''}, 'socket'],
  ['a url that is none', {url: 'localhost 8080'}, 'url'],
  ['another protocol', {url: 'ftp://127.0.0.1', token: 't'}, 'url'],
  ['credentials in the url', {url: 'http://user:secret@127.0.0.1', token: 't'}, 'url'],
  ['no token', {url: 'http://127.0.0.1:1'}, 'token'],
  ['a token with a line break', {url: 'http://127.0.0.1:1', token: 'a\nb'}, 'token'],
  ['a token in the clear to another machine', {url: 'http://engine.example', token: 't'}, 'url'],
  ['no time at all', {socket: 'a', timeout: 0}, 'timeout'],
  ['half a retry', {socket: 'a', retries: 0.5}, 'retries'],
])('connect with %s is refused and names the option', (_what, options, field) => {
  expect(() => connect(options)).toThrow(expect.objectContaining({code: 'bad_option', field}));
});
