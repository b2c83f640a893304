import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {isListening} from '../../source/console/session/connection.ts';
import {systemProgram} from '../support/system-program.ts';
import {until} from '../support/until.ts';
import {Tmux} from './support/tmux.ts';

const MAIN = fileURLToPath(new URL('support/console-main.ts', import.meta.url));

let folder: string;
let tmux: Tmux;
const path = (name: string) => join(folder, name);
const tell = (name: string, text = '') => {
  writeFileSync(path(name), text);
};
const open = (...flags: string[]) => {
  tmux.run(process.execPath, '--import', 'tsx', MAIN, path('config.json'), ...flags);
};
const pidOn = (screen: string) => Number(/pid (\d+)/.exec(screen)?.[1]);
const enginePid = async () => pidOn(await tmux.sees(/RUNNING.*pid \d+/));
const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
const parentOf = (pid: number) => Number(/PPid:\t(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
const engines = new Set<number>();
const hosted = async (): Promise<number> => {
  const pid = await enginePid();
  engines.add(pid);
  return pid;
};

describe.skipIf(systemProgram('tmux', 'tmux') === undefined)('the console in a terminal', {timeout: 120_000}, () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'console-'));
    tell('config.json', JSON.stringify({socket: path('e.sock')}));
    tell('ledger');
    tmux = new Tmux(120, 40);
  });

  afterEach(async () => {
    const pid = pidOn(tmux.screen());
    if (pid > 0) engines.add(pid);
    tmux.dispose();
    for (const pid of engines) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    engines.clear();
    await until('the engine to be gone', async () => !(await isListening(path('e.sock'))));
    rmSync(folder, {recursive: true, force: true});
  });

  it('hosts an engine that outlives its kill -9, and attaches to it the next time', async () => {
    open();
    const pid = await hosted();
    expect(await tmux.sees('hosting')).toContain('1 Pending broadcasts');
    process.kill(parentOf(pid), 'SIGKILL');
    await tmux.sees('EXIT 137');
    expect(isAlive(pid)).toBe(true);
    tmux.renew();
    open();
    expect(pidOn(await tmux.sees(/RUNNING.*attached/))).toBe(pid);
  });

  it('ends with its terminal, and leaves the engine running', async () => {
    open();
    const pid = await hosted();
    const consolePid = parentOf(pid);
    tmux.renew();
    await until('the console to end', () => !isAlive(consolePid));
    expect(isAlive(pid)).toBe(true);
  });

  it('keeps the shell as it was, scrollback included, over resizing and quitting', async () => {
    // What is typed before the shell reads is echoed twice.
    await tmux.sees('shell%');
    tmux.run('seq', '1', '150');
    await tmux.sees(/^150$/m);
    open();
    await hosted();
    tmux.resize(80, 24);
    await tmux.sees('[1 Pending 4!]');
    tmux.resize(52, 14);
    await tmux.sees('needs 60x16, have 52x14');
    tmux.resize(120, 40);
    await tmux.sees('6 Jobs');
    tmux.keys('q');
    await tmux.sees('What becomes of it?');
    await until('the dialog to listen', () => {
      if (!tmux.screen().includes('EXIT 0')) tmux.keys('Enter');
      return tmux.screen().includes('EXIT 0');
    });
    await tmux.sees('The engine goes on');
    const numbers = () =>
      tmux
        .screen({history: true})
        .split('\n')
        .filter(line => /^\d+$/.test(line));
    expect(numbers()).toEqual(Array.from({length: 150}, (_, index) => String(index + 1)));
  });

  it('says that the engine is gone, refuses what would change it, and starts it again', async () => {
    open();
    const pid = await hosted();
    process.kill(pid, 'SIGSTOP');
    await tmux.sees(/LOST \d+s/);
    tmux.keys('r');
    await tmux.sees('refused');
    process.kill(pid, 'SIGKILL');
    await tmux.sees('starting it again');
    await until('another engine', async () => (await hosted()) !== pid);
  });

  it('shows a node that is down, and its recovery', async () => {
    open();
    await hosted();
    tell('node-down');
    await tmux.sees('✗ DOWN');
    rmSync(path('node-down'));
    await tmux.sees('● ok');
  });

  it('starts nothing from a burst of keys, and a rescan when asked properly', async () => {
    open();
    await hosted();
    tmux.keys('r', 'y', 'Enter');
    await tmux.sees('running it twice changes nothing');
    expect(existsSync(path('rescans'))).toBe(false);
    tmux.keys('Escape');
    await until('the dialog to close', () => !tmux.screen().includes('running it twice changes nothing'));
    tmux.keys('r');
    await until('the dialog to listen', () => {
      const isTyped = / 905000 /.test(tmux.screen());
      if (!isTyped) tmux.keys(...Array.from({length: 10}, () => 'BSpace'), '905000');
      return isTyped;
    });
    await tmux.sees('reads 12 of 7,345 blocks');
    tmux.keys('Enter');
    await tmux.sees('▶ running');
    expect(readFileSync(path('rescans'), 'utf8')).toBe('905000\n');
    tmux.keys('x');
    await tmux.sees('✗ cancelled', 2000);
  });

  it('warns at one Ctrl-C, stops its engine at the second and exits 0', async () => {
    open();
    const pid = await hosted();
    tmux.keys('C-c');
    await tmux.sees('Ctrl-C again: stop the engine and leave');
    tmux.keys('C-c');
    await tmux.sees('EXIT 0');
    expect(isAlive(pid)).toBe(false);
    expect(readFileSync(path('stopped'), 'utf8')).toBe('by the API');
  });

  it('ends the engine of a demo without asking', async () => {
    open('--stop');
    const pid = await hosted();
    tmux.keys('q');
    await tmux.sees('EXIT 0');
    expect(isAlive(pid)).toBe(false);
  });

  it('invites to create the ledger, shows what failed, and hosts once it is there', async () => {
    rmSync(path('ledger'));
    tell('init-fails');
    open();
    await tmux.sees('There is no ledger yet for BTC');
    await until('the invitation to listen', () => {
      if (!tmux.screen().includes('1 of 2 failed')) tmux.keys('i');
      return tmux.screen().includes('1 of 2 failed');
    });
    expect(tmux.screen()).toContain('start bitcoind, or correct coins.btc.backend.url');
    rmSync(path('init-fails'));
    tmux.keys('i');
    await hosted();
    await tmux.sees('1 Pending broadcasts');
  });

  it('shows the last words of an engine that refuses its config, and takes over its exit code', async () => {
    tell('exit-code', '78');
    open();
    await tmux.sees('coins.btc.backend.url: not a url');
    tmux.keys('q');
    await tmux.sees('EXIT 78');
  });

  it('gives the terminal back when the screen fails, and the engine lives on', async () => {
    open();
    const pid = await hosted();
    tell('bad-status');
    await tmux.sees('EXIT 1');
    expect(tmux.screen()).toContain(`The engine goes on (pid ${pid})`);
    expect(isAlive(pid)).toBe(true);
    tmux.run('echo', 'typed');
    await tmux.sees(/^typed/m);
  });

  it('goes to the shell with Ctrl-Z and comes back drawn anew, its engine going on', async () => {
    open();
    const pid = await hosted();
    tmux.keys('C-z');
    await tmux.sees(/Stopped|Suspended/);
    expect(isAlive(pid)).toBe(true);
    expect(tmux.screen()).not.toContain('Pending broadcasts');
    tmux.keys('fg', 'Enter');
    await tmux.sees('1 Pending broadcasts');
    tmux.keys('2');
    await tmux.sees('┏━ 2 Incoming');
  });

  it('filters, zooms, sorts and hides amounts in a burst of keys', async () => {
    open();
    await hosted();
    tmux.keys('1', 'z', 's', 's', '/', '8', '8', '1', '1', '7', 'Enter');
    const screen = await tmux.sees('/88117');
    expect(screen).toContain('sort amount');
    expect(screen).not.toContain('3 Backends');
    expect(screen).toContain('1200.00000000');
    tmux.keys('$');
    await until('the amounts to be hidden', () => !tmux.screen().includes('1200.00000000'));
  });

  it('has no hues with NO_COLOR, and marks everything by words all the same', async () => {
    tmux.run('env', 'NO_COLOR=1', process.execPath, '--import', 'tsx', MAIN, path('config.json'));
    await hosted();
    tell('node-down');
    await tmux.sees('✗ DOWN');
    const drawn = tmux.screen({codes: true}).split('\n').slice(0, 38).join('\n');
    // oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
    const codes = new Set([...drawn.matchAll(/\u001b\[([0-9;]*)m/g)].flatMap(match => match[1]!.split(';')));
    expect([...codes].filter(code => !['', '0', '1', '2', '7', '39', '49'].includes(code))).toEqual([]);
  });

  it('reads itself out to a screen reader: lines, no frames, and keys work', async () => {
    open('--screen-reader');
    await tmux.sees('engine running, hosting');
    tell('node-down');
    await tmux.sees('BTC node down: connection refused');
    rmSync(path('node-down'));
    await tmux.sees('BTC node ok');
    tmux.keys('j');
    await tmux.sees(/88117 1200\.00000000/);
    tmux.keys('q');
    await tmux.sees('What becomes of it?');
    expect(tmux.screen()).not.toMatch(/[─━│┃]/);
    await until('the dialog to listen', () => {
      if (!tmux.screen().includes('EXIT 0')) tmux.keys('Enter');
      return tmux.screen().includes('EXIT 0');
    });
    engines.add(Number(/pid (\d+)/.exec(tmux.screen())?.[1]));
  });
});
