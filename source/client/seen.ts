import {appendFileSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync} from 'node:fs';
import {dirname} from 'node:path';

type Promised<Value> = Value | Promise<Value>;

/**
 * Ids of events whose handling ended well. The best one is a table of your own database, written in the transaction that
 * acts on the event: then nothing happens twice, whatever crashes. These here leave a gap: a crash after acting and before
 * `add` hands the event over again.
 */
export interface SeenStore {
  has(id: string): Promised<boolean>;
  add(id: string): Promised<void>;
}

const LIMIT = 100_000;

/** In memory, the newest `limit`: for repeats while the program runs. */
export const memorySeen = (limit = LIMIT): SeenStore => {
  const ids = new Set<string>();
  return {
    has: id => ids.has(id),
    add: id => {
      ids.add(id);
      if (ids.size > limit) ids.delete(ids.values().next().value!);
    },
  };
};

/** The newest `limit` ids in a file, one a line, on the disk when `add` resolves. One process per file. */
export const fileSeen = (path: string, limit = LIMIT): SeenStore => {
  mkdirSync(dirname(path), {recursive: true, mode: 0o700});
  const lines = readLines(path);
  let ids = new Set(lines.slice(-limit));
  let written = lines.length;
  const shorten = () => {
    ids = new Set([...ids].slice(-limit));
    written = ids.size;
    const file = openSync(`${path}.new`, 'w', 0o600);
    writeSync(file, [...ids].map(id => `${id}\n`).join(''));
    fsyncSync(file);
    closeSync(file);
    renameSync(`${path}.new`, path);
  };
  return {
    has: id => ids.has(id),
    add: id => {
      if (ids.has(id)) return;
      ids.add(id);
      written += 1;
      if (written > 2 * limit) shorten();
      else appendFileSync(path, `${id}\n`, {mode: 0o600, flush: true});
    },
  };
};

const readLines = (path: string): string[] => {
  try {
    // A last line that was cut short by a crash matches no id, and costs one repeat.
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};
