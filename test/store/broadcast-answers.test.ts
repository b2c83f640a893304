import {afterEach, beforeEach, expect, test} from 'vitest';
import {eventsAbout} from '../../source/store/sqlite/events.ts';
import {PayoutLedger, unsignedBytes} from '../support/payout-ledger.ts';

let ledger: PayoutLedger;
let id: string;
let payoutId: string;
beforeEach(async () => {
  ledger = new PayoutLedger();
  await ledger.fund(ledger.addAccount('alice'), '1.0');
  payoutId = (await ledger.accept(ledger.request('alice', '0.1'))).value.id;
  const batch = await ledger.reserve();
  id = batch!.id;
  const {raw, txid} = unsignedBytes(batch!.plan);
  await ledger.store.storeSigned(id, raw, txid, ledger.now);
});
afterEach(() => ledger.close());

const send = async (answer: string | undefined, later: number) => {
  const now = ledger.now + later;
  await ledger.store.countAttempt(id, now);
  if (answer !== undefined) await ledger.store.recordAnswer(id, answer, now + 5);
};
const answers = async () =>
  (await ledger.store.broadcast(id)).answers.map(({attempt, times, answer}) => ({attempt, times, answer}));

test('each answer of the network is kept in order, the same again only counted', async () => {
  await send('timeout', 10);
  await send('timeout', 20);
  await send('missing inputs', 30);
  await send('timeout', 40);
  await ledger.store.countAttempt(id, ledger.now + 50);
  await ledger.store.markSent(id, 'accepted', ledger.now + 60);
  expect(await answers()).toEqual([
    {attempt: 1, times: 2, answer: 'timeout'},
    {attempt: 3, times: 1, answer: 'missing inputs'},
    {attempt: 4, times: 1, answer: 'timeout'},
    {attempt: 5, times: 1, answer: 'accepted'},
  ]);
  const [first] = (await ledger.store.broadcast(id)).answers;
  expect(Date.parse(first!.last_at) - Date.parse(first!.first_at)).toBe(15);
});

test('an attempt whose answer was lost shows as one', async () => {
  await send(undefined, 10);
  await send('accepted', 20);
  expect(await answers()).toEqual([
    {attempt: 1, times: 1, answer: null},
    {attempt: 2, times: 1, answer: 'accepted'},
  ]);
});

test('an answer to nothing that was counted is no attempt', async () => {
  await ledger.store.recordAnswer(id, 'timeout', ledger.now);
  expect(await answers()).toEqual([]);
});

test('a broadcast says its family, and when it was signed', async () => {
  const detail = await ledger.store.broadcast(id);
  expect(detail).toMatchObject({family: [{id, txid: detail.txid, status: 'signed'}], virtual_size: expect.any(Number)});
  expect(detail.signed_at).toBeDefined();
  expect(ledger.events(payoutId)).toEqual(['payout.queued']);
});

test('the events about one payout are found by the index, and those of others are not', async () => {
  const other = (await ledger.accept(ledger.request('alice', '0.2'))).value.id;
  const {connection, identity} = ledger.ledger;
  const about = eventsAbout(connection.orm, identity, {kind: 'payout', id: other}, 10);
  expect(about.map(({type, data}) => [type, 'id' in data && data.id])).toEqual([['payout.queued', other]]);
  expect(eventsAbout(connection.orm, identity, {kind: 'deposit', id: other}, 10)).toEqual([]);
  const plan = ledger.ledger.rows<{detail: string}>(
    "EXPLAIN QUERY PLAN SELECT * FROM event WHERE data ->> '$.id' = '1' ORDER BY sequence DESC",
  );
  expect(plan.map(({detail}) => detail)).toEqual([expect.stringContaining('event_subject')]);
});
