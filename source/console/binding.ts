import type {KeyName} from './input/split-keys.ts';
import type {ScreenState, View} from './state.ts';

export type Command =
  | 'next-pane'
  | 'previous-pane'
  | 'go-to-pane'
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'open'
  | 'back'
  | 'help'
  | 'freeze'
  | 'zoom'
  | 'sort'
  | 'filter'
  | 'type-filter'
  | 'erase-filter'
  | 'clear-filter'
  | 'keep-filter'
  | 'time-mode'
  | 'mask'
  | 'log-level'
  | 'rescan'
  | 'cancel-job'
  | 'start-engine'
  | 'quit'
  | 'interrupt'
  | 'suspend'
  | 'choose-next'
  | 'choose-previous'
  | 'confirm'
  | 'type'
  | 'erase'
  | 'other-coin'
  | 'initialise'
  | 'open-related'
  | 'copy'
  | 'copy-json'
  | 'palette'
  | 'complete'
  | 'next-field'
  | 'previous-field'
  | 'next-need'
  | 'mute'
  | 'take-control'
  | 'away'
  | 'cancel-payout'
  | 'release-payout'
  | 'approve-payout'
  | 'repay-payout'
  | 'bump'
  | 'toggle-payouts'
  | 'toggle-sink'
  | 'send-again'
  | 'new-address'
  | 'new-payout'
  | 'init';

export type Group = 'Move' | 'Look' | 'Act' | 'Leave' | 'In a dialog';

export interface Binding {
  readonly command: Command;
  readonly keys: readonly KeyName[];
  /** How the keys are written in hints and help. */
  readonly label: string;
  /** One or two words for the hints bar; none: not shown there. */
  readonly hint?: string;
  readonly help: string;
  readonly group: Group;
  readonly views: readonly View['name'][];
  /** Changes the engine: refused on a stale screen, and while another console has control. */
  readonly mutates?: true;
  /** Takes every key that writes something, beside `keys`. */
  readonly takesText?: true;
  isOffered?(state: ScreenState): boolean;
}
