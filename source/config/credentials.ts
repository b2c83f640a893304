import {readFileSync} from 'node:fs';
import {join} from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** A variable's value, and whether it came as a credential, which is secret whatever its name. */
export interface Variable {
  readonly value: string;
  readonly isCredential: boolean;
}

/** More is no password. */
const LARGEST = 64 * 1024;

/**
 * What `${NAME}` stands for: the environment's value, else the file of that name in $CREDENTIALS_DIRECTORY, where
 * systemd's LoadCredential= (or a container's secrets, when told so) keeps what the environment would show to others.
 * One newline at its end is not part of it.
 */
export const readVariable = (environment: Environment, name: string): Variable | undefined => {
  const value = environment[name];
  if (value !== undefined) return {value, isCredential: false};
  const folder = environment['CREDENTIALS_DIRECTORY'];
  if (folder === undefined || folder === '') return undefined;
  try {
    const text = readFileSync(join(folder, name), 'utf8');
    return text.length > LARGEST ? undefined : {value: text.replace(/\r?\n$/, ''), isCredential: true};
  } catch {
    // Not there: the variable is not set, which is said with its place in the file.
    return undefined;
  }
};
