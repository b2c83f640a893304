import {spawn, type ChildProcess} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {createLeaseLoop, LEASE_VALID_FOR, takeLease} from '../../source/engine/lease.ts';
import {isProvablyDead, thisProcess} from '../../source/engine/process-identity.ts';
import {systemClock, type Clock} from '../../source/primitives/clock.ts';
import type {BlockHash} from '../../source/primitives/ids.ts';
import {silentLog, type Log} from '../../source/primitives/log.ts';
import {initialiseLedger, openStore, type Store} from '../../source/store/open-store.ts';
import type {LeaseHolder} from '../../source/store/lease-store.ts';
import {until} from '../support/until.ts';

const GENESIS = '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206';
const {signal} = new AbortController();

let directory: string;
let file: string;
const stores: Store[] = [];
const children: ChildProcess[] = [];

const open = async (): Promise<Store> => {
  const store = await openStore({type: 'sqlite', path: file, coin: 'btc'});
  stores.push(store);
  return store;
};

/** A real process with the lease, as an engine holds it. */
const startHolder = async (): Promise<{
  child: ChildProcess;
  printed: () => string;
  exitCode: Promise<number | null>;
}> => {
  const script = fileURLToPath(new URL('lease-holder.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, file], {stdio: ['ignore', 'pipe', 'inherit']});
  children.push(child);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const exitCode = new Promise<number | null>(resolve => child.once('exit', resolve));
  await until('the other process to hold the lease', () => printed.includes('held'));
  return {child, printed: () => printed, exitCode};
};

const recordingLog = (): {log: Log; lines: string[]} => {
  const lines: string[] = [];
  const record = (_: object, message: string) => void lines.push(message);
  return {log: {debug: record, info: record, warn: record, error: record}, lines};
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lease-'));
  file = join(directory, 'btc.sqlite');
  await initialiseLedger(
    {type: 'sqlite', path: file, coin: 'btc'},
    {
      network: 'regtest',
      genesis: GENESIS,
      walletFingerprints: ['one'],
      start: {height: 0, hash: GENESIS as BlockHash, time: 0},
      now: Date.now(),
    },
  );
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const store of stores.splice(0)) await store.close();
  rmSync(directory, {recursive: true, force: true});
});

test('a holder that was killed is replaced at once', async () => {
  const {child, exitCode} = await startHolder();
  child.kill('SIGKILL');
  await exitCode;
  const store = await open();
  const {log, lines} = recordingLog();
  await takeLease(store, 'btc', {clock: systemClock, log, signal});
  expect(lines.join()).not.toContain('waiting');
  await store.checkLease();
});

test('a live holder is named, not replaced, as soon as it renews', async () => {
  const {child, printed} = await startHolder();
  const {log, lines} = recordingLog();
  const begun = performance.now();
  await expect(takeLease(await open(), 'btc', {clock: systemClock, log, signal})).rejects.toMatchObject({
    code: 'already_running',
    message: expect.stringContaining(`process ${child.pid} on ${hostname()}`) as string,
  });
  expect(performance.now() - begun).toBeLessThan(LEASE_VALID_FOR);
  expect(lines[0]).toContain(`waiting up to 10 s: process ${child.pid}`);
  expect(printed()).not.toContain('fenced');
});

test('a verb does not wait for a live holder', async () => {
  await startHolder();
  const {log, lines} = recordingLog();
  const taking = takeLease(await open(), 'btc', {clock: systemClock, log, signal, impatient: true});
  await expect(taking).rejects.toMatchObject({code: 'already_running'});
  expect(lines).toEqual([]);
});

test('a stopped holder is replaced when its lease has run out, and is fenced when it continues', async () => {
  const {child, printed, exitCode} = await startHolder();
  // Between two renewals: stopped within one it would hold the lock of the database, which only its end gives back.
  await until('a renewal to be over', () => printed().includes('renewed'));
  child.kill('SIGSTOP');
  const store = await open();
  const begun = performance.now();
  await takeLease(store, 'btc', {clock: systemClock, log: silentLog, signal});
  expect(performance.now() - begun).toBeGreaterThan(LEASE_VALID_FOR / 2);
  await store.createAccount('shop', Date.now());
  child.kill('SIGCONT');
  expect(await exitCode).toBe(2);
  expect(printed()).toContain('fenced');
  expect((await store.account('shop')).name).toBe('shop');
  await store.checkLease();
});

test('a lease that another host left a day in the future is replaced after ten seconds, not after a day', async () => {
  const elsewhere: LeaseHolder = {host: 'elsewhere', bootId: 'b', pid: 1, processStart: '1@x'};
  await (await open()).acquireLease(elsewhere, Date.now() + 86_400_000, LEASE_VALID_FOR);
  // Time passes forty times as fast for the one who waits.
  const begun = performance.now();
  const clock: Clock = {now: () => Date.now(), monotonic: () => (performance.now() - begun) * 40};
  await takeLease(await open(), 'btc', {clock, log: silentLog, signal});
  await expect(stores[0]!.checkLease()).rejects.toMatchObject({code: 'fenced'});
});

test('waiting for a lease ends when the engine is stopped', async () => {
  await startHolder();
  const abort = new AbortController();
  const taking = takeLease(await open(), 'btc', {clock: systemClock, log: silentLog, signal: abort.signal});
  abort.abort();
  await expect(taking).rejects.toMatchObject({code: 'stopping'});
});

test('a lease that was given back is taken at once, and the giver may not write any more', async () => {
  const first = await open();
  await takeLease(first, 'btc', {clock: systemClock, log: silentLog, signal});
  await createLeaseLoop(first, 'btc', systemClock).round({signal, progress: () => undefined});
  await first.releaseLease();
  const second = await open();
  await takeLease(second, 'btc', {clock: systemClock, log: silentLog, signal, impatient: true});
  await expect(first.createAccount('late', Date.now())).rejects.toMatchObject({code: 'fenced'});
});

test('only this host, this boot and this pid namespace can prove a death', () => {
  const self = thisProcess();
  const gone: LeaseHolder = {...self, pid: 4_194_304 + 1};
  expect(isProvablyDead(self)).toBe(false);
  expect(isProvablyDead(gone)).toBe(true);
  expect(isProvablyDead({...self, processStart: self.processStart.replace(/^\d+/, '1')})).toBe(true);
  expect(isProvablyDead({...gone, host: 'elsewhere'})).toBe(false);
  expect(isProvablyDead({...gone, bootId: 'another boot'})).toBe(false);
  expect(isProvablyDead({...gone, processStart: '1@pid:[1]'})).toBe(false);
});
