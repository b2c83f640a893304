import {expect, test} from 'vitest';
import {addressOf, coins, type Coin} from '../../source/coins/index.ts';
import {BranchDeriver, parseWallet, writeDescriptor, type WrittenWallet} from '../../source/descriptors/index.ts';
import {EngineError} from '../../source/primitives/errors.ts';
import {DGUB, LTUB, MASTER, TPRV, TPUB, VPUB, WIF, XPUB, ZPUB} from '../support/keys.ts';

const [btc, ltc, doge] = ['btc', 'ltc', 'doge'].map(name => coins.get(name)!) as [Coin, Coin, Coin];
const on = (coin: Coin, name: 'mainnet' | 'regtest') => ({coin, network: coin.networks[name]!});
const REGTEST = on(btc, 'regtest');

const refusal = (written: WrittenWallet, where = REGTEST): string => {
  try {
    parseWallet(written, where);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'bad_descriptor') return `${error.field} ${error.message}`;
    throw error;
  }
  throw new Error('it was accepted');
};
const descriptor = (text: string): WrittenWallet => ({kind: 'descriptor', descriptor: text});
const key = (xpub: string, type?: 'legacy' | 'nested' | 'segwit' | 'taproot', origin?: string): WrittenWallet => ({
  kind: 'key',
  xpub,
  type,
  origin,
});

const SINGLE = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';

test.each([
  [
    'a cut checksum',
    descriptor(`wpkh(${TPUB}/<0;1>/*)#abcdefgh`),
    /^descriptor has the checksum #abcdefgh, but #[a-z0-9]{8} belongs to it/,
  ],
  [
    'a private key',
    descriptor(`wpkh(${TPRV}/<0;1>/*)`),
    /^descriptor holds a private key, and a config file is no place/,
  ],
  ['a cut private key', descriptor(`wpkh(${TPRV.slice(0, 40)}/<0;1>/*)`), /^descriptor holds a private key/],
  ['a single private key', descriptor(`wpkh(${WIF})`), /^descriptor holds a private key/],
  ['a private key as xpub', key(TPRV, 'segwit'), /^xpub holds a private key/],
  [
    'a mainnet key on regtest',
    descriptor(`wpkh(${XPUB}/<0;1>/*)`),
    /^descriptor holds a key of BTC mainnet, but `network` is regtest/,
  ],
  ['a zpub on regtest', key(ZPUB), /^xpub holds a key of BTC mainnet, but `network` is regtest/],
  [
    'a mistyped key',
    descriptor(`wpkh(${TPUB.slice(0, -1)}6/<0;1>/*)`),
    /mistyped or of another coin; expected one that begins with tpub, upub or vpub$/,
  ],
  ['a hardened step', descriptor(`wpkh(${TPUB}/0h/<0;1>/*)`), /^descriptor has a hardened step behind the key/],
  ['a hardened wildcard', descriptor(`wpkh(${TPUB}/<0;1>/*')`), /^descriptor has a hardened step behind the key/],
  [
    'one branch',
    descriptor(`wpkh(${TPUB}/0/*)`),
    /^descriptor has no branch for change; expected `\/<0;1>\/\*` at its end/,
  ],
  ['three branches', descriptor(`wpkh(${TPUB}/<0;1;2>/*)`), /^descriptor has more than two branches/],
  ['twice two branches', descriptor(`wpkh(${TPUB}/<0;1>/<0;1>/*)`), /^descriptor has more than two branches/],
  ['two equal branches', descriptor(`wpkh(${TPUB}/<1;1>/*)`), /^descriptor is the same for receiving and for change/],
  ['no wildcard', descriptor(`wpkh(${TPUB}/<0;1>)`), /^descriptor does not end with \/\*/],
  ['a single key', descriptor(`wpkh(${SINGLE})`), /^descriptor holds a single public key/],
  [
    'several keys',
    descriptor(`wsh(multi(2,${TPUB}/0/*,${TPUB}/1/*))`),
    /^descriptor begins with wsh\(…\), which cannot be spent/,
  ],
  [
    'a script tree',
    descriptor(`tr(${TPUB}/<0;1>/*,pk(${TPUB}/2/*))`),
    /^descriptor has brackets that do not match, or a script inside/,
  ],
  ['two keys in one', descriptor(`tr(${TPUB}/<0;1>/*,${TPUB})`), /^descriptor holds no key that can be read/],
  ['no descriptor', descriptor('hot'), /^descriptor is no descriptor; expected pkh/],
  [
    'a vpub inside pkh',
    descriptor(`pkh(${VPUB}/<0;1>/*)`),
    /^descriptor is legacy, but its key's first letters say segwit/,
  ],
  ['no type', key(TPUB), /^type is missing; expected legacy/],
  ['another type than the key says', key(VPUB, 'legacy'), /^type is legacy, but the key's first letters say segwit/],
  [
    'an origin of another depth',
    key(TPUB, 'segwit', 'e2867bb6/84h/1h'),
    /^origin says in its origin that the key is 2 steps/,
  ],
  [
    'characters of no descriptor',
    descriptor(`wpkh(${TPUB}/<0;1>/*)é`),
    /^descriptor holds characters that no descriptor has/,
  ],
])('%s is refused by name, and nothing of a private key is repeated', (_, written, words) => {
  const said = refusal(written);
  expect(said).toMatch(words);
  expect(said).not.toContain(TPRV.slice(0, 20));
  expect(said).not.toContain(WIF.slice(0, 10));
});

test('a coin without witness has legacy addresses only', () => {
  expect(refusal(key(DGUB, 'segwit'), on(doge, 'mainnet'))).toBe(
    'type asks for segwit addresses, and DOGE has none; expected pkh(…), type legacy',
  );
});

test('one wallet has the same addresses however it is written', () => {
  const scripts = (written: WrittenWallet) =>
    Object.values(parseWallet(written, REGTEST)).map(branch =>
      new BranchDeriver(branch).at(7).scriptPubKey.toString('hex'),
    );
  const wanted = scripts(descriptor(`wpkh([${MASTER}/84h/1h/0h]${TPUB}/<0;1>/*)`));
  expect(scripts(descriptor(`wpkh([${MASTER}/84'/1'/0']${TPUB}/<0;1>/*)`))).toEqual(wanted);
  expect(scripts({kind: 'branches', receive: `wpkh(${TPUB}/0/*)`, change: `wpkh(${TPUB}/1/*)`})).toEqual(wanted);
  expect(scripts(key(VPUB))).toEqual(wanted);
  expect(scripts(key(TPUB, 'segwit', `${MASTER}/84h/1h/0h`))).toEqual(wanted);
  expect(wanted[0]).not.toBe(wanted[1]);
});

test('what is written out is a plain descriptor with origin and checksum, whatever was read', () => {
  const {receive, change} = parseWallet(key(VPUB, undefined, `${MASTER}/84'/1'/0'`), REGTEST);
  expect(writeDescriptor(receive)).toMatch(/^wpkh\(\[e2867bb6\/84h\/1h\/0h\]tpubDDPRy5.*\/0\/\*\)#[a-z0-9]{8}$/);
  const again = parseWallet(
    {kind: 'branches', receive: writeDescriptor(receive), change: writeDescriptor(change)},
    REGTEST,
  );
  expect(writeDescriptor(again.receive)).toBe(writeDescriptor(receive));
});

test('the first addresses are those that BIP84 and BIP86 give, and look as other coins’ do', () => {
  const first = (written: WrittenWallet, where: ReturnType<typeof on>) =>
    addressOf(new BranchDeriver(parseWallet(written, where).receive).at(0).scriptPubKey, where.network);
  const bip84 =
    'zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs';
  expect(first(key(bip84), on(btc, 'mainnet'))).toBe('bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu');
  const bip86 =
    'xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ';
  expect(first(key(bip86, 'taproot'), on(btc, 'mainnet'))).toBe(
    'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr',
  );
  expect(first(key(LTUB), on(ltc, 'mainnet'))).toMatch(/^L/);
  expect(first(key(DGUB, 'legacy'), on(doge, 'mainnet'))).toMatch(/^D/);
});
