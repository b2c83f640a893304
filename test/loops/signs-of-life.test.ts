import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import type {Loop, RoundContext} from '../../source/loops/loop.ts';
import {runLoop} from '../../source/loops/run-loop.ts';
import {SignsOfLife} from '../../source/loops/signs-of-life.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {Wake} from '../../source/primitives/wake.ts';

// One virtual time; the loop counts as stalled after two minutes without a sign of life.

const STALL = 120_000;
const clock = {now: () => performance.now(), monotonic: () => performance.now()};
const later = async <Value>(milliseconds: number, value: Value): Promise<Value> =>
  new Promise(resolve => setTimeout(() => resolve(value), milliseconds));

/** What somebody outside is asked. */
class Port {
  readonly #answer = 7;
  readonly name = 'port';
  takes = 0;

  async ask(): Promise<number> {
    return later(this.takes, this.#answer);
  }

  async *list(count: number): AsyncGenerator<number> {
    for (let item = 0; item < count; item += 1) yield await later(this.takes, item);
  }
}

const end = new AbortController();
let port: Port;
let fatal: string[];
let rounds: unknown[];
beforeEach(() => {
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance']});
  port = new Port();
  [fatal, rounds] = [[], []];
});
afterEach(() => vi.useRealTimers());

const run = (work: (asked: Port, context: RoundContext) => Promise<unknown>): void => {
  const signs = new SignsOfLife();
  const asked = signs.around(port);
  const loop: Loop = {
    name: 'work',
    coin: 'btc',
    wake: new Wake(),
    stallAfter: STALL,
    round: async context => {
      signs.begin(context);
      rounds.push(await work(asked, context));
      return {sleep: 10 * STALL};
    },
  };
  runLoop(loop, {clock, log: silentLog, signal: end.signal, onFatal: error => fatal.push(error.message)});
};

test('whoever is slow and answers stalls nothing, however many questions a round asks', async () => {
  port.takes = 0.9 * STALL;
  run(async asked => [asked.name, await asked.ask(), await asked.ask()]);
  await vi.advanceTimersByTimeAsync(2 * STALL);
  expect({rounds, fatal}).toEqual({rounds: [['port', 7, 7]], fatal: []});
});

test('one that takes longer over a single answer than a loop may be quiet stalls nothing either', async () => {
  port.takes = 3 * STALL;
  run(async asked => asked.ask());
  await vi.advanceTimersByTimeAsync(4 * STALL);
  expect({rounds, fatal}).toEqual({rounds: [7], fatal: []});
});

test('the same where answers come one by one', async () => {
  port.takes = 2 * STALL;
  run(async asked => {
    const items: number[] = [];
    for await (const item of asked.list(3)) items.push(item);
    return items;
  });
  await vi.advanceTimersByTimeAsync(7 * STALL);
  expect({rounds, fatal}).toEqual({rounds: [[0, 1, 2]], fatal: []});
});

test('what the loop itself takes too long for is a stall, also between two answers', async () => {
  run(async asked => {
    for await (const item of asked.list(2)) await later(2 * STALL, item);
  });
  await vi.advanceTimersByTimeAsync(1.5 * STALL);
  expect(fatal).toEqual([expect.stringMatching(/work stalled: no progress for 120 s/)]);
});

test('an answer that never comes is a stall in the end', async () => {
  port.takes = Number.MAX_SAFE_INTEGER;
  vi.spyOn(port, 'ask').mockReturnValue(new Promise(() => undefined));
  run(async asked => asked.ask());
  await vi.advanceTimersByTimeAsync(900_000);
  expect(fatal).toEqual([]);
  await vi.advanceTimersByTimeAsync(2 * STALL);
  expect(fatal).toEqual([expect.stringMatching(/work stalled/)]);
});

test('what was not asked for to its end is told so', async () => {
  let isReleased = false;
  const signs = new SignsOfLife();
  const source = {
    async *list(): AsyncGenerator<number> {
      try {
        for (;;) yield 1;
      } finally {
        isReleased = true;
      }
    },
  };
  for await (const item of signs.around(source).list()) if (item === 1) break;
  expect(isReleased).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
