import {expect, test} from 'vitest';
import type {Delivery, Replay, SinkStatus} from '../../source/contract/index.ts';
import {EngineError} from '../../source/primitives/errors.ts';
import {runVerb} from './run-verb.ts';
import {status} from './samples.ts';

const TIME = '2026-01-31T12:00:00.000Z';
const replay: Replay = {
  id: '1',
  sink: 'shop',
  coin: 'btc',
  from: 20,
  to: 40,
  at: 31,
  attempts: 0,
  last_error: null,
  next_attempt_at: null,
};
const sink: SinkStatus = {...status.sinks[0]!, oldest_waiting_at: TIME, replay};
const delivery: Delivery = {
  id: '3',
  sink: 'shop',
  event_id: 'evt_0011_39',
  sequence: 39,
  type: 'deposit.credited',
  status: 'dead',
  attempts: 38,
  last_error: 'answered 500 Internal Server Error',
  next_attempt_at: null,
  first_attempt_at: TIME,
};

test('sink list shows what waits, since when, and what the last attempt said', async () => {
  const {stdout} = await runVerb(['sink', 'list'], {application: {sinks: async () => [sink]}});
  expect(stdout).toMatchInlineSnapshot(`
    "SINK  TYPE     COIN  STATE     WAITING  DEAD  OLDEST (UTC)         STATUS   MS  REPLAY       LAST DELIVERED (UTC)  LAST ERROR
    shop  webhook  btc   retrying        3     0  2026-01-31 12:00:00     200  3.2  31 of 20-40  2026-01-31 12:00:00   503 Service Unavailable
    "
  `);
  const asJson = await runVerb(['sink', 'list', '--json'], {application: {sinks: async () => [sink]}});
  expect(JSON.parse(asJson.stdout)).toEqual({items: [sink]});
});

test('sinks are paused and resumed by name', async () => {
  const asked: string[] = [];
  const application = {
    pauseSink: async (name: string) => void asked.push(`pause ${name}`),
    resumeSink: async (name: string) => void asked.push(`resume ${name}`),
  };
  const paused = await runVerb(['sink', 'pause', 'shop'], {application});
  expect(paused.stdout).toContain('cryptoassets-console sink resume shop');
  const resumed = await runVerb(['sink', 'resume', 'shop', '--json'], {application});
  expect(JSON.parse(resumed.stdout)).toEqual({sink: 'shop'});
  expect(asked).toEqual(['pause shop', 'resume shop']);
});

test('sink replay asks for a range, of one coin or of all', async () => {
  const asked: unknown[] = [];
  const application = {
    replaySink: async (name: string, body: object) => {
      asked.push([name, body]);
      return [replay];
    },
  };
  const {stdout} = await runVerb(['sink', 'replay', 'shop', '20', '40', '--coin', 'btc'], {application});
  expect(stdout).toBe('shop gets btc events 20 to 40 again\n');
  await runVerb(['sink', 'replay', 'shop', '20', '40'], {application});
  expect(asked).toEqual([
    ['shop', {from: 20, to: 40, coin: 'btc'}],
    ['shop', {from: 20, to: 40}],
  ]);
});

test.each([
  ['sink replay shop 0 3', 64, /<first> "0": expected the sequence of an event, 1 or more/],
  ['sink replay shop 7 3', 64, /<last> "3": expected the sequence of an event, 7 or more/],
  ['sink replay shop 1 3 --coin xmr', 1, /the coin "xmr" is not configured/],
  ['deliveries btc --status ded', 64, /expected one of retrying, dead; did you mean dead\?/],
])('%s is refused', async (line, code, words) => {
  const answer = await runVerb(line.split(' '));
  expect(answer).toMatchObject({code, stderr: expect.stringMatching(words)});
});

test('deliveries are listed by sink and status, and one is tried again', async () => {
  const asked: unknown[] = [];
  const application = {
    deliveries: async (coin: string, query: object) => {
      asked.push([coin, query]);
      return {items: [delivery], next: null};
    },
    retryDelivery: async (coin: string, id: string) => {
      if (id !== '3') throw new EngineError('not_found', `no delivery ${id}`);
      return {...delivery, coin};
    },
  };
  const list = await runVerb(['deliveries', 'btc', '--sink', 'shop', '--status', 'dead'], {application});
  expect(list.stdout).toMatchInlineSnapshot(`
    "ID  SINK  SEQ  TYPE              STATUS  TRIES  FIRST (UTC)          NEXT (UTC)  LAST ERROR
     3  shop   39  deposit.credited  dead       38  2026-01-31 12:00:00  -           answered 500 Internal Server Error
    "
  `);
  expect(asked).toEqual([['btc', {limit: 100, sink: 'shop', status: 'dead'}]]);
  const again = await runVerb(['delivery', 'retry', 'btc', '3'], {application});
  expect(again.stdout).toBe('shop is sent event 39 again\n');
  expect((await runVerb(['delivery', 'retry', 'btc', '4'], {application})).code).toBe(1);
});
