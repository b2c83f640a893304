import {readFileSync} from 'node:fs';

/** The version in package.json, which stands two folders above `dist/commands/` as above `source/commands/`. */
export const programVersion = (): string => {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as {version: string}).version;
};
