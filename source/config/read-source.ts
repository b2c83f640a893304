import {closeSync, fstatSync, openSync, readSync} from 'node:fs';
import {relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {cleanText} from '../primitives/clean-text.ts';
import {messageOf} from '../primitives/errors.ts';
import {ConfigError} from './config-error.ts';

/** No config needs more; a wrong file (a log, a database) is refused before it is read whole. */
const MAX_BYTES = 1_000_000;

/** In the package, beside `dist/` and beside `source/`. */
const EXAMPLE = fileURLToPath(new URL('../../config.example.yaml', import.meta.url));

/** The text of a config file. Throws ConfigError for whatever is not a readable, non-empty UTF-8 text under 1 MB. */
export const readSource = (file: string): string => {
  const bytes = readBytes(file);
  if (bytes.length > MAX_BYTES)
    throw refuse(file, `is larger than 1 MB; expected a config file of a few kilobytes. Is it the right file?`);
  const text = decode(file, bytes);
  if (text.trim() === '') throw refuse(file, 'is empty; expected at least a `coins:` section', startHint(file));
  return text;
};

const readBytes = (file: string): Buffer => {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    if (fstatSync(descriptor).isDirectory())
      throw refuse(file, 'is a directory; expected a YAML file', `  Name the file in it:  ${file}/config.yaml`);
    return readUpTo(descriptor, MAX_BYTES + 1);
  } catch (error) {
    throw error instanceof ConfigError ? error : unreadable(file, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
};

/** By hand, since readFileSync would swallow an endless device or a huge file whole. */
const readUpTo = (descriptor: number, limit: number): Buffer => {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  while (length < limit) {
    const read = readSync(descriptor, buffer, length, limit - length, null);
    if (read === 0) break;
    length += read;
  }
  return buffer.subarray(0, length);
};

const decode = (file: string, bytes: Buffer): string => {
  const [first, second] = bytes;
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const wide = bytes.length >= 4 && ((first === 0 && second !== 0) || (first !== 0 && second === 0));
  if (marked || (wide && bytes.length % 2 === 0))
    throw refuse(file, 'is UTF-16 text; expected UTF-8. In the editor, "Save with encoding: UTF-8" cures it');
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw refuse(file, `holds a NUL byte at offset ${zero}; expected text. Is it the right file?`);
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch {
    // The decoder does not say where; the position is found for the message.
    throw refuse(file, `is not valid UTF-8 (first bad byte near line ${badLine(bytes)}); save it as UTF-8`);
  }
};

const badLine = (bytes: Buffer): number => {
  const lossy = bytes.toString('utf8');
  return lossy.slice(0, lossy.indexOf('\u{fffd}')).split('\n').length;
};

const refuse = (file: string, message: string, hint = '') =>
  new ConfigError([{file: cleanText(file), line: null, column: null, field: '', message}], hint);

const unreadable = (file: string, error: unknown): ConfigError => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return refuse(file, 'there is no such config file', startHint(file));
  if (code === 'EACCES' || code === 'EPERM')
    return refuse(
      file,
      'cannot be read by this user (permission denied)',
      `  See who may:           ls -l ${file}\n  Let the group read it: chmod g+r ${file}   (it may hold secrets: not o+r)`,
    );
  if (code === 'ELOOP') return refuse(file, 'is a symbolic link that leads back to itself');
  if (code === 'ENAMETOOLONG') return refuse(`${file.slice(0, 60)}…`, 'is a name longer than the file system takes');
  if (code === 'ERR_INVALID_ARG_VALUE') return refuse(file, 'is a name with a NUL character');
  return refuse(file, `cannot be read: ${cleanText(messageOf(error))}`);
};

/** What a newcomer can do next: three roads, the shortest last. */
const startHint = (file: string): string => {
  const near = relative(process.cwd(), EXAMPLE);
  const example = near.length < EXAMPLE.length ? near : EXAMPLE;
  return [
    `  Start from the example:     cp ${example} ${cleanText(file)}`,
    '  Or name the file you have:  cryptoassets-console path/to/config.yaml',
    '  Or just look around first:  cryptoassets-console demo   (own regtest node, nothing to set up)',
  ].join('\n');
};
