import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {stripTypeScriptTypes} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {programCommand, runProgram} from '../support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'cli-test-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

describe('on a Node that is too old', () => {
  const REFUSAL =
    /^cryptoassets-console needs Node 22\.12 or newer and this is Node [\d.]+; get the current LTS from https:\/\/nodejs\.org, or with nvm: nvm install --lts\n$/;

  // In a folder of its own: whatever the launcher imported before its check would not be found there.
  const launcher = join(folder, 'cli.mjs');
  writeFileSync(
    launcher,
    stripTypeScriptTypes(readFileSync(new URL('../../source/cli.tsx', import.meta.url), 'utf8')).replace(/^#!.*/, ''),
  );

  const asNode = (version: string): string[] => {
    const code = `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;
    return ['--import', `data:text/javascript,${encodeURIComponent(code)}`, launcher];
  };

  test.each(['20.20.2', '22.11.0', '18.0.0'])(
    '%s is refused in one line, exit code 78, before anything is loaded',
    version => {
      const {status, stdout, stderr} = spawnSync(process.execPath, asNode(version), {encoding: 'utf8'});
      expect(stderr).toMatch(REFUSAL);
      expect({status, stdout}).toEqual({status: 78, stdout: ''});
    },
  );

  test('22.12.0 is not refused', () => {
    expect(spawnSync(process.execPath, asNode('22.12.0'), {encoding: 'utf8'}).stderr).toContain('ERR_MODULE_NOT_FOUND');
  });

  test('with --json the refusal is JSON', () => {
    const {stderr} = spawnSync(process.execPath, [...asNode('20.0.0'), '--json'], {encoding: 'utf8'});
    expect(JSON.parse(stderr)).toMatchObject({code: 'old_node', exit_code: 78});
  });

  const systemNode = '/usr/bin/node';
  const systemVersion = spawnSync(systemNode, ['--version'], {encoding: 'utf8'}).stdout ?? '';
  const isOld = /^v(1\d|20|21)\./.test(systemVersion);
  if (!isOld) console.log(`skipped: a real old Node (${systemNode} is ${systemVersion.trim() || 'not there'})`);
  test.skipIf(!isOld)('a real old Node prints that line too', () => {
    const {status, stderr} = spawnSync(systemNode, [launcher, 'status'], {encoding: 'utf8'});
    expect(stderr).toMatch(REFUSAL);
    expect(status).toBe(78);
  });
});

test('exit codes and streams are those of the contract', async () => {
  const env = {CRYPTOASSETS_CONFIG: undefined, NO_COLOR: '1'};
  const runs = await Promise.all(
    [['--version'], ['snd'], ['status', '--json'], ['/nowhere/x.yaml', '--headless']].map(argv =>
      runProgram(argv, {cwd: folder, env}),
    ),
  );
  expect(runs.map(({code}) => code)).toEqual([0, 64, 78, 78]);
  expect(runs[0]?.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(runs[1]).toMatchObject({stdout: '', stderr: expect.stringContaining('did you mean send?')});
  expect(JSON.parse(runs[2]!.stderr)).toMatchObject({code: 'bad_config', problems: [{file: 'config.yaml'}]});
  expect(runs[3]?.stderr).toContain('/nowhere/x.yaml: there is no such config file');
});

test('a reader that goes away is no error', () => {
  const line = [...programCommand(), '--help'].map(word => `'${word}'`).join(' ');
  // `true` has ended long before Node has started, so that every write meets a broken pipe.
  const {stdout, stderr} = spawnSync('bash', ['-c', `${line} | true; echo "\${PIPESTATUS[0]}"`], {encoding: 'utf8'});
  expect({stdout, stderr}).toEqual({stdout: '0\n', stderr: ''});
});

test('a whole help arrives through a slow pipe', async () => {
  const [command, ...first] = programCommand();
  const child = spawn(command, [...first, '--help'], {stdio: ['ignore', 'pipe', 'inherit']});
  let text = '';
  for await (const piece of child.stdout.setEncoding('utf8')) text += piece as string;
  expect(text).toMatch(/^Takes in[\s\S]*one verb\n$/);
});
