import {randomInt} from 'node:crypto';
import type {KeySignerConfig} from '../../config/config.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {KeyTools} from '../supplies.ts';
import type {Context} from '../verb.ts';
import type {Input} from './input.ts';

/** Errors that mean: it is not there, so ask for it. Others (a file that anybody may read) are for its owner. */
const ABSENT = new Set(['no_passphrase', 'missing_file']);

/** From where the config says; undefined when nothing is there. */
const configured = (tools: KeyTools, signer: KeySignerConfig): Buffer | EngineError => {
  try {
    return tools.configuredPassphrase(signer);
  } catch (error) {
    if (error instanceof EngineError && ABSENT.has(error.code)) return error;
    throw error;
  }
};

export interface NewPassphrase {
  readonly passphrase: Buffer;
  /** Typed or from stdin, and not from where the config says. */
  readonly isGiven: boolean;
}

/** What is left to do when the passphrase was typed and the engine would not find it. */
export const passphraseHint = ({isGiven}: NewPassphrase, signer: KeySignerConfig): string[] =>
  isGiven ? ['', `  Put the passphrase where the engine finds it: ${placeOf(signer)}`] : [];

/** Where the engine will look. */
export const placeOf = ({passphrase}: KeySignerConfig): string => {
  switch (passphrase.kind) {
    case 'fd':
      return `descriptor ${passphrase.fd}`;
    case 'file':
      return `${passphrase.path} (mode 0600)`;
    case 'credential':
      return `the credential ${passphrase.name}`;
    default:
      return passphrase satisfies never;
  }
};

/** The passphrase that a key file has now. */
export const presentPassphrase = async (
  {input}: Context,
  tools: KeyTools,
  signer: KeySignerConfig,
): Promise<Buffer> => {
  const found = configured(tools, signer);
  if (!(found instanceof EngineError)) return found;
  if (!input.isTerminal) throw found;
  return Buffer.from(await input.askSecret('Present passphrase: '));
};

/**
 * The passphrase that a key file shall have: what the config points to, or what is typed twice. `ask`: always typed, or
 * read from stdin. Throws `weak_passphrase`, and what keeps it from being read.
 */
export const newPassphrase = async (
  {input}: Context,
  tools: KeyTools,
  signer: KeySignerConfig,
  {ask = false}: {ask?: boolean} = {},
): Promise<NewPassphrase> => {
  const found = ask ? undefined : configured(tools, signer);
  if (found !== undefined && !(found instanceof EngineError)) {
    tools.requireStrong(found);
    return {passphrase: found, isGiven: false};
  }
  if (input.isTerminal) return {passphrase: await typedTwice(input, tools), isGiven: true};
  if (found !== undefined) throw found;
  const passphrase = Buffer.from((await input.readAll()).split(/\r?\n/, 1)[0]!);
  tools.requireStrong(passphrase);
  return {passphrase, isGiven: true};
};

const typedTwice = async (input: Input, tools: KeyTools): Promise<Buffer> => {
  const first = Buffer.from(await input.askSecret('New passphrase: '));
  tools.requireStrong(first);
  if ((await input.askSecret('Once more: ')) === first.toString()) return first;
  throw new EngineError('passphrases_differ', 'the two were not the same; nothing was changed');
};

const TRIES = 3;

/** Shows the words until Enter, then asks for two of them. Throws `words_not_kept`: then no key is made of them. */
export const showWords = async (input: Input, mnemonic: string): Promise<void> => {
  const words = mnemonic.split(' ');
  const cells = words.map((word, index) => `${String(index + 1).padStart(4)}. ${word.padEnd(10)}`);
  const rows = Array.from({length: Math.ceil(cells.length / 4)}, (_, row) =>
    cells.slice(row * 4, row * 4 + 4).join(''),
  );
  await input.showOnce(
    [
      'These words are the key: whoever reads them can spend everything, and when file or passphrase are lost,',
      'nothing else brings the coins back. Write them on paper. They are never shown again.',
      '',
      ...rows,
      '',
    ],
    'Press Enter when they are written down. ',
  );
  for (const place of twoPlaces(words.length)) await askWord(input, words[place]!, place);
};

const askWord = async (input: Input, word: string, place: number): Promise<void> => {
  for (let tries = 0; tries < TRIES; tries += 1)
    if ((await input.askSecret(`Word ${place + 1} (not shown): `)).trim().toLowerCase() === word) return;
  throw new EngineError('words_not_kept', `that was not word ${place + 1}; no key was made. Begin again`);
};

const twoPlaces = (count: number): [number, number] => {
  const first = randomInt(count);
  return [first, (first + randomInt(1, count)) % count];
};
