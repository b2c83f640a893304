import {isStale, otherInControl, shownStatus, type ScreenState} from '../state.ts';
import {stay, withToast, type Step} from './step.ts';

/** Why the engine may not be changed from this screen now, as the step that says so; undefined when it may. */
export const refusal = (state: ScreenState, at: number): Step | undefined => {
  if (isStale(state) || !shownStatus(state))
    return stay(withToast(state, 'refused: what you see may be out of date, the engine does not answer', 'bad', at));
  if (state.frozen)
    return stay(
      withToast(state, 'refused: this view is frozen; Space goes on, then act on what is true now', 'bad', at),
    );
  const holder = otherInControl(state);
  if (holder !== undefined) return stay(withToast(state, `refused: ${holder} has control; C takes it`, 'bad', at));
  return undefined;
};
