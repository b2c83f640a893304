import {EventEmitter} from 'node:events';
import headless from '@xterm/headless';
import {paletteOf, type Depth, type ThemeName} from '../../../source/console/palette.ts';
import {drawScreen, type DrawnScreen} from '../../../source/console/screen.tsx';
import type {ScreenState} from '../../../source/console/state.ts';
import {initialState} from '../../../source/console/state.ts';
import {createStore, type Store} from '../../../source/console/store.ts';
import {createScreenOutput} from '../../../source/console/terminal/screen-output.ts';
import {createTheme} from '../../../source/console/theme.ts';
import {pressAll} from '../../../source/console/update/press.ts';
import type {Effect} from '../../../source/console/update/step.ts';
import type {Status} from '../../../source/contract/index.ts';
import {NOW} from './statuses.ts';

/** A real terminal emulator behind what looks like process.stdout; keeps every byte that was written. */
class FakeStdout extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  written = '';
  /** How much of it a test has looked at. */
  looked = 0;
  readonly terminal: headless.Terminal;
  columns: number;
  rows: number;

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.terminal = new headless.Terminal({
      cols: columns,
      rows,
      allowProposedApi: true,
      scrollback: 100,
      convertEol: true,
    });
  }

  write(chunk: string | Uint8Array, encoding?: unknown, callback?: () => void): boolean {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    this.written += text;
    const done = typeof encoding === 'function' ? (encoding as () => void) : callback;
    this.terminal.write(text, done);
    return true;
  }

  resize(columns: number, rows: number) {
    this.looked = this.written.length;
    this.columns = columns;
    this.rows = rows;
    this.terminal.resize(columns, rows);
    this.emit('resize');
  }
}

export interface TestScreen {
  readonly store: Store<ScreenState>;
  readonly stdout: FakeStdout;
  readonly effects: Effect[];
  readonly drawn: DrawnScreen;
  /** The rows of the terminal, without trailing blanks. */
  lines(): Promise<string[]>;
  text(): Promise<string>;
  press(...keys: string[]): void;
  show(status: Status): void;
  resize(columns: number, rows: number): void;
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface TestScreenOptions {
  readonly columns: number;
  readonly rows: number;
  readonly ascii?: boolean;
  readonly colour?: boolean;
  readonly depth?: Depth;
  readonly theme?: ThemeName;
  readonly status?: Status;
  readonly state?: Partial<ScreenState>;
}

export const openScreen = ({
  columns,
  rows,
  ascii = false,
  colour = true,
  depth = 16,
  theme = 'ansi',
  status,
  state,
}: TestScreenOptions): TestScreen => {
  const stdout = new FakeStdout(columns, rows);
  const store = createStore<ScreenState>({
    ...initialState({now: NOW, columns, rows, configPath: '/srv/hot/config.yaml', onQuit: 'ask'}),
    attachment: 'hosting',
    ...(status ? {status, link: {state: 'live', receivedAt: NOW}} : {}),
    ...state,
  });
  const output = createScreenOutput(stdout as unknown as NodeJS.WriteStream);
  const drawn = drawScreen(
    store,
    createTheme({ascii, depth: colour ? depth : 0, palette: paletteOf(theme, {})}),
    output,
  );
  const effects: Effect[] = [];
  const settled = async () => {
    await drawn.flush();
    await new Promise<void>(resolve => {
      stdout.terminal.write('', resolve);
    });
  };
  const lines = async () => {
    await settled();
    const buffer = stdout.terminal.buffer.active;
    return Array.from(
      {length: stdout.rows},
      (_, row) => buffer.getLine(buffer.baseY + row)?.translateToString(true, 0, stdout.columns) ?? '',
    );
  };
  return {
    store,
    stdout,
    effects,
    drawn,
    lines,
    text: async () => (await lines()).join('\n'),
    press(...keys) {
      const step = pressAll(store.get(), keys, store.get().now);
      store.set(step.state);
      effects.push(...step.effects);
    },
    show(next) {
      store.update(state => ({...state, status: next, link: {state: 'live', receivedAt: state.now}}));
    },
    resize(nextColumns, nextRows) {
      stdout.resize(nextColumns, nextRows);
    },
    settled,
    close: async () => {
      await drawn.close();
      stdout.terminal.dispose();
    },
  };
};

/** Keys as a person presses them: one after another, none of them in the time in which a dialog is deaf. */
export const pressLater = (screen: TestScreen, ...keys: readonly string[]): void => {
  for (const key of keys) {
    screen.store.update(state => ({...state, now: state.now + 400}));
    screen.press(key);
  }
};

/** The lines of the dialog or detail that is open, from its upper border to its lower one. */
export const framed = (lines: readonly string[]): string => {
  const top = lines.findIndex(line => line.includes('┏'));
  const bottom = lines.findLastIndex(line => line.includes('┗'));
  const left = lines[top]?.indexOf('┏') ?? 0;
  const right = (lines[top]?.indexOf('┓') ?? 0) + 1;
  return lines
    .slice(top, bottom + 1)
    .map(line => line.slice(left, right))
    .join('\n');
};
