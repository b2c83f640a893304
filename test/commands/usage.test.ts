import {expect, test} from 'vitest';
import {verbs} from '../../source/commands/verbs.ts';
import {runVerb} from './run-verb.ts';

const refused: [line: string, message: string][] = [
  ['snd btc', 'there is no verb "snd"; did you mean send?'],
  ['acount list btc', 'there is no verb "acount"; did you mean account?'],
  ['xyzzy', 'there is no verb "xyzzy"'],
  ['account', 'account needs one of: create, list, show, freeze, unfreeze'],
  ['account lst btc', 'account has no lst; did you mean list?'],
  ['account list', 'account list needs <coin>'],
  ['account create btc', 'account create needs <name>'],
  ['move btc 1 --to b', 'move needs --from NAME'],
  ['broadcast bump btc', 'broadcast bump needs <txid>'],
  ['deposits btc --statsu credited', 'deposits has no flag --statsu; did you mean --status?'],
  ['init --from 3', 'init has no flag --from'],
  ['deposits btc --follow', 'deposits has no flag --follow'],
  ['status -x', 'status has no flag -x'],
  ['send btc addr 1', 'send needs --account NAME'],
  ['send btc addr --account alice', 'send needs <amount>'],
  ['send btc addr 1 2 --account alice', 'send does not take "2"'],
  ['deposits btc --account', '--account needs a value'],
  ['deposits btc --account a --account b', 'The flag --account can only be set once'],
  ['deposits btc --limit 0', '--limit "0": expected a whole number from 1 to 1000'],
  ['deposits btc --limit 1e3', '--limit "1e3": expected a whole number from 1 to 1000'],
  [
    'deposits btc --status creditd',
    '--status "creditd": expected one of detected, credited, settled, dropped; did you mean credited?',
  ],
  ['events btc --after -1', '--after "-1": expected a whole number from 0 to 9007199254740991'],
  ['rescan --from 2026-02-30', '--from "2026-02-30": expected a block height or a day such as 2026-01-31'],
  ['rescan --from yesterday', '--from "yesterday": expected a block height or a day such as 2026-01-31'],
  ['init a.yaml --config b.yaml', 'two configs are named, a.yaml and --config b.yaml; expected one'],
  ['config.yaml init', 'the console does not take "init"'],
];

test.each(refused)('%s is a usage error that says what is meant', async (line, message) => {
  const {code, stdout, stderr} = await runVerb(line.split(' '));
  expect(stderr.split('\n')[0]).toBe(`cryptoassets-console: ${message}`);
  expect(code).toBe(64);
  expect(stdout).toBe('');
});

test('a usage error with --json is one JSON object, on stdout and on stderr', async () => {
  const {code, stdout, stderr} = await runVerb(['snd', '--json']);
  expect(JSON.parse(stderr)).toEqual({
    code: 'usage',
    detail: 'there is no verb "snd"; did you mean send?',
    advice: ['See: cryptoassets-console --help'],
    exit_code: 64,
  });
  expect({code, stdout}).toEqual({code: 64, stdout: stderr});
});

test.each(verbs.filter(verb => verb.name !== '').map(verb => verb.name))(
  '%s --help has usage, flags and examples',
  async name => {
    const {code, stdout, stderr} = await runVerb([...name.split(' '), '--help']);
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    expect(stdout).toContain(`Usage\n  cryptoassets-console ${name}`);
    expect(stdout).toContain('--json');
    expect(stdout).toMatch(new RegExp(`Examples\n  cryptoassets-console ${name}`));
    expect(Math.max(...stdout.split('\n').map(line => line.length))).toBeLessThanOrEqual(130);
  },
);

test('every example of the help is accepted by the argument check', async () => {
  for (const verb of verbs)
    for (const example of verb.examples) {
      const argv = [...example.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) =>
        (quoted ?? word).replace('%s', 'a'.repeat(64)),
      );
      const {code, stderr} = await runVerb(argv, {environment: {CRYPTOASSETS_CONFIG: '/nowhere/config.yaml'}});
      expect(code, `${example}: ${stderr}`).not.toBe(64);
    }
});

test('--help lists every verb, -h, help and help VERB do the same, and --json wraps it', async () => {
  const {stdout} = await runVerb(['--help']);
  for (const verb of verbs) expect(stdout).toContain(verb.name);
  expect((await runVerb(['-h'])).stdout).toBe(stdout);
  expect((await runVerb(['help'])).stdout).toBe(stdout);
  expect((await runVerb(['help', 'send'])).stdout).toBe((await runVerb(['send', '--help'])).stdout);
  expect(JSON.parse((await runVerb(['--help', '--json'])).stdout)).toEqual({help: stdout.trimEnd()});
});

test('--version says the version of package.json', async () => {
  expect((await runVerb(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(JSON.parse((await runVerb(['--version', '--json'])).stdout)).toEqual({version: expect.stringMatching(/^\d/)});
});
