import {EventEmitter} from 'node:events';
import {Sheet} from '../terminal/sheet.ts';
import type {ScreenOutput} from '../terminal/screen-output.ts';

/** Narrow enough for one pane at a time, and so tall that details and help are never cut. */
export const READER_SIZE = {columns: 90, rows: 120} as const;

/** Where frames go that nobody sees: they are read instead of drawn. Nothing here writes to the terminal. */
export const createReaderOutput = (onFrame: (lines: readonly string[]) => void): ScreenOutput => {
  const sheet = new Sheet(() => {
    onFrame(sheet.compose(READER_SIZE.columns));
  });
  const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    // Modes of a terminal begin with an escape, frames never do.
    if (text !== '' && !text.startsWith('\u001b')) sheet.layOut(text);
    const done = rest.find(part => typeof part === 'function') as (() => void) | undefined;
    done?.();
    return true;
  };
  const stream = Object.assign(new EventEmitter(), {isTTY: true, writable: true, ...READER_SIZE, write});
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    sheet,
    size: () => READER_SIZE,
    onResize: () => () => undefined,
    suspend: () => undefined,
    resume: () => undefined,
  };
};
