import {readFileSync, writeFileSync, mkdtempSync, rmSync} from 'node:fs';
import {execFile} from 'node:child_process';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {Health} from '../../source/contract/index.ts';
import {readWatch, ServiceManager} from '../../source/engine/service-manager.ts';
import {silentLog, type Log} from '../../source/primitives/log.ts';
import {NotifySocket} from '../support/notify-socket.ts';
import {systemProgram} from '../support/system-program.ts';
import {until} from '../support/until.ts';

const python = systemProgram('python3', 'python3');
const notify = systemProgram('systemd-notify', 'systemd');
const analyze = systemProgram('systemd-analyze', 'systemd');

test.each([
  ['no service manager', {}, undefined],
  ['an empty name', {NOTIFY_SOCKET: ''}, undefined],
  ['one that does not watch', {NOTIFY_SOCKET: '/s'}, {socket: '/s', every: undefined}],
  ['one that watches', {NOTIFY_SOCKET: '@s', WATCHDOG_USEC: '60000000'}, {socket: '@s', every: 20_000}],
  [
    'one that watches us',
    {NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '3000000', WATCHDOG_PID: '7'},
    {socket: '/s', every: 1000},
  ],
  [
    'one that watches another',
    {NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '3000000', WATCHDOG_PID: '8'},
    {socket: '/s', every: undefined},
  ],
  ['nonsense', {NOTIFY_SOCKET: '/s', WATCHDOG_USEC: 'often'}, {socket: '/s', every: undefined}],
])('%s is understood', (_what, environment, expected) => {
  expect(readWatch(environment, 7)).toEqual(expected);
});

describe.skipIf(python === undefined || notify === undefined)('over a real datagram socket', () => {
  let socket: NotifySocket;
  let manager: ServiceManager;
  let health: Health = {status: 'ok', reasons: []};
  const warnings: string[] = [];
  const log: Log = {...silentLog, warn: (_fields, message) => warnings.push(message)};

  beforeEach(async () => {
    health = {status: 'ok', reasons: []};
    warnings.length = 0;
    socket = await NotifySocket.open(python!);
    manager = new ServiceManager({socket: socket.path, every: 100}, log);
  });
  afterEach(async () => {
    manager.stopping();
    await manager.said();
    await socket.close();
  });

  test('it is ready, lives, and stops, in this order', async () => {
    manager.ready(async () => health);
    await until('three signs of life', () => socket.count('WATCHDOG=1') >= 3);
    manager.stopping();
    await manager.said();
    await until('the end', () => socket.count('STOPPING=1') === 1);
    expect(socket.words[0]).toEqual(['READY=1', 'STATUS=running']);
    expect(socket.words.at(-1)).toEqual(['STOPPING=1', 'STATUS=stopping']);
    expect(socket.count('READY=1')).toBe(1);
    expect(warnings).toEqual([]);
  });

  test('degraded it lives and says why; with a dead loop it gives no sign of life until it is well', async () => {
    health = {status: 'degraded', reasons: ['btc node down\nREADY=1']};
    manager.ready(async () => health);
    const degraded = 'STATUS=degraded: btc node down\\u{a}READY=1';
    await until('a sign of life', () =>
      socket.words.some(lines => lines.includes('WATCHDOG=1') && lines.includes(degraded)),
    );
    health = {status: 'failing', reasons: ['btc track loop dead']};
    const failing = 'STATUS=failing: btc track loop dead';
    await until('three words of it', () => socket.count(failing) >= 3);
    expect(socket.words.filter(lines => lines.includes(failing) && lines.includes('WATCHDOG=1'))).toEqual([]);
    const before = socket.count('WATCHDOG=1');
    health = {status: 'ok', reasons: []};
    await until('life again', () => socket.count('WATCHDOG=1') > before);
  });

  test('a look that fails gives no sign of life', async () => {
    manager.ready(async () => {
      throw new Error('no answer');
    });
    await until('two failures', () => warnings.length >= 2);
    expect(warnings[0]).toBe('health is not known: no answer');
    expect(socket.count('WATCHDOG=1')).toBe(0);
  });
});

test.skipIf(analyze === undefined)('systemd finds nothing wrong with the unit, and little exposed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unit-'));
  const unit = join(folder, 'cryptoassets.service');
  const source = readFileSync(fileURLToPath(new URL('../../deploy/cryptoassets.service', import.meta.url)), 'utf8');
  expect(source).toMatch(/^Type=notify\nNotifyAccess=all$|^Type=notify$/m);
  // The program is not installed on the machine that tests it.
  writeFileSync(unit, source.replace('ExecStart=/usr/bin/cryptoassets-console', 'ExecStart=/bin/true'));
  const run = promisify(execFile);
  const {stdout, stderr} = await run(analyze!, ['verify', unit]);
  expect(stdout + stderr).toBe('');
  const {stdout: report} = await run(analyze!, ['security', '--offline=true', '--no-pager', unit]);
  expect(Number(/exposure level for cryptoassets\.service: ([\d.]+)/.exec(report)?.[1])).toBeLessThan(2.5);
  rmSync(folder, {recursive: true});
});
