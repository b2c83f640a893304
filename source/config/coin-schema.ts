import {basename, dirname} from 'node:path';
import {z} from 'zod';
import type {Coin, NetworkName} from '../coins/index.ts';
import {agreementFault, agreementSchema, backendsSchema, backendsShape} from './backend-list.ts';
import {blockioFault} from './backend-kinds/blockio.ts';
import {coinParams} from './coin-params.ts';
import {walletFault, walletSchema} from './wallet-schema.ts';
import {amount, choice, feerate, section, text, wholeNumber} from './fields.ts';

const feeSchema = ({fees}: Coin) =>
  section('a mapping such as {target_blocks: 6, fallback_rate: 2, min_rate: 1, max_rate: 200, paid_by: house}', {
    target_blocks: wholeNumber(1, 1008).default(6),
    fallback_rate: feerate().default(fees.fallback),
    min_rate: feerate().default(fees.min),
    max_rate: feerate().default(fees.max),
    paid_by: choice(['house', 'account']).default('house'),
    consolidate_below: feerate().optional(),
  })
    .refine(({min_rate, max_rate}) => min_rate <= max_rate, {
      path: ['min_rate'],
      error: 'is above max_rate; expected min_rate <= max_rate',
      when: ({value}) => numbers(value, 'min_rate', 'max_rate'),
    })
    .refine(
      fee => fee.min_rate > fee.max_rate || (fee.fallback_rate >= fee.min_rate && fee.fallback_rate <= fee.max_rate),
      {
        path: ['fallback_rate'],
        error: 'is not between min_rate and max_rate; it is used when the node knows no feerate',
        when: ({value}) => numbers(value, 'min_rate', 'max_rate', 'fallback_rate'),
      },
    );

/** Whether these keys hold numbers: cross-checks run also when something else in the section is wrong. */
const numbers = (value: unknown, ...keys: string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  keys.every(key => typeof (value as Record<string, unknown>)[key] === 'number');

/** The network that a cookie's directory belongs to: Bitcoin Core keeps one subdirectory per test network. */
const networkOfCookie = (cookie: string): NetworkName | undefined => {
  const directory = basename(dirname(cookie));
  const byDirectory: Record<string, NetworkName> = {
    regtest: 'regtest',
    signet: 'signet',
    testnet3: 'testnet',
    testnet4: 'testnet4',
    '.bitcoin': 'mainnet',
    Bitcoin: 'mainnet',
  };
  return byDirectory[directory];
};

/** Whether a header shows by itself that it cost something, which is all there is to go by where no node is one's own. */
const headersProveThemselves = ({proofOfWork, format, networks}: Coin, network: NetworkName): boolean =>
  proofOfWork !== undefined && !format.auxpow && networks[network]?.easiestBits !== undefined;

/** `described`: by the file itself, in `params`. `written`: the coin's section of the file, right or wrong. */
export const coinSchema = ({coin, described, written}: {coin: Coin; described: boolean; written: unknown}) =>
  section('a mapping with `network` and `backend`', {
    ...(described ? {params: coinParams} : {}),
    network: choice(Object.keys(coin.networks) as NetworkName[]),
    confirmations: wholeNumber(1, 1000).default(3),
    max_confirmation_count: wholeNumber(1, 1000).default(15),
    backend: backendsSchema(backendsShape(written)),
    agreement: agreementSchema(coin).optional(),
    wallet: walletSchema.optional(),
    payouts: section('a mapping with `fee`, `limits`, `allow` and `approval`', {
      fee: feeSchema(coin).prefault({}),
      limits: section('a mapping such as {per_payout: "1.0", per_day: "10.0"}', {
        per_payout: amount(coin.maxSupply, coin.unit).optional(),
        per_hour: amount(coin.maxSupply, coin.unit).optional(),
        per_day: amount(coin.maxSupply, coin.unit).optional(),
      }).default({}),
      allow: z
        .union([text('the path of a file with one address a line'), z.array(text('an address', 200)).max(100_000)], {
          error: () => 'expected a list of addresses, or the path of a file with one address a line',
        })
        .optional(),
      approval: section('a mapping such as {above: "5.0"}', {
        above: amount(coin.maxSupply, coin.unit).optional(),
      }).default({}),
    }).prefault({}),
  })
    .refine(value => value.confirmations <= value.max_confirmation_count, {
      path: ['confirmations'],
      error: 'is above max_confirmation_count; expected 1 <= confirmations <= max_confirmation_count',
      when: ({value}) => numbers(value, 'confirmations', 'max_confirmation_count'),
    })
    .superRefine(({network, backend: backends}, context) => {
      // One that is wrong elsewhere is not made a list of.
      for (const [index, backend] of [backends].flat().entries()) {
        if (backend.type !== 'bitcoind' || backend.auth.cookie === undefined) continue;
        const found = networkOfCookie(backend.auth.cookie);
        // A name that this coin has no network for is the folder of something else.
        if (found !== undefined && found !== network && coin.networks[found] !== undefined)
          context.addIssue({
            code: 'custom',
            path: ['backend', ...(backendsShape(written).isList ? [index] : []), 'auth', 'cookie'],
            message: `is the cookie of a ${found} node, but \`network\` is ${network}; expected both to be the same`,
          });
      }
    })
    .superRefine(({network, backend: backends}, context) => {
      for (const [index, backend] of [backends].flat().entries()) {
        const {type} = backend.type === 'blockio' ? backend.chain : backend;
        if (type !== 'bitcoind' && !headersProveThemselves(coin, network))
          context.addIssue({
            code: 'custom',
            path: [
              'backend',
              ...(backendsShape(written).isList ? [index] : []),
              ...(backend.type === 'blockio' ? ['chain'] : []),
              'type',
            ],
            message: `is ${type}, and the work of ${coin.name} headers cannot be checked here: a server could invent deposits; expected bitcoind`,
          });
      }
    })
    .superRefine(({backend: backends, wallet}, context) => {
      const [first] = [backends].flat();
      if (first?.type === 'blockio') {
        const fault = blockioFault(first, coin, wallet !== undefined);
        if (fault !== undefined)
          context.addIssue({code: 'custom', path: ['backend', ...fault.path], message: fault.words});
        return;
      }
      // Of a list, its own check has said so.
      if (wallet === undefined && first?.type !== 'bitcoind' && !backendsShape(written).isList)
        context.addIssue({
          code: 'custom',
          path: ['wallet'],
          message: `is missing, and ${String(first?.type)} has none; expected a wallet such as {descriptor: "wpkh(…)", signer: {type: psbt, folder: ./psbt}}`,
        });
    })
    .superRefine(({backend, agreement}, context) => {
      const fault = agreement && agreementFault(agreement.sources, [backend].flat().length);
      if (fault !== undefined) context.addIssue({code: 'custom', path: ['agreement', 'sources'], message: fault});
    })
    .superRefine(({network, backend, wallet}, context) => {
      if (wallet === undefined) return;
      const fault = walletFault(wallet, coin, network);
      if (fault !== undefined) context.addIssue({code: 'custom', path: ['wallet', fault.field], message: fault.words});
      if (wallet.signer?.type === 'node' && ![backend].flat().some(({type}) => type === 'bitcoind'))
        context.addIssue({
          code: 'custom',
          path: ['wallet', 'signer', 'type'],
          message: 'is node, but no backend is a bitcoind, and no other has a wallet; expected psbt or key',
        });
    });
