import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {expect, test} from 'vitest';

const MODULE = new URL('../../source/primitives/early-signals.ts', import.meta.url).href;

/** A process that listens as `--headless` does from its first moment on, told to stop by these signals, one by one. */
const exitAfter = async (signals: readonly NodeJS.Signals[], more: string): Promise<unknown[]> => {
  const script = `import {endOnEarlySignals, takeSignals} from ${JSON.stringify(MODULE)};
    endOnEarlySignals(); ${more} setInterval(() => {}, 1000); console.log('listening');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {stdio: ['ignore', 'pipe', 'inherit']});
  await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  for (const signal of signals) child.kill(signal);
  return ended;
};

test.each([['SIGTERM'], ['SIGINT'], ['SIGTERM', 'SIGINT', 'SIGTERM']] as const)(
  'a process that is told to stop while it loads, by %s, ends with 0',
  async (...signals) => {
    expect(await exitAfter(signals, '')).toEqual([0, null]);
  },
);

test('once somebody else acts on signals they decide nothing any more', async () => {
  const more = "takeSignals(); setTimeout(() => process.exit(7), 300); process.kill(process.pid, 'SIGTERM');";
  expect(await exitAfter(['SIGTERM', 'SIGINT'], more)).toEqual([7, null]);
});
