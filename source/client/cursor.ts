import {mkdir, open, readFile, rename} from 'node:fs/promises';
import {join} from 'node:path';
import {CryptoassetsError} from '../api/client-error.ts';
import {messageOf} from '../primitives/errors.ts';

/** The last event that was finished. More than its number, so that another ledger's is not taken for it. */
export interface EventCursor {
  readonly sequence: number;
  readonly id: string;
  readonly created_at: string;
}

/** Where a reader of events keeps its place. One reader per store: two would skip each other's events. */
export interface CursorStore {
  /** undefined: this reader has finished no event of the coin yet. */
  load(coin: string): Promise<EventCursor | undefined>;
  /** Must be durable when it resolves. */
  save(coin: string, cursor: EventCursor): Promise<void>;
}

const isCursor = (value: unknown): value is EventCursor => {
  const {sequence, id, created_at} = (value ?? {}) as Partial<EventCursor>;
  return Number.isSafeInteger(sequence) && typeof id === 'string' && typeof created_at === 'string';
};

/** Writes beside the file, to the disk, and renames: whatever dies in between, the old or the new text is there. */
const writeDurably = async (folder: string, name: string, text: string): Promise<void> => {
  const beside = join(folder, `.${name}.new`);
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, join(folder, name));
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};

/**
 * Cursors as files, `<folder>/<coin>.json`. The folder is made. A file that is there and cannot be read as a cursor
 * throws `bad_cursor_file`: beginning anew would repeat every event.
 */
export const fileCursor = (folder: string): CursorStore => {
  const nameOf = (coin: string) => `${encodeURIComponent(coin)}.json`;
  return {
    load: async coin => {
      const path = join(folder, nameOf(coin));
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw new CryptoassetsError('bad_cursor_file', `${path}: ${messageOf(error)}`, {cause: error});
      }
      const cursor = parseJson(text);
      if (isCursor(cursor)) return cursor;
      throw new CryptoassetsError(
        'bad_cursor_file',
        `${path} holds no cursor: restore it; without the file every event is read from the first one`,
      );
    },
    save: async (coin, cursor) => {
      await mkdir(folder, {recursive: true, mode: 0o700});
      await writeDurably(folder, nameOf(coin), `${JSON.stringify(cursor)}\n`);
    },
  };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // The caller says what is wrong with the file.
    return undefined;
  }
};
