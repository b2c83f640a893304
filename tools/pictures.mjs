// Pictures of the console for the README, from the real program: `npm run pictures`. A demo engine on its own regtest
// node runs in tmux; what stands on its screen is read back with its colours and written as SVG, and half a minute of it
// as a terminal recording (asciicast v2, for `asciinema play`) and as a moving SVG.
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {toAnimation, toSvg} from './pictures/svg.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'docs/pictures');
const WIDE = {columns: 120, rows: 40};
const NARROW = {columns: 80, rows: 24};
const PATIENCE = 180_000;
const recording = join(target, 'console.cast');

const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
const socket = `pictures-${process.pid}`;
const tmux = (...words) => execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...words], {encoding: 'utf8'});
const keys = (...names) => tmux('send-keys', '-t', 'main', ...names);
const captured = () => tmux('capture-pane', '-e', '-p', '-t', 'main').split('\n').slice(0, -1);

/** Waits until the screen shows it. */
const shows = async pattern => {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    if (pattern.test(tmux('capture-pane', '-p', '-t', 'main'))) return;
    await sleep(100);
  }
  throw new Error(`the screen never showed ${pattern}:\n${captured().join('\n')}`);
};

/** The screen of now as the first event, then everything that the terminal is sent. */
const startRecording = size => {
  const head = {version: 2, width: size.columns, height: size.rows, title: 'cryptoassets-console demo'};
  const first = [0, 'o', `\u001B[2J\u001B[H${captured().join('\r\n')}`];
  writeFileSync(recording, `${JSON.stringify(head)}\n${JSON.stringify(first)}\n`);
  const script = join(root, 'tools/pictures/timestamps.mjs');
  tmux('pipe-pane', '-t', 'main', '-o', `'${process.execPath}' '${script}' >> '${recording}'`);
};

const picture = async (name, size, title) => {
  writeFileSync(join(target, `${name}.svg`), await toSvg(captured(), size, title));
  console.log(`docs/pictures/${name}.svg`);
};

try {
  mkdirSync(target, {recursive: true});
  const program = `cd ${folder} && env -u CI -u NO_COLOR LANG=C.UTF-8 TERM=xterm-256color XDG_STATE_HOME=${folder} ${process.execPath} ${join(root, 'dist/cli.js')} demo; exec cat`;
  const size = ['-x', String(WIDE.columns), '-y', String(WIDE.rows)];
  tmux('new-session', '-d', ...size, '-s', 'main', '/bin/sh', '-c', program);
  await shows(/RUNNING/);
  await shows(/settled/);
  await shows(/→ sent/);
  await picture('main', WIDE, 'The console: nodes, payouts, deposits, events, jobs and the log of one engine');
  startRecording(WIDE);
  await sleep(3000);
  keys('Enter');
  await shows(/What happened/);
  await shows(/sent, the node said/);
  await picture('detail', WIDE, 'Everything about one payout');
  await sleep(3000);
  keys('Escape');
  await sleep(1500);
  keys('r');
  await shows(/estimate/);
  await picture('rescan', WIDE, 'The sheet of a rescan');
  await sleep(1500);
  keys('Enter');
  await shows(/finished/);
  await sleep(2000);
  keys(':');
  await sleep(1000);
  keys('p', 'a', 'y');
  await sleep(2000);
  keys('Escape');
  await sleep(1500);
  tmux('pipe-pane', '-t', 'main');
  console.log('docs/pictures/console.cast');
  writeFileSync(
    join(target, 'console.svg'),
    await toAnimation(
      readFileSync(recording, 'utf8'),
      'Half a minute of the console: a payout in detail, a rescan, the palette',
    ),
  );
  console.log('docs/pictures/console.svg');
  keys('2');
  tmux('resize-window', '-t', 'main', '-x', String(NARROW.columns), '-y', String(NARROW.rows));
  await shows(/\[2 /);
  await shows(/░ \d\/\d/);
  await picture('narrow', NARROW, 'The same on 80 columns and 24 rows');
  keys('q');
  await shows(/ended; its files/);
} finally {
  tmux('kill-server');
  rmSync(folder, {recursive: true, force: true});
}
