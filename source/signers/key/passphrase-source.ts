import {closeSync, fstatSync, openSync, readdirSync, readFileSync, readlinkSync, type Stats} from 'node:fs';
import {basename, join} from 'node:path';
import type {PassphraseSource} from '../../config/config.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import {openSecretFile} from './key-file.ts';

export interface OpenPassphrase {
  readonly fd: number;
  /** Of what was opened here; the descriptor that was passed stays as it is. */
  close(): void;
}

/**
 * Opens it without reading it. Throws `no_passphrase`, `missing_file`, `bad_mode` or `unreadable_file` in words that say
 * what to do.
 */
export const openPassphrase = (
  source: PassphraseSource,
  environment: Readonly<Record<string, string | undefined>>,
): OpenPassphrase => {
  if (source.kind === 'fd') {
    requirePassed(source.fd);
    return {fd: source.fd, close: () => undefined};
  }
  const fd =
    source.kind === 'file'
      ? openSecretFile(source.path, 'the passphrase file')
      : openCredential(source.name, environment['CREDENTIALS_DIRECTORY']);
  return {fd, close: () => closeSync(fd)};
};

const openCredential = (name: string, folder: string | undefined): number => {
  const advice = `LoadCredentialEncrypted=${name}:… (or LoadCredential=) in the service's unit`;
  if (folder === undefined || folder === '')
    throw new EngineError(
      'no_passphrase',
      `there are no credentials ($CREDENTIALS_DIRECTORY is not set); expected ${advice}`,
    );
  const path = join(folder, basename(name));
  try {
    // No look at its mode: systemd's folder is this service's alone, and an access list shows there as a group's rights.
    return openSync(path, 'r');
  } catch (error) {
    throw new EngineError(
      'no_passphrase',
      `the credential ${path} cannot be read: ${messageOf(error)}; expected ${advice}`,
      {
        cause: error,
      },
    );
  }
};

/** Throws unless it is a file or pipe from outside: a number that nobody passed may be one of Node's own. */
const requirePassed = (fd: number): void => {
  const refuse = (why: string) =>
    new EngineError(
      'no_passphrase',
      `descriptor ${fd} ${why}; start the program with it, such as ${fd}< <(pass show hot-key)`,
    );
  let stats: Stats;
  try {
    stats = fstatSync(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error;
    throw refuse('is not open');
  }
  if (!stats.isFile() && !stats.isFIFO() && !stats.isCharacterDevice())
    throw refuse('was not passed as a file or pipe');
  if (stats.isFIFO() && isOwnPipe(fd)) throw refuse('is not open');
};

/** Whether this process has the writing end too, as of the pipes that Node makes for itself. */
const isOwnPipe = (fd: number): boolean => {
  try {
    const target = readlinkSync(`/proc/self/fd/${fd}`);
    return readdirSync('/proc/self/fd').some(other => linkOf(other) === target && isWritten(other));
  } catch {
    // No /proc: then it is taken at its word.
    return false;
  }
};

/** By the flags of its opening: O_WRONLY or O_RDWR. A shell may pass the reading end on two numbers. */
const isWritten = (fd: string): boolean =>
  (Number.parseInt(/^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0', 8) & 3) !==
  0;

const linkOf = (fd: string): string | undefined => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The descriptor that listed the folder is gone by now.
    return undefined;
  }
};

/** What changes when somebody puts another passphrase there; undefined where a new start is needed for that. */
export const pathOf = (
  source: PassphraseSource,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined => {
  if (source.kind === 'fd') return undefined;
  return source.kind === 'file'
    ? source.path
    : join(environment['CREDENTIALS_DIRECTORY'] ?? '/', basename(source.name));
};
