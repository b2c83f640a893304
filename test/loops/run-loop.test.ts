import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import type {Loop, Round, RoundContext} from '../../source/loops/loop.ts';
import {runLoop} from '../../source/loops/run-loop.ts';
import {EngineError} from '../../source/primitives/errors.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {Wake} from '../../source/primitives/wake.ts';

// Timers and the monotonic clock are one virtual time; the wall clock is set at will beside it.
const wall = {offset: 0};
const clock = {now: () => performance.now() + wall.offset, monotonic: () => performance.now()};

const supervise = (round: (context: RoundContext) => Promise<Round>, stallAfter = 10_000) => {
  const wake = new Wake();
  const loop: Loop = {name: 'work', coin: 'btc', wake, stallAfter, round};
  const abort = new AbortController();
  const fatal: EngineError[] = [];
  const changes: string[] = [];
  const running = runLoop(loop, {
    clock,
    log: silentLog,
    signal: abort.signal,
    onFatal: error => fatal.push(error),
    onChange: () => changes.push('change'),
  });
  return {wake, abort, fatal, changes, running};
};

const nodeAway = () => new EngineError('backend_down', 'node away', {retry: 'backoff'});

beforeEach(() => {
  wall.offset = 0;
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance']});
});
afterEach(() => vi.useRealTimers());

describe('a loop', () => {
  test('sleeps what its round asks, and a ring cuts that short', async () => {
    let rounds = 0;
    const {wake, running} = supervise(async () => {
      rounds += 1;
      return {sleep: 60_000, detail: `round ${rounds}`};
    });
    await vi.advanceTimersByTimeAsync(59_000);
    expect(rounds).toBe(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(rounds).toBe(2);
    wake.ring();
    await vi.advanceTimersByTimeAsync(0);
    expect(rounds).toBe(3);
    expect(running.status()).toMatchObject({name: 'work', coin: 'btc', state: 'ok', detail: 'round 3'});
  });

  test('shows what it waits for', async () => {
    const {running, changes} = supervise(async () => ({sleep: 1000, waitingFor: 'the node is away'}));
    expect(running.status()).toMatchObject({state: 'starting', last_ok_at: null});
    await vi.advanceTimersByTimeAsync(5000);
    expect(running.status()).toMatchObject({state: 'waiting', detail: 'the node is away'});
    expect(changes).toHaveLength(1);
  });

  test('survives retryable errors for ever, with pauses growing to half a minute, and starts small again after a success', async () => {
    const at: number[] = [];
    let failing = true;
    const {running, fatal} = supervise(async () => {
      at.push(performance.now());
      if (failing) throw nodeAway();
      return {sleep: 1000};
    });
    await vi.advanceTimersByTimeAsync(600_000);
    const pauses = at.slice(1).map((time, index) => time - at[index]!);
    expect(pauses.slice(0, 8)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(running.status()).toMatchObject({state: 'failing', detail: 'node away'});
    failing = false;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(running.status().state).toBe('ok');
    failing = true;
    at.length = 0;
    await vi.advanceTimersByTimeAsync(4000);
    expect(at.slice(1, 3).map((time, index) => time - at[index]!)).toEqual([500, 1000]);
    expect(fatal).toEqual([]);
  });

  test('that fails is not hurried into a storm by a bell that rings all the time', async () => {
    let rounds = 0;
    const {wake} = supervise(async () => {
      rounds += 1;
      throw nodeAway();
    });
    for (let ring = 0; ring < 1000; ring += 1) {
      wake.ring();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(rounds).toBeGreaterThan(10);
    expect(rounds).toBeLessThanOrEqual(21);
  });

  test.each([
    ['a bug', new TypeError('x is undefined'), 'loop_died'],
    ['a fenced lease', new EngineError('fenced', 'another engine took over'), 'fenced'],
    ['a broken ledger', new EngineError('database_fault', 'malformed'), 'database_fault'],
  ])('that throws %s is fatal, once', async (_, error, code) => {
    const {running, fatal} = supervise(async () => {
      throw error;
    });
    await running.ended;
    await vi.advanceTimersByTimeAsync(100_000);
    expect(fatal.map(problem => problem.code)).toEqual([code]);
    expect(fatal[0]!.message).toContain('btc work died: ');
    expect(running.status()).toMatchObject({state: 'dead', detail: error.message});
  });

  test('whose round shows no progress for stallAfter is fatal', async () => {
    const {running, fatal} = supervise(() => new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(9900);
    expect(fatal).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    await running.ended;
    expect(fatal.map(problem => problem.code)).toEqual(['loop_stalled']);
    expect(running.status().state).toBe('stalled');
  });

  test('whose long round gets on is left alone, and its progress shows', async () => {
    const {running, fatal} = supervise(async context => {
      for (let step = 0; step < 100; step += 1) {
        await new Promise(resolve => setTimeout(resolve, 9000));
        context.progress(`at ${step}`);
      }
      return {sleep: 1_000_000};
    });
    await vi.advanceTimersByTimeAsync(500_000);
    expect(fatal).toEqual([]);
    expect(running.status().detail).toBe('at 54');
  });

  test.each([
    ['forward', 86_400_000],
    ['back', -86_400_000],
  ])('does not notice a wall clock set a day %s', async (_, jump) => {
    let rounds = 0;
    const {fatal, running} = supervise(async () => {
      rounds += 1;
      await new Promise(resolve => setTimeout(resolve, 4000));
      return {sleep: 6000};
    });
    await vi.advanceTimersByTimeAsync(2000);
    wall.offset = jump;
    await vi.advanceTimersByTimeAsync(3000);
    wall.offset = 0;
    await vi.advanceTimersByTimeAsync(94_000);
    expect(rounds).toBe(10);
    expect(fatal).toEqual([]);
    expect(running.status().state).toBe('ok');
  });

  test('is not taken for stalled because the whole process was stopped for an hour', async () => {
    let stopped = 0;
    const wake = new Wake();
    const fatal: EngineError[] = [];
    runLoop(
      {name: 'work', coin: null, wake, stallAfter: 10_000, round: () => new Promise(() => {})},
      {
        clock: {now: () => 0, monotonic: () => performance.now() + stopped},
        log: silentLog,
        signal: new AbortController().signal,
        onFatal: error => fatal.push(error),
      },
    );
    await vi.advanceTimersByTimeAsync(2000);
    stopped = 3_600_000;
    await vi.advanceTimersByTimeAsync(2000);
    expect(fatal).toEqual([]);
    await vi.advanceTimersByTimeAsync(8000);
    expect(fatal).toHaveLength(1);
  });

  test('stops in its sleep, in its pause, and after a round that sees the signal', async () => {
    const sleeping = supervise(async () => ({sleep: 1_000_000}));
    const pausing = supervise(async () => {
      throw nodeAway();
    });
    const working = supervise(
      ({signal}) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error), {once: true}),
        ),
    );
    await vi.advanceTimersByTimeAsync(5000);
    for (const {abort, running, fatal} of [sleeping, pausing, working]) {
      abort.abort();
      await running.ended;
      expect(fatal).toEqual([]);
    }
  });
});
