import type {Binding} from './binding.ts';
import {textOf, type KeyName} from './input/split-keys.ts';
import {ACTS} from './keymap-acts.ts';
import {DIALOG_KEYS} from './keymap-dialogs.ts';
import {PANES, type ScreenState, type View} from './state.ts';

// One registry: keys are dispatched by it, and hints and help are written from it.

const BROWSING = ['panes', 'detail', 'help'] as const;
const PANES_ONLY = ['panes'] as const;
const DIALOGS = ['rescan', 'quit', 'init', 'confirm', 'palette', 'form'] as const;
const EVERYWHERE = [...BROWSING, ...DIALOGS, 'filter', 'stopping'] as const;

const hasRunningJob = (state: ScreenState) =>
  state.status?.coins.some(coin => coin.jobs.some(job => job.status === 'running')) === true;
const hasEnded = ({link, attachment}: ScreenState) =>
  link.state === 'ended' || (link.state === 'lost' && attachment === 'attached');

const BASE: readonly Binding[] = [
  {
    command: 'help',
    keys: ['?'],
    label: '?',
    hint: 'help',
    help: 'this help',
    group: 'Look',
    views: ['panes', 'detail'],
  },
  {
    command: 'next-pane',
    keys: ['tab'],
    label: 'Tab',
    hint: 'pane',
    help: 'next pane',
    group: 'Move',
    views: ['panes'],
  },
  {
    command: 'previous-pane',
    keys: ['shift-tab'],
    label: 'Shift-Tab',
    help: 'previous pane',
    group: 'Move',
    views: ['panes'],
  },
  {
    command: 'go-to-pane',
    keys: PANES.map((_, index) => String(index + 1)),
    label: `1-${PANES.length}`,
    help: 'that pane',
    group: 'Move',
    views: ['panes'],
  },
  {command: 'down', keys: ['j', 'down'], label: 'j ↓', help: 'next row, scroll down', group: 'Move', views: BROWSING},
  {command: 'up', keys: ['k', 'up'], label: 'k ↑', help: 'previous row, scroll up', group: 'Move', views: BROWSING},
  {
    command: 'first',
    keys: ['g', 'home'],
    label: 'g Home',
    help: 'first row; new rows push it down',
    group: 'Move',
    views: BROWSING,
  },
  {command: 'last', keys: ['G', 'end'], label: 'G End', help: 'last row', group: 'Move', views: BROWSING},
  {command: 'page-up', keys: ['pageup', 'ctrl-b'], label: 'PgUp', help: 'one page up', group: 'Move', views: BROWSING},
  {
    command: 'page-down',
    keys: ['pagedown', 'ctrl-f'],
    label: 'PgDn',
    help: 'one page down',
    group: 'Move',
    views: BROWSING,
  },
  {
    command: 'open',
    keys: ['enter'],
    label: 'Enter',
    hint: 'detail',
    help: 'everything about the selected row',
    group: 'Look',
    views: ['panes'],
  },
  {
    command: 'freeze',
    keys: ['space'],
    label: 'Space',
    hint: 'freeze',
    help: 'hold the picture still; again: go on',
    group: 'Look',
    views: ['panes', 'detail'],
  },
  {
    command: 'filter',
    keys: ['/'],
    label: '/',
    hint: 'filter',
    help: 'show only rows that contain what you type',
    group: 'Look',
    views: PANES_ONLY,
  },
  {
    command: 'zoom',
    keys: ['z'],
    label: 'z',
    hint: 'zoom',
    help: 'the pane alone; again: all panes',
    group: 'Look',
    views: PANES_ONLY,
  },
  {
    command: 'sort',
    keys: ['s'],
    label: 's',
    hint: 'sort',
    help: 'sort the pane by the next column',
    group: 'Look',
    views: PANES_ONLY,
  },
  {
    command: 'time-mode',
    keys: ['t'],
    label: 't',
    help: 'ages, or the times themselves',
    group: 'Look',
    views: ['panes', 'detail'],
  },
  {
    command: 'mask',
    keys: ['$'],
    label: '$',
    help: 'hide amounts, or show them',
    group: 'Look',
    views: ['panes', 'detail'],
  },
  {
    command: 'log-level',
    keys: ['L'],
    label: 'L',
    hint: 'level',
    help: 'which lines of the log are shown',
    group: 'Look',
    views: PANES_ONLY,
  },
  {
    command: 'clear-filter',
    keys: ['escape'],
    label: 'Esc',
    hint: 'all rows',
    help: 'drop the filter of the pane',
    group: 'Look',
    views: PANES_ONLY,
    isOffered: ({arrangements, focus}) => arrangements[focus].filter !== '',
  },
  {
    command: 'keep-filter',
    keys: ['enter', 'tab'],
    label: 'Enter',
    hint: 'keep',
    help: 'keep the filter and go back to the rows',
    group: 'In a dialog',
    views: ['filter'],
  },
  {
    command: 'clear-filter',
    keys: ['escape'],
    label: 'Esc',
    hint: 'all rows',
    help: 'drop the filter',
    group: 'In a dialog',
    views: ['filter'],
  },
  {
    command: 'erase-filter',
    keys: ['backspace', 'delete'],
    label: 'Backspace',
    help: 'erase the last character of the filter',
    group: 'In a dialog',
    views: ['filter'],
  },
  {
    command: 'down',
    keys: ['down'],
    label: '↓',
    help: 'next row while filtering',
    group: 'In a dialog',
    views: ['filter'],
  },
  {
    command: 'up',
    keys: ['up'],
    label: '↑',
    help: 'previous row while filtering',
    group: 'In a dialog',
    views: ['filter'],
  },
  {
    command: 'type-filter',
    keys: [],
    takesText: true,
    label: 'a-z 0-9',
    help: 'what rows must contain',
    group: 'In a dialog',
    views: ['filter'],
  },
  {
    command: 'rescan',
    keys: ['r'],
    label: 'r',
    hint: 'rescan',
    help: 'scan blocks again for missed transactions',
    group: 'Act',
    views: ['panes', 'detail'],
    mutates: true,
  },
  {
    command: 'cancel-job',
    keys: ['x'],
    label: 'x',
    hint: 'cancel job',
    help: 'cancel the running rescan; it can be resumed',
    group: 'Act',
    views: ['panes', 'detail'],
    mutates: true,
    isOffered: hasRunningJob,
  },
  {
    command: 'start-engine',
    keys: ['e'],
    label: 'e',
    hint: 'start engine',
    help: 'start an engine after it ended',
    group: 'Act',
    views: ['panes', 'detail'],
    isOffered: hasEnded,
  },
  {
    command: 'back',
    keys: ['escape', 'q'],
    label: 'Esc q',
    hint: 'back',
    help: 'back',
    group: 'Leave',
    views: ['detail', 'help'],
  },
  {
    command: 'quit',
    keys: ['q'],
    label: 'q',
    hint: 'quit',
    help: 'leave; asks what becomes of the engine',
    group: 'Leave',
    views: ['panes'],
  },
  {
    command: 'initialise',
    keys: ['i'],
    label: 'i',
    hint: 'create the ledgers',
    help: 'create the ledgers that are missing',
    group: 'In a dialog',
    views: ['init'],
    isOffered: ({view}) => view.name === 'init' && view.phase !== 'running',
  },
  {
    command: 'confirm',
    keys: ['enter'],
    label: 'Enter',
    hint: 'do it',
    help: 'do what is chosen',
    group: 'In a dialog',
    views: ['rescan', 'quit'],
  },
  {
    command: 'choose-next',
    keys: ['tab', 'right', 'down', 'j', 'l'],
    label: 'Tab ↓',
    hint: 'choose',
    help: 'next choice',
    group: 'In a dialog',
    views: ['quit'],
  },
  {
    command: 'choose-previous',
    keys: ['shift-tab', 'left', 'up', 'k', 'h'],
    label: '↑',
    help: 'previous choice',
    group: 'In a dialog',
    views: ['quit'],
  },
  {
    command: 'type',
    keys: Array.from('0123456789-').flatMap(character => [character, `paste-${character}`]),
    label: '0-9 -',
    help: 'a height or a date',
    group: 'In a dialog',
    views: ['rescan'],
  },
  {
    command: 'erase',
    keys: ['backspace', 'delete'],
    label: 'Backspace',
    help: 'erase the last character',
    group: 'In a dialog',
    views: ['rescan'],
  },
  {
    command: 'other-coin',
    keys: ['tab', 'right', 'left', 'shift-tab'],
    label: 'Tab',
    hint: 'coin',
    help: 'another coin',
    group: 'In a dialog',
    views: ['rescan'],
    isOffered: ({status}) => (status?.coins.length ?? 0) > 1,
  },
  {
    command: 'back',
    keys: ['escape', 'q'],
    label: 'Esc q',
    hint: 'cancel',
    help: 'close without doing anything',
    group: 'In a dialog',
    views: ['rescan', 'quit'],
  },
  {
    command: 'back',
    keys: ['escape', 'q'],
    label: 'Esc q',
    hint: 'leave',
    help: 'leave an empty ledger as it is',
    group: 'In a dialog',
    views: ['init'],
  },
  {
    command: 'suspend',
    keys: ['ctrl-z'],
    label: 'Ctrl-Z',
    help: 'to the shell; `fg` comes back, the engine goes on',
    group: 'Leave',
    views: EVERYWHERE,
  },
  {
    command: 'interrupt',
    keys: ['ctrl-c'],
    label: 'Ctrl-C',
    help: 'twice: leave at once',
    group: 'Leave',
    views: EVERYWHERE,
  },
];

export const KEYMAP: readonly Binding[] = [...BASE, ...ACTS, ...DIALOG_KEYS];

const isOffered = (binding: Binding, state: ScreenState) => binding.isOffered?.(state) ?? true;

export const bindingFor = (key: KeyName, state: ScreenState): Binding | undefined =>
  KEYMAP.find(
    binding =>
      binding.views.includes(state.view.name) &&
      (binding.keys.includes(key) || (binding.takesText === true && textOf(key) !== undefined)) &&
      isOffered(binding, state),
  );

/** What can be done to the selected row, and only to such ones: nobody looks for it, so it is said first. */
const isTimely = (binding: Binding): boolean => binding.group === 'Act' && 'isOffered' in binding;

/** Per view, in the order in which they are shown: help, what is timely, everything else. */
const HINTED: ReadonlyMap<View['name'], readonly Binding[]> = new Map(
  EVERYWHERE.map(view => {
    const [help, ...others] = KEYMAP.filter(({hint, views}) => hint !== undefined && views.includes(view));
    const timely = others.filter(isTimely);
    return [view, [...(help ? [help] : []), ...timely, ...others.filter(binding => !isTimely(binding))]];
  }),
);

export const hintsFor = (state: ScreenState): readonly {label: string; hint: string}[] =>
  (HINTED.get(state.view.name) ?? [])
    .filter(binding => isOffered(binding, state))
    .map(({label, hint = ''}) => ({label, hint}));
