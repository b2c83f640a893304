const ERASE_SCROLLBACK = '\u001b[3J';
const HOME_AND_ERASE = '\u001b[H\u001b[J';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface ScreenOutput {
  /** What Ink writes to. */
  readonly stream: NodeJS.WriteStream;
  size(): Size;
  /** Takes over the terminal's size, erases it and forgets the frame, so that the next one is drawn whole. */
  onResize(listener: (size: Size) => void): () => void;
  /** Erases the visible screen (not the scrollback). */
  erase(): void;
}

const sizeOf = (stdout: NodeJS.WriteStream): Size => ({columns: stdout.columns || 80, rows: stdout.rows || 24});

/**
 * The terminal as Ink may see it: `ESC[3J`, which would wipe the operator's scrollback, never passes, and Ink learns of
 * a new size together with the frame that was laid out for it. Left to itself it draws the old frame once more into the
 * new size, which wraps every line of a window that became narrower.
 */
export const createScreenOutput = (stdout: NodeJS.WriteStream): ScreenOutput => {
  let size = sizeOf(stdout);
  const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const text = typeof chunk === 'string' ? chunk.replaceAll(ERASE_SCROLLBACK, '') : chunk;
    return (stdout.write as (...parameters: unknown[]) => boolean).call(stdout, text, ...rest);
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
    size: () => size,
    onResize(listener) {
      const resized = () => {
        size = sizeOf(stdout);
        listener(size);
      };
      stdout.on('resize', resized);
      return () => {
        stdout.off('resize', resized);
      };
    },
    erase() {
      stdout.write(HOME_AND_ERASE);
    },
  };
};
