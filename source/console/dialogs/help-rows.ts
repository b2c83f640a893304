import type {Group} from '../binding.ts';
import {KEYMAP} from '../keymap.ts';

const GROUPS: readonly Group[] = ['Move', 'Look', 'Act', 'Leave', 'In a dialog'];

/** Rows of the help, written from the keymap: key, what it does, and the group at its first row. */
export const helpRows: readonly (readonly string[])[] = GROUPS.flatMap(group =>
  KEYMAP.filter(binding => binding.group === group).map((binding, index) => [
    binding.label,
    binding.help,
    index === 0 ? group : '',
  ]),
);

export const helpScrollLimit = (height: number): number => Math.max(0, helpRows.length - visibleHelpRows(height));
export const visibleHelpRows = (height: number) => Math.max(1, height - 3);
