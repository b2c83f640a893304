import {execFileSync} from 'node:child_process';
import {chmodSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {failure, folder, MINIMAL, report, write} from './load-report.ts';

test('a missing config says how to get one', () => {
  const error = failure('not-there.yaml');
  expect(`${error.message}\n\n${error.hint}`).toBe(`not-there.yaml: there is no such config file

  Start from the example:     cp config.example.yaml not-there.yaml
  Or name the file you have:  cryptoassets-console path/to/config.yaml
  Or just look around first:  cryptoassets-console demo   (own regtest node, nothing to set up)`);
  expect(error).toMatchObject({code: 'bad_config', problems: [{file: 'not-there.yaml', line: null, field: ''}]});
});

test('a directory is refused, naming the file that may be meant', () => {
  const error = failure(folder);
  expect(error.message).toBe(`${folder}: is a directory; expected a YAML file`);
  expect(error.hint).toContain(`${folder}/config.yaml`);
});

test('an unreadable file is refused with the way to let the user read it', () => {
  const path = write(MINIMAL);
  chmodSync(path, 0);
  const error = withoutRoot(() => failure(path));
  expect(error.message).toBe(`${path}: cannot be read by this user (permission denied)`);
  expect(error.hint).toContain(`ls -l ${path}`);
});

/** Root reads everything: tests that run as root act as nobody for a moment. */
const withoutRoot = <Result>(act: () => Result): Result => {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65_534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
};

test('a link that leads to itself and a name that is too long are refused by name', () => {
  const path = join(folder, 'loop.yaml');
  symlinkSync(path, path);
  expect(failure(path).message).toBe(`${path}: is a symbolic link that leads back to itself`);
  expect(failure('x'.repeat(5000)).message).toMatch(/^x{60}…: is a name longer/);
});

test.each([
  ['nothing', ''],
  ['blank lines', '\n  \n'],
])('an empty file (%s) is refused with the example', (_, source) => {
  const path = write(source);
  expect(failure(path).message).toBe(`${path}: is empty; expected at least a \`coins:\` section`);
  expect(failure(path).hint).toContain('cp config.example.yaml');
});

test('a file of comments only is empty', () => {
  expect(report('# coins:\n')).toEqual(['config.yaml:1:1: is empty; expected at least a `coins:` section']);
});

test('more than 1 MB is refused without reading on, also when it never ends', () => {
  expect(report('#'.repeat(1_000_001))).toEqual([
    'config.yaml: is larger than 1 MB; expected a config file of a few kilobytes. Is it the right file?',
  ]);
  expect(failure('/dev/zero').message).toContain('is larger than 1 MB');
});

test.each([
  ['little endian with a mark', Buffer.from(`\ufeff${MINIMAL}`, 'utf16le')],
  ['little endian without', Buffer.from(MINIMAL.padEnd(400), 'utf16le')],
  ['big endian', Buffer.from(`\ufeff${MINIMAL}`, 'utf16le').swap16()],
])('UTF-16 text (%s) is refused as that', (_, bytes) => {
  expect(report(bytes)).toEqual([
    'config.yaml: is UTF-16 text; expected UTF-8. In the editor, "Save with encoding: UTF-8" cures it',
  ]);
});

test('UTF-8 with a byte order mark is read', () => {
  expect(report(`\ufeff${MINIMAL.replace('hot', '""')}`)).toEqual([
    expect.stringContaining('config.yaml:4:97: coins.btc.backend.wallet: is ""; expected the name'),
  ]);
});

test('a NUL byte and bytes that are not UTF-8 are refused with their place', () => {
  expect(report(`${MINIMAL}\0`)).toEqual([
    `config.yaml: holds a NUL byte at offset ${MINIMAL.length}; expected text. Is it the right file?`,
  ]);
  expect(report(Buffer.concat([Buffer.from(MINIMAL), Buffer.from([0x61, 0xe9, 0x62])]))).toEqual([
    'config.yaml: is not valid UTF-8 (first bad byte near line 5); save it as UTF-8',
  ]);
});

test('a file name with control characters is shown escaped', () => {
  expect(failure('evil\u001b[31m.yaml').message).toMatch(/^evil\\u\{1b\}\[31m\.yaml: there is no/);
});

test('a named pipe is read like a file', () => {
  const path = join(folder, 'pipe');
  execFileSync('sh', ['-c', `mkfifo "${path}"; printf 'coins:\\n' > "${path}" & exit 0`], {stdio: 'ignore'});
  expect(failure(path).message).toContain('coins: is empty');
});
