import {Sheet} from './sheet.ts';

const HOME_AND_ERASE = '\u001b[H\u001b[J';
const ERASE_SCROLLBACK = '\u001b[3J';
/** Begin and end of a synchronized update: terminals that know it show nothing half drawn, others ignore it. */
const BEGIN = '\u001b[?2026h';
const END = '\u001b[?2026l';
/** Without automatic wrapping a line can never spill into the next one, whatever width the terminal gives a character. */
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';
const MODE = '\u001b[?';
const ENTER = '\u001b[?1049h';
const LEAVE = '\u001b[?1049l';
const SHOW_CURSOR = '\u001b[?25h';
const HIDE_CURSOR = '\u001b[?25l';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface ScreenOutput {
  /** What Ink writes whole frames to, and the modes of the terminal before and after them. */
  readonly stream: NodeJS.WriteStream;
  /** Holds the lines that those frames are the layout of. */
  readonly sheet: Sheet;
  size(): Size;
  /** Calls back with the new size, on an erased screen; the next frame is drawn whole. */
  onResize(listener: (size: Size) => void): () => void;
  /** Gives the terminal to the shell for a while, as it was. */
  suspend(): void;
  /** Takes it again and draws the last frame. */
  resume(): void;
}

const sizeOf = (stdout: NodeJS.WriteStream): Size => ({columns: stdout.columns || 80, rows: stdout.rows || 24});

/** Lines of `next` that differ, each at its own place; never more than the terminal has. */
const changes = (previous: readonly string[], next: readonly string[], rows: number): string => {
  let text = '';
  for (let row = 0; row < Math.min(rows, Math.max(previous.length, next.length)); row++) {
    const line = next[row] ?? '';
    // Erased first: after a line of full width the cursor still stands on its last cell.
    if (line !== previous[row]) text += `\u001b[${row + 1};1H\u001b[2K${line}`;
  }
  return text;
};

/**
 * The terminal as Ink may see it. Ink, in the mode in which it hands over whole frames, lays out; what is written is
 * decided here: changed lines only, at absolute places, so that no frame scrolls, overflows, or depends on
 * where the cursor was. Nothing here erases the operator's scrollback (`ESC[3J`). Ink learns of a new size together
 * with the frame that was laid out for it: by itself it would draw the old frame into the new size once.
 */
export const createScreenOutput = (stdout: NodeJS.WriteStream): ScreenOutput => {
  let size = sizeOf(stdout);
  let drawn: readonly string[] = [];
  let isOurs = false;
  const paint = () => {
    // Nothing is written to a terminal that the shell has, for a while or again.
    const text = isOurs ? changed() : '';
    if (text !== '') stdout.write(text);
  };
  const sheet = new Sheet(paint);
  const changed = (): string => {
    const lines = sheet.compose(size.columns);
    const text = changes(drawn, lines, size.rows);
    drawn = lines;
    return text === '' ? '' : BEGIN + text + END;
  };
  const setMode = (text: string): string => {
    drawn = [];
    if (text.includes(ENTER)) {
      isOurs = true;
      return text + NO_WRAP;
    }
    if (!text.includes(LEAVE)) return text;
    isOurs = false;
    return WRAP + text;
  };
  const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const isFrame = text !== '' && !text.startsWith(MODE);
    if (isFrame) sheet.layOut(text);
    const written = isFrame || text === '' ? '' : setMode(text).replaceAll(ERASE_SCROLLBACK, '');
    if (written === '' && rest.length === 0) return true;
    return (stdout.write as (...parameters: unknown[]) => boolean).call(stdout, written, ...rest);
  };
  const stream = new Proxy(stdout, {
    get(target, property): unknown {
      if (property === 'write') return write;
      if (property === 'columns') return size.columns;
      if (property === 'rows') return size.rows;
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      if (property === 'on' || property === 'addListener')
        return (event: string, listener: () => void) => {
          if (event !== 'resize') target.on(event, listener);
          return stream;
        };
      return (value as (...parameters: unknown[]) => unknown).bind(target);
    },
  });
  return {
    stream,
    sheet,
    size: () => size,
    onResize(listener) {
      const resized = () => {
        size = sizeOf(stdout);
        drawn = [];
        stdout.write(HOME_AND_ERASE);
        listener(size);
      };
      stdout.on('resize', resized);
      return () => {
        stdout.off('resize', resized);
      };
    },
    suspend() {
      isOurs = false;
      stdout.write(WRAP + SHOW_CURSOR + LEAVE);
    },
    resume() {
      isOurs = true;
      drawn = [];
      stdout.write(ENTER + NO_WRAP + HIDE_CURSOR + HOME_AND_ERASE + changed());
    },
  };
};
