import {expect, test} from 'vitest';
import {load, report} from './load-report.ts';

const ENV = {
  BLOCKIO_API_KEY: '1d97-bd77-fa40-c6e1',
  BLOCKIO_PIN: 'a secret pin',
  // Published by block.io for tests.
  BLOCKIO_KEY: 'cTj8Ydq9LhZgttMpxb7YjYSqsZ2ZfmyzVprQgjEzAzQ28frQi4ML',
  OTHER_KEY: 'a1'.repeat(32),
};
const CHAIN = '{type: bitcoind, url: "http://127.0.0.1:18443", auth: {cookie: ./.cookie}}';
const BASIC = '{type: basic, pin: "${BLOCKIO_PIN}", accept_unproven_addresses: true}';
const DTRUST = '{type: dtrust, keys: ["${BLOCKIO_KEY}", "${OTHER_KEY}"]}';

const config = (wallet: string, {coin = 'btc', chain = CHAIN, more = '', inCoin = ''} = {}): string => `coins:
  ${coin}:
    network: regtest
    backend:
      type: blockio
      api_key: "\${BLOCKIO_API_KEY}"
      wallet: ${wallet}
      chain: ${chain}
${more === '' ? '' : `      ${more}\n`}${inCoin === '' ? '' : `    ${inCoin}\n`}`;

test('a basic wallet, its chain, and every secret', () => {
  const loaded = load(
    config(BASIC, {more: 'notify: [{type: webhook, listen: "127.0.0.1:28883", path: /hook-1}]'}),
    ENV,
  );
  expect(loaded.coins.get('btc')!.backend).toMatchObject({
    type: 'blockio',
    name: 'blockio',
    url: 'https://block.io',
    apiKey: ENV.BLOCKIO_API_KEY,
    wallet: {type: 'basic', pin: ENV.BLOCKIO_PIN, key: undefined},
    chain: {type: 'bitcoind', field: 'coins.btc.backend.chain'},
    timeout: 30_000,
    notify: [{listen: {host: '127.0.0.1', port: 28883}, path: '/hook-1'}],
  });
  expect(loaded.secrets).toEqual(expect.arrayContaining([ENV.BLOCKIO_API_KEY, ENV.BLOCKIO_PIN]));
});

test.each(['btc', 'ltc', 'doge'])('a dtrust wallet of %s', coin => {
  const loaded = load(config(DTRUST, {coin}), ENV);
  expect(loaded.coins.get(coin)!.backend).toMatchObject({
    wallet: {
      type: 'dtrust',
      keys: [ENV.BLOCKIO_KEY, ENV.OTHER_KEY],
      scripts: expect.stringMatching(/\/data\/\{coin\}-blockio-scripts\.txt$/) as string,
    },
  });
  expect(loaded.secrets).toEqual(expect.arrayContaining([ENV.BLOCKIO_KEY, ENV.OTHER_KEY]));
});

test.each<[what: string, source: string, expected: RegExp]>([
  [
    'a basic wallet that nobody said is taken on trust',
    config('{type: basic, pin: "${BLOCKIO_PIN}"}'),
    /wallet\.accept_unproven_addresses: .*nobody can check .*dtrust/,
  ],
  [
    'a basic wallet with nothing to sign with',
    config('{type: basic, accept_unproven_addresses: true}'),
    /wallet: has nothing to sign with; expected `key`/,
  ],
  ['a basic wallet of doge', config(BASIC, {coin: 'doge'}), /wallet\.type: is basic; expected dtrust: .*txid/],
  [
    'a key that is none',
    config('{type: basic, key: hunter2, accept_unproven_addresses: true}'),
    /wallet\.key: .*expected a private key in WIF/,
  ],
  ['one dtrust key', config('{type: dtrust, keys: ["${OTHER_KEY}"]}'), /wallet\.keys: .*at least 2 private keys/],
  ['five dtrust keys', config(`{type: dtrust, keys: [${'"${OTHER_KEY}", '.repeat(5)}]}`), /wallet\.keys: .*at most 4/],
  [
    'one dtrust key twice',
    config('{type: dtrust, keys: ["${OTHER_KEY}", "${OTHER_KEY}"]}'),
    /wallet: has one key twice/,
  ],
  [
    'a chain with a wallet',
    config(BASIC, {chain: CHAIN.replace('}}', '}, wallet: hot}')}),
    /chain: names a wallet; expected none/,
  ],
  ['no chain', config(BASIC, {chain: ''}), /chain: .*expected the source of chain data/],
  [
    'itself as its chain',
    config(BASIC, {chain: '{type: blockio}'}),
    /chain\.type: is not known; expected one of bitcoind/,
  ],
  ['a plain http address', config(BASIC, {more: 'url: http://block.io'}), /url: would send secrets unencrypted/],
  [
    'a wallet of the config beside it',
    config(BASIC, {inCoin: 'wallet: {descriptor: "wpkh(tpub)", signer: {type: psbt, folder: ./p}}'}),
    /backend\.type: is blockio, and `wallet` describes another wallet/,
  ],
  [
    'a list with it',
    config(BASIC).replace('backend:\n      type', 'backend:\n     -\n      type'),
    /backend\[0\]\.type: is blockio, which stands alone/,
  ],
])('%s is refused at its place, without a secret', (_what, source, expected) => {
  const text = report(source, ENV).join('\n');
  expect(text).toMatch(expected);
  for (const secret of ['hunter2', ...Object.values(ENV)]) expect(text).not.toContain(secret);
});
