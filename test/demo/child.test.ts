import {spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {Child} from '../../source/demo/child.ts';
import {until} from '../support/until.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cac-child-'));
});
afterEach(() => rmSync(directory, {recursive: true, force: true}));

/** Whether a process runs; one that ended and was not reaped yet does not. */
const runs = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // No such process.
    return false;
  }
};

test('a child ends with the signal asked for, and its guard with it', async () => {
  const log = join(directory, 'log');
  const child = new Child('/bin/sh', ['-c', 'echo hello; exec sleep 60'], log);
  await until('its first words', () => readFileSync(log, 'utf8').includes('hello'));
  expect(child.running).toBe(true);
  expect(await child.stop()).toEqual({code: null, signal: 'SIGTERM'});
  expect(child.running).toBe(false);
});

test('a child that ignores SIGTERM is killed after the patience', async () => {
  const log = join(directory, 'log');
  const child = new Child('/bin/sh', ['-c', 'trap "" TERM; echo up; while :; do sleep 1; done'], log);
  await until('its first words', () => readFileSync(log, 'utf8').includes('up'));
  expect(await child.stop(200)).toEqual({code: null, signal: 'SIGKILL'});
});

test('a program that is not there ends at once', async () => {
  const child = new Child(join(directory, 'missing'), [], join(directory, 'log'));
  expect(await child.ended).toEqual({code: 127, signal: null});
});

test('a child does not outlive its parent, even when that is killed with -9', async () => {
  const pidFile = join(directory, 'pid');
  const module = fileURLToPath(new URL('../../source/demo/child.ts', import.meta.url));
  const script = join(directory, 'parent.mjs');
  writeFileSync(
    script,
    `const {Child} = await import(${JSON.stringify(module)});
     new Child('/bin/sh', ['-c', 'echo $$ > ${pidFile}; exec sleep 60'], ${JSON.stringify(join(directory, 'log'))});
     setInterval(() => {}, 1000);`,
  );
  const parent = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script], {stdio: 'ignore'});
  const pid = await until('the child', () => Number(readFileSync(pidFile, 'utf8')) || undefined);
  expect(runs(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until('the child to end', () => !runs(pid));
});
