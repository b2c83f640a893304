import {spawn} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {prepareDemoFolder} from '../../source/demo/demo-folder.ts';

let directory: string;
let said: string[];
const prepare = () => prepareDemoFolder(directory, words => said.push(words));

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'cac-folder-')), 'demo');
  said = [];
});
afterEach(() => rmSync(join(directory, '..'), {recursive: true, force: true}));

test('a new folder is made and marked with this process', async () => {
  await prepare();
  expect(JSON.parse(readFileSync(join(directory, 'demo.json'), 'utf8'))).toMatchObject({pid: process.pid});
  expect(said).toEqual([]);
});

test('a folder with files of somebody else is refused and left alone', async () => {
  mkdirSync(directory);
  writeFileSync(join(directory, 'thesis.txt'), 'years of work');
  await expect(prepare()).rejects.toMatchObject({code: 'demo_folder_taken'});
  expect(readFileSync(join(directory, 'thesis.txt'), 'utf8')).toBe('years of work');
});

test('the files of a demo that ended are replaced, and that is said', async () => {
  mkdirSync(directory);
  writeFileSync(join(directory, 'demo.json'), '{"pid": 1, "processStart": "never"}');
  writeFileSync(join(directory, 'config.yaml'), 'old');
  await prepare();
  expect(existsSync(join(directory, 'config.yaml'))).toBe(false);
  expect(said.join()).toMatch(/replacing the demo/);
});

test('a demo that still runs there is asked to end first', async () => {
  const old = spawn('sleep', ['60'], {stdio: 'ignore'});
  const ended = new Promise(resolve => old.once('exit', (_code, signal) => resolve(signal)));
  const stat = readFileSync(`/proc/${old.pid}/stat`, 'utf8');
  const processStart = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  mkdirSync(directory);
  writeFileSync(join(directory, 'demo.json'), JSON.stringify({pid: old.pid, processStart}));
  await prepare();
  expect(await ended).toBe('SIGTERM');
  expect(said[0]).toMatch(`pid ${old.pid}`);
});

test('a pid that now belongs to another program is not touched', async () => {
  const other = spawn('sleep', ['60'], {stdio: 'ignore'});
  mkdirSync(directory);
  writeFileSync(join(directory, 'demo.json'), JSON.stringify({pid: other.pid, processStart: '1'}));
  await prepare();
  expect(other.exitCode).toBe(null);
  expect(other.signalCode).toBe(null);
  other.kill('SIGKILL');
});
