import {randomBytes} from 'node:crypto';
import {entropyToMnemonic, mnemonicToSeed, validateMnemonic, wordlists} from 'bip39';
import {EngineError} from '../../primitives/errors.ts';

/** 256 bits: 24 words. */
const ENTROPY_BYTES = 32;
const LENGTHS = [12, 15, 18, 21, 24];

const ENGLISH = wordlists['english']!;
const KNOWN: ReadonlySet<string> = new Set(ENGLISH);

/** 24 English words for a new key (BIP39). */
export const newMnemonic = (): string => {
  const entropy = randomBytes(ENTROPY_BYTES);
  try {
    return entropyToMnemonic(entropy, ENGLISH);
  } finally {
    entropy.fill(0);
  }
};

/** Words as they were typed, in one line. Throws `bad_mnemonic` that tells the place of a wrong word and never the word. */
export const readMnemonic = (typed: string): string => {
  const words = typed.normalize('NFKD').trim().toLowerCase().split(/\s+/);
  const unknown = words.findIndex(word => !KNOWN.has(word));
  const refuse = (why: string) => new EngineError('bad_mnemonic', why, {field: 'mnemonic'});
  if (!LENGTHS.includes(words.length))
    throw refuse(`${words[0] === '' ? 0 : words.length} words were given; expected ${LENGTHS.join(', ')}`);
  if (unknown >= 0) throw refuse(`word ${unknown + 1} is not in the English list of BIP39`);
  const mnemonic = words.join(' ');
  if (!validateMnemonic(mnemonic, ENGLISH))
    throw refuse('the words do not belong together: one is wrong, missing or in another place (checksum of BIP39)');
  return mnemonic;
};

/** 64 bytes, without a BIP39 passphrase. The caller wipes them. */
export const seedOf = async (mnemonic: string): Promise<Buffer> => mnemonicToSeed(mnemonic);
