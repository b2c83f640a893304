import {expect, test, vi} from 'vitest';
import type {Application} from '../../source/engine/application.ts';
import {runVerb} from './run-verb.ts';
import {event, job} from './samples.ts';

// Verbs that go on for a while: rescan and events, and what Ctrl-C does to them.

test('rescan follows the job to its end: progress on stderr, the result on stdout', async () => {
  const states = [
    {...job, at_height: 150},
    {...job, at_height: 200, status: 'finished' as const, found: 2},
  ];
  const application: Partial<Application> = {
    startRescan: async (_coin, from) => ({...job, from_height: Number(from)}),
    job: async () => states.shift()!,
  };
  const {code, stdout, stderr} = await runVerb(['rescan', '--from', '1', '--json'], {application});
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({coin: 'btc', status: 'finished', found: 2});
  expect(stderr).toBe(
    [
      'rescan btc: 49%, 99 of 200 blocks, 0 new found',
      'rescan btc: 75%, 150 of 200 blocks, 0 new found',
      'rescan btc: 100%, 200 of 200 blocks, 2 new found',
      '',
    ].join('\n'),
  );
});

test('a rescan that fails is exit code 1 with its error', async () => {
  const application: Partial<Application> = {
    startRescan: async () => ({...job, status: 'failed', error: 'the node has pruned block 7'}),
  };
  const {code, stderr} = await runVerb(['rescan'], {application});
  expect(code).toBe(1);
  expect(stderr).toContain('btc: the node has pruned block 7');
});

test.each([
  ['engine' as const, 0, 'Left: the engine goes on with rescan 3 of btc', 0],
  ['ledger' as const, 1, 'Cancelled: rescan 3 of btc at height 99', 1],
])('Ctrl-C during a rescan through the %s', async (via, code, words, cancelled) => {
  const cancelJob = vi.fn<Application['cancelJob']>(async () => ({...job, status: 'cancelled'}));
  const application: Partial<Application> = {
    startRescan: async () => job,
    job: async () => {
      process.emit('SIGINT');
      return job;
    },
    cancelJob,
  };
  const result = await runVerb(['rescan'], {application, via});
  expect(result.stderr).toContain(words);
  expect(result.code).toBe(code);
  expect(cancelJob).toHaveBeenCalledTimes(cancelled);
  expect(process.listenerCount('SIGINT')).toBe(0);
});

test('events are listed in order with what they are about', async () => {
  const {stdout} = await runVerb(['events', 'btc'], {
    application: {events: async () => ({items: [event], next: null})},
  });
  expect(stdout).toBe(
    'SEQ  TIME (UTC)           TYPE                   WHAT\n' +
      ' 41  2026-01-31 12:00:00  deposit.detected       alice  +0.50000000  2 conf\n',
  );
});

test('events --follow --json is a JSON value a line until Ctrl-C, exit code 0', async () => {
  const followEvents: Application['followEvents'] = async function* (_coin, after, signal) {
    yield {...event, sequence: after + 1};
    yield {...event, sequence: after + 2};
    process.emit('SIGINT');
    signal.throwIfAborted();
  };
  const {code, stdout, closed} = await runVerb(['events', 'btc', '--after', '40', '--follow', '--json'], {
    application: {followEvents},
  });
  expect({code, closed}).toEqual({code: 0, closed: 1});
  expect(
    stdout
      .trim()
      .split('\n')
      .map(line => (JSON.parse(line) as {sequence: number}).sequence),
  ).toEqual([41, 42]);
});
