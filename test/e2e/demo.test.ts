import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {Program} from '../support/program.ts';
import {until} from '../support/until.ts';

const hasLitecoind = existsSync('/usr/lib/litecoin/litecoind');
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cac-demo-'));
});
afterEach(() => rmSync(directory, {recursive: true, force: true}));

/** Living processes that work in this demo's folder: the demo, its node and engine, and their guards. */
const ofDemo = (): string[] =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(directory) ? [pid] : [];
      } catch {
        // It ended between the listing and the look, or is a zombie.
        return [];
      }
    });

const start = (...args: string[]) => new Program(['demo', ...args], {cwd: directory});
const life = async (demo: Program) => {
  await until(
    'a deposit and a sent payout',
    () => /deposit\.credited/.test(demo.stdout) && /payout\.sent/.test(demo.stdout),
    {
      timeout: 30_000,
    },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${demo.stdout}\n${demo.stderr}`);
  });
};

test('without a terminal it tells of deposits and payouts, ends at Ctrl-C with 0 and leaves nothing running', async () => {
  const demo = start();
  await until('the first deposit to be heard of', () => demo.stdout.includes('deposit.detected'));
  await life(demo);
  // The demo, the engine and the nodes, and a guard for each of those it started.
  expect(ofDemo().length).toBe(hasLitecoind ? 7 : 5);
  if (hasLitecoind)
    await until('a litecoin deposit', () => /deposit\.detected +\+[0-9.]+ LTC/.test(demo.stdout), {timeout: 30_000});
  expect(await demo.stop('SIGINT')).toMatchObject({code: 0});
  await until('its processes to be gone', () => ofDemo().length === 0);
});

test('killed with -9, its node and engine end by themselves; the next demo in the folder replaces it and says so', async () => {
  const first = start();
  await until('its engine', () => first.stdout.includes('deposit.detected'));
  await first.stop('SIGKILL');
  await until('its processes to be gone', () => ofDemo().length === 0, {timeout: 15_000});
  const second = start('--json');
  await until('the second to run', () => second.stdout.includes('deposit.detected'));
  const lines = second.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as {words: string});
  expect(lines.some(({words}) => words.includes('replacing the demo'))).toBe(true);
  expect(await second.stop('SIGTERM')).toMatchObject({code: 0});
  await until('its processes to be gone', () => ofDemo().length === 0);
});

test.each([50, 400, 1200])('asked to end %i ms after its start it leaves nothing running', async moment => {
  const demo = start();
  await new Promise(resolve => setTimeout(resolve, moment));
  await demo.stop('SIGINT');
  await until('its processes to be gone', () => ofDemo().length === 0);
});

test('without a node program it is exit code 69 and says how to get one', async () => {
  const demo = new Program(['demo'], {cwd: directory, env: {BITCOIND: join(directory, 'no-such-program')}});
  const result = await demo.ended;
  expect(result.code).toBe(69);
  expect(result.stderr).toMatch(/BITCOIND/);
  expect(spawnSync('ls', [directory]).stdout.toString()).toBe('');
});
