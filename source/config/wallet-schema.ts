import {z} from 'zod';
import {type Coin, type NetworkName, SCRIPT_TYPES} from '../coins/index.ts';
import {parseWallet, type WrittenWallet} from '../descriptors/index.ts';
import {satoshi} from '../primitives/amount.ts';
import {EngineError} from '../primitives/errors.ts';
import type {PassphraseSource, SignerConfig, WalletConfig} from './config.ts';
import {amount, choice, expecting, kindOf, refuse, section, text, wholeNumber} from './fields.ts';

const KEYS_EXPECTED = '`descriptor`, or `receive` and `change`, or `xpub` with `type`';
const BIRTHDAY_EXPECTED = 'a date such as 2026-01-01, or the height of a block';
const PASSPHRASE_EXPECTED = 'one of {fd: 3}, {credential: name} and {file: path}';

/** Long enough to say in words of its own what is wrong with a descriptor that is cut or pasted twice. */
const descriptor = () => text('a descriptor such as "wpkh([d34db33f/84h/0h/0h]xpub…/<0;1>/*)"', 2000);

const passphrase = section(PASSPHRASE_EXPECTED, {
  fd: wholeNumber(3, 1000).optional(),
  credential: text('the name of a systemd credential', 200)
    .regex(/^[^/]+$/, expecting('the name of a systemd credential, without a slash'))
    .optional(),
  file: text('the path of a file that holds the passphrase').optional(),
}).superRefine((value, context) => {
  const given = Object.values(value).filter(one => one !== undefined).length;
  if (given !== 1)
    refuse(context, `${given === 0 ? 'is empty' : 'gives more than one'}; expected ${PASSPHRASE_EXPECTED}`);
});

/** No coin has an amount above it. */
const MOST = satoshi(1_000_000_000_000_000_000n);

const signer = kindOf(
  'a signer such as {type: psbt, folder: ./psbt}',
  [
    section('a node signer', {type: z.literal('node')}),
    section('a psbt signer', {type: z.literal('psbt'), folder: text('the path of a folder for unsigned transactions')}),
    section('a key signer', {
      type: z.literal('key'),
      file: text('the path of the encrypted key file'),
      passphrase,
      limits: section('a mapping such as {per_transaction: "1.0", per_day: "10.0"}', {
        per_transaction: amount(MOST, 'coins').optional(),
        per_day: amount(MOST, 'coins').optional(),
      }).default({}),
    }),
  ],
  [],
);

const isDate = (value: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(value) &&
  !Number.isNaN(Date.parse(`${value}T00:00:00Z`)) &&
  new Date(`${value}T00:00:00Z`).toISOString().startsWith(value);

/** `coins.<c>.wallet`. What its keys are is checked beside the coin and its network: see walletFault. */
export const walletSchema = section(`a mapping with ${KEYS_EXPECTED}`, {
  descriptor: descriptor().optional(),
  receive: descriptor().optional(),
  change: descriptor().optional(),
  xpub: text('an extended public key such as xpub…', 2000).optional(),
  type: choice(SCRIPT_TYPES).optional(),
  origin: text('where the key comes from, such as d34db33f/84h/0h/0h', 200).optional(),
  gap_limit: wholeNumber(1, 10_000).default(20),
  birthday: z
    .union([wholeNumber(0, 100_000_000), z.string().refine(isDate, expecting(BIRTHDAY_EXPECTED))], {
      error: () => `expected ${BIRTHDAY_EXPECTED}`,
    })
    .optional(),
  signer: signer.optional(),
}).superRefine((value, context) => {
  const has = (key: 'descriptor' | 'receive' | 'change' | 'xpub' | 'type' | 'origin') => value[key] !== undefined;
  const ways = [has('descriptor'), has('receive') || has('change'), has('xpub')].filter(Boolean).length;
  // A key that is yet to be made has no descriptor yet: `key create` reads this file too.
  if (ways === 0 && value.signer?.type === 'key') return;
  if (ways !== 1)
    refuse(context, `${ways === 0 ? 'has no keys' : 'has its keys in more than one way'}; expected ${KEYS_EXPECTED}`);
  else if (has('receive') !== has('change'))
    refuse(context, `lacks \`${has('receive') ? 'change' : 'receive'}\`; expected ${KEYS_EXPECTED}`);
  else if (!has('xpub') && (has('type') || has('origin')))
    refuse(
      context,
      'has `type` or `origin` beside a descriptor, which says both itself; expected them with `xpub` only',
    );
});
export type WalletValues = z.output<typeof walletSchema>;

/** Undefined when it is not said, or in two ways: the section's own rules refuse that. */
const writtenIn = ({descriptor, receive, change, xpub, type, origin}: WalletValues): WrittenWallet | undefined => {
  if (descriptor !== undefined && xpub === undefined) return {kind: 'descriptor', descriptor};
  if (receive !== undefined && change !== undefined) return {kind: 'branches', receive, change};
  return xpub === undefined || descriptor !== undefined ? undefined : {kind: 'key', xpub, type, origin};
};

/** What is wrong with the wallet's keys for this coin and network, and at which key of the section. */
export const walletFault = (
  values: WalletValues,
  coin: Coin,
  networkName: NetworkName,
): {readonly field: string; readonly words: string} | undefined => {
  const network = coin.networks[networkName];
  const written = writtenIn(values);
  if (network === undefined || written === undefined) return undefined;
  try {
    parseWallet(written, {coin, network});
    return undefined;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return {field: error.field ?? 'descriptor', words: error.message};
  }
};

const toPassphrase = (
  {fd, credential, file}: z.output<typeof passphrase>,
  absolute: (path: string) => string,
): PassphraseSource => {
  if (fd !== undefined) return {kind: 'fd', fd};
  return credential === undefined ? {kind: 'file', path: absolute(file!)} : {kind: 'credential', name: credential};
};

const toSigner = (values: z.output<typeof signer>, absolute: (path: string) => string): SignerConfig => {
  switch (values.type) {
    case 'node':
      return values;
    case 'psbt':
      return {type: 'psbt', folder: absolute(values.folder)};
    case 'key':
      return {
        type: 'key',
        file: absolute(values.file),
        passphrase: toPassphrase(values.passphrase, absolute),
        limits: {perTransaction: values.limits.per_transaction, perDay: values.limits.per_day},
      };
    default:
      return values satisfies never;
  }
};

export const toWallet = (values: WalletValues, absolute: (path: string) => string): WalletConfig => ({
  keys: writtenIn(values) ?? {kind: 'none'},
  gapLimit: values.gap_limit,
  birthday: values.birthday,
  signer: values.signer && toSigner(values.signer, absolute),
});
