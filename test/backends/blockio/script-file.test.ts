import {appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import type {Multisig} from '../../../source/backends/blockio/multisig.ts';
import {ScriptFile} from '../../../source/backends/blockio/script-file.ts';
import {readSigningKey} from '../../../source/backends/blockio/signing-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'blockio-scripts-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const open = (name: string) => new ScriptFile(join(folder, name), 'coins.btc.backend.wallet.scripts');
const multisig = (seed: string): Multisig => ({
  type: 'WITNESS_V0',
  required: 1,
  publicKeys: [readSigningKey(seed.repeat(32)).publicKey],
});

test('what was kept is found after a restart, and nothing else', async () => {
  const file = open('data/kept.txt');
  expect(await file.find('one')).toBeUndefined();
  await file.append('one', multisig('a1'));
  await file.append('two', multisig('b2'));
  for (const any of [file, open('data/kept.txt')]) {
    expect(await any.find('one')).toEqual(multisig('a1'));
    expect(await any.find('two')).toEqual(multisig('b2'));
    expect(await any.find('three')).toBeUndefined();
  }
});

test('a line that a crash cut short costs no other line', async () => {
  const path = join(folder, 'torn.txt');
  await open('torn.txt').append('one', multisig('a1'));
  const whole = readFileSync(path, 'utf8');
  for (let length = 1; length < 80; length += 13) {
    writeFileSync(path, whole);
    appendFileSync(path, `\ntorn WITNESS_V0 1 ${'02'.repeat(33)}`.slice(0, length));
    const file = open('torn.txt');
    await file.append('next', multisig('b2'));
    expect(await open('torn.txt').find('one')).toEqual(multisig('a1'));
    expect(await open('torn.txt').find('torn')).toBeUndefined();
    expect(await open('torn.txt').find('next')).toEqual(multisig('b2'));
  }
});

test('a file that cannot be used is told with its key in the config', async () => {
  writeFileSync(join(folder, 'no-folder'), '');
  const file = open('no-folder/scripts.txt');
  const fault = {code: 'backend_unavailable', field: 'coins.btc.backend.wallet.scripts'};
  await expect(file.append('one', multisig('a1'))).rejects.toMatchObject(fault);
  await expect(file.find('one')).rejects.toMatchObject(fault);
});
