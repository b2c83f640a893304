import {existsSync, mkdtempSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {createLog, safeLine} from '../../source/engine/log.ts';
import {until} from '../support/until.ts';

test('no secret reaches the log, in whatever field it stands', () => {
  const directory = mkdtempSync(join(tmpdir(), 'log-'));
  const file = join(directory, 'deep', 'engine.log');
  const secret = 'pass"word\\1';
  const log = createLog({level: 'info', file}, [secret]);
  log.info({url: `http://u:${secret}@host`, nested: {token: secret}}, `refused ${secret}`);
  log.debug({}, 'not written at this level');
  log.flush();
  const [line, ...rest] = readFileSync(file, 'utf8').trim().split('\n');
  expect(rest).toEqual([]);
  expect(line).not.toContain('word');
  expect(JSON.parse(line!)).toMatchObject({level: 'info', msg: 'refused ***', url: 'http://u:***@host'});
  rmSync(directory, {recursive: true});
});

test('opened anew, it writes to a new file of the same name, and loses nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'log-'));
  const file = join(directory, 'engine.log');
  const log = createLog({level: 'info', file}, []);
  log.info({}, 'before');
  log.flush();
  renameSync(file, `${file}.1`);
  log.info({}, 'between');
  log.flush();
  log.reopen();
  await until('the new file', () => existsSync(file), {every: 1});
  log.info({}, 'after');
  log.flush();
  const messages = (path: string) =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map(line => (JSON.parse(line) as {msg: string}).msg);
  expect([messages(`${file}.1`), messages(file)]).toEqual([['before', 'between'], ['after']]);
  rmSync(directory, {recursive: true});
});

test('foreign text can neither move the cursor nor turn the line around, and is the same to a parser', () => {
  const foreign = 'a\u001b[2J\u202eevil\u200b\u0085\u2028\n\u{e0041}z';
  const line = safeLine(`${JSON.stringify({msg: foreign})}\n`, []);
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u202e\u2028]|\udb40/);
  expect(line.endsWith('\n')).toBe(true);
  expect(JSON.parse(line)).toEqual({msg: foreign});
});
