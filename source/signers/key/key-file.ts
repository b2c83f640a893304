import {randomBytes} from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import {dirname} from 'node:path';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import {formatSealedKey, parseSealedKey, type SealedKey} from './sealed-key.ts';

/** More is no key file. */
const LARGEST = 64 * 1024;

/**
 * Opens a file that holds a secret, after a look at who else may read it. The caller closes it. Throws `bad_mode` when
 * group or others may, or somebody else owns it; `missing`; `unreadable_file`.
 */
export const openSecretFile = (path: string, what: string, missing = 'missing_file'): number => {
  let file: number;
  try {
    // Not blocking: a pipe without a writer would hold the process for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new EngineError(missing, `${what} ${path} is not there`, {cause: error});
    throw new EngineError('unreadable_file', `${what} ${path} cannot be read: ${messageOf(error)}`, {cause: error});
  }
  try {
    requirePrivate(file, path, what);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
};

const requirePrivate = (file: number, path: string, what: string): void => {
  const stats = fstatSync(file);
  const {mode, uid} = stats;
  if (!stats.isFile()) throw new EngineError('unreadable_file', `${what} ${path} is not a regular file`);
  if ((mode & 0o077) !== 0)
    throw new EngineError(
      'bad_mode',
      `${what} ${path} has mode ${(mode & 0o777).toString(8).padStart(4, '0')}, so that others may read it: chmod 600 ${path}`,
    );
  const self = process.geteuid?.();
  if (self !== undefined && uid !== self && uid !== 0)
    throw new EngineError('bad_mode', `${what} ${path} belongs to another user (uid ${uid}): it must be this user's`);
};

/** The key file there, still sealed. Throws what `openSecretFile` and `parseSealedKey` do, naming the file. */
export const readKeyFile = (path: string): SealedKey => {
  const file = openSecretFile(path, 'the key file', 'missing_key');
  try {
    if (fstatSync(file).size > LARGEST) throw new EngineError('bad_key_file', `the key file ${path} is too large`);
    return parseSealedKey(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof EngineError) || error.message.includes(path)) throw error;
    throw new EngineError(error.code, `${path}: ${error.message}`, {cause: error});
  } finally {
    closeSync(file);
  }
};

/**
 * Writes a key file, mode 0600, whole or not at all, on the disk when this returns. Never replaces one: throws
 * `key_exists`.
 */
export const createKeyFile = (path: string, sealed: SealedKey): void => {
  withWritten(path, sealed, written => {
    try {
      // Unlike a rename, this fails when something is there.
      linkSync(written, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST')
        throw new EngineError('key_exists', `${path} is there already, and a key is never overwritten`);
      throw error;
    } finally {
      rmSync(written, {force: true});
    }
  });
};

/** Puts a key file of the same key in the place of the one there. */
export const replaceKeyFile = (path: string, sealed: SealedKey): void => {
  withWritten(path, sealed, written => renameSync(written, path));
};

const withWritten = (path: string, sealed: SealedKey, place: (written: string) => void): void => {
  const written = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    const file = openSync(written, 'wx', 0o600);
    try {
      writeSync(file, formatSealedKey(sealed));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    place(written);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(written, {force: true});
    if (error instanceof EngineError) throw error;
    throw new EngineError('unwritable_file', `the key file ${path} cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
};

/** So that the name outlives a loss of power too. */
const syncFolder = (folder: string): void => {
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
};
