import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, beforeEach, afterEach, expect, test} from 'vitest';
import {connect, fileCursor, type Client, type TypedEvent} from '../../source/client/index.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
let client: Client;
let folder: string;

beforeAll(async () => {
  world = await World.start({confirmations: 1, maxConfirmationCount: 3});
  client = connect({socket: world.config.socket});
  // Five events: detected, credited, confirmations, confirmations and settled, or fewer when blocks come together.
  await world.fundedCustomer('alice', '0.1');
  await until('the deposit to settle', async () => (await world.api.deposits())[0]?.status === 'settled');
});
afterAll(async () => {
  await client?.close();
  await world?.dispose();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cursor-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

/** Reads until `enough`, then ends as a loop that is told to stop: by its signal, the last event finished. */
const read = async (enough: (events: TypedEvent[]) => boolean, stop: 'signal' | 'break' | 'throw' = 'signal') => {
  const events: TypedEvent[] = [];
  const abort = new AbortController();
  for await (const event of client.events('btc', {cursor: fileCursor(folder), signal: abort.signal})) {
    events.push(event);
    if (!enough(events)) continue;
    if (stop === 'break') break;
    if (stop === 'throw') throw new Error('the handler failed');
    abort.abort();
  }
  return events;
};
const sequences = (events: readonly TypedEvent[]) => events.map(event => event.sequence);

test('a reader goes on after the last event it finished, over restarts', async () => {
  expect(sequences(await read(events => events.length === 2))).toEqual([1, 2]);
  expect(sequences(await read(events => events.length === 1))).toEqual([3]);
  expect(readdirSync(folder)).toEqual(['btc.json']);
});

test('an event whose handling did not end comes again: left by break, by an error, or by a crash', async () => {
  expect(sequences(await read(events => events.length === 2, 'break'))).toEqual([1, 2]);
  await expect(read(() => true, 'throw')).rejects.toThrow('the handler failed');
  expect(sequences(await read(events => events.length === 2))).toEqual([2, 3]);
});

test('an engine that is killed and started again is found again; nothing is missed or told twice', async () => {
  const lost: string[] = [];
  const events: TypedEvent[] = [];
  const abort = new AbortController();
  const reading = (async () => {
    const onReconnect = (error: {code: string}) => void lost.push(error.code);
    for await (const event of client.events('btc', {cursor: fileCursor(folder), signal: abort.signal, onReconnect}))
      events.push(event);
  })();
  await until('the first events', () => events.length >= 3);
  await world.engine.kill();
  await until('the loss to be noticed', () => lost.length > 0);
  await world.engine.start();
  await world.fundedCustomer('bob', '0.2');
  const bob = await until('the news', () =>
    events.find(event => event.type === 'deposit.credited' && event.data.account === 'bob'),
  );
  expect(bob.type === 'deposit.credited' && bob.data.amount).toBe('0.20000000');
  abort.abort();
  await reading;
  expect(lost[0]).toBe('engine_unreachable');
  expect(sequences(events)).toEqual(events.map((_event, index) => index + 1));
});

test('only some types: the others are passed over, also by the cursor', async () => {
  const abort = new AbortController();
  const amounts: string[] = [];
  const options = {types: ['deposit.credited'], cursor: fileCursor(folder), signal: abort.signal} as const;
  for await (const event of client.events('btc', options)) {
    // Typed: no other event has an amount that was credited.
    amounts.push(`${event.type} ${event.data.amount}`);
    abort.abort();
  }
  expect(amounts).toEqual(['deposit.credited 0.10000000']);
  const next = await read(events => events.length === 1);
  const first = (await world.api.events()).find(event => event.type === 'deposit.credited');
  expect(next[0]!.sequence).toBe(first!.sequence + 1);
});

test('without a cursor it begins at the first event, or after the one that is named', async () => {
  for await (const event of client.events('btc')) {
    expect(event.sequence).toBe(1);
    break;
  }
  for await (const event of client.events('btc', {after: 2})) {
    expect(event.sequence).toBe(3);
    break;
  }
});

test.each([
  ['is from a ledger that went on further', (cursor: object) => ({...cursor, sequence: 100_000})],
  ['names an event that is another one now', (cursor: object) => ({...cursor, created_at: '2020-01-01T00:00:00.000Z'})],
  ['is of another ledger', (cursor: object) => ({...cursor, id: 'evt_other_2'})],
])('a cursor that %s is refused: going on would skip events', async (_what, change) => {
  await read(events => events.length === 2);
  const path = join(folder, 'btc.json');
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as object)));
  await expect(read(() => true)).rejects.toMatchObject({code: 'cursor_mismatch'});
});

test('a cursor file that is none is refused and not taken for a beginning; so is one that cannot be read', async () => {
  const path = join(folder, 'btc.json');
  writeFileSync(path, '{"sequence": 1');
  await expect(read(() => true)).rejects.toMatchObject({
    code: 'bad_cursor_file',
    message: expect.stringContaining(path) as string,
  });
  rmSync(path);
  mkdirSync(path);
  await expect(read(() => true)).rejects.toMatchObject({code: 'bad_cursor_file'});
});

test('what the engine refuses for good ends the reading', async () => {
  const reading = (async () => {
    for await (const event of client.events('xmr')) return event;
    return undefined;
  })();
  await expect(reading).rejects.toMatchObject({code: 'unknown_coin', status: 404});
});

test('after a restore from a backup the reader is told before it goes on; one that would not hear it ends', async () => {
  const backup = join(folder, 'backup');
  expect(await world.run('backup', '--to', backup)).toMatchObject({code: 0});
  await world.api.createAccount('carol');
  await world.pay(await world.api.createAddress('carol'), '0.3');
  const isCarols = (event: TypedEvent) => event.type === 'deposit.detected' && event.data.account === 'carol';
  const heard = await read(events => events.some(isCarols));
  await world.engine.kill();
  for (const end of ['', '-wal', '-shm']) rmSync(`${world.config.ledger}${end}`, {force: true});
  expect(await world.run('restore', '--backup', backup)).toMatchObject({code: 0});
  await world.engine.start();
  const deaf = (async () => {
    for await (const event of client.events('btc', {cursor: fileCursor(folder), types: ['deposit.credited']}))
      return event;
    return undefined;
  })();
  await expect(deaf).rejects.toMatchObject({
    code: 'cursor_mismatch',
    message: expect.stringContaining('types') as string,
  });
  const next = await read(events => events.length === 1);
  expect(next[0]).toMatchObject({type: 'ledger.restored', data: {backup_made_at: expect.any(String) as string}});
  expect(next[0]!.sequence).toBeGreaterThan(heard.at(-1)!.sequence);
});
