import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeEach, describe, expect, test} from 'vitest';
import type {Input} from '../../source/commands/shell/input.ts';
import * as keyTools from '../../source/signers/key/key-tools.ts';
import {ABANDON, PASSPHRASE} from '../support/hot-key.ts';
import {runVerb} from './run-verb.ts';

const folder = mkdtempSync(join(tmpdir(), 'key-verbs-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const CONFIG = join(folder, 'config.yaml');
const KEY = join(folder, 'btc.key');
const PASS = join(folder, 'btc.pass');
const writeConfig = (wallet = 'signer: {type: key, file: ./btc.key, passphrase: {file: ./btc.pass}}') =>
  writeFileSync(
    CONFIG,
    `coins:
  btc:
    network: regtest
    backend: {type: bitcoind, url: "http://127.0.0.1:18443", auth: {user: shop, password: x}, wallet: hot}
    wallet: {${wallet}}
`,
  );

beforeEach(() => {
  rmSync(KEY, {force: true});
  writeFileSync(PASS, `${PASSPHRASE}\n`, {mode: 0o600});
  writeConfig();
});

/** Somebody who has only their pipe. */
const piped = (text: string): Input => ({
  isTerminal: false,
  askSecret: async () => expect.unreachable('nobody can be asked'),
  ask: async () => expect.unreachable('nobody can be asked'),
  showOnce: async () => expect.unreachable('nobody sees it'),
  readAll: async () => text,
});

/** Somebody at a terminal who types these, and remembers what was shown. */
const typing = (answers: (string | ((shown: string) => string))[]) => {
  const asked: string[] = [];
  let shown = '';
  const answer = async (question: string) => {
    asked.push(question);
    const next = answers.shift() ?? expect.unreachable(`nobody answers ${question}`);
    return typeof next === 'string' ? next : next(`${shown}\n${question}`);
  };
  const input: Input = {
    isTerminal: true,
    askSecret: answer,
    ask: answer,
    showOnce: async lines => void (shown = lines.join('\n')),
    readAll: async () => expect.unreachable('the terminal is asked'),
  };
  return {input, asked, shown: () => shown};
};

const wordsOf = (shown: string) =>
  [...shown.matchAll(/(\d+)\. ([a-z]+)/g)]
    .sort((one, other) => Number(one[1]) - Number(other[1]))
    .map(match => match[2]!);
const theWord = (text: string) => wordsOf(text)[Number(/Word (\d+)/.exec(text)![1]) - 1]!;

const run = (line: string, input: Input = piped('')) =>
  runVerb([...line.split(' '), '--config', CONFIG], {input, supplies: {keyTools: async () => keyTools}});
const readJson = (text: string) => JSON.parse(text) as Record<string, unknown>;

describe('key create', () => {
  test('shows 24 words once, asks for two of them, and prints everything but them', async () => {
    const person = typing([theWord, theWord]);
    const {code, stdout, stderr} = await run('key create btc', person.input);
    expect(code).toBe(0);
    const words = wordsOf(person.shown());
    expect(words).toHaveLength(24);
    expect(() => keyTools.readMnemonic(words.join(' '))).not.toThrow();
    expect(person.asked).toEqual([expect.stringMatching(/^Word \d+ \(not shown\)/), expect.stringMatching(/^Word/)]);
    expect(stdout).toMatch(/descriptor +wpkh\(\[[0-9a-f]{8}\/84h\/1h\/0h\]tpub\w+\/<0;1>\/\*\)#\w{8}/);
    expect(stderr).toContain('Put this into coins.btc.wallet');
    for (const text of [stdout, stderr])
      for (const word of words.filter(({length}) => length > 7)) expect(text).not.toContain(word);
    expect(stdout + stderr).not.toContain(PASSPHRASE);
  });

  test('makes no key when a word is not known again', async () => {
    const {code, stderr} = await run('key create btc', typing(['no', 'nor', 'neither']).input);
    expect(code).toBe(1);
    expect(stderr).toMatch(/that was not word \d+; no key was made/);
    expect(existsSync(KEY)).toBe(false);
  });

  test('without a terminal needs --reveal, and then its words bring the same key back', async () => {
    const refused = await run('key create btc --json');
    expect(readJson(refused.stdout)).toMatchObject({code: 'no_terminal', detail: expect.stringContaining('--reveal')});
    expect(existsSync(KEY)).toBe(false);
    const {code, stdout} = await run('key create btc --json --reveal --type taproot');
    expect(code).toBe(0);
    const {mnemonic, descriptor, type} = readJson(stdout);
    expect(type).toBe('taproot');
    rmSync(KEY);
    const imported = await run('key import btc --json --type taproot', piped(`${String(mnemonic)}\n`));
    expect(readJson(imported.stdout)['descriptor']).toBe(descriptor);
    expect(imported.stdout).not.toContain('mnemonic');
  });

  test('never overwrites, and says so before it asks for anything', async () => {
    writeFileSync(KEY, 'precious');
    for (const verb of ['create', 'import']) {
      const {code, stderr} = await run(`key ${verb} btc`, typing([]).input);
      expect(code).toBe(1);
      expect(stderr).toContain(`${KEY} is there already, and a key is never overwritten`);
    }
    expect(readFileSync(KEY, 'utf8')).toBe('precious');
  });

  test('says of a path that cannot be looked at which one it is, before it asks for anything', async () => {
    const file = join(folder, 'x'.repeat(300));
    writeConfig(`signer: {type: key, file: "${file}", passphrase: {file: "${PASS}"}}`);
    const {code, stderr} = await run('key create btc', typing([]).input);
    expect(code).toBe(1);
    expect(stderr).toContain(`the key file ${file} cannot be written: ENAMETOOLONG`);
    expect(stderr).not.toMatch(/\n +at /);
  });

  test('asks twice for a passphrase that is not where the config says, and tells where to put it', async () => {
    rmSync(PASS);
    const different = await run('key create btc', typing([PASSPHRASE, `${PASSPHRASE}!`]).input);
    expect(different).toMatchObject({code: 1, stderr: expect.stringContaining('the two were not the same')});
    const short = await run('key create btc', typing(['short']).input);
    expect(short).toMatchObject({code: 1, stderr: expect.stringContaining('5 bytes; expected 12 or more')});
    expect(existsSync(KEY)).toBe(false);
    const {code, stderr} = await run('key create btc', typing([PASSPHRASE, PASSPHRASE, theWord, theWord]).input);
    expect(code).toBe(0);
    expect(stderr).toContain(`Put the passphrase where the engine finds it: ${PASS} (mode 0600)`);
    const nobody = await run('key import btc', piped(ABANDON));
    expect(nobody.code).not.toBe(0);
  });
});

describe('key import', () => {
  test.each([
    ['', '0 words were given; expected 12, 15, 18, 21, 24'],
    ['abandon ability', '2 words were given'],
    [ABANDON.replace('about', 'abuot'), 'word 12 is not in the English list'],
    [ABANDON.replace('about', 'zoo'), 'do not belong together'],
  ])('refuses %j, naming the place and not the word', async (words, message) => {
    const {code, stdout, stderr} = await run('key import btc', piped(words));
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stdout + stderr).not.toMatch(/abandon|abuot|zoo/);
    expect(existsSync(KEY)).toBe(false);
  });

  test('takes the published words to the published account, and another account number to another', async () => {
    const {stdout} = await run('key import btc --json', piped(`  ${ABANDON.toUpperCase()}\n`));
    expect(readJson(stdout)).toMatchObject({fingerprint: '73c5da0a', path: '84h/1h/0h', configured: null});
    rmSync(KEY);
    const other = await run('key import btc --json --account-number 7', piped(ABANDON));
    expect(readJson(other.stdout)).toMatchObject({fingerprint: '73c5da0a', path: '84h/1h/7h'});
  });
});

test('key show needs no passphrase, and says whether the config has this wallet', async () => {
  await run('key import btc', piped(ABANDON));
  rmSync(PASS);
  const descriptor = String(readJson((await run('key show btc --json')).stdout)['descriptor']);
  const signer = 'signer: {type: key, file: ./btc.key, passphrase: {file: ./btc.pass}}';
  writeConfig(`descriptor: "${descriptor}", ${signer}`);
  expect(readJson((await run('key show btc --json')).stdout)).toMatchObject({configured: true});
  writeConfig(`descriptor: "${descriptor.split('#')[0]!.replace('73c5da0a', '00000000')}", ${signer}`);
  const {stdout, stderr} = await run('key show btc');
  expect(stdout).toContain('HAS ANOTHER WALLET');
  expect(stderr).toContain(`descriptor: "${descriptor}"`);
});

test('key passphrase: the new one opens it, the old one does not', async () => {
  await run('key import btc', piped(ABANDON));
  const weak = await run('key passphrase btc', piped('short\n'));
  expect(weak.code).toBe(1);
  const next = 'another horse altogether';
  const {code, stdout, stderr} = await run('key passphrase btc', piped(`${next}\n`));
  expect({code, stdout}).toEqual({code: 0, stdout: `${KEY} now opens with the new passphrase\n`});
  expect(stderr).toContain(PASS);
  const stale = await run('key passphrase btc', piped(`${next}\n`));
  expect(stale).toMatchObject({code: 1, stderr: expect.stringContaining('not the one of this key file')});
  writeFileSync(PASS, next);
  expect(await run('key passphrase btc', piped(`${PASSPHRASE}\n`))).toMatchObject({code: 0});
});

test.each([
  ['key show btc', /btc\.key is not there\n\n.*key create <coin>/],
  ['key create btc --type wpkh --reveal', /--type "wpkh": expected one of legacy, nested, segwit, taproot/],
  ['key import btc --account-number -1', /--account-number "-1": expected a whole number/],
])('%s is refused in words', async (line, words) => {
  const {code, stderr} = await run(line);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(words);
});

test('a coin with another signer is told what a key signer is', async () => {
  writeFileSync(CONFIG, readFileSync(CONFIG, 'utf8').replace(/ {4}wallet: .*\n/, ''));
  const {code, stderr} = await run('key show btc');
  expect(code).toBe(78);
  expect(stderr).toContain('coins.btc.wallet.signer is not set; expected {type: key, file: ./btc.key');
});
