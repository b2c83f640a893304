import {SCRIPT_TYPES, type ScriptType} from '../coins/index.ts';
import type {KeyDescription} from '../contract/index.ts';
import type {CoinConfig, KeySignerConfig} from '../config/config.ts';
import {EngineError} from '../primitives/errors.ts';
import {coinOf} from './shell/checks.ts';
import {newPassphrase, passphraseHint, placeOf, presentPassphrase, showWords} from './shell/key-dialogs.ts';
import {formatFields, formatTime} from './shell/table.ts';
import {UsageError} from './shell/usage-error.ts';
import type {Context, Verb} from './verb.ts';

/** The coin whose signer is a key of its own. Throws when the config says something else. */
const keyOf = (context: Context): {coin: CoinConfig; signer: KeySignerConfig} => {
  const name = coinOf(context.config(), context.values[0] ?? '');
  const coin = context.config().coins.get(name)!;
  const signer = coin.wallet?.signer;
  if (signer?.type === 'key') return {coin, signer};
  throw new EngineError(
    'bad_config',
    `coins.${name}.wallet.signer is ${signer === undefined ? 'not set' : signer.type}; expected {type: key, file: ./${name}.key, passphrase: {file: ./${name}.passphrase}}`,
    {field: `coins.${name}.wallet.signer`},
  );
};

const typeOf = ({flags}: Context, {definition}: CoinConfig): ScriptType => {
  const {type = definition.segwit ? 'segwit' : 'legacy'} = flags;
  const found = SCRIPT_TYPES.find(known => known === type);
  if (found === undefined)
    throw new UsageError(`--type ${JSON.stringify(type)}: expected one of ${SCRIPT_TYPES.join(', ')}`);
  if (found !== 'legacy' && !definition.segwit)
    throw new UsageError(`--type ${found}: ${definition.unit} has no such addresses; expected legacy`);
  return found;
};

const accountNumberOf = ({flags}: Context): number => {
  const text = flags.accountNumber ?? '0';
  if (!/^\d{1,9}$/.test(text))
    throw new UsageError(`--account-number ${JSON.stringify(text)}: expected a whole number from 0 to 999999999`);
  return Number(text);
};

const fieldsOf = (key: KeyDescription): string[] =>
  formatFields({
    file: key.file,
    for: `${key.coin} ${key.network}, ${key.type} addresses at ${key.path}`,
    fingerprint: key.fingerprint,
    descriptor: key.descriptor,
    created: `${formatTime(key.created_at)} UTC`,
    config: {true: 'has this wallet', false: 'HAS ANOTHER WALLET', null: 'has no descriptor yet'}[
      String(key.configured)
    ]!,
  });

const hintNext = (context: Context, key: KeyDescription, more: readonly string[] = []): void => {
  if (key.configured !== true)
    context.output.hint(
      '',
      `  Put this into coins.${key.coin}.wallet of ${context.configPath}:`,
      `      descriptor: "${key.descriptor}"`,
    );
  context.output.hint(...more, '', `  Then look at it all:  cryptoassets-console check ${context.configPath}`);
};

export const keyCreate: Verb = {
  name: 'key create',
  summary: 'make a new key, encrypted, and show its 24 words once',
  parameters: ['<coin>'],
  flags: ['type', 'reveal'],
  choices: {type: SCRIPT_TYPES},
  examples: ['key create btc', 'key create btc --type taproot', 'key create btc --json --reveal'],
  notes: [
    'Writes the file that coins.<coin>.wallet.signer names, and never overwrites one. The passphrase comes from where the',
    'config says, or is asked for. The words restore the key without file and passphrase: whoever reads them owns the',
    'coins. They are shown on a terminal only, unless --reveal puts them into the result. See docs/keys.md.',
  ].join('\n'),
  async run(context) {
    const {coin, signer} = keyOf(context);
    const type = typeOf(context, coin);
    const reveal = context.flags.reveal === true;
    if (!reveal && !context.input.isTerminal)
      throw new EngineError(
        'no_terminal',
        'nobody would see the words of the new key: run this on a terminal, or with --reveal to have them in the result',
      );
    const tools = await (await context.supplies()).keyTools();
    tools.requireNoKey(signer);
    const chosen = await newPassphrase(context, tools, signer);
    const {passphrase} = chosen;
    const mnemonic = tools.newMnemonic();
    if (!reveal) await showWords(context.input, mnemonic);
    const key = await tools.createKey(coin, signer, {mnemonic, passphrase, type, accountNumber: 0});
    context.output.result({...key, ...(reveal && {mnemonic})}, () => [
      ...fieldsOf(key),
      ...(reveal ? ['', ...formatFields({words: mnemonic})] : []),
    ]);
    hintNext(context, key, passphraseHint(chosen, signer));
    return 0;
  },
};

export const keyImport: Verb = {
  name: 'key import',
  summary: 'make the encrypted key from words that you have (BIP39), read from stdin',
  parameters: ['<coin>'],
  flags: ['type', 'accountNumber'],
  choices: {type: SCRIPT_TYPES},
  examples: ['key import btc', 'key import btc --type nested --account-number 1'],
  notes: [
    'English words without a BIP39 passphrase, typed (not shown) or from a pipe. The wallet must be used by this program',
    'alone: give it an account number that no other wallet has. Its older coins are found when',
    'coins.<coin>.wallet.birthday says where to begin.',
  ].join('\n'),
  async run(context) {
    const {coin, signer} = keyOf(context);
    const type = typeOf(context, coin);
    const accountNumber = accountNumberOf(context);
    const tools = await (await context.supplies()).keyTools();
    tools.requireNoKey(signer);
    const typed = context.input.isTerminal
      ? await context.input.askSecret('Words of the key (not shown): ')
      : await context.input.readAll();
    const mnemonic = tools.readMnemonic(typed);
    const chosen = await newPassphrase(context, tools, signer);
    const {passphrase} = chosen;
    const key = await tools.createKey(coin, signer, {mnemonic, passphrase, type, accountNumber});
    context.output.result(key, () => fieldsOf(key));
    hintNext(context, key, passphraseHint(chosen, signer));
    return 0;
  },
};

export const keyShow: Verb = {
  name: 'key show',
  summary: 'fingerprint and descriptor of a key; nothing secret, no passphrase needed',
  parameters: ['<coin>'],
  flags: [],
  examples: ['key show btc', 'key show btc --json'],
  async run(context) {
    const {coin, signer} = keyOf(context);
    const key = (await (await context.supplies()).keyTools()).describeKey(coin, signer);
    context.output.result(key, () => fieldsOf(key));
    if (key.configured !== true) hintNext(context, key);
    return 0;
  },
};

export const keyPassphrase: Verb = {
  name: 'key passphrase',
  summary: 'encrypt a key with another passphrase',
  parameters: ['<coin>'],
  flags: [],
  examples: ['key passphrase btc', 'key passphrase btc --json'],
  notes: [
    'The present passphrase comes from where the config says, or is asked for; the new one is asked for twice, or is the',
    'first line of stdin. Copies of the old file still open with the old passphrase.',
  ].join('\n'),
  async run(context) {
    const {signer} = keyOf(context);
    const tools = await (await context.supplies()).keyTools();
    const present = await presentPassphrase(context, tools, signer);
    const {passphrase: next} = await newPassphrase(context, tools, signer, {ask: true});
    tools.changePassphrase(signer, present, next);
    context.output.result({file: signer.file, changed: true}, () => `${signer.file} now opens with the new passphrase`);
    context.output.hint('', `  Put it where the engine finds it (${placeOf(signer)}) before the engine starts again.`);
    return 0;
  },
};
