import {splitKeys, type KeyName} from './split-keys.ts';

/** The part of a terminal's input stream that is used; process.stdin satisfies it. */
export interface KeyboardInput extends NodeJS.EventEmitter {
  setRawMode?(enabled: boolean): unknown;
  setEncoding(encoding: BufferEncoding): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Long enough for the rest of a sequence over a slow line, short enough for Escape to feel immediate. */
const ESCAPE_DELAY = 30;
const PASTE_ON = '\u001b[?2004h';
const PASTE_OFF = '\u001b[?2004l';

/**
 * Reads keys in raw mode and hands on all keys of a chunk together, in order. The returned function restores the
 * terminal's mode; it may be called twice. `onEnd` is called when the terminal went away.
 */
export const listenKeyboard = (
  stdin: KeyboardInput,
  stdout: {write(text: string): unknown},
  onKeys: (keys: readonly KeyName[]) => void,
  onEnd: () => void,
): (() => void) => {
  let pending = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    const isEscape = pending.startsWith('\u001b') && !pending.startsWith('\u001b[200~');
    pending = '';
    if (isEscape) onKeys(['escape']);
  };
  const read = (chunk: string) => {
    clearTimeout(timer);
    const {keys, rest} = splitKeys(pending + chunk);
    pending = rest;
    if (rest !== '') timer = setTimeout(flush, rest.startsWith('\u001b[200~') ? 1000 : ESCAPE_DELAY);
    if (keys.length > 0) onKeys(keys);
  };
  stdin.setRawMode?.(true);
  stdin.setEncoding('utf8');
  stdin.on('data', read);
  stdin.on('end', onEnd);
  // A terminal that went away is an error when it is read (EIO).
  stdin.on('error', onEnd);
  stdin.resume();
  stdout.write(PASTE_ON);
  let isListening = true;
  return () => {
    if (!isListening) return;
    isListening = false;
    clearTimeout(timer);
    stdin.off('data', read);
    stdin.off('end', onEnd);
    stdout.write(PASTE_OFF);
    try {
      stdin.setRawMode?.(false);
    } catch {
      // The terminal has gone away (a closed window, a lost SSH line): there is no mode to restore.
    }
    stdin.pause();
  };
};
