import type {Binding} from './binding.ts';
import {VIEWS} from './state.ts';

/** Out of what is open, and out of the console. */
export const LEAVING_KEYS: readonly Binding[] = [
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
    command: 'suspend',
    keys: ['ctrl-z'],
    label: 'Ctrl-Z',
    help: 'to the shell; `fg` comes back, the engine goes on',
    group: 'Leave',
    views: VIEWS,
  },
  {
    command: 'interrupt',
    keys: ['ctrl-c'],
    label: 'Ctrl-C',
    help: 'twice: leave at once',
    group: 'Leave',
    views: VIEWS,
  },
];
