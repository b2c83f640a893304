import type {Act} from '../acts/act.ts';
import {shownStatus, type ScreenState, type Target, type Toast} from '../state.ts';

/** What a key asks of the outside; run by session/effects.ts. */
export type Effect =
  | {readonly do: 'start-rescan'; readonly coin: string; readonly from: string | undefined}
  | {readonly do: 'cancel-job'; readonly coin: string; readonly id: string}
  | {readonly do: 'act'; readonly act: Act}
  | {readonly do: 'copy'; readonly text: string}
  /** Addresses to compare with while a payout is written. */
  | {readonly do: 'learn-addresses'; readonly coin: string}
  | {readonly do: 'take-control'}
  /** Give the terminal to the shell until it brings us back. */
  | {readonly do: 'suspend'}
  | {readonly do: 'initialise'}
  | {readonly do: 'start-engine'}
  /** Resolve the console's run; the engine stays as it is. */
  | {readonly do: 'leave'}
  /** Ask the engine to stop, wait until it has, then leave. */
  | {readonly do: 'stop-and-leave'};

export interface Step {
  readonly state: ScreenState;
  readonly effects: readonly Effect[];
}

export const stay = (state: ScreenState, ...effects: readonly Effect[]): Step => ({state, effects});

const TOAST_MS = 6000;
export const withToast = (state: ScreenState, text: string, tone: Toast['tone'], at: number): ScreenState => ({
  ...state,
  toast: {text, tone, until: at + TOAST_MS},
});

export const withTarget = (state: ScreenState, target: Target): ScreenState => ({
  ...state,
  view: {name: 'detail', target, opened: shownStatus(state), scroll: 0, under: state.view},
});
