import {afterEach, describe, expect, it} from 'vitest';
import {createReader} from '../../source/console/reader/reader.ts';
import {createReaderOutput, READER_SIZE} from '../../source/console/reader/reader-output.ts';
import {drawScreen} from '../../source/console/screen.tsx';
import {initialState, type ScreenState} from '../../source/console/state.ts';
import {createStore} from '../../source/console/store.ts';
import {depthOf, paletteOf, THEMES} from '../../source/console/palette.ts';
import {createTheme, PLAIN_THEME} from '../../source/console/theme.ts';
import {pressAll} from '../../source/console/update/press.ts';
import {THEMES as FLAG_THEMES} from '../../source/commands/supplies.ts';
import {before, calm, coin, NOW, payout, statusOf, troubled} from './support/statuses.ts';
import {openScreen, type TestScreen, type TestScreenOptions} from './support/terminal.ts';

const WIDE = {columns: 120, rows: 40};

let screen: TestScreen | undefined;
const draw = (options: Partial<TestScreenOptions>): TestScreen =>
  (screen = openScreen({...WIDE, status: calm, ...options}));
afterEach(async () => {
  await screen?.close();
  screen = undefined;
});

const amounts = async (screen: TestScreen): Promise<string[]> =>
  [...(await screen.text()).matchAll(/┃ [▶ ] \S+ +(\d+\.\d{8})/g)].map(match => match[1]!);

describe('how the panes are shown', () => {
  it('sorts a pane by the next column with every s, and says by which', async () => {
    const screen = draw({});
    expect(await screen.text()).toContain('sort age ↓');
    screen.press('s', 's');
    expect(await screen.text()).toContain('sort amount ↓');
    expect(await amounts(screen)).toEqual(['1200.00000000', '0.50000000', '0.50000000', '0.50000000']);
  });

  it('filters while one types, keeps what was typed with Enter and drops it with Escape', async () => {
    const screen = draw({});
    screen.press('/', ...Array.from('88117'));
    expect(await screen.text()).toMatch(/1 Pending broadcasts 4 \/88117/);
    expect(await amounts(screen)).toEqual(['1200.00000000']);
    screen.press('enter');
    expect(screen.store.get().view.name).toBe('panes');
    expect(await amounts(screen)).toEqual(['1200.00000000']);
    screen.press('escape');
    expect(await amounts(screen)).toHaveLength(4);
  });

  it('finds in events what they say, and not how their fields are called', async () => {
    const screen = draw({});
    screen.press('4', '/', ...Array.from('account'));
    expect(await screen.text()).toContain('no row contains "account"');
    screen.press('escape', '/', ...Array.from('u-0072'));
    expect(await screen.text()).toContain('credited');
  });

  it('gives one pane the whole body, and back', async () => {
    const screen = draw({});
    screen.press('5', 'z');
    const text = await screen.text();
    expect(text).toContain('5 Log info+');
    expect(text).not.toContain('3 Backends');
    screen.press('z');
    expect(await screen.text()).toContain('3 Backends');
  });

  it('shows times instead of ages', async () => {
    const screen = draw({});
    expect(await screen.text()).toContain('14m11');
    screen.press('t');
    const text = await screen.text();
    expect(text).not.toContain('14m11');
    expect(text).toContain('13:48:20');
  });

  it('hides every amount, also in titles, books, events and details', async () => {
    const screen = draw({});
    screen.press('$');
    expect(await screen.text()).not.toMatch(/\d\.\d{3,}|\d BTC/);
    screen.press('enter');
    expect(await screen.text()).not.toMatch(/\d\.\d{8}/);
  });

  it('counts what happens behind a frozen picture', async () => {
    const screen = draw({});
    screen.press('space');
    screen.show({...calm, coins: [coin({counts: {...coin().counts, events: coin().counts.events + 12}})]});
    expect(await screen.text()).toContain('FROZEN 0s +12');
  });

  it('folds repeats in the log and shows levels as asked', async () => {
    const line = {source: 'btc shop', since: before(860), at: before(6)};
    const log = [
      {...line, id: '3', level: 'warn' as const, text: '503 Service Unavailable', count: 23},
      {...line, id: '2', level: 'info' as const, text: 'payouts sent', count: 1},
    ];
    const screen = draw({status: statusOf({log})});
    const text = await screen.text();
    expect(text).toContain('▲ WARN');
    expect(text).toContain('503 Service Unavailable (x23 since 13:48)');
    expect(text).toContain('payouts sent');
    screen.press('L');
    expect(await screen.text()).not.toContain('payouts sent');
  });

  it('marks a payout whose transaction pays less than the node asks for now', async () => {
    const sent = payout(1);
    const status = statusOf({coins: [coin({pending: [sent], broadcasts: [{txid: sent.txid!, feerate: 1.5}]})]});
    expect(await draw({status}).text()).toContain('▲ LOW FEE');
  });

  it('says when a node that is away is asked again, and vouches for none of its figures', async () => {
    const loops = [
      {
        name: 'track-chain',
        coin: 'btc',
        state: 'waiting' as const,
        detail: null,
        last_ok_at: null,
        next_at: before(-12),
      },
    ];
    const text = await draw({status: {...troubled, loops}}).text();
    expect(text).toContain('retry 12s');
    expect(text).toMatch(/✗ DOWN 3m00 +912,344 \? +stale/);
    expect(text).toContain('??? stale 3m');
    expect(text).toContain('→ sent ?');
  });

  it('shows one alert at a time, with their number', async () => {
    expect(await draw({status: troubled}).text()).toMatch(/2 need you.*\[1\/2\] BTC node down/);
  });
});

describe('colours', () => {
  const written = async (options: Partial<TestScreenOptions>): Promise<string> => {
    const screen = draw({status: troubled, ...options});
    await screen.settled();
    return screen.stdout.written;
  };

  it('are as many as the terminal has', async () => {
    expect(await written({theme: 'dark', depth: 'true'})).toContain('\u001b[38;2;');
    await screen?.close();
    const of256 = await written({theme: 'dark', depth: 256});
    expect(of256).toContain('\u001b[38;5;');
    expect(of256).not.toContain('38;2;');
    await screen?.close();
    expect(await written({theme: 'dark', depth: 16})).not.toMatch(/[34]8;[25];/);
  });

  it('are found out from the environment', () => {
    expect(depthOf({TERM: 'xterm-256color', COLORTERM: 'truecolor'})).toBe('true');
    expect(depthOf({TERM: 'tmux-256color'})).toBe(256);
    expect(depthOf({TERM: 'screen'})).toBe(16);
    expect(depthOf({TERM: 'vt100'})).toBe(0);
    expect(depthOf({TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1'})).toBe(0);
    expect(depthOf({TERM: 'xterm', NO_COLOR: ''})).toBe(16);
    expect(paletteOf('auto', {COLORFGBG: '0;15'})).toBe(paletteOf('light', {}));
    expect(paletteOf('auto', {COLORFGBG: '15;0'})).toBe(paletteOf('dark', {}));
    expect(paletteOf('auto', {})).toBe(paletteOf('ansi', {}));
  });

  it('of every theme can be asked for, and none of the colour-blind-safe ones is green or red', () => {
    expect(FLAG_THEMES).toEqual(THEMES);
    for (const name of ['okabe-ito', 'okabe-ito-light'] as const)
      for (const {rgb} of Object.values(paletteOf(name, {})))
        expect(rgb).not.toSatisfy((rgb: readonly number[]) => rgb[0]! > 180 && rgb[1]! < 60 && rgb[2]! < 60);
    const theme = createTheme({ascii: false, depth: 'true', palette: paletteOf('okabe-ito', {})});
    expect(theme.paint([{text: 'ok', width: 2, style: 'ok'}])).toBe('\u001b[38;2;86;180;233mok\u001b[39m');
  });
});

describe('a screen reader', () => {
  it('is told changes, what the keys reach, and dialogs as lines without frames or escape codes', async () => {
    const printed: string[] = [];
    const store = createStore<ScreenState>({
      ...initialState({now: NOW, ...READER_SIZE, configPath: '/srv/c.yaml', onQuit: 'ask', consoleId: 'x'}),
      attachment: 'hosting',
      status: calm,
      link: {state: 'live', receivedAt: NOW},
    });
    const reader = createReader(store, line => {
      printed.push(line);
    });
    const drawn = drawScreen(store, PLAIN_THEME, createReaderOutput(reader.read));
    const press = async (...keys: string[]) => {
      store.set(pressAll(store.get(), keys, store.get().now).state);
      await drawn.flush();
    };
    const news = (): string[] => printed.splice(0);
    await drawn.flush();
    expect(news().join('\n')).toMatch(/MAINNET.*RUNNING[^]*keys: [^]*Pending broadcasts 4[^]*88102 0\.50000000/);
    await press('j');
    expect(news()).toEqual([expect.stringContaining('88117 1200.00000000')]);
    store.update(state => ({...state, now: state.now + 1000}));
    await drawn.flush();
    expect(news()).toEqual([]);
    store.update(state => ({...state, status: troubled}));
    await drawn.flush();
    expect(news()).toEqual(expect.arrayContaining([expect.stringMatching(/^BTC node down: connection refused/)]));
    await press('q');
    const dialog = news().join('\n');
    expect(dialog).toContain('What becomes of it?');
    expect(dialog).toMatch(/▶ Leave it running/);
    for (const piece of ['─', '━', '│', '┃', '\u001b']) expect(dialog).not.toContain(piece);
    await drawn.close();
  });
});
