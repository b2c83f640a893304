import {createRequire, Module} from 'node:module';
import {pathToFileURL} from 'node:url';
import * as ink from 'ink';
import type {ComponentType, PropsWithChildren} from 'react';

// ink-table is CommonJS written for Ink 3, and `require('ink')` cannot load today's Ink (an ES module with top-level
// await). So the path under which it looks for Ink is given a ready module that holds the one already loaded.

type Row = Readonly<Record<string, string>>;

/** The part of ink-table that is used. It neither cuts nor measures wide characters: fit the cells beforehand. */
export interface InkTableProps {
  readonly data: readonly Row[];
  readonly columns?: readonly string[];
  readonly padding?: number;
  readonly header?: ComponentType<PropsWithChildren>;
  readonly cell?: ComponentType<PropsWithChildren<{column: number}>>;
  readonly skeleton?: ComponentType<PropsWithChildren>;
}

const load = (): ComponentType<InkTableProps> => {
  const require = createRequire(import.meta.url);
  const tablePath = require.resolve('ink-table');
  const inkPath = createRequire(pathToFileURL(tablePath)).resolve('ink');
  const ready = new Module(inkPath);
  ready.filename = inkPath;
  ready.loaded = true;
  ready.exports = ink;
  require.cache[inkPath] ??= ready;
  return (require(tablePath) as {default: ComponentType<InkTableProps>}).default;
};

export const InkTable = load();
