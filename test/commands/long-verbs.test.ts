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
      'rescan btc: blocks 1 to 200',
      'rescan btc: 49%, 99 of 200 blocks, 0 new found',
      'rescan btc: 75%, 150 of 200 blocks, 0 new found',
      'rescan btc: 100%, 200 of 200 blocks, 2 new found',
      '',
    ].join('\n'),
  );
});

test('rescan says how it goes about it and what that may cost, and passes on which way was asked for', async () => {
  const estimate = {seconds: 75, bytes: 2_400_000, requests: 7, blocks: 12};
  const startRescan = vi.fn<Application['startRescan']>(async () => ({
    ...job,
    status: 'finished',
    method: 'scanblocks',
    estimate,
  }));
  const {code, stdout, stderr} = await runVerb(['rescan', '--method', 'scanblocks'], {application: {startRescan}});
  expect(code).toBe(0);
  expect(startRescan).toHaveBeenCalledWith('btc', undefined, 'scanblocks');
  expect(stderr).toContain('by scanblocks: about 2 min, 12 blocks read, 3 MB');
  expect(stdout).toMatch(/METHOD[\s\S]*scanblocks/);
  const wrong = await runVerb(['rescan', '--method', 'quick'], {application: {startRescan}});
  expect(wrong.code).toBe(64);
  expect(wrong.stderr).toContain('--method "quick": expected one of blocks, scanblocks, filters');
});

test('rescan --estimate says what each way costs, and starts nothing', async () => {
  const plan = {seconds: 2, bytes: 100_000, requests: 3, blocks: 7};
  const application: Partial<Application> = {
    estimateRescan: async () => ({
      from_height: 5,
      to_height: 900,
      scripts: 12,
      method: 'filters',
      plans: [
        {...plan, method: 'coins', complete: false},
        {...plan, method: 'filters', complete: true},
        {...plan, method: 'blocks', complete: true, seconds: 200, blocks: 896},
      ],
    }),
  };
  const {code, stdout} = await runVerb(['rescan', '--estimate'], {application});
  expect(code).toBe(0);
  expect(stdout).toMatch(/5-900 +coins +2 s +7 +100 kB +unspent coins only/);
  expect(stdout).toMatch(/5-900 +filters +2 s +7 +100 kB +taken/);
  expect(stdout).toMatch(/5-900 +blocks +4 min +896/);
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
