import * as wif from 'wif';
import {z} from 'zod';
import type {Coin} from '../../coins/index.ts';
import {listenAddress, apiOrigin} from '../addresses.ts';
import {duration, expecting, kindOf, refuse, section, text} from '../fields.ts';
import {anyBackend} from './any.ts';
import {bitcoindBackend} from './bitcoind.ts';
import {electrumBackend} from './electrum.ts';
import {esploraBackend} from './esplora.ts';

/** Coins that block.io has; its names of their networks are made of these. */
const COINS = new Set(['btc', 'ltc', 'doge']);

const KEY_EXPECTED = 'a private key in WIF, as in block.io\'s backup, or of 64 hex digits, such as "${BLOCKIO_KEY}"';

const privateKey = text(KEY_EXPECTED, 100).refine(isPrivateKey, expecting(KEY_EXPECTED));

function isPrivateKey(written: string): boolean {
  if (/^[0-9a-fA-F]{64}$/.test(written)) return true;
  try {
    return wif.decode(written).compressed;
  } catch {
    return false;
  }
}

const basic = section('a basic wallet such as {type: basic, pin: "${BLOCKIO_PIN}", accept_unproven_addresses: true}', {
  type: z.literal('basic'),
  pin: text('the secret PIN of the account, such as "${BLOCKIO_PIN}"', 200).optional(),
  key: privateKey.optional(),
  accept_unproven_addresses: z.literal(true, {
    error: () =>
      'is not true; expected true, which says: block.io does not tell the keys of a new basic address, so that nobody can check that its coins will be ours. A dtrust wallet proves each address',
  }),
}).superRefine(({pin, key}, context) => {
  if (pin === undefined && key === undefined)
    refuse(context, 'has nothing to sign with; expected `key` (the backup of the private key) or `pin`');
});

const dtrust = section('a dtrust wallet such as {type: dtrust, keys: ["${BLOCKIO_KEY_1}", "${BLOCKIO_KEY_2}"]}', {
  type: z.literal('dtrust'),
  keys: z
    .array(privateKey, expecting('a list of private keys'))
    .min(2, expecting('at least 2 private keys: with one, block.io would have to sign too'))
    .max(4, expecting('at most 4 private keys: block.io adds one of its own')),
  scripts: text('the path of a file for the scripts of its addresses').default('./data/{coin}-blockio-scripts.txt'),
}).superRefine(({keys}, context) => {
  if (new Set(keys).size !== keys.length) refuse(context, 'has one key twice; expected different ones');
});

const webhook = section('a webhook such as {type: webhook, listen: "127.0.0.1:28883"}', {
  type: z.literal('webhook'),
  listen: listenAddress(),
  path: text('a path such as /block-io-8f3a', 200)
    .regex(/^\/[\x21-\x7e]*$/, expecting('a path that begins with /, such as /block-io-8f3a'))
    .optional(),
});

/** What tells the facts of the chain beside it. */
const chain = kindOf(
  'the source of chain data, such as {type: bitcoind, url: …, auth: …}: block.io proves nothing of what it says',
  [bitcoindBackend(false), esploraBackend, electrumBackend],
  [],
).superRefine((source, context) => {
  if (source.type === 'bitcoind' && source.wallet !== undefined)
    refuse(context, 'names a wallet; expected none: block.io has it');
});

export const blockioBackend = section('a blockio backend', {
  type: z.literal('blockio'),
  ...anyBackend,
  url: apiOrigin('https://block.io').default('https://block.io'),
  api_key: text('the API key of this network, such as "${BLOCKIO_API_KEY}"', 200),
  wallet: kindOf('a wallet of block.io: {type: basic, …} or {type: dtrust, …}', [basic, dtrust], []),
  chain,
  timeout: duration('1s', '10m').default(30_000),
  notify: z
    .array(
      kindOf('a webhook such as {type: webhook, listen: "127.0.0.1:28883"}', [webhook], []),
      expecting('a list such as [{type: webhook, listen: "127.0.0.1:28883"}]'),
    )
    .default([]),
});

/** What is wrong with it for this coin; undefined when nothing is. */
export const blockioFault = (
  {wallet}: z.output<typeof blockioBackend>,
  coin: Coin,
  hasWallet: boolean,
): {readonly path: readonly string[]; readonly words: string} | undefined => {
  if (!COINS.has(coin.name))
    return {path: ['type'], words: `is blockio, which has no ${coin.unit}; it has btc, ltc and doge`};
  if (hasWallet)
    return {
      path: ['type'],
      words: 'is blockio, and `wallet` describes another wallet; expected one of them: the ledger is one wallet',
    };
  if (wallet.type === 'basic' && !coin.segwit)
    return {
      path: ['wallet', 'type'],
      words: `is basic; expected dtrust: a co-signed transaction of ${coin.unit} gets its txid only when block.io has signed and sent it, and what is not known before it is sent cannot be paid once only`,
    };
  return undefined;
};
