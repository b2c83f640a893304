import {createHash} from 'node:crypto';
import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {findBitcoind, findLitecoind} from '../../source/demo/find-daemon.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cac-find-'));
});
afterEach(() => rmSync(directory, {recursive: true, force: true}));

test('BITCOIND comes first', () => {
  const program = join(directory, 'my-bitcoind');
  writeFileSync(program, '#!/bin/sh\n');
  chmodSync(program, 0o755);
  expect(findBitcoind({BITCOIND: program, PATH: ''})).toBe(program);
});

test('a BITCOIND that cannot be run is refused, not passed over', () => {
  expect(() => findBitcoind({BITCOIND: join(directory, 'nothing'), PATH: process.env['PATH']})).toThrow(
    expect.objectContaining({code: 'node_program_missing', message: expect.stringContaining('BITCOIND names')}),
  );
});

test('LITECOIND comes first, and one that cannot be run is refused; without any the demo has one coin', () => {
  const program = join(directory, 'my-litecoind');
  writeFileSync(program, '#!/bin/sh\n');
  chmodSync(program, 0o755);
  expect(findLitecoind({LITECOIND: program})).toBe(program);
  expect(() => findLitecoind({LITECOIND: join(directory, 'nothing')})).toThrow('LITECOIND names');
});

// The package comes from a third party: the lockfile pins its archive, this pins the program itself.
test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('the pinned bitcoind is the known one', () => {
  const program = findBitcoind({PATH: ''});
  expect(createHash('sha256').update(readFileSync(program)).digest('hex')).toBe(
    '87fc011683f72ce1113add2d2c67085ac7acbba1266a538cccbadb08b6926785',
  );
});
