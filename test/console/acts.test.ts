import {describe, expect, it} from 'vitest';
import {commandLine} from '../../source/console/acts/act.ts';
import {judgeAddress} from '../../source/console/acts/look-alike.ts';
import {rankEntries} from '../../source/console/palette/match.ts';
import {COMMANDS} from '../../source/console/palette/commands.ts';
import {awayLines} from '../../source/console/session/away.ts';
import {lastSeenPath} from '../../source/console/session/last-seen.ts';
import {initialState, type ScreenState} from '../../source/console/state.ts';
import {clipboardCode} from '../../source/console/terminal/clipboard.ts';
import {press, pressAll} from '../../source/console/update/press.ts';
import type {Effect} from '../../source/console/update/step.ts';
import {calm, coin, event, NOW, payout, statusOf, troubled} from './support/statuses.ts';

const queued = payout(17, {status: 'queued', cancellable: true});
const held = payout(88_102, {status: 'held', clears: 'person', reason: 'limit_per_payout: above 1.0'});
const onRegtest = statusOf({coins: [coin({network: 'regtest', pending: [queued, held]})]});
const onMainnet = statusOf({coins: [coin({network: 'mainnet', pending: [queued, held]})]});

const screen = (over: Partial<ScreenState> = {}): ScreenState => ({
  ...initialState({now: NOW, columns: 120, rows: 40, configPath: 'config.yaml', onQuit: 'ask', consoleId: 'me'}),
  attachment: 'hosting',
  link: {state: 'live', receivedAt: NOW},
  status: onRegtest,
  ...over,
});

/** Keys one after another, half a second apart. */
const slowly = (state: ScreenState, ...keys: readonly string[]): {state: ScreenState; effects: Effect[]} => {
  const effects: Effect[] = [];
  let current = state;
  for (const [index, key] of keys.entries()) {
    const step = press(current, key, NOW + index * 500);
    current = step.state;
    effects.push(...step.effects);
  }
  return {state: current, effects};
};
const typed = (text: string): string[] => Array.from(text, character => (character === ' ' ? 'space' : character));

describe('an act', () => {
  const cancel = {do: 'act', act: {kind: 'cancel-payout', coin: 'btc', id: '17'}};

  it('needs its key, the other button and Enter, apart from each other', () => {
    expect(slowly(screen(), 'c', 'enter').effects).toEqual([]);
    expect(slowly(screen(), 'c', 'c').effects).toEqual([]);
    expect(slowly(screen(), 'c', 'tab', 'enter').effects).toEqual([cancel]);
    expect(pressAll(screen(), ['c', 'tab', 'enter'], NOW).effects).toEqual([]);
    expect(slowly(screen(), 'c', 'tab', 'tab', 'enter').effects).toEqual([]);
    expect(slowly(screen(), 'c', 'tab', 'escape').state.view.name).toBe('panes');
  });

  it('stays with the id it was asked for, whatever row stands there now', () => {
    const open = slowly(screen(), 'c').state;
    const moved = {
      ...open,
      status: statusOf({coins: [coin({network: 'regtest', pending: [held, payout(99, queued)]})]}),
    };
    expect(slowly(moved, 'tab', 'enter').effects).toEqual([]);
    expect(
      ['tab', 'enter'].reduce((step, key, index) => press(step.state, key, NOW + 1000 + index * 500), {
        state: moved,
        effects: [],
      } as ReturnType<typeof press>).effects,
    ).toEqual([cancel]);
  });

  it('is refused at its last key when the engine was lost, the view is frozen, or another console took control', () => {
    const open = slowly(screen(), 'c', 'tab').state;
    const last = (over: Partial<ScreenState>) => press({...open, ...over}, 'enter', NOW + 2000);
    expect(last({}).effects).toEqual([cancel]);
    const lost = last({link: {state: 'lost', since: NOW, receivedAt: NOW, words: ''}});
    const frozen = last({frozen: {status: onRegtest, at: NOW}});
    const other = last({
      status: {...onRegtest, consoles: [{id: 'other', name: 'ann@prod', has_control: true, since: onRegtest.at}]},
    });
    for (const {effects, state} of [lost, frozen, other]) {
      expect(effects).toEqual([]);
      expect(state.toast?.text).toMatch(/^refused: /);
    }
  });

  it('moves money on mainnet only with the last four characters of its id', () => {
    const wrong = slowly(screen({status: onMainnet}), 'j', 'u', 'tab', '8', '8', '1', '0', 'enter');
    expect(wrong.effects).toEqual([]);
    expect(wrong.state.toast?.text).toBe('first write 8102, the end of the id above');
    expect(slowly(screen({status: onMainnet}), 'j', 'u', 'tab', ...typed('8102'), 'enter').effects).toEqual([
      {do: 'act', act: {kind: 'release-payout', coin: 'btc', id: '88102'}},
    ]);
    expect(slowly(screen({status: onMainnet}), 'c', 'tab', 'enter').effects).toEqual([]);
  });

  it('is not offered where it makes no sense', () => {
    expect(slowly(screen(), 'j', 'c').state.view.name).toBe('panes');
    expect(slowly(screen(), 'u').state.view.name).toBe('panes');
    expect(slowly(screen(), 'R').state.view.name).toBe('panes');
  });

  it('pauses a sink, resumes one that is paused, and sends a given-up event again', () => {
    expect(slowly(screen({focus: 'events'}), 'p', 'tab', 'enter').effects).toEqual([
      {do: 'act', act: {kind: 'pause-sink', sink: 'shop'}},
    ]);
    const sinks = calm.sinks.map(sink => Object.assign(structuredClone(sink), {state: 'paused'}));
    expect(slowly(screen({focus: 'events', status: {...calm, sinks}}), 'p', 'tab', 'enter').effects).toEqual([
      {do: 'act', act: {kind: 'resume-sink', sink: 'shop'}},
    ]);
    const deliveries = troubled.deliveries.map(item => Object.assign(structuredClone(item), {status: 'dead'}));
    const [{id, sequence} = {id: '', sequence: 0}] = deliveries;
    expect(slowly(screen({focus: 'events', status: {...troubled, deliveries}}), 'R', 'tab', 'enter').effects).toEqual([
      {do: 'act', act: {kind: 'retry-delivery', coin: 'btc', id, sink: 'shop', sequence}},
    ]);
  });

  it('is shown as the command line that does the same', () => {
    expect(commandLine({kind: 'cancel-payout', coin: 'btc', id: '17'})).toBe(
      'cryptoassets-console payout cancel btc 17',
    );
    expect(commandLine({kind: 'new-address', coin: 'btc', account: 'alice', label: "it's $HOME"})).toBe(
      String.raw`cryptoassets-console address new btc --account alice --label 'it'\''s $HOME'`,
    );
  });
});

describe('a form', () => {
  it('goes on to what is missing, then asks, and keeps one key for one act', () => {
    const keys = ['w', ...typed('alice'), 'enter', ...typed('bc1qxy'), 'enter', ...typed('0.5'), 'enter'];
    const asked = slowly(screen(), ...keys);
    expect(asked.effects).toEqual([{do: 'learn-addresses', coin: 'btc'}]);
    expect(asked.state.view).toMatchObject({name: 'confirm', choice: 0});
    const {effects} = ['tab', 'enter'].reduce(
      (step, key, index) => press(step.state, key, NOW + 60_000 + index * 500),
      {state: asked.state, effects: []} as ReturnType<typeof press>,
    );
    expect(effects).toMatchObject([
      {act: {kind: 'new-payout', coin: 'btc', account: 'alice', address: 'bc1qxy', amount: '0.5', label: ''}},
    ]);
  });

  it.each(['1,5', '1e-8', '0', '-1', '0.123456789', ''])('refuses the amount %j before anything is asked', amount => {
    const {state} = slowly(screen(), 'w', ...typed('alice'), 'tab', ...typed('bc1q'), 'tab', ...typed(amount), 'enter');
    expect(state.view.name).toBe('form');
    expect(state.toast?.text).toMatch(/^amount: /);
  });
});

describe('an address that is about to be paid', () => {
  const known = {
    paid: new Map([['bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', 2]]),
    own: new Set(['1BoatSLRHtKNngkdXEeobR76b53LETtpyT']),
  };
  it.each([
    ['bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', {kind: 'paid', times: 2}],
    ['1BoatSLRHtKNngkdXEeobR76b53LETtpyT', {kind: 'own'}],
    [
      'bc1qar0sqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5mdq',
      {kind: 'look-alike', of: 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'},
    ],
    ['1BoatXXXXXXXXXXXXXXXXXXXXXXXXXTtpyT', {kind: 'look-alike', of: '1BoatSLRHtKNngkdXEeobR76b53LETtpyT'}],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', {kind: 'new'}],
  ])('%s', (address, verdict) => {
    expect(judgeAddress(address, known)).toEqual(verdict);
  });
});

describe('the command line', () => {
  const run = (text: string, over: Partial<ScreenState> = {}) => slowly(screen(over), ':', ...typed(text), 'enter');

  it('opens the sheet or dialog of a command with its arguments, and does nothing itself', () => {
    expect(run('rescan btc 905000').state.view).toMatchObject({name: 'rescan', coin: 'btc', from: '905000'});
    const cancel = run('payout cancel btc 88121');
    expect(cancel.state.view).toMatchObject({name: 'confirm', act: {kind: 'cancel-payout', coin: 'btc', id: '88121'}});
    expect(cancel.effects).toEqual([]);
    expect(run('payout show btc 17').state.view).toMatchObject({name: 'detail', target: {kind: 'payout', id: '17'}});
  });

  it('finds commands by some of their letters', () => {
    expect(rankEntries(COMMANDS, 'paycan')[0]?.name).toBe('payout cancel');
    expect(rankEntries(COMMANDS, 'resc')[0]?.name).toBe('rescan');
    expect(run('freez').state.frozen).toBeDefined();
    expect(rankEntries(COMMANDS, 'qqq')).toEqual([]);
  });

  it('writes a command out that still needs arguments', () => {
    expect(run('paycan').state.view).toMatchObject({name: 'palette', input: 'payout cancel '});
  });

  it('says what is wrong with an argument', () => {
    expect(run('rescan btc soon').state.toast?.text).toMatch(/^from: a height/);
    expect(run('payout show xmr 1').state.toast?.text).toBe('no coin xmr; there is btc');
  });

  it('starts nothing from one burst of keys', () => {
    expect(pressAll(screen(), [':', ...typed('rescan btc'), 'enter', 'enter', 'enter'], NOW).effects).toEqual([]);
  });

  it('refuses to change an engine that does not answer', () => {
    const link = {state: 'lost', since: NOW, receivedAt: NOW, words: ''} as const;
    expect(run('rescan btc', {link}).state.toast?.text).toContain('refused');
  });
});

describe('copying', () => {
  it('copies the full txid, then the next value, then everything as JSON', () => {
    const paid = statusOf({coins: [coin({pending: [payout(5)]})]});
    const {txid, address} = payout(5);
    const step = slowly(screen({status: paid}), 'y', 'y', 'Y');
    expect(step.effects.slice(0, 2)).toEqual([
      {do: 'copy', text: txid},
      {do: 'copy', text: address},
    ]);
    expect(JSON.parse((step.effects[2] as {text: string}).text)).toEqual(payout(5));
    expect(slowly(screen({status: paid}), 'y').state.toast?.text).toMatch(/^copied full txid \(64 chars\)/);
  });

  it('is wrapped for tmux too, where it runs in one', () => {
    expect(clipboardCode('abc', {})).toBe('\u001b]52;c;YWJj\u0007');
    expect(clipboardCode('abc', {TMUX: 'x'})).toContain('\u001bPtmux;\u001b\u001b]52;c;YWJj\u0007\u001b\\');
  });
});

describe('what needs a person', () => {
  it('is read one after another, muted, and comes back', () => {
    const first = slowly(screen({status: troubled}), 'n');
    expect(first.state.focus).not.toBe('');
    const muted = slowly(screen({status: troubled}), 'm', 'm');
    expect(muted.state.alert.muted).toEqual(['a1', 'a2']);
    expect(press(muted.state, 'm', NOW + 9000).state.alert.muted).toEqual([]);
  });
});

describe('while the operator was away', () => {
  it('counts what happened and what needs a person now', () => {
    const events = [
      event(1),
      event(2),
      event(3, {type: 'payout.sent'}),
      event(4, {type: 'payout.held'}),
      event(5, {type: 'deposit.detected'}),
    ];
    expect(awayLines(troubled, events, true)).toEqual([
      '2 things need you now',
      '1 payout held',
      '2 deposits credited',
      '1 payout sent',
    ]);
    expect(awayLines(calm, [], true)).toEqual([]);
  });

  it('remembers in the operator\u2019s state folder, a file for each config', () => {
    const one = lastSeenPath('/a/config.yaml', {XDG_STATE_HOME: '/state'});
    expect(one).toMatch(/^\/state\/cryptoassets-console\/[0-9a-f]{16}\.json$/);
    expect(lastSeenPath('/b/config.yaml', {XDG_STATE_HOME: '/state'})).not.toBe(one);
  });
});
