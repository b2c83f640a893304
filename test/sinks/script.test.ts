import {chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import type {DeliveryAnswer, Sink} from '../../source/outbox/ports.ts';
import {createScriptSink} from '../../source/sinks/script.ts';
import {anEvent} from '../support/an-event.ts';
import {until} from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'script-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const LIMITS = {grace: 200, outputBytes: 100_000};
const EVENT = anEvent();
const BODY = JSON.stringify(EVENT);
let count = 0;

/** A shell script of these lines as a sink. */
const script = (lines: string, {timeout = 20_000, args = [] as string[], limits = LIMITS} = {}): Sink => {
  count += 1;
  const path = join(folder, `script-${count}.sh`);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return createScriptSink('books', {command: [path, ...args], folder, timeout}, limits);
};
const deliver = async (sink: Sink, signal = new AbortController().signal): Promise<DeliveryAnswer> =>
  sink.deliver(EVENT, BODY, signal);
const file = (name: string): string => join(folder, name);
const pidIn = async (name: string): Promise<number> =>
  until(`a pid in ${name}`, () => existsSync(file(name)) && Number(readFileSync(file(name), 'utf8')), {every: 5});
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // One that nobody has waited for is gone too.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // No such process.
    return false;
  }
};

describe('a run', () => {
  test('gets the event as one line of JSON on its stdin, in the folder of the config, with its arguments', async () => {
    const sink = script('cat > "$1"; pwd >> "$1"', {args: ['got']});
    expect(await deliver(sink)).toEqual({kind: 'delivered', status: 0});
    const [line = '', ...rest] = readFileSync(file('got'), 'utf8').split('\n');
    expect(JSON.parse(line)).toEqual(EVENT);
    expect(rest).toEqual([folder, '']);
  });

  test('sees nothing of the engine but what programs need to run', async () => {
    process.env['SHOP_WEBHOOK_SECRET'] = 'must stay here';
    await deliver(script('env > env; tr "\\0" " " < /proc/$$/cmdline > argv'));
    delete process.env['SHOP_WEBHOOK_SECRET'];
    const names = readFileSync(file('env'), 'utf8')
      .split('\n')
      .map(line => line.split('=')[0]);
    expect(names).toEqual(expect.arrayContaining(['CRYPTOASSETS_COIN', 'CRYPTOASSETS_EVENT_ID', 'PATH']));
    const foreign = names.filter(
      name =>
        !/^(CRYPTOASSETS_\w+|PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_ALL|TZ|TMPDIR|PWD|OLDPWD|SHLVL|_|)$/.test(name!),
    );
    expect(foreign).toEqual([]);
    expect(readFileSync(file('argv'), 'utf8')).not.toContain(EVENT.id);
  });

  test('need not read its input', async () => {
    expect(await deliver(script('exec <&-; exit 0'))).toMatchObject({kind: 'delivered'});
  });

  test.each([
    [75, 'echo busy >&2; exit 75', 'exit code 75: busy'],
    [1, 'printf "one\\ntwo\\n"; exit 1', 'exit code 1: one | two'],
    [3, 'printf "\\033[31mred \\342\\200\\256"; exit 3', 'exit code 3: \\u{1b}[31mred \\u{202e}'],
  ])('that ends with %i is a failure, with its last words cleaned', async (status, lines, words) => {
    expect(await deliver(script(lines))).toEqual({kind: 'failed', words, status});
  });

  test('killed by a signal is a failure', async () => {
    expect(await deliver(script('kill -9 $$'))).toEqual({kind: 'failed', words: 'ended by SIGKILL'});
  });

  test.each([
    ['that is not there', ['./nobody.sh'], /no such program/],
    ['that is not executable', ['./plain.txt'], /not executable/],
  ])('of a program %s is a failure that says so, also to check', async (_what, command, words) => {
    writeFileSync(file('plain.txt'), 'text');
    const path = join(folder, command[0]!);
    const sink = createScriptSink('books', {command: [path], folder, timeout: 1000}, LIMITS);
    expect(await deliver(sink)).toMatchObject({kind: 'failed', words: expect.stringMatching(words)});
    await expect(sink.probe()).rejects.toMatchObject({code: 'bad_config', message: expect.stringContaining(path)});
  });

  test('check finds a program by its path or its name', async () => {
    expect(await script('true').probe()).toMatch(/script-\d+\.sh can be run$/);
    const sink = createScriptSink('books', {command: ['sh', '-c', 'true'], folder, timeout: 1000}, LIMITS);
    expect(await sink.probe()).toMatch(/\/sh can be run$/);
  });
});

describe('what misbehaves is stopped as a group', () => {
  test('a run that hangs, with all that it started', async () => {
    const sink = script('sleep 1000 & echo $! > hang; echo waiting; wait', {timeout: 700});
    const answer = await deliver(sink);
    expect(answer).toEqual({kind: 'failed', words: 'took longer than 0.7 s: waiting'});
    const pid = await pidIn('hang');
    await until('the child to be gone', () => !isAlive(pid));
  });

  test('a run that ignores SIGTERM', async () => {
    const sink = script('trap "" TERM; echo $$ > deaf; while :; do sleep 1; done', {timeout: 500});
    expect(await deliver(sink)).toMatchObject({
      kind: 'failed',
      words: expect.stringContaining('took longer than 0.5 s'),
    });
    const pid = await pidIn('deaf');
    await until('it to be gone', () => !isAlive(pid));
  });

  test('what a run leaves behind, which would hold its output open for ever', async () => {
    const sink = script('sleep 1000 & echo $! > left');
    expect(await deliver(sink)).toMatchObject({kind: 'delivered'});
    const pid = await pidIn('left');
    await until('the child to be gone', () => !isAlive(pid));
  });

  test('a child that left the group holds up nobody', async () => {
    const sink = script('setsid sh -c "echo \\$\\$ > free; exec sleep 1000" & while [ ! -s free ]; do :; done');
    expect(await deliver(sink)).toMatchObject({kind: 'delivered'});
    process.kill(await pidIn('free'), 'SIGKILL');
  });

  test('a run that floods its output, of which little is kept', async () => {
    const sink = script('echo $$ > flood; exec yes forever');
    const before = process.memoryUsage().rss;
    const answer = await deliver(sink);
    expect(answer).toMatchObject({
      kind: 'failed',
      words: expect.stringMatching(/^wrote more than 100000 bytes: .{10,320}$/),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    const pid = await pidIn('flood');
    await until('it to be gone', () => !isAlive(pid));
  });

  test('a run under way when the engine stops', async () => {
    const stop = new AbortController();
    const running = deliver(script('echo $$ > stopped; sleep 1000'), stop.signal);
    const pid = await pidIn('stopped');
    stop.abort();
    expect(await running).toMatchObject({kind: 'failed', words: 'was stopped with the engine'});
    expect(isAlive(pid)).toBe(false);
    expect(await deliver(script('true'), stop.signal)).toMatchObject({kind: 'failed'});
  });
});
