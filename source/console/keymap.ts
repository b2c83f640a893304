import type {Binding} from './binding.ts';
import {textOf, type KeyName} from './input/split-keys.ts';
import {ACTS} from './keymap-acts.ts';
import {BROWSING_KEYS} from './keymap-browsing.ts';
import {DIALOG_KEYS} from './keymap-dialogs.ts';
import {LEAVING_KEYS} from './keymap-leaving.ts';
import {VIEWS, type ScreenState, type View} from './state.ts';

// One registry: keys are dispatched by it, and hints and help are written from it.

export const KEYMAP: readonly Binding[] = [...BROWSING_KEYS, ...ACTS, ...LEAVING_KEYS, ...DIALOG_KEYS];

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
  VIEWS.map(view => {
    const [help, ...others] = KEYMAP.filter(({hint, views}) => hint !== undefined && views.includes(view));
    const timely = others.filter(isTimely);
    return [view, [...(help ? [help] : []), ...timely, ...others.filter(binding => !isTimely(binding))]];
  }),
);

export const hintsFor = (state: ScreenState): readonly {label: string; hint: string}[] =>
  (HINTED.get(state.view.name) ?? [])
    .filter(binding => isOffered(binding, state))
    .map(({label, hint = ''}) => ({label, hint}));
