import {describe, expect, it} from 'vitest';
import {helpRows} from '../../source/console/dialogs/help-rows.ts';
import {KEYMAP} from '../../source/console/keymap.ts';
import {initialState, type ScreenState} from '../../source/console/state.ts';
import {press, pressAll} from '../../source/console/update/press.ts';
import {calm, NOW, troubled} from './support/statuses.ts';

const screen = (over: Partial<ScreenState> = {}): ScreenState => ({
  ...initialState({now: NOW, columns: 120, rows: 40, configPath: 'config.yaml', onQuit: 'ask'}),
  attachment: 'hosting',
  link: {state: 'live', receivedAt: NOW},
  status: calm,
  ...over,
});

const after = (state: ScreenState, ...presses: readonly (readonly [key: string, at: number])[]) =>
  presses.reduce((step, [key, at]) => press(step.state, key, NOW + at), {state, effects: []} as ReturnType<
    typeof press
  >);

describe('keys', () => {
  it('count each, in a burst too', () => {
    expect(pressAll(screen(), ['j', 'j', 'k', 'j'], NOW).state.selections.payouts.id).toBe('btc/88121');
  });

  it('follow the selected row when newer ones come, and the place at the top', () => {
    const onSecond = pressAll(screen({focus: 'events'}), ['j'], NOW).state;
    expect(onSecond.selections.events.id).toBe('btc/411');
    expect(pressAll(onSecond, ['g'], NOW).state.selections.events).toEqual({id: undefined, index: 0});
  });

  it('open the row they were on, by its id', () => {
    expect(pressAll(screen(), ['j', 'enter'], NOW).state.view).toMatchObject({
      name: 'detail',
      target: {kind: 'payout', coin: 'btc', id: '88117'},
    });
  });

  it('stand in the help, all of them', () => {
    for (const binding of KEYMAP)
      expect(helpRows.some(([label, help]) => label === binding.label && help === binding.help)).toBe(true);
  });
});

describe('what changes the engine', () => {
  it('does not start from keys sent in one burst', () => {
    expect(pressAll(screen(), ['r', 'y', 'enter'], NOW).effects).toEqual([]);
    expect(pressAll(screen(), ['q', 'tab', 'enter'], NOW).effects).toEqual([]);
  });

  it('does not start from keys within 300 ms of the dialog', () => {
    expect(after(screen(), ['r', 0], ['enter', 299]).effects).toEqual([]);
    expect(after(screen(), ['r', 0], ['9', 400], ['enter', 500]).effects).toEqual([
      {do: 'start-rescan', coin: 'btc', from: '9'},
    ]);
  });

  it('is not started by a paste', () => {
    expect(pressAll(screen(), ['paste-r', 'paste-x', 'paste-q'], NOW)).toEqual({state: screen(), effects: []});
  });

  it('is refused while the engine does not answer', () => {
    const lost = screen({status: troubled, link: {state: 'lost', since: NOW, receivedAt: NOW, words: ''}});
    for (const key of ['r', 'x']) {
      const step = press(lost, key, NOW);
      expect(step.effects).toEqual([]);
      expect(step.state.view.name).toBe('panes');
      expect(step.state.toast?.text).toContain('refused');
    }
  });

  it('is refused in a dialog that was opened before the engine was lost', () => {
    const open = after(screen(), ['r', 0]).state;
    const step = press({...open, link: {state: 'lost', since: NOW, receivedAt: NOW, words: ''}}, 'enter', NOW + 1000);
    expect(step.effects).toEqual([]);
  });

  it('asks for a height or a date before it rescans', () => {
    const step = after(screen(), ['r', 0], ['2', 400], ['-', 401], ['enter', 402]);
    expect(step.effects).toEqual([]);
    expect(step.state.toast?.tone).toBe('bad');
  });

  it('cancels the running job only', () => {
    expect(press(screen(), 'x', NOW).effects).toEqual([]);
    expect(press(screen({status: troubled}), 'x', NOW).effects).toEqual([{do: 'cancel-job', coin: 'btc', id: '7'}]);
  });
});

describe('leaving', () => {
  it('leaves the engine running unless stopping is chosen', () => {
    expect(after(screen(), ['q', 0], ['enter', 400]).effects).toEqual([{do: 'leave'}]);
    expect(after(screen(), ['q', 0], ['tab', 400], ['enter', 500]).effects).toEqual([{do: 'stop-and-leave'}]);
    expect(after(screen(), ['q', 0], ['k', 400], ['enter', 500]).state.view.name).toBe('panes');
  });

  it('warns at the first Ctrl-C and stops a hosted engine at the second', () => {
    expect(press(screen(), 'ctrl-c', NOW).effects).toEqual([]);
    expect(after(screen(), ['ctrl-c', 0], ['ctrl-c', 2900]).effects).toEqual([{do: 'stop-and-leave'}]);
    expect(after(screen(), ['ctrl-c', 0], ['ctrl-c', 3100]).effects).toEqual([]);
  });

  it('detaches from an engine that it does not host', () => {
    expect(after(screen({attachment: 'attached'}), ['ctrl-c', 0], ['ctrl-c', 100]).effects).toEqual([{do: 'leave'}]);
  });

  it('stops a demo without asking', () => {
    expect(press(screen({onQuit: 'stop'}), 'q', NOW).effects).toEqual([{do: 'stop-and-leave'}]);
  });
});

describe('the keymap', () => {
  it('gives no key to two commands that are always there in the same view', () => {
    const always = KEYMAP.filter(binding => binding.isOffered === undefined);
    const taken = always.flatMap(({keys, views, command}) =>
      views.flatMap(view => keys.map(key => ({place: `${view} ${key}`, command}))),
    );
    const twice = taken.filter(one => taken.some(other => other.place === one.place && other.command !== one.command));
    expect(twice).toEqual([]);
  });
});
