import {readFileSync, statSync} from 'node:fs';
import {messageOf} from '../primitives/errors.ts';

const LARGEST = 10_000_000;

/** One address a line; what follows a # is a remark. The file must be readable: see allowListFault. */
export const readAllowList = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .map(line => line.replace(/#.*$/, '').trim())
    .filter(line => line !== '');

/** Why the file cannot serve, or undefined. */
export const allowListFault = (path: string): string | undefined => {
  try {
    const {size} = statSync(path);
    if (size > LARGEST) return `is a file of ${size} bytes; expected at most ${LARGEST}`;
    readAllowList(path);
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    return `is a file that cannot be read (${code}); expected a path with one address a line`;
  }
};
