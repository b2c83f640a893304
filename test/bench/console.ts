import {spawn, type ChildProcess} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {createInterface} from 'node:readline';
import {programCommand} from '../support/program.ts';
import {systemProgram} from '../support/system-program.ts';
import {until} from '../support/until.ts';
import {writeConfigFile} from '../support/config-file.ts';
import {HeapOf} from './heap-of.ts';
import {type Figure, median, percentile} from './report.ts';

// The built console on a real terminal of 120x40 (tmux), attached to an engine that only tells what it is told to: so
// that nothing but the console is measured.

const COLUMNS = 120;
const ROWS = 40;
const NEWS = 500;
const MINUTES = Number(process.env['CONSOLE_MINUTES'] ?? 10);
/** ms */
const WARM_UP = 60_000;
const IDLE_SECONDS = 30;
const KEYS = 60;
/** A busy engine asked for no news is at rest after that, ms. */
const SETTLE = 4000;
const FAKE_ENGINE = fileURLToPath(new URL('../console/support/fake-engine.ts', import.meta.url));

const pause = async (milliseconds: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, milliseconds);
  });

/** Clock ticks are hundredths of a second on every Linux that Node runs on. */
const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const memory = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

const share = async (pid: number, seconds: number): Promise<number> => {
  const before = cpuSeconds(pid);
  const begun = performance.now();
  await pause(seconds * 1000);
  return ((cpuSeconds(pid) - before) / ((performance.now() - begun) / 1000)) * 100;
};

/** tmux in control mode: keys go in, and what the program writes is told as it comes, without polling. */
class ControlledTerminal {
  readonly pid: Promise<number>;
  readonly #child: ChildProcess;
  readonly #server: string;
  readonly #tmux: string;
  #onOutput: () => void = () => undefined;

  constructor(tmux: string, command: readonly string[]) {
    this.#tmux = tmux;
    this.#server = `bench-${process.pid}`;
    const {promise, resolve} = Promise.withResolvers<number>();
    this.pid = promise;
    const size = ['-x', String(COLUMNS), '-y', String(ROWS)];
    const words = ['exec', 'env', '-u', 'CI', 'NODE_ENV=production', ...command].join(' ');
    this.#child = spawn(tmux, ['-L', this.#server, '-f', '/dev/null', '-C', 'new-session', ...size, words]);
    createInterface({input: this.#child.stdout!}).on('line', line => {
      if (line.startsWith('%output')) this.#onOutput();
      const pid = /^pid=(\d+)/.exec(line)?.[1];
      if (pid !== undefined) resolve(Number(pid));
    });
    this.#say(`refresh-client -C ${COLUMNS}x${ROWS}`);
    this.#say("display-message -p 'pid=#{pane_pid}'");
  }

  #say(command: string): void {
    this.#child.stdin!.write(`${command}\n`);
  }

  /** ms until the program wrote something after the key. */
  async press(key: string): Promise<number> {
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#onOutput = resolve;
    const begun = performance.now();
    this.#say(`send-keys ${key}`);
    await promise;
    return performance.now() - begun;
  }

  async text(): Promise<string> {
    const capture = spawn(this.#tmux, ['-L', this.#server, 'capture-pane', '-p']);
    let text = '';
    for await (const piece of capture.stdout.setEncoding('utf8')) text += String(piece);
    return text;
  }

  close(): void {
    spawn(this.#tmux, ['-L', this.#server, 'kill-server']);
  }
}

/** Between two frames that come anyway, so that what is written next answers the key. */
const keyTimes = async (terminal: ControlledTerminal): Promise<number[]> => {
  const times: number[] = [];
  for (let index = 0; index < KEYS; index += 1) {
    await pause(150 - (Date.now() % 100));
    times.push(await terminal.press(index % 2 === 0 ? 'j' : 'k'));
  }
  return times;
};

/**
 * What is held is compared, not what the process occupies: V8 lets its heap grow for minutes before it collects all of it,
 * and keeps what it once had. The screens, lists and logs are full after a minute.
 */
const memoryGrowth = async (pid: number, heap: HeapOf): Promise<{perHour: number; heap: number; rss: number}> => {
  await pause(WARM_UP);
  await heap.open(pid);
  const first = await heap.live();
  const begun = performance.now();
  await pause(MINUTES * 60_000);
  const rss = memory(pid);
  const hours = (performance.now() - begun) / 3_600_000;
  const last = await heap.live();
  heap.close();
  return {perHour: (last - first) / hours, heap: last, rss};
};

const below = (at: number): Figure['limit'] => ({of: 'value', at, better: 'below'});

const measure = async (folder: string, tmux: string): Promise<Figure[]> => {
  const config = writeConfigFile({directory: folder, node: {url: 'http://127.0.0.1:1', cookiePath: join(folder, 'c')}});
  const told = join(folder, 'told');
  mkdirSync(told);
  writeFileSync(join(told, 'e.json'), JSON.stringify({socket: config.socket, quiet: true}));
  const tell = (news: number) => writeFileSync(join(told, 'news'), String(news));
  tell(0);
  const engine = spawn(process.execPath, ['--import', 'tsx', FAKE_ENGINE, join(told, 'e.json')], {stdio: 'inherit'});
  await until('the engine to listen', () => readFileSync(join(told, 'e.json')).length > 0, {timeout: 1000});
  await pause(3000);
  const [node, ...program] = programCommand();
  const heap = await HeapOf.prepare();
  const begun = performance.now();
  const terminal = new ControlledTerminal(tmux, [node, heap.flag, ...program, config.path]);
  try {
    await until('the first paint', async () => (await terminal.text()).includes('RUNNING'), {every: 10});
    const paint = performance.now() - begun;
    const pid = await terminal.pid;
    await pause(SETTLE);
    const idle = await share(pid, IDLE_SECONDS);
    tell(NEWS);
    await pause(SETTLE);
    const busy = await share(pid, IDLE_SECONDS);
    const keys = await keyTimes(terminal);
    const grown = await memoryGrowth(pid, heap);
    return [
      {name: 'first paint, attached', value: paint, unit: 'ms', limit: below(1500)},
      {name: 'console at rest', value: idle, unit: '% of a core', limit: below(1)},
      {name: `console at ${NEWS} events/s`, value: busy, unit: '% of a core', limit: below(15)},
      {name: `key to frame at ${NEWS} events/s, median`, value: median(keys), unit: 'ms', limit: below(100)},
      {name: `key to frame at ${NEWS} events/s, p95`, value: percentile(keys, 0.95), unit: 'ms'},
      {name: `RSS after ${MINUTES} min at ${NEWS} events/s`, value: grown.rss, unit: 'MB'},
      {name: '  live heap, all garbage collected', value: grown.heap, unit: 'MB'},
      {name: '  its growth', value: grown.perHour, unit: 'MB/h', limit: below(30)},
    ];
  } finally {
    terminal.close();
    engine.kill();
  }
};

/** What the console costs its machine, and how fast it answers. */
export const consoleCost = async (): Promise<Figure[]> => {
  const tmux = systemProgram('tmux', 'tmux');
  if (tmux === undefined) return [];
  const folder = mkdtempSync(join(tmpdir(), 'bench-console-'));
  try {
    return await measure(folder, tmux);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
};
