import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import type {Status} from '../../source/contract/index.ts';
import {SnapshotCache} from '../../source/engine/snapshot-cache.ts';

const clock = {now: () => performance.now(), monotonic: () => performance.now()};
let built: number;
const build = async (): Promise<Status> => {
  built += 1;
  return {at: String(built)} as Status;
};

beforeEach(() => {
  built = 0;
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout', 'performance']});
});
afterEach(() => vi.useRealTimers());

test('however many ask, at most two snapshots are built a second', async () => {
  const cache = new SnapshotCache(build, clock);
  for (let tenth = 0; tenth < 100; tenth += 1) {
    cache.markChanged();
    await Promise.all([cache.get(), cache.get(), cache.get()]);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(built).toBe(20);
});

test('nothing is built while nobody asks', async () => {
  const cache = new SnapshotCache(build, clock);
  cache.markChanged();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(built).toBe(0);
});

test('a stream shows the last change within a second, however the changes fall, and otherwise speaks every two', async () => {
  const cache = new SnapshotCache(build, clock);
  const abort = new AbortController();
  const seen: {at: number; status: string}[] = [];
  const reading = (async () => {
    for await (const status of cache.stream(abort.signal)) seen.push({at: performance.now(), status: status.at});
  })();
  await vi.advanceTimersByTimeAsync(0);
  expect(seen).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(seen).toHaveLength(6);
  // Somebody else's request builds one right before the change: the stream must not take that for the news.
  for (const pause of [10, 90, 310, 490, 510]) {
    await cache.get();
    const before = built;
    cache.markChanged();
    await vi.advanceTimersByTimeAsync(1000);
    expect(Number(seen.at(-1)!.status)).toBeGreaterThan(before);
    await vi.advanceTimersByTimeAsync(pause);
  }
  abort.abort();
  await vi.advanceTimersByTimeAsync(0);
  await reading;
  for (const [index, {at}] of seen.slice(1).entries()) expect(at - seen[index]!.at).toBeGreaterThanOrEqual(500);
});
