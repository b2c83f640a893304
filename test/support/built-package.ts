import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const modules = join(root, 'node_modules');

const run = (command: string, args: readonly string[], cwd: string): string => {
  const PATH = `${join(modules, '.bin')}:${process.env['PATH'] ?? ''}`;
  try {
    return execFileSync(command, args, {cwd, encoding: 'utf8', env: {...process.env, PATH}, stdio: 'pipe'});
  } catch (error) {
    const {stdout, stderr} = error as {stdout: string; stderr: string};
    throw new Error(`${command} ${args.join(' ')}:\n${stdout}${stderr}`, {cause: error});
  }
};

const newest = (path: string): number =>
  statSync(path).isDirectory()
    ? Math.max(0, ...readdirSync(path).map(name => newest(join(path, name))))
    : statSync(path).mtimeMs;

/** `npm test` has just built; for a suite alone this builds what is older than the sources. */
const ensureBuilt = (): void => {
  if (process.env['TEST_PROGRAM'] === 'dist') return;
  const built = statSync(join(root, 'dist', 'cli.js'), {throwIfNoEntry: false})?.mtimeMs ?? 0;
  if (newest(join(root, 'source')) > built) run(process.execPath, [join(root, 'tools', 'build.mjs')], root);
};

export interface PackedFile {
  readonly path: string;
  readonly size: number;
}

export interface Consumer {
  readonly folder: string;
  /** What the packed package holds. */
  readonly files: readonly PackedFile[];
  /** Compiles files of the folder with strict settings and checks the package's declarations too; throws tsc's words. */
  compile(...names: string[]): void;
  /** Runs a program there and returns what it printed. */
  run(command: string, ...args: string[]): string;
  dispose(): void;
}

/**
 * A clean folder of somebody who uses the packed package: its files as packed, and beside it what its `dependencies`
 * name and nothing else, linked instead of downloaded. `more` are packages of the consumer.
 */
export const installPacked = (...more: string[]): Consumer => {
  ensureBuilt();
  const folder = mkdtempSync(join(tmpdir(), 'consumer-'));
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root),
  ) as [{files: PackedFile[]; filename: string}];
  const home = join(folder, 'node_modules', 'cryptoassets-console');
  mkdirSync(home, {recursive: true});
  run('tar', ['-xzf', join(folder, packed.filename), '--strip-components=1', '-C', home], folder);
  const {dependencies} = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of [...Object.keys(dependencies), ...more]) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), {recursive: true});
    symlinkSync(join(modules, name), link);
  }
  return {
    folder,
    files: packed.files,
    compile: (...names) => {
      const strict = '--module nodenext --strict --target es2023 --lib es2024 --noEmit --types node'.split(' ');
      run(join(modules, '.bin', 'tsc'), [...strict, ...names], folder);
    },
    run: (command, ...args) => run(command, args, folder),
    dispose: () => rmSync(folder, {recursive: true, force: true}),
  };
};
