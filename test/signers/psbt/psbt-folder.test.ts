import {chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {PsbtFolder} from '../../../source/signers/psbt/psbt-folder.ts';

let base: string;
let folder: PsbtFolder;
const NOW = 1_700_000_000_000;
const clock = {now: () => NOW};
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'psbt-folder-'));
  folder = new PsbtFolder(join(base, 'psbt'), 'btc', clock);
});
afterEach(() => rmSync(base, {recursive: true, force: true}));

test('files are whole, for their owner only, and what somebody signed in their place is kept', async () => {
  await folder.putUnsigned('7', Buffer.from('unsigned'));
  expect(statSync(folder.fileOf('7')).mode & 0o777).toBe(0o600);
  expect(statSync(join(base, 'psbt')).mode & 0o777).toBe(0o700);
  writeFileSync(folder.fileOf('7'), 'signed');
  await folder.putUnsigned('7', Buffer.from('unsigned'));
  expect(readFileSync(folder.fileOf('7'), 'utf8')).toBe('signed');
  expect(readdirSync(join(base, 'psbt'))).toEqual(['btc-7.psbt']);
});

test('the same signature is one file, another is another, and each coin sees its own unsigned ones', async () => {
  await folder.putSigned('7', Buffer.from('one'));
  await folder.putSigned('7', Buffer.from('one'));
  await folder.putSigned('7', Buffer.from('two'));
  await new PsbtFolder(join(base, 'psbt'), 'ltc', clock).putUnsigned('3', Buffer.from('x'));
  await folder.putUnsigned('8', Buffer.from('x'));
  expect((await folder.read()).map(({name}) => name).sort()).toHaveLength(4);
  expect(await folder.waiting()).toEqual(['8']);
});

test('the age of a file is counted on the clock that was given', async () => {
  await folder.putSigned('7', Buffer.from('one'));
  const [name] = readdirSync(join(base, 'psbt'));
  const written = (NOW - 3_000) / 1000;
  utimesSync(join(base, 'psbt', name!), written, written);
  expect(await folder.read()).toMatchObject([{age: 3_000}]);
});

test('what is set aside says why and is not read again', async () => {
  await folder.putSigned('7', Buffer.from('one'));
  const [file] = await folder.read();
  await folder.setAside(file!.name, 'refused', 'it comes too late');
  expect(await folder.read()).toEqual([]);
  expect(readFileSync(join(base, 'psbt', `${file!.name}.refused.txt`), 'utf8')).toBe('it comes too late\n');
});

test('a folder that is none is said with its key in the config; looking makes nothing', async () => {
  await folder.probe();
  expect(readdirSync(base)).toEqual([]);
  writeFileSync(join(base, 'psbt'), 'a file');
  chmodSync(join(base, 'psbt'), 0o600);
  await expect(folder.putUnsigned('7', Buffer.from('x'))).rejects.toMatchObject({
    code: 'psbt_folder',
    field: 'coins.btc.wallet.signer.folder',
  });
});
