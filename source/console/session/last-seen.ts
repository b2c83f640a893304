import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {join} from 'node:path';

/** When this operator last looked, and at which event each ledger stood then. */
export interface LastSeen {
  readonly at: number;
  readonly sequences: Readonly<Record<string, number>>;
}

/** One file for each config, in the operator's own state folder (XDG base directories). */
export const lastSeenPath = (configPath: string, environment: NodeJS.ProcessEnv): string => {
  const base = environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  const name = createHash('sha256').update(configPath).digest('hex').slice(0, 16);
  return join(base, 'cryptoassets-console', `${name}.json`);
};

/** Undefined when nobody looked before, or what is there says nothing usable. */
export const readLastSeen = (path: string): LastSeen | undefined => {
  try {
    const {at, sequences} = JSON.parse(readFileSync(path, 'utf8')) as Partial<LastSeen>;
    return typeof at === 'number' && sequences && Object.values(sequences).every(Number.isInteger)
      ? {at, sequences}
      : undefined;
  } catch {
    // The first look, or a file that somebody has spoilt: both mean that nothing is known.
    return undefined;
  }
};

/** Whole or not at all. A state folder that cannot be written only costs the summary. */
export const writeLastSeen = (path: string, seen: LastSeen): void => {
  try {
    mkdirSync(join(path, '..'), {recursive: true, mode: 0o700});
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(seen), {mode: 0o600});
    renameSync(temporary, path);
  } catch {
    // A read-only home is no reason to stop a console.
  }
};
