import type {Binding} from '../binding.ts';
import {KEYMAP} from '../keymap.ts';
import type {ScreenState} from '../state.ts';
import type {Step} from '../update/step.ts';
import {COMMANDS} from './commands.ts';

export type Entry = {
  readonly name: string;
  /** As they are written in the list: `<coin> [from]`. */
  readonly parameters: string;
  /** How many must be given. */
  readonly needed: number;
  readonly help: string;
  /** The key that does the same, for next time. */
  readonly key: string;
} & ({readonly binding: Binding} | {readonly run: (state: ScreenState, given: readonly string[], at: number) => Step});

/** Keys that mean nothing as a command. */
const NOT_BY_NAME: ReadonlySet<string> = new Set(['palette', 'type', 'erase', 'confirm', 'go-to-pane', 'interrupt']);

/** Every command that the screen under the command line offers. */
export const paletteEntries = (state: ScreenState): readonly Entry[] => {
  const withArguments = new Set(COMMANDS.map(({name}) => name));
  const byKey = KEYMAP.filter(
    binding =>
      binding.views.includes(state.view.name) &&
      !NOT_BY_NAME.has(binding.command) &&
      !withArguments.has(binding.command) &&
      (binding.isOffered?.(state) ?? true),
  ).map((binding): Entry => ({
    name: binding.command,
    parameters: '',
    needed: 0,
    help: binding.help,
    key: binding.label,
    binding,
  }));
  return [...COMMANDS, ...byKey];
};
