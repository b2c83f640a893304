import {afterEach, describe, expect, it} from 'vitest';
import type {RescanEstimate} from '../../source/contract/index.ts';
import type {ScreenState} from '../../source/console/state.ts';
import {broadcast, fetchedPayout} from './support/details.ts';
import {calm, NOW, payout, statusOf, troubled, coin} from './support/statuses.ts';
import {framed, openScreen, pressLater, type TestScreen, type TestScreenOptions} from './support/terminal.ts';

const SIZES = [
  {columns: 120, rows: 40},
  {columns: 80, rows: 24},
] as const;
const TINY = {columns: 52, rows: 14} as const;

let screen: TestScreen | undefined;
const draw = (options: TestScreenOptions): TestScreen => (screen = openScreen(options));
afterEach(async () => {
  await screen?.close();
  screen = undefined;
});

const POISONED = 'bc1qar0s' + 'x'.repeat(30) + '5mdq';
const known: ScreenState['known'] = {
  btc: {paid: new Map([[payout(1).address, 3]]), own: new Set(['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'])},
};
const parked = statusOf({
  ...troubled,
  deliveries: troubled.deliveries.map(delivery => ({...delivery, status: 'dead' as const})),
});

describe.each(SIZES)('a screen of $columns x $rows', size => {
  it.each([
    ['detail of a held payout', ['enter']],
    ['detail of a deposit', ['2', 'j', 'enter']],
    ['detail of a backend', ['3', 'enter']],
    ['detail of an event', ['4', 'enter']],
    ['detail of a job', ['5', 'enter']],
    ['help', ['?']],
    ['end of the help', ['?', 'G']],
    ['rescan', ['r', '9', '0', '5']],
    ['quit', ['q', 'tab']],
    ['commands', [':']],
    ['commands that match', [':', ...Array.from('pay can')]],
    ['form of a new address', ['a', ...Array.from('alice'), 'tab']],
  ] as const)('draws the %s', async (_, keys) => {
    const screen = draw({...size, status: troubled});
    pressLater(screen, ...keys.map(key => (key === ' ' ? 'space' : key)));
    expect(framed(await screen.lines())).toMatchSnapshot();
  });

  it('draws what the engine says of a rescan, for the start that is written', async () => {
    const plan = {seconds: 41, bytes: 9_000_000, requests: 4, blocks: 12, complete: true};
    const estimate: RescanEstimate = {
      from_height: 905_000,
      to_height: 912_344,
      scripts: 4_410,
      method: 'scanblocks',
      plans: [
        {...plan, method: 'coins', complete: false},
        {...plan, method: 'scanblocks'},
        {...plan, method: 'blocks', seconds: 252, blocks: 7_345},
      ],
    };
    const screen = draw({...size, status: troubled, state: {rescanEstimate: {coin: 'btc', from: '905', estimate}}});
    pressLater(screen, 'r', '9', '0', '5');
    const lines = framed(await screen.lines());
    expect(lines).toContain('~41s, reads 12 of 7,345 blocks, 9 MB; all of them would');
    expect(lines).toContain('the node names the blocks');
    pressLater(screen, '0');
    expect(framed(await screen.lines())).not.toContain('reads 12 of');
    screen.store.update(state => ({
      ...state,
      rescanEstimate: {coin: 'btc', from: '9050', problem: 'the ledger ends at block 100'},
    }));
    expect(framed(await screen.lines())).toContain('the ledger ends at block 100');
  });

  it.each([
    ['everything about a payout', []],
    ['the end of it', ['G']],
    ['its transaction', ['enter']],
  ] as const)('draws %s', async (_, keys) => {
    const screen = draw({...size, status: calm, state: {fetched: fetchedPayout}});
    pressLater(screen, 'j', 'j', 'enter', ...keys);
    if (keys[0] === 'enter')
      screen.store.update(state => ({
        ...state,
        fetched:
          state.view.name === 'detail'
            ? {
                target: state.view.target,
                broadcast: broadcast({status: 'held', reason: 'refused_by_node: min relay fee not met'}),
              }
            : undefined,
      }));
    expect(framed(await screen.lines())).toMatchSnapshot();
  });

  it('asks before a payout is cancelled, on Cancel', async () => {
    const screen = draw({
      ...size,
      status: statusOf({
        coins: [coin({network: 'regtest', pending: [payout(17, {status: 'queued', cancellable: true})]})],
      }),
    });
    pressLater(screen, 'c');
    expect(framed(await screen.lines())).toMatchSnapshot();
  });

  it('asks for the end of the id on mainnet', async () => {
    const screen = draw({
      ...size,
      status: statusOf({
        coins: [
          coin({pending: [payout(88_102, {status: 'held', clears: 'person', reason: 'limit_per_payout: above 1.0'})]}),
        ],
      }),
    });
    pressLater(screen, 'u', 'tab', '8', '1');
    expect(framed(await screen.lines())).toMatchSnapshot();
  });

  it('asks before an event is sent again', async () => {
    const screen = draw({...size, status: parked});
    pressLater(screen, '4', 'R');
    expect(framed(await screen.lines())).toMatchSnapshot();
  });

  it('warns of an address that only looks like a known one', async () => {
    const screen = draw({...size, status: calm, state: {known}});
    pressLater(screen, 'w', ...Array.from('u-4410'), 'tab', ...Array.from(POISONED), 'tab', ...Array.from('0.5x'));
    expect(framed(await screen.lines())).toMatchSnapshot();
  });

  it.each([
    ['invitation', {phase: 'invitation', rows: []}],
    [
      'failed checklist',
      {
        phase: 'finished',
        rows: [
          {
            subject: 'btc: node',
            ok: false,
            words: 'connection refused at 127.0.0.1:18443; start bitcoind, or correct coins.btc.backend.url',
          },
          {subject: 'btc: ledger', ok: true, words: 'created'},
        ],
      },
    ],
  ] as const)('draws the %s of init', async (_, init) => {
    const view = {name: 'init', openedAt: NOW, coins: ['btc'], ...init} as const;
    const link = {state: 'connecting', since: NOW, words: 'no ledger yet'} as const;
    expect(framed(await draw({...size, state: {view, link, attachment: 'unknown'}}).lines())).toMatchSnapshot();
  });
});

describe('a terminal that is too small', () => {
  it.each([
    [['c', 'tab'], 'Cancel payout 17 · Enter: do it'],
    [[':', 'x'], ':x'],
    [['w', 'a', 'l'], 'from account: al'],
  ] as const)('says what Enter would do after %j', async (keys, words) => {
    const pending = [payout(17, {status: 'queued', cancellable: true})];
    const screen = draw({...TINY, status: statusOf({coins: [coin({network: 'regtest', pending})]})});
    pressLater(screen, ...keys);
    expect(await screen.text()).toContain(words);
  });
});

describe('what others wrote', () => {
  it('is drawn escaped in every detail, dialog and form', async () => {
    const label = 'pay\u001b]8;;http://evil\u0007me\u001b[2J\r\n\u202e\u0000';
    const hostile = {label, account: label, reason: label, address: label, idempotency_key: label};
    const pending = [payout(1, {...hostile, status: 'held', clears: 'person', cancellable: true})];
    const screen = draw({
      ...SIZES[0],
      status: statusOf({
        coins: [coin({pending})],
        deliveries: troubled.deliveries.map(item => Object.assign(structuredClone(item), {last_error: label})),
      }),
      state: {
        fetched: {
          target: {kind: 'payout', coin: 'btc', id: '1'},
          history: fetchedPayout.history!.map(item => ({
            event: {...item.event, data: pending[0]!},
            deliveries: item.deliveries.map(delivery =>
              Object.assign(structuredClone(delivery), {sink: label, last_error: label}),
            ),
          })),
          broadcast: broadcast({
            last_answer: label,
            answers: [{attempt: 1, times: 1, first_at: calm.at, last_at: calm.at, answer: label}],
          }),
        },
      },
    });
    pressLater(screen, 'enter', 'G', 'u', 'escape', 'c');
    await screen.settled();
    expect(await screen.text()).toContain('pay\\u{1b}]8;;http://evil\\u{7}me\\u{1b}[2J');
    expect(screen.stdout.written).not.toContain('\u001b]8');
    expect(screen.stdout.written).not.toContain('\u202e');
  });
});

describe('another console', () => {
  const shared = statusOf({
    consoles: [{id: 'other', name: 'ann@prod-1 pts/3', has_control: true, since: calm.at}],
  });

  it('has control: that is said, and nothing is changed from here until it is taken', async () => {
    const screen = draw({...SIZES[0], status: shared});
    expect(await screen.text()).toContain('READ ONLY, ann@prod-1 pts/3 has control');
    pressLater(screen, 'r');
    expect(await screen.text()).toContain('refused: ann@prod-1 pts/3 has control; C takes it');
    pressLater(screen, 'C');
    expect(screen.effects).toEqual([{do: 'take-control'}]);
  });
});
