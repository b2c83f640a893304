import type {Binding} from '../binding.ts';
import {paletteEntries, type Entry} from '../palette/entries.ts';
import {rankEntries} from '../palette/match.ts';
import type {ScreenState, View} from '../state.ts';
import {stay, withToast, type Step} from './step.ts';

type Palette = Extract<View, {name: 'palette'}>;

export const openPalette = (state: ScreenState, at: number): Step =>
  stay({...state, view: {name: 'palette', openedAt: at, input: '', choice: 0, under: state.view}});

/** Best match first, for what is written so far. */
export const paletteMatches = (state: ScreenState): readonly Entry[] => {
  const {view} = state;
  if (view.name !== 'palette') return [];
  return rankEntries(paletteEntries({...state, view: view.under}), view.input);
};

export const movePalette = (state: ScreenState, step: 1 | -1): ScreenState => {
  const {view} = state;
  if (view.name !== 'palette') return state;
  const count = Math.max(1, paletteMatches(state).length);
  return {...state, view: {...view, choice: (view.choice + step + count) % count}};
};

const chosen = (state: ScreenState, view: Palette): Entry | undefined => {
  const matches = paletteMatches(state);
  return matches[Math.min(view.choice, matches.length - 1)];
};

export const completePalette = (state: ScreenState): ScreenState => {
  const {view} = state;
  if (view.name !== 'palette') return state;
  const entry = chosen(state, view);
  if (!entry || view.input.startsWith(`${entry.name} `)) return state;
  return {...state, view: {...view, input: `${entry.name}${entry.parameters === '' ? '' : ' '}`, choice: 0}};
};

const argumentsOf = (entry: Entry, input: string): readonly string[] =>
  input.startsWith(`${entry.name} `)
    ? input
        .slice(entry.name.length)
        .trim()
        .split(/\s+/)
        .filter(word => word !== '')
    : [];

/** Runs the chosen command; one that still needs arguments is written out instead. */
export const runPalette = (
  state: ScreenState,
  at: number,
  perform: (under: ScreenState, binding: Binding) => Step,
): Step => {
  const {view} = state;
  if (view.name !== 'palette') return stay(state);
  const entry = chosen(state, view);
  if (!entry) return stay(withToast(state, `no such command: ${view.input}`, 'warn', at));
  const given = argumentsOf(entry, view.input);
  if (given.length < entry.needed) {
    const completed = completePalette(state);
    return stay(withToast(completed, `${entry.name} ${entry.parameters}`, 'warn', at));
  }
  const under: ScreenState = {...state, view: view.under};
  return 'binding' in entry ? perform(under, entry.binding) : entry.run(under, given, at);
};
