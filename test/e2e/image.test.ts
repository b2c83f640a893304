import {execFileSync, spawnSync} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
const [, , runtime = ''] = dockerfile.split(/^FROM /m);

/** Instructions of the image's second part, in order. */
const instructions = runtime
  .split('\n')
  .filter(line => /^[A-Z]/.test(line))
  .map(line => ({name: line.split(' ')[0]!, rest: line.slice(line.indexOf(' ') + 1).trim()}));
const all = (name: string): string[] => instructions.filter(line => line.name === name).map(({rest}) => rest);

test('what the image copies is there, and let through to the build', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
    sources.split(' '),
  );
  expect(copied.length).toBeGreaterThan(8);
  const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
  expect(allowed[0]).toBe('*');
  for (const source of copied) {
    expect(existsSync(join(root, source)), source).toBe(true);
    expect(allowed, source).toContain(`!${source.split('/')[0]}`);
  }
});

test('the engine runs as nobody special, alone in the foreground, and is asked through its socket', () => {
  expect(all('USER')).toEqual(['node']);
  expect(all('ENTRYPOINT')).toEqual(['["cryptoassets-console"]']);
  expect(all('CMD')).toEqual(['["--headless"]']);
  expect(all('HEALTHCHECK')[0]).toMatch(/CMD \["cryptoassets-console", "health"\]$/);
  expect(all('STOPSIGNAL')).toEqual(['SIGTERM']);
});

describe('its steps in a clean folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  const install = all('RUN')
    .find(step => step.startsWith('npm ci'))!
    .split(' && ')[0]!;

  beforeAll(() => {
    for (const [, sources = ''] of runtime.matchAll(/^COPY (?!--from)(.+) \S+$/gm))
      for (const source of sources.split(' ')) {
        mkdirSync(dirname(join(folder, source)), {recursive: true});
        cpSync(join(root, source), join(folder, source), {recursive: true});
      }
    // What the first part builds; npm test has just built the same.
    const built = join(root, 'dist');
    if (process.env['TEST_PROGRAM'] === 'dist') cpSync(built, join(folder, 'dist'), {recursive: true});
    else
      execFileSync(
        join(root, 'node_modules/.bin/tsc'),
        ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')],
        {cwd: root},
      );
    // `npm ci` of this project has filled npm's cache.
    const [npm = '', ...args] = install.split(' ');
    execFileSync(npm, [...args, '--prefer-offline', '--ignore-scripts'], {cwd: folder, stdio: 'pipe'});
    writeFileSync(
      join(folder, 'config.yaml'),
      `coins:
  btc:
    network: regtest
    backend: {type: bitcoind, url: "http://127.0.0.1:1", auth: {user: u, password: "${'p'.repeat(20)}"}, wallet: hot}
`,
    );
    // Seven seconds of npm's, and much longer where others work too.
  }, 600_000);
  afterAll(() => rmSync(folder, {recursive: true, force: true}));

  const program = (...args: string[]) =>
    spawnSync(process.execPath, [join(folder, 'dist', 'cli.js'), ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: {PATH: process.env['PATH'], NODE_ENV: 'production', CRYPTOASSETS_CONFIG: join(folder, 'config.yaml')},
    });

  test('give a program that starts without anything of development', () => {
    expect(existsSync(join(folder, 'node_modules', 'vitest'))).toBe(false);
    expect(program('--version').stdout.trim()).toBe(
      (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {version: string}).version,
    );
    // It opens SQLite before it can know that there is no ledger.
    const headless = program('--headless');
    expect([headless.status, headless.stderr]).toEqual([78, expect.stringContaining('no ledger yet')]);
    expect(program('health').status).toBe(69);
  });
});
