import {copyables, wholeOf} from '../acts/copyables.ts';
import type {ScreenState} from '../state.ts';
import {targetNow} from '../targets.ts';
import {stay, withToast, type Step} from './step.ts';

/** The first value of what is open or selected; pressed again, the next one. */
export const copyValue = (state: ScreenState, at: number): Step => {
  const target = targetNow(state);
  const values = target ? copyables(state, target) : [];
  if (!target || values.length === 0) return stay(withToast(state, 'nothing to copy here', 'warn', at));
  const of = `${target.kind}/${target.coin}/${target.id}`;
  const index = state.copied?.of === of ? (state.copied.index + 1) % values.length : 0;
  const {name, value} = values[index]!;
  const next = values[(index + 1) % values.length]!;
  const more = values.length > 1 ? `; y again: ${next.name}` : '';
  const words = `copied full ${name} (${value.length} chars)${more}`;
  return stay(withToast({...state, copied: {of, index}}, words, 'ok', at), {do: 'copy', text: value});
};

export const copyWhole = (state: ScreenState, at: number): Step => {
  const target = targetNow(state);
  const whole = target && wholeOf(state, target);
  if (!target || whole === undefined) return stay(withToast(state, 'nothing to copy here', 'warn', at));
  const text = JSON.stringify(whole, null, 2);
  return stay(withToast(state, `copied ${target.kind} as JSON (${text.length} chars)`, 'ok', at), {do: 'copy', text});
};
