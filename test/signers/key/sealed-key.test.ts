import {chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {coins} from '../../../source/coins/index.ts';
import {readKeyFile, createKeyFile} from '../../../source/signers/key/key-file.ts';
import {seedOf} from '../../../source/signers/key/mnemonic.ts';
import {formatSealedKey, parseSealedKey, type SealedKey, seal, unseal} from '../../../source/signers/key/sealed-key.ts';
import {ABANDON, type HotKey, makeHotKey, PASSPHRASE} from '../../support/hot-key.ts';

let directory: string;
let key: HotKey;
let sealed: SealedKey;
let seed: Buffer;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sealed-'));
  key = await makeHotKey({directory});
  sealed = readKeyFile(key.file);
  seed = await seedOf(ABANDON);
});
afterAll(() => rmSync(directory, {recursive: true, force: true}));

const secret = Buffer.from(PASSPHRASE);
const WRONG = /the passphrase is not the one of this key file, or the file was changed/;
type Fields = Record<string, unknown>;
const asFields = (text: string) => JSON.parse(text) as Fields;
const changed = (change: (fields: Fields) => void): SealedKey => {
  const fields = asFields(formatSealedKey(sealed));
  change(fields);
  return parseSealedKey(JSON.stringify(fields));
};

test('gives the seed back with its passphrase and with no other', () => {
  expect(unseal(sealed, secret)).toEqual(seed);
  expect(() => unseal(sealed, Buffer.from(`${PASSPHRASE} `))).toThrow(WRONG);
  expect(() => unseal(sealed, Buffer.alloc(0))).toThrow(WRONG);
});

test('the file holds neither the seed, nor the words, nor the passphrase, and is for its owner alone', () => {
  const text = readFileSync(key.file, 'utf8');
  for (const form of ['hex', 'base64'] as const) expect(text).not.toContain(seed.toString(form).slice(0, 20));
  expect(text).not.toContain('abandon');
  expect(text).not.toContain(PASSPHRASE);
  expect(statSync(key.file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory).filter(name => name.endsWith('.new'))).toEqual([]);
});

test('two files of one seed and passphrase have nothing in common', () => {
  const {coin, network, fingerprint, account, createdAt} = sealed;
  const other = seal(seed, secret, {coin, network, fingerprint, account, createdAt});
  expect(other.kdf.salt).not.toEqual(sealed.kdf.salt);
  expect(other.nonce).not.toEqual(sealed.nonce);
  expect(other.ciphertext).not.toEqual(sealed.ciphertext);
  expect(unseal(other, secret)).toEqual(seed);
});

// Each is a value that another, well-formed file may have.
test.each<[string, (fields: Fields) => void]>([
  ['network', fields => (fields['network'] = 'mainnet')],
  ['coin', fields => (fields['coin'] = 'ltc')],
  ['fingerprint', fields => (fields['fingerprint'] = '00112233')],
  ['created_at', fields => (fields['created_at'] = '2020-01-01T00:00:00.000Z')],
  ['account.type', fields => ((fields['account'] as Fields)['type'] = 'taproot')],
  ['account.path', fields => ((fields['account'] as Fields)['path'] = '84h/1h/1h')],
  [
    'account.xpub',
    fields =>
      ((fields['account'] as Fields)['xpub'] = String((fields['account'] as Fields)['xpub']).replace(/.$/, 'x')),
  ],
  ['kdf.p', fields => ((fields['kdf'] as Fields)['p'] = 2)],
  ['kdf.salt', fields => ((fields['kdf'] as Fields)['salt'] = 'ab'.repeat(32))],
  ['cipher.nonce', fields => ((fields['cipher'] as Fields)['nonce'] = 'ab'.repeat(12))],
  ['cipher.tag', fields => ((fields['cipher'] as Fields)['tag'] = 'ab'.repeat(16))],
  [
    'ciphertext',
    // The last digit for its neighbour: no text that it may be by chance.
    fields => (fields['ciphertext'] = String(fields['ciphertext']).replace(/.$/, digit => (digit === '0' ? '1' : '0'))),
  ],
])('a changed %s opens with no passphrase', (_field, change) => {
  const swapped = changed(change);
  expect(formatSealedKey(swapped)).not.toBe(formatSealedKey(sealed));
  expect(() => unseal(swapped, secret)).toThrow(WRONG);
});

test.each<[string, (fields: Fields) => void, RegExp]>([
  ['a weak kdf', fields => ((fields['kdf'] as Fields)['n'] = 1024), /kdf\.n is not from 131072 to 1048576/],
  ['a kdf without end', fields => ((fields['kdf'] as Fields)['n'] = 2 ** 30), /kdf\.n is not from/],
  ['a kdf that is no power of two', fields => ((fields['kdf'] as Fields)['n'] = 2 ** 17 + 1), /no power of two/],
  ['another kdf', fields => ((fields['kdf'] as Fields)['name'] = 'md5'), /kdf\.name is missing or no such value/],
  ['another cipher', fields => ((fields['cipher'] as Fields)['name'] = 'none'), /cipher\.name/],
  ['a later version', fields => (fields['version'] = 2), /has version 2, and this program reads version 1/],
  ['another format', fields => (fields['format'] = 'keystore'), /is no key file/],
  ['a short ciphertext', fields => (fields['ciphertext'] = 'ab'), /ciphertext is missing or no such value/],
  ['no account', fields => delete fields['account'], /lacks account/],
])('%s is refused by name', (_name, change, words) => {
  expect(() => changed(change)).toThrow(words);
});

test('a truncated file is refused at every length, and what it holds is not repeated', () => {
  const text = formatSealedKey(sealed);
  for (let length = 0; length < text.length - 1; length += 97)
    expect(() => parseSealedKey(text.slice(0, length))).toThrow(/^the key file is cut off or damaged: it is not JSON$/);
});

describe('on the disk', () => {
  test('a key file is never overwritten', () => {
    const before = readFileSync(key.file);
    expect(() => createKeyFile(key.file, sealed)).toThrow(/is there already, and a key is never overwritten/);
    expect(readFileSync(key.file)).toEqual(before);
    expect(readdirSync(directory).filter(name => name.endsWith('.new'))).toEqual([]);
  });

  test.each([0o640, 0o604, 0o660, 0o644])('one of mode %o is refused, naming the cure', mode => {
    chmodSync(key.file, mode);
    try {
      expect(() => readKeyFile(key.file)).toThrow(`chmod 600 ${key.file}`);
    } finally {
      chmodSync(key.file, 0o600);
    }
  });

  test('one that is missing, a folder or too large is refused, naming it', () => {
    expect(() => readKeyFile(join(directory, 'none.key'))).toThrow(`the key file ${directory}/none.key is not there`);
    expect(() => readKeyFile(directory)).toThrow('is not a regular file');
    const large = join(directory, 'large.key');
    writeFileSync(large, 'x'.repeat(100_000), {mode: 0o600});
    expect(() => readKeyFile(large)).toThrow(`the key file ${large} is too large`);
  });
});

// From the texts of BIP39, BIP84, BIP86 and BIP49.
test.each([
  [
    'btc',
    'mainnet',
    'segwit',
    'xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V',
  ],
  [
    'btc',
    'mainnet',
    'taproot',
    'xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ',
  ],
  [
    'btc',
    'regtest',
    'nested',
    'tpubDD7tXK8KeQ3YY83yWq755fHY2JW8Ha8Q765tknUM5rSvjPcGWfUppDFMpQ1ScziKfW3ZNtZvAD7M3u7bSs7HofjTD3KP3YxPK7X6hwV8Rk2',
  ],
] as const)(
  '%s %s %s: the account of the published words is the published one',
  async (name, networkName, type, xpub) => {
    const coin = coins.get(name)!;
    const network = coin.networks[networkName]!;
    const made = await makeHotKey({directory, coin, network, type, name: `${networkName}-${type}`});
    expect(readKeyFile(made.file)).toMatchObject({fingerprint: '73c5da0a', account: {xpub}});
  },
);
