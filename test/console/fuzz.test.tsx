import headless from '@xterm/headless';
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {KEYMAP} from '../../source/console/keymap.ts';
import {behind, type ScreenState} from '../../source/console/state.ts';
import type {Status} from '../../source/contract/index.ts';
import {broadcast} from './support/details.ts';
import {calm, coin, deposit, empty, event, NOW, payout, statusOf, troubled} from './support/statuses.ts';
import {openScreen, type TestScreen} from './support/terminal.ts';

const text = fc.oneof(fc.string({unit: 'binary', maxLength: 40}), fc.string({unit: 'grapheme', maxLength: 40}), {
  weight: 4,
  arbitrary: fc.constantFrom('\u001b[2J', '\u202eabc', '\u009b31m', '日本語日本語日本語', '👩‍👩‍👧‍👦', 'a\tb\r\n', ''),
});
const amount = fc
  .bigInt({min: 0n, max: 2_100_000_000_000_000n})
  .map(value => `${value / 100_000_000n}.${(value % 100_000_000n).toString().padStart(8, '0')}`);

const status: fc.Arbitrary<Status> = fc
  .record({
    base: fc.constantFrom(calm, troubled, empty),
    words: text,
    amount,
    payouts: fc.nat(60),
    deposits: fc.nat(60),
    coins: fc.integer({min: 0, max: 4}),
    state: fc.constantFrom('queued', 'held', 'sent', 'conflicted', 'settled', 'cancelled'),
  })
  .map(({base, words, amount, payouts, deposits, coins, state}) =>
    statusOf({
      ...base,
      coins: Array.from({length: coins}, (_, index) =>
        coin({
          ...base.coins[0],
          coin: `c${index}`,
          unit: `C${index}`,
          backend: {...coin().backend, reason: words, state: index % 2 === 0 ? 'ok' : 'down', version: words},
          pending: Array.from({length: payouts}, (_, id) =>
            payout(id, {
              account: words || 'x',
              label: words,
              amount,
              status: state as 'sent',
              reason: words,
              address: words || 'y',
            }),
          ),
          incoming: Array.from({length: deposits}, (_, id) =>
            deposit(id, {account: words, amount, confirmations: id % 9}),
          ),
        }),
      ),
      events: Array.from({length: payouts}, (_, id) => event(id, {data: deposit(id, {account: words})})),
      alerts: words === '' ? [] : [{id: 'a', severity: 'critical', coin: null, text: words, since: 'never'}],
      log: Array.from({length: payouts}, (_, id) => ({
        id: String(id),
        level: (['debug', 'info', 'warn', 'error'] as const)[id % 4]!,
        source: words,
        text: words,
        count: id,
        since: 'never',
        at: words,
      })),
      loops: base.loops.map(loop => ({...loop, detail: words, state: 'waiting' as const})),
    }),
  );

const keys = [...new Set([...KEYMAP.flatMap(binding => binding.keys), 'a', 'q', '0', ':', '.'])].filter(
  key => key !== 'ctrl-c',
);
const typed = fc.string({unit: 'grapheme', minLength: 1, maxLength: 3}).map(text => Array.from(text));
const step = fc.oneof(
  // What is typed into a filter or another field; elsewhere keys that mean nothing, or something.
  {weight: 2, arbitrary: typed.map(press => ({press: ['/', ...press]}))},
  {weight: 6, arbitrary: fc.record({press: fc.array(fc.constantFrom(...keys), {minLength: 1, maxLength: 6})})},
  {weight: 1, arbitrary: fc.record({columns: fc.integer({min: 20, max: 180}), rows: fc.integer({min: 4, max: 60})})},
  {weight: 2, arbitrary: fc.record({status})},
  {weight: 2, arbitrary: fc.record({told: text})},
  {weight: 1, arbitrary: fc.record({lost: fc.boolean()})},
);

// What Ink and we send on purpose; anything else that starts with a control character came from outside.
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const OURS = /\u001b\[(?:[0-9;]*[A-HJKmX]|\?(?:7|25|1049|2026)[hl])|\n/g;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;

// oxlint-disable-next-line no-control-regex -- every line comes after its place and an erase
const DRAWN_LINE = /\u001b\[(\d+);1H\u001b\[2K([^]*?)(?=\u001b\[\d+;1H|\u001b\[\?2026l)/g;

/** Everything drawn since the last look, as wide as a terminal without an edge finds it. */
const expectToFit = async ({stdout}: TestScreen): Promise<void> => {
  const wide = new headless.Terminal({cols: 600, rows: 2, allowProposedApi: true});
  for (const [, row, line] of stdout.written.slice(stdout.looked).matchAll(DRAWN_LINE)) {
    expect(Number(row)).toBeLessThanOrEqual(stdout.rows);
    await new Promise<void>(resolve => {
      wide.write(`\r${line}`, resolve);
    });
    expect(wide.buffer.active.cursorX, line).toBeLessThanOrEqual(stdout.columns);
  }
  wide.dispose();
  stdout.looked = stdout.written.length;
  expect(stdout.terminal.buffer.active.baseY).toBe(0);
};

/** Whatever was left as it was on the way here: the same state on a new screen looks the same. */
const expectAsAnew = async (screen: TestScreen): Promise<void> => {
  const {columns, rows} = screen.stdout;
  const anew = openScreen({columns, rows, state: screen.store.get()});
  const [before, after] = await Promise.all([screen.text(), anew.text()]);
  expect(before.replace(/ +$/gm, '')).toBe(after.replace(/ +$/gm, ''));
  await anew.close();
};

/** What the engine tells about the open detail, in anybody's words. */
const withFetched = (state: ScreenState, words: string): ScreenState => {
  const shown = behind(state.view);
  if (shown.name !== 'detail') return state;
  const answers = [{attempt: 1, times: 9, first_at: 'never', last_at: words, answer: words}];
  const history = [
    {
      event: event(1, {type: 'payout.held', data: payout(1, {reason: words}), created_at: words}),
      deliveries: [
        {sink: words, state: 'dead' as const, attempts: 3, last_error: words, next_attempt_at: null, delivery_id: '1'},
      ],
    },
  ];
  const told = broadcast({answers, last_answer: words, status: 'held', reason: words, raw: 'ab'.repeat(words.length)});
  const own = {payout: payout(1, {address: words, reason: words}), deposit: deposit(1, {account: words})};
  return {...state, fetched: {target: shown.target, ...own, history, broadcast: told}};
};

describe('a screen under random keys, sizes and snapshots', () => {
  it('never throws, overflows a line or draws a control character of others', async () => {
    await fc.assert(
      fc.asyncProperty(status, fc.array(step, {minLength: 1, maxLength: 10}), async (first, steps) => {
        const screen = openScreen({columns: 100, rows: 30, status: calm});
        // The emulator reads in its own time; a size must not overtake the frame before it.
        await screen.settled();
        let failure: unknown;
        screen.drawn.ended.catch((error: unknown) => {
          failure = error;
        });
        for (const step of [{status: first}, ...steps]) {
          screen.store.update(state => ({...state, now: state.now + 400}));
          if ('press' in step) screen.press(...step.press);
          else if ('columns' in step) screen.resize(step.columns, step.rows);
          else if ('status' in step) screen.show(step.status);
          else if ('told' in step) screen.store.update(state => withFetched(state, step.told));
          else
            screen.store.update(state => ({
              ...state,
              link: step.lost
                ? {state: 'lost', since: NOW, receivedAt: NOW, words: 'gone'}
                : {state: 'live', receivedAt: NOW},
            }));
          await screen.settled();
          expect(failure).toBeUndefined();
          await expectToFit(screen);
        }
        await expectAsAnew(screen);
        expect(CONTROL.exec(screen.stdout.written.replace(OURS, ''))).toBeNull();
        await screen.close();
      }),
      {numRuns: Number(process.env['FUZZ_RUNS'] ?? 15), interruptAfterTimeLimit: 50_000},
    );
  });
});
