import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {verbs} from '../../source/commands/verbs.ts';
import {systemProgram} from '../support/system-program.ts';
import {runVerb} from './run-verb.ts';

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'completion-'));
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(join(directory, shell), (await runVerb(['completion', shell])).stdout);
  writeFileSync(join(directory, 'shop.yaml'), '');
});
afterAll(() => rmSync(directory, {recursive: true, force: true}));

const lines = (text: string): string[] => text.split('\n').filter(line => line !== '');

const BASH = systemProgram('bash', 'bash');
const ZSH = systemProgram('zsh', 'zsh');
const FISH = systemProgram('fish', 'fish');

/** What Tab offers after a command line, whose last word is the one being written. */
type Complete = (line: readonly string[]) => string[];

const bash: Complete = line => {
  const script = `
    source "$1"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    $(complete -p cryptoassets-console | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const argv = [
    '--norc',
    '--noprofile',
    '-c',
    script,
    'bash',
    join(directory, 'bash'),
    'cryptoassets-console',
    ...line,
  ];
  return lines(execFileSync(BASH!, argv, {cwd: directory, encoding: 'utf8'}));
};

const fish: Complete = line => {
  const script = 'source $argv[1]; complete --do-complete "$argv[2]"';
  const text = ['cryptoassets-console', ...line].join(' ');
  const argv = ['--no-config', '-c', script, join(directory, 'fish'), text];
  return lines(execFileSync(FISH!, argv, {cwd: directory, encoding: 'utf8'})).map(found => found.split('\t')[0]!);
};

/** zsh completes at its line editor only: what it would offer is caught where it offers it. */
const zsh: Complete = line => {
  const script = `
    source "$1"; shift
    compadd() { shift; for word in "$@"; do [[ $word != $words[CURRENT]* ]] || print -r -- $word; done }
    _files() { for word in *(N); do [[ $word != $words[CURRENT]* ]] || print -r -- $word; done }
    words=("$@"); CURRENT=$#
    _cryptoassets_console`;
  const argv = ['-f', '-c', script, 'zsh', join(directory, 'zsh'), 'cryptoassets-console', ...line];
  return lines(execFileSync(ZSH!, argv, {cwd: directory, encoding: 'utf8'}));
};

const SHELLS: readonly [name: string, complete: Complete, path: string | undefined][] = [
  ['bash', bash, BASH],
  ['zsh', zsh, ZSH],
  ['fish', fish, FISH],
];

for (const [name, complete, path] of SHELLS)
  describe.skipIf(path === undefined)(name, () => {
    test('the first word is a verb', () => {
      expect(complete(['pay'])).toEqual(expect.arrayContaining(['payout', 'payouts']));
      expect(complete([''])).toEqual(expect.arrayContaining(['account', 'send', 'completion', 'check', 'help']));
      expect(complete(['xyz'])).toEqual([]);
    });

    test('the second word of a verb of two, also behind a flag with a value', () => {
      const members = verbs.flatMap(verb => (verb.name.startsWith('account ') ? [verb.name.split(' ')[1]!] : []));
      expect(complete(['account', '']).sort()).toEqual(members.sort());
      expect(complete(['--config', 'shop.yaml', 'account', 'cr'])).toEqual(['create']);
    });

    test('coins where a coin goes, and nothing where nobody can know', () => {
      expect(complete(['deposits', 'b'])).toEqual(['btc']);
      expect(complete(['account', 'show', ''])).toContain('btc');
      expect(complete(['payout', 'show', 'btc', ''])).toEqual([]);
      expect(complete(['completion', 'b'])).toEqual(['bash']);
    });

    test('a word that is a verb itself and begins others', () => {
      expect(complete(['payouts', ''])).toEqual(expect.arrayContaining(['btc', 'pause', 'resume']));
      expect(complete(['payouts', 'pause', 'b'])).toEqual(['btc']);
    });

    test('flags of the verb, and no others', () => {
      const flags = complete(['deposits', 'btc', '--']);
      expect(flags).toEqual(expect.arrayContaining(['--status', '--account', '--json', '--config', '--help']));
      expect(flags).not.toContain('--follow');
      expect(complete(['events', 'btc', '--fol'])).toEqual(['--follow']);
    });

    test('values of flags', () => {
      expect(complete(['deposits', 'btc', '--status', 'cr'])).toEqual(['credited']);
      expect(complete(['payouts', 'btc', '--status', 'he'])).toEqual(['held']);
      expect(complete(['deposits', 'btc', '--account', ''])).toEqual([]);
      expect(complete(['status', '--config', 'sh'])).toEqual(['shop.yaml']);
    });

    test('config files where one goes', () => {
      expect(complete(['check', 'sh'])).toContain('shop.yaml');
      expect(complete(['sh'])).toContain('shop.yaml');
    });
  });

test('a shell that there is no script for is named', async () => {
  const {code, stderr} = await runVerb(['completion', 'csh']);
  expect({code, line: stderr.split('\n')[0]}).toEqual({
    code: 64,
    line: 'cryptoassets-console: completion for "csh": expected bash, zsh, fish',
  });
});
