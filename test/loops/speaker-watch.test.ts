import {beforeEach, expect, test} from 'vitest';
import type {SourceView} from '../../source/chain/ports.ts';
import {SpeakerWatch} from '../../source/loops/speaker-watch.ts';

const SETTLE = 2_000;

let now = 0;
let speaks = 'first';
let lastSpeaker: string | undefined;
let told: string[] = [];
beforeEach(() => {
  now = 0;
  speaks = 'first';
  lastSpeaker = undefined;
  told = [];
});

const sources = (): SourceView[] =>
  ['first', 'second', 'third'].map(name => ({
    name,
    type: 'bitcoind',
    state: name === speaks ? 'ok' : 'down',
    reason: name === speaks ? null : 'away',
    tip: undefined,
    latency: undefined,
    lastSeenAt: undefined,
    since: 0,
    speaks: name === speaks,
  }));

/** As an engine has it that starts now. */
const startWatch = () =>
  new SpeakerWatch(
    {now: () => now, monotonic: () => now},
    {
      lastSpeaker: async () => lastSpeaker,
      appendBackendEvent: async (type, data) => {
        lastSpeaker = data.speaks;
        told.push(`${type} ${data.backend} > ${data.speaks} ${data.reason ?? ''}`.trim());
      },
    },
    sources,
  );

const pass = async (watch: SpeakerWatch, milliseconds: number): Promise<boolean> => {
  const isWaiting = await watch.announce(SETTLE);
  now += milliseconds;
  return (await watch.announce(SETTLE)) || (isWaiting && milliseconds < SETTLE);
};

test('a switch that lasts is told once, by the names of both', async () => {
  const watch = startWatch();
  await pass(watch, 10_000);
  speaks = 'second';
  await pass(watch, SETTLE);
  await pass(watch, 10_000);
  expect(told).toEqual(['backend.down first > second away']);
  speaks = 'first';
  await pass(watch, SETTLE);
  expect(told.slice(1)).toEqual(['backend.up first > first']);
});

test('one that does not last is not told', async () => {
  const watch = startWatch();
  speaks = 'second';
  expect(await pass(watch, SETTLE - 1)).toBe(true);
  speaks = 'first';
  await pass(watch, 10_000);
  speaks = 'second';
  await pass(watch, SETTLE - 1);
  expect(told).toEqual([]);
});

test('from the second to the third: it is the second that is down', async () => {
  const watch = startWatch();
  speaks = 'second';
  await pass(watch, SETTLE);
  speaks = 'third';
  await pass(watch, SETTLE);
  expect(told).toEqual(['backend.down first > second away', 'backend.down second > third away']);
});

test('a restarted engine goes on from what was told before, and does not repeat it', async () => {
  speaks = 'second';
  await pass(startWatch(), SETTLE);
  await pass(startWatch(), 10_000);
  expect(told).toEqual(['backend.down first > second away']);
  speaks = 'first';
  await pass(startWatch(), SETTLE);
  expect(told.slice(1)).toEqual(['backend.up first > first']);
});

test('a speaker that has left the config is as good as the preferred one', async () => {
  lastSpeaker = 'gone';
  await pass(startWatch(), 10_000);
  expect(told).toEqual([]);
});
