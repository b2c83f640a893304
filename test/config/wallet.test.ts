import {dirname} from 'node:path';
import {expect, test} from 'vitest';
import {parseWallet} from '../../source/descriptors/index.ts';
import {btc, regtest} from '../support/bitcoind.ts';
import {MASTER, TPRV, TPUB, XPUB} from '../support/keys.ts';
import {inCoin, load, MINIMAL, report} from './load-report.ts';

const DESCRIPTOR = `wpkh([${MASTER}/84h/1h/0h]${TPUB}/<0;1>/*)`;
const walletOf = (lines: string) => load(inCoin(`wallet: {${lines}}`)).coins.get('btc')!.wallet;

test('without a wallet section there is none: the node’s own is used', () => {
  expect(load(MINIMAL).coins.get('btc')!.wallet).toBeUndefined();
});

test('a descriptor wallet is read with its defaults', () => {
  expect(walletOf(`descriptor: "${DESCRIPTOR}"`)).toEqual({
    keys: {kind: 'descriptor', descriptor: DESCRIPTOR},
    gapLimit: 20,
    birthday: undefined,
    signer: undefined,
  });
});

test('every signer, birthday and way to give keys is read, paths absolute', () => {
  const config = load(
    inCoin(
      `wallet: {xpub: ${TPUB}, type: nested, gap_limit: 50, birthday: 2026-01-31, signer: {type: psbt, folder: ./psbt}}`,
    ),
  );
  const here = dirname(config.path);
  expect(config.coins.get('btc')!.wallet).toEqual({
    keys: {kind: 'key', xpub: TPUB, type: 'nested', origin: undefined},
    gapLimit: 50,
    birthday: '2026-01-31',
    signer: {type: 'psbt', folder: `${here}/psbt`},
  });
  expect(walletOf(`descriptor: "${DESCRIPTOR}", birthday: 800000, signer: {type: node}`)).toMatchObject({
    birthday: 800_000,
    signer: {type: 'node'},
  });
  const both = walletOf(
    `receive: "wpkh(${TPUB}/0/*)", change: "wpkh(${TPUB}/1/*)", signer: {type: key, file: /keys/btc.key, passphrase: {credential: pass}}`,
  );
  expect(both).toMatchObject({
    keys: {kind: 'branches'},
    signer: {type: 'key', file: '/keys/btc.key', passphrase: {kind: 'credential', name: 'pass'}},
  });
});

test('a key signer may come before its descriptor, and has limits of its own', () => {
  expect(
    walletOf('signer: {type: key, file: /k, passphrase: {fd: 3}, limits: {per_transaction: "1.5", per_day: "20"}}'),
  ).toMatchObject({
    keys: {kind: 'none'},
    signer: {limits: {perTransaction: 150_000_000n, perDay: 2_000_000_000n}},
  });
  expect(() => parseWallet({kind: 'none'}, {coin: btc, network: regtest})).toThrow(/`key create btc` makes a key/);
});

test.each([
  ['{signer: {type: psbt, folder: x}}', 'wallet: has no keys; expected `descriptor`'],
  ['{}', 'wallet: has no keys; expected `descriptor`, or `receive` and `change`, or `xpub` with `type`'],
  [`{descriptor: "${DESCRIPTOR}", xpub: ${TPUB}}`, 'wallet: has its keys in more than one way; expected'],
  [`{receive: "wpkh(${TPUB}/0/*)"}`, 'wallet: lacks `change`; expected'],
  [`{descriptor: "${DESCRIPTOR}", type: segwit}`, 'wallet: has `type` or `origin` beside a descriptor'],
  [`{descriptor: "wpkh(${XPUB}/<0;1>/*)"}`, 'wallet.descriptor: holds a key of BTC mainnet, but `network` is regtest'],
  [
    `{descriptor: "wpkh(${TPRV}/<0;1>/*)"}`,
    'wallet.descriptor: holds a private key, and a config file is no place for one',
  ],
  [`{descriptor: ["wpkh(${TPRV}/<0;1>/*)"]}`, 'wallet.descriptor: is a list; expected a descriptor such as'],
  [`{xpub: ${TPUB}, type: ${TPRV}}`, 'wallet.type: is "***"; expected one of legacy, nested, segwit, taproot'],
  [`{xpub: ${TPUB}}`, 'wallet.type: is missing; expected legacy (BIP44)'],
  [
    `{descriptor: "${DESCRIPTOR}", gap_limit: 0}`,
    'wallet.gap_limit: is the number 0; expected a whole number from 1 to 10000',
  ],
  [
    `{descriptor: "${DESCRIPTOR}", birthday: 2026-02-30}`,
    'wallet.birthday: is "2026-02-30"; expected a date such as 2026-01-01',
  ],
  [
    `{descriptor: "${DESCRIPTOR}", signer: {type: pbst}}`,
    'wallet.signer.type: is not known; expected one of node, psbt, key; did you mean psbt?',
  ],
  [
    `{descriptor: "${DESCRIPTOR}", signer: {type: key, file: x, passphrase: {fd: 3, file: y}}}`,
    'signer.passphrase: gives more than one; expected one of',
  ],
])('%s is refused with one clear sentence', (wallet, words) => {
  const lines = report(inCoin(`wallet: ${wallet}`));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(`coins.btc.${words}`.replace('coins.btc.signer', 'coins.btc.wallet.signer'));
  expect(lines[0]).not.toContain('tprv');
});
