import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, describe, expect, test} from 'vitest';
import {programCommand} from '../support/program.ts';
import {systemProgram} from '../support/system-program.ts';
import {TmuxScreen} from '../support/tmux-screen.ts';

const tmux = systemProgram('tmux', 'tmux');
const folder = mkdtempSync(join(tmpdir(), 'key-tmux-'));
const config = join(folder, 'config.yaml');
writeFileSync(
  config,
  `coins:
  btc:
    network: regtest
    backend: {type: bitcoind, url: "http://127.0.0.1:18443", auth: {user: shop, password: x}, wallet: hot}
    wallet: {signer: {type: key, file: ./btc.key, passphrase: {file: ./none}}}
`,
);
let screen: TmuxScreen | undefined;
afterEach(async () => {
  await screen?.close();
  rmSync(join(folder, 'btc.key'), {force: true});
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

describe.skipIf(tmux === undefined)('in a real terminal', () => {
  const start = async (...args: string[]) =>
    (screen = await TmuxScreen.start(tmux!, [...programCommand(), ...args, '--config', config]));

  test('key create: nothing secret stays on the screen or in what can be scrolled back to', async () => {
    const terminal = await start('key', 'create', 'btc');
    await terminal.shows(/New passphrase:/);
    await terminal.press('correct horse battery', 'Enter');
    await terminal.shows(/Once more:/);
    await terminal.press('correct horse battery', 'Enter');
    const shown = await terminal.shows(/24\. [a-z]+[^]*Press Enter/);
    const words = new Map([...shown.matchAll(/(\d+)\. ([a-z]+)/g)].map(match => [match[1]!, match[2]!]));
    expect(words.size).toBe(24);
    await terminal.press('Enter');
    let last = '';
    for (let asked = 0; asked < 2; asked += 1) {
      const text = await terminal.shows(
        new RegExp(`Word (?!${last === '' ? '0' : last} )\\d+ \\(not shown\\): *$`, 'm'),
      );
      last = [...text.matchAll(/Word (\d+)/g)].at(-1)![1]!;
      await terminal.press(words.get(last)!, 'Enter');
    }
    await terminal.shows(/ended with 0/);
    const seen = await terminal.history();
    expect(seen).toContain('wpkh([');
    expect(seen).not.toContain('horse');
    for (const word of words.values()) if (word.length > 6) expect(seen).not.toContain(word);
    expect(existsSync(join(folder, 'btc.key'))).toBe(true);
  }, 90_000);

  test('Ctrl-C while the words are shown makes no key and hides them', async () => {
    const terminal = await start('key', 'create', 'btc');
    for (const question of [/New passphrase:/, /Once more:/]) {
      await terminal.shows(question);
      await terminal.press('correct horse battery', 'Enter');
    }
    const shown = await terminal.shows(/24\. ([a-z]+)/);
    await terminal.press('C-c');
    await terminal.shows(/nothing was changed[^]*ended with 1/);
    const seen = await terminal.history();
    for (const [, word] of shown.matchAll(/\d+\. ([a-z]+)/g)) if (word!.length > 7) expect(seen).not.toContain(word);
    expect(existsSync(join(folder, 'btc.key'))).toBe(false);
  }, 90_000);
});
