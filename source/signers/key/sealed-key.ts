import {createCipheriv, createDecipheriv, randomBytes, scryptSync} from 'node:crypto';
import type {ScriptType} from '../../coins/index.ts';
import {EngineError} from '../../primitives/errors.ts';

// The file of an encrypted seed. Everything in it but the seed is public; all of that is bound to the ciphertext as
// associated data, so that no part can be swapped for another file's.

const FORMAT = 'cryptoassets-key';
const VERSION = 1;

/** Costs 128 * n * r bytes of memory: 128 MiB. */
const KDF = {n: 2 ** 17, r: 8, p: 1};
/** Weaker parameters are somebody else's idea; stronger ones than this would stop the machine. */
const KDF_LIMITS = {minN: 2 ** 17, maxN: 2 ** 20, r: 8, maxP: 4};
const SALT_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
/** As BIP39 makes it. */
export const SEED_BYTES = 64;

/** The account that the key was made for. Its seed has others too. */
export interface AccountLabel {
  readonly type: ScriptType;
  /** `84h/0h/0h` */
  readonly path: string;
  readonly xpub: string;
}

/** What stands in the file beside the seed. */
export interface KeyLabel {
  readonly coin: string;
  readonly network: string;
  /** Of the master key: 8 hex digits. */
  readonly fingerprint: string;
  readonly account: AccountLabel;
  /** RFC 3339 */
  readonly createdAt: string;
}

export interface SealedKey extends KeyLabel {
  readonly kdf: {readonly n: number; readonly r: number; readonly p: number; readonly salt: Buffer};
  readonly nonce: Buffer;
  readonly tag: Buffer;
  readonly ciphertext: Buffer;
}

/** Encrypts a seed by scrypt and AES-256-GCM. The caller wipes `seed` and `passphrase`. */
export const seal = (seed: Uint8Array, passphrase: Uint8Array, label: KeyLabel, kdf = KDF): SealedKey => {
  const head = {...label, kdf: {...kdf, salt: randomBytes(SALT_BYTES)}, nonce: randomBytes(NONCE_BYTES)};
  const key = stretch(passphrase, head.kdf);
  try {
    const cipher = createCipheriv('aes-256-gcm', key, head.nonce, {authTagLength: TAG_BYTES});
    cipher.setAAD(associatedData(head));
    const ciphertext = Buffer.concat([cipher.update(seed), cipher.final()]);
    return {...head, ciphertext, tag: cipher.getAuthTag()};
  } finally {
    key.fill(0);
  }
};

/**
 * The seed, which the caller wipes. Throws `wrong_passphrase`, which is also what a changed file looks like: nobody can
 * tell one from the other.
 */
export const unseal = (sealed: SealedKey, passphrase: Uint8Array): Buffer => {
  const key = stretch(passphrase, sealed.kdf);
  let opened: Buffer | undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.nonce, {authTagLength: TAG_BYTES});
    decipher.setAAD(associatedData(sealed));
    decipher.setAuthTag(sealed.tag);
    opened = decipher.update(sealed.ciphertext);
    decipher.final();
    return opened;
  } catch {
    opened?.fill(0);
    throw new EngineError(
      'wrong_passphrase',
      'the passphrase is not the one of this key file, or the file was changed',
    );
  } finally {
    key.fill(0);
  }
};

const stretch = (passphrase: Uint8Array, {n, r, p, salt}: SealedKey['kdf']): Buffer =>
  // Twice of what it takes: the default of Node is a quarter.
  scryptSync(passphrase, salt, KEY_BYTES, {N: n, r, p, maxmem: 256 * n * r});

const publicPart = ({
  coin,
  network,
  fingerprint,
  account,
  createdAt,
  kdf,
  nonce,
}: Omit<SealedKey, 'tag' | 'ciphertext'>) => ({
  format: FORMAT,
  version: VERSION,
  coin,
  network,
  fingerprint,
  account: {type: account.type, path: account.path, xpub: account.xpub},
  created_at: createdAt,
  kdf: {name: 'scrypt', n: kdf.n, r: kdf.r, p: kdf.p, salt: kdf.salt.toString('hex')},
  cipher: {name: 'aes-256-gcm', nonce: nonce.toString('hex')},
});

const associatedData = (sealed: Omit<SealedKey, 'tag' | 'ciphertext'>): Buffer =>
  Buffer.from(JSON.stringify(publicPart(sealed)));

export const formatSealedKey = (sealed: SealedKey): string => {
  const open = publicPart(sealed);
  const file = {
    ...open,
    cipher: {...open.cipher, tag: sealed.tag.toString('hex')},
    ciphertext: sealed.ciphertext.toString('hex'),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
};

/** Reads a key file's text. Throws `bad_key_file` saying what is wrong with it. */
export const parseSealedKey = (text: string): SealedKey => {
  const file = new Fields(parseJson(text), '');
  if (file.string('format', /^.+$/) !== FORMAT) throw bad(`is no key file: its format is not ${FORMAT}`);
  const version = file.number('version', 1, Number.MAX_SAFE_INTEGER);
  if (version !== VERSION) throw bad(`has version ${version}, and this program reads version ${VERSION}`);
  const account = file.section('account');
  const kdf = file.section('kdf');
  const cipher = file.section('cipher');
  kdf.string('name', /^scrypt$/);
  cipher.string('name', /^aes-256-gcm$/);
  const n = kdf.number('n', KDF_LIMITS.minN, KDF_LIMITS.maxN);
  if ((n & (n - 1)) !== 0) throw bad('has a kdf.n that is no power of two');
  return {
    coin: file.string('coin', /^[a-z0-9]{2,12}$/),
    network: file.string('network', /^[a-z0-9]{2,12}$/),
    fingerprint: file.string('fingerprint', /^[0-9a-f]{8}$/),
    account: {
      type: account.string('type', /^(?:legacy|nested|segwit|taproot)$/) as ScriptType,
      path: account.string('path', /^\d{1,10}h?(?:\/\d{1,10}h?){0,9}$/),
      xpub: account.string('xpub', /^[1-9A-HJ-NP-Za-km-z]{100,120}$/),
    },
    createdAt: file.string('created_at', /^[0-9T:.Z-]{20,30}$/),
    kdf: {
      n,
      r: kdf.number('r', KDF_LIMITS.r, KDF_LIMITS.r),
      p: kdf.number('p', 1, KDF_LIMITS.maxP),
      salt: kdf.bytes('salt', SALT_BYTES),
    },
    nonce: cipher.bytes('nonce', NONCE_BYTES),
    tag: cipher.bytes('tag', TAG_BYTES),
    ciphertext: file.bytes('ciphertext', SEED_BYTES),
  };
};

const bad = (words: string): EngineError => new EngineError('bad_key_file', `the key file ${words}`);

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw bad('is cut off or damaged: it is not JSON');
  }
};

/** One mapping of the file. What it finds wrong it names by field, and shows nothing of the value. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #prefix: string;

  constructor(value: unknown, prefix: string) {
    if (typeof value !== 'object' || value === null) throw bad(`lacks ${prefix === '' ? 'its fields' : prefix}`);
    this.#values = value as Record<string, unknown>;
    this.#prefix = prefix;
  }

  section(name: string): Fields {
    return new Fields(this.#values[name], this.#prefix + name);
  }

  string(name: string, form: RegExp): string {
    const value = this.#values[name];
    if (typeof value !== 'string' || !form.test(value)) throw this.#unfit(name, 'is missing or no such value');
    return value;
  }

  number(name: string, minimum: number, maximum: number): number {
    const value = this.#values[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw this.#unfit(name, 'is missing or no number');
    if (value < minimum || value > maximum) throw this.#unfit(name, `is not from ${minimum} to ${maximum}`);
    return value;
  }

  bytes(name: string, count: number): Buffer {
    return Buffer.from(this.string(name, new RegExp(`^[0-9a-f]{${count * 2}}$`)), 'hex');
  }

  #unfit(name: string, words: string): EngineError {
    return bad(`is damaged: ${this.#prefix === '' ? '' : `${this.#prefix}.`}${name} ${words}`);
  }
}
