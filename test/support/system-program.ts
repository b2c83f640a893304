import {spawnSync} from 'node:child_process';
import {accessSync, appendFileSync, constants} from 'node:fs';
import {delimiter, join} from 'node:path';

const onPath = (name: string): string | undefined => {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder of PATH: the next may have it.
    }
  }
  return undefined;
};

/** Tells once what this machine lacks; with REQUIRE_ALL=1 that is a failure. */
const missing = (name: string, aptPackage: string): undefined => {
  const line = `skipped: ${name} is not installed (apt-get install ${aptPackage})`;
  if (process.env['REQUIRE_ALL'] === '1') throw new Error(`REQUIRE_ALL=1, but ${line.slice('skipped: '.length)}`);
  const file = process.env['TEST_SKIPS_FILE'];
  if (file === undefined) console.warn(line);
  else appendFileSync(file, `${line}\n`);
  return undefined;
};

/**
 * Path of a program that no package of this project brings, for suites that need it: `describe.skipIf(!path)`.
 * Without it the suite is skipped with one printed line, unless REQUIRE_ALL=1, which makes that a failure.
 */
export const systemProgram = (name: string, aptPackage: string): string | undefined =>
  onPath(name) ?? missing(name, aptPackage);

/** Path of the system's own Python when it has this module: Debian's packages are for no other. */
export const systemPython = (module: string, aptPackage: string): string | undefined => {
  const python = '/usr/bin/python3';
  const found = spawnSync(python, ['-c', `import ${module}`], {stdio: 'ignore'}).status === 0;
  return found ? python : missing(`the Python module ${module}`, aptPackage);
};
