import {expect, test} from 'vitest';
import type {Failover} from '../../../source/backends/failover/index.ts';
import type {AcceptAnswer, SendAnswer} from '../../../source/payout/ports.ts';
import {EngineError} from '../../../source/primitives/errors.ts';
import {parseTxid} from '../../../source/primitives/ids.ts';
import {openBackend} from '../../support/bitcoind.ts';
import {named, openFailover} from '../../support/failover.ts';
import {until} from '../../support/until.ts';

// What each backend answers is given: the ports of real ones behind which nothing listens, with these answers.

const RAW = Buffer.from('00');
const TXID = parseTxid('ab'.repeat(32));
const AWAY: SendAnswer = {kind: 'unknown', words: 'away'};
const TAKEN: SendAnswer = {kind: 'accepted'};
const LOW: SendAnswer = {kind: 'rejected', words: 'min relay fee not met'};
const SPENT: SendAnswer = {kind: 'inputs-unavailable', words: 'missing inputs'};
const LOCKED: SendAnswer = {kind: 'unauthorized', words: '401'};

interface Answers {
  readonly send?: SendAnswer;
  readonly test?: AcceptAnswer;
  readonly find?: 'mempool' | 'anchored' | 'absent' | Error;
  readonly fee?: number | undefined | Error;
}

const give = async <Value>(value: Value | Error): Promise<Value> => {
  if (value instanceof Error) throw value;
  return value;
};

const world = (...answers: readonly Answers[]): {failover: Failover; sent: string[]} => {
  const sent: string[] = [];
  const sources = answers.map((answer, index) => {
    const name = `${index + 1}`;
    const backend = openBackend({url: 'http://127.0.0.1:1', wallet: undefined});
    return named(name, {
      chain: backend.chain,
      health: backend.health,
      close: async () => backend.close(),
      broadcaster: {
        testAccept: async () => answer.test ?? {kind: 'acceptable'},
        send: async raw => {
          expect(raw).toBe(RAW);
          sent.push(name);
          return answer.send ?? TAKEN;
        },
        find: async () => give(answer.find ?? 'absent'),
      },
      fees: {estimate: async () => give(answer.fee)},
    });
  });
  return {failover: openFailover(sources), sent};
};

test.each<[what: string, answers: SendAnswer[], expected: SendAnswer, sent: string]>([
  ['what the speaker accepts is offered to all others', [TAKEN, TAKEN, LOW], TAKEN, '1 2 3'],
  ['a silent speaker: the next is asked, and the rest are offered it', [AWAY, TAKEN, TAKEN], TAKEN, '1 2 3'],
  ['all are silent: nothing is known', [AWAY, AWAY, AWAY], AWAY, '1 2 3'],
  ['the speaker refuses: the others are not asked', [LOW, TAKEN, TAKEN], LOW, '1'],
  ['the speaker lacks the inputs: the others are not asked', [SPENT, TAKEN, TAKEN], SPENT, '1'],
  ['a silent speaker and others that refuse: still nothing is known', [AWAY, LOW, SPENT], AWAY, '1 2 3'],
  ['the speaker lets nobody in: the next is asked', [LOCKED, TAKEN], TAKEN, '1 2'],
  ['nobody lets us in', [LOCKED, LOCKED], LOCKED, '1 2'],
])('%s', async (_, answers, expected, wanted) => {
  const {failover, sent} = world(...answers.map(send => ({send})));
  expect(await failover.broadcaster.send(RAW, TXID)).toEqual(expected);
  await until('the offers', () => sent.length === wanted.split(' ').length);
  expect(sent.join(' ')).toBe(wanted);
  await failover.close();
});

test('whether a transaction would be taken is the speaker’s answer, and another one’s while it is silent', async () => {
  const away: AcceptAnswer = {kind: 'unknown', words: 'away'};
  const low: AcceptAnswer = {kind: 'rejected', words: 'low'};
  expect(await world({test: low}, {}).failover.broadcaster.testAccept(RAW)).toEqual(low);
  expect(await world({test: away}, {test: low}).failover.broadcaster.testAccept(RAW)).toEqual(low);
  expect(await world({test: away}, {test: away}).failover.broadcaster.testAccept(RAW)).toEqual(away);
});

test('a transaction is where anybody has it; nobody answering is an error', async () => {
  const away = new EngineError('backend_down', 'away', {retry: 'backoff'});
  const find = async (...answers: NonNullable<Answers['find']>[]) =>
    world(...answers.map(one => ({find: one}))).failover.broadcaster.find(TXID);
  expect(await find('absent', 'mempool')).toBe('mempool');
  expect(await find('mempool', 'anchored')).toBe('anchored');
  expect(await find(away, 'absent')).toBe('absent');
  await expect(find(away, away)).rejects.toBe(away);
});

test('a feerate comes from the first that knows one', async () => {
  const away = new EngineError('backend_down', 'away', {retry: 'backoff'});
  const estimate = async (...answers: Answers['fee'][]) =>
    world(...answers.map(fee => ({fee}))).failover.fees.estimate(6);
  expect(await estimate(away, undefined, 7, 9)).toBe(7);
  expect(await estimate(undefined, away)).toBeUndefined();
  await expect(estimate(away, away)).rejects.toBe(away);
});
