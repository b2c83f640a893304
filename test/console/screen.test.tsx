import {afterEach, describe, expect, it, vi} from 'vitest';
import type {ScreenState} from '../../source/console/state.ts';
import {calm, coin, empty, failedOver, NOW, payout, statusOf, troubled} from './support/statuses.ts';
import {Sheet} from '../../source/console/terminal/sheet.ts';
import {openScreen, pressLater, type TestScreen, type TestScreenOptions} from './support/terminal.ts';

const SIZES = [
  {columns: 120, rows: 40},
  {columns: 80, rows: 24},
  {columns: 52, rows: 14},
] as const;

let screen: TestScreen | undefined;
const draw = (options: TestScreenOptions): TestScreen => (screen = openScreen(options));
afterEach(async () => {
  await screen?.close();
  screen = undefined;
});

describe.each(SIZES)('a screen of $columns x $rows', size => {
  it('draws an engine at work', async () => {
    expect(await draw({...size, status: calm}).text()).toMatchSnapshot();
  });

  it('draws a node that is down, a rescan and a failing webhook', async () => {
    expect(await draw({...size, status: troubled}).text()).toMatchSnapshot();
  });

  it('draws an empty ledger', async () => {
    expect(await draw({...size, status: empty}).text()).toMatchSnapshot();
  });
});

describe('truth', () => {
  const lost = (since: number): Partial<ScreenState> => ({
    status: calm,
    link: {state: 'lost', since: NOW - since, receivedAt: NOW - since, words: 'connection refused'},
  });

  it('says that the engine is lost, since when, and dims what it said', async () => {
    const screen = draw({...SIZES[0], state: lost(12_000)});
    const text = await screen.text();
    expect(text).toContain('✗ LOST 12s');
    expect(text).toContain('NO ENGINE for 12s · values of 14:02:19 UTC  connection refused');
    // The rows of every pane are dim, but for the one that is selected.
    expect(screen.stdout.written).toContain('\u001b[2m  88117');
  });

  it('shows the last words of an engine that is not started again', async () => {
    const link = {state: 'ended', since: NOW, exitCode: 78, words: ['coins.btc.backend.url: not a url']} as const;
    const text = await draw({...SIZES[0], state: {link}}).text();
    expect(text).toContain('ENGINE ENDED (exit 78)');
    expect(text).toContain('coins.btc.backend.url: not a url');
    expect(text).toContain('e start engine');
  });

  it('never draws mainnet like a test network', async () => {
    expect(await draw({...SIZES[1], status: calm}).text()).toContain('## MAINNET ##');
    await screen?.close();
    expect(await draw({...SIZES[1], status: troubled}).text()).not.toContain('MAINNET');
  });

  it('shows a drift of the books', async () => {
    const books = {...coin().books!, drift: '-0.00010000'};
    const text = await draw({...SIZES[0], status: statusOf({coins: [coin({books})]})}).text();
    expect(text).toContain('✗ DRIFT -0.00010000 BTC');
  });

  it('shows which of several backends speaks, and how many could', async () => {
    const screen = draw({...SIZES[0], status: failedOver});
    expect(await screen.text()).toContain('SPEAKS');
    expect(await screen.text()).toContain('public ▲ 1 of 2 ok');
    screen.resize(80, 24);
    expect(await screen.text()).toContain('public ▲ 1 of 2 ok');
    screen.resize(120, 40);
    // A single one needs no such column.
    screen.show(calm);
    expect(await screen.text()).not.toContain('SPEAKS');
    screen.show(failedOver);
    pressLater(screen, '3', 'enter');
    const detail = await screen.text();
    expect(detail).toMatch(/backends +own-node \(bitcoind\) {2}✗ DOWN 3m00 {2}tip 912,340 {2}nothing listens there/);
    expect(detail).toMatch(/public \(electrum\) {2}● ok, speaks {2}tip 912,344 {2}21 ms/);
  });

  it('holds the picture still while frozen, and says so', async () => {
    const screen = draw({...SIZES[0], status: calm});
    screen.press('space');
    screen.show(troubled);
    const text = await screen.text();
    expect(text).toContain('FROZEN');
    expect(text).toContain('● ok');
    screen.press('space');
    expect(await screen.text()).toContain('✗ DOWN');
  });

  it('cuts no amount, whatever its length', async () => {
    const pending = [payout(1, {amount: '20999999.97690000'}), payout(2, {amount: '0.00000546'})];
    const text = await draw({columns: 60, rows: 16, status: statusOf({coins: [coin({pending})]})}).text();
    expect(text).toContain('20999999.97690000');
    expect(text).toContain('0.00000546');
  });
});

describe('terminals', () => {
  // oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
  const escapes = (written: string) => written.match(/\u001b\[[0-9;]*m/g) ?? [];

  it('has no colour codes with NO_COLOR, but keeps weight and inverse', async () => {
    const screen = draw({...SIZES[0], status: troubled, colour: false});
    await screen.settled();
    const codes = new Set(escapes(screen.stdout.written).flatMap(escape => escape.slice(2, -1).split(';')));
    expect([...codes].filter(code => !['0', '1', '2', '7', '22', '27'].includes(code))).toEqual([]);
    expect([...codes]).toContain('7');
  });

  it('is ASCII with --ascii, labels of other scripts included', async () => {
    const status = statusOf({coins: [coin({pending: [payout(1, {account: '日本'})]})]});
    const screen = draw({...SIZES[0], status, ascii: true});
    pressLater(screen, '?', 'escape', 'enter');
    await screen.settled();
    // oxlint-disable-next-line no-control-regex -- everything that is not ASCII
    expect(screen.stdout.written.match(/[^\u0000-\u007f]/g)).toBeNull();
  });

  it('draws hostile text escaped', async () => {
    const label = 'pay\u001b]8;;http://evil\u0007me\u001b[2J\r\n\u202e\u0000';
    const screen = draw({
      ...SIZES[0],
      status: statusOf({coins: [coin({pending: [payout(1, {label, account: label})]})]}),
    });
    pressLater(screen, 'enter');
    const text = await screen.text();
    expect(text).toContain('pay\\u{1b}]8;;http://evil\\u{7}me\\u{1b}[2J\\u{d}\\u{a}\\u{202e}\\u{0}');
    expect(screen.stdout.written).not.toContain('\u001b]8');
  });

  it('never erases the scrollback, and gives the terminal back', async () => {
    const screen = draw({...SIZES[0], status: calm});
    await screen.settled();
    screen.resize(80, 24);
    await screen.settled();
    await screen.drawn.close();
    expect(screen.stdout.written).not.toContain('\u001b[3J');
    expect(screen.stdout.written).toContain('\u001b[?1049l');
    expect(screen.stdout.written.endsWith('\u001b[?25h') || screen.stdout.written.includes('\u001b[?25h')).toBe(true);
  });

  it('fits the new size at once, and says when it is too small', async () => {
    const screen = draw({...SIZES[0], status: calm});
    for (const [columns, rows, words] of [
      [80, 24, '[1 Pending 4!]'],
      [52, 14, 'needs 60x16, have 52x14'],
      [120, 40, '3 Backends'],
      [200, 60, '3 Backends'],
    ] as const) {
      screen.resize(columns, rows);
      const lines = await screen.lines();
      expect(lines.join('\n')).toContain(words);
      expect(lines.filter(line => line.includes('UTC')).length).toBeLessThanOrEqual(1);
    }
  });

  it('says what Enter would do in a dialog that does not fit', async () => {
    const screen = draw({...SIZES[2], status: calm});
    pressLater(screen, 'q', 'tab');
    expect(await screen.text()).toContain('Enter: stop the engine');
  });

  it('reports what a pane threw', async () => {
    const screen = draw({...SIZES[0], status: calm});
    const ended = screen.drawn.ended.catch((error: unknown) => error);
    screen.show({...calm, coins: null as never});
    expect(await ended).toBeInstanceOf(Error);
    expect(screen.stdout.written).toContain('\u001b[?1049l');
  });
});

describe('a second that passes', () => {
  it('is painted where it stands, without laying the screen out again', async () => {
    const screen = draw({...SIZES[0], status: calm});
    expect(await screen.text()).toContain('14:02:31 UTC');
    const layOut = vi.spyOn(Sheet.prototype, 'layOut');
    try {
      screen.store.update(state => ({...state, now: state.now + 1000}));
      expect(await screen.text()).toContain('14:02:32 UTC');
      expect(layOut).not.toHaveBeenCalled();
      screen.press('?');
      await screen.settled();
      expect(layOut).toHaveBeenCalled();
    } finally {
      layOut.mockRestore();
    }
  });
});
