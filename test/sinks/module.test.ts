import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, describe, expect, test} from 'vitest';
import type {DeliveryAnswer, Sink} from '../../source/outbox/ports.ts';
import {silentLog, type Log} from '../../source/primitives/log.ts';
import {createModuleSink} from '../../source/sinks/module.ts';
import {anEvent} from '../support/an-event.ts';

const folder = mkdtempSync(join(tmpdir(), 'module-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));
const open: Sink[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(async sink => sink.close()));
});

let count = 0;
const module = async (
  source: string,
  {timeout = 20_000, log = silentLog, loadTimeout = 20_000} = {},
): Promise<Sink> => {
  count += 1;
  const path = join(folder, `handler-${count}.mjs`);
  writeFileSync(path, source);
  const sink = await createModuleSink('app', {path, timeout}, {log, loadTimeout});
  open.push(sink);
  return sink;
};
const deliver = async (sink: Sink, sequence = 7, signal = new AbortController().signal): Promise<DeliveryAnswer> => {
  const event = anEvent(sequence);
  return sink.deliver(event, JSON.stringify(event), signal);
};
const out = join(folder, 'out');
const APPEND = `import {appendFileSync} from 'node:fs'; const note = text => appendFileSync(${JSON.stringify(out)}, text);`;

test('the handler gets the event, and keeps its state between events', async () => {
  const sink = await module(`${APPEND} let calls = 0;
    export default async event => { calls += 1; await null; note(JSON.stringify({calls, event}) + '\\n'); };`);
  expect(await deliver(sink, 1)).toEqual({kind: 'delivered', status: undefined});
  expect(await deliver(sink, 2)).toEqual({kind: 'delivered', status: undefined});
  expect(
    readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line)),
  ).toEqual([
    {calls: 1, event: anEvent(1)},
    {calls: 2, event: anEvent(2)},
  ]);
});

test.each([
  ['throws', 'export default () => { throw new Error("no stock\\u202e"); }', 'Error: no stock\\u{202e}'],
  ['rejects', 'export default async () => { throw "plain"; }', 'plain'],
])('one that %s is a failure, and goes on with the next', async (_what, source, words) => {
  const sink = await module(source);
  expect(await deliver(sink)).toEqual({kind: 'failed', words});
  expect(await deliver(sink)).toEqual({kind: 'failed', words});
});

describe('a module that cannot be loaded is named at the start', () => {
  test.each([
    ['has an error in it', 'export default (', /SyntaxError/],
    ['throws as it loads', 'throw new Error("no database")', /Error: no database/],
    ['imports what is not there', 'import "./nobody.mjs"; export default () => 1', /Cannot find module/],
    ['exports no function', 'export default 7', /no default export that is a function/],
    [
      'never finishes loading',
      'await new Promise(() => setInterval(() => 1, 1000)); export default () => 1',
      /took longer than 0\.5 s/,
    ],
    ['ends the process', 'process.exit(3)', /thread ended with code 3/],
  ])('one that %s', async (_what, source, words) => {
    const loading = module(source, {loadTimeout: source.startsWith('await') ? 500 : 20_000});
    await expect(loading).rejects.toMatchObject({code: 'bad_config', message: expect.stringMatching(words)});
    await expect(loading).rejects.toThrow(/handler-\d+\.mjs cannot be loaded/);
  });

  test('one that is not there', async () => {
    const path = join(folder, 'nobody.mjs');
    await expect(createModuleSink('app', {path, timeout: 1000}, {log: silentLog})).rejects.toMatchObject({
      code: 'bad_config',
      message: expect.stringContaining(path),
    });
  });
});

describe('what misbehaves harms only its own thread', () => {
  // The marker file tells the first thread from the second.
  const once = (harm: string) => `import {existsSync, writeFileSync} from 'node:fs';
    const marker = import.meta.filename + '.ran';
    export default async () => { if (!existsSync(marker)) { writeFileSync(marker, ''); ${harm} } };`;

  test.each([
    ['blocks', 'for (;;);', 'took longer than 0.7 s'],
    ['hangs', 'await new Promise(() => setInterval(() => 1, 1000));', 'took longer than 0.7 s'],
  ])('a handler that %s is ended in time, and another thread takes the event', async (_what, harm, words) => {
    const sink = await module(once(harm), {timeout: 700});
    // What the engine does meanwhile: turns of this event loop.
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 10);
    expect(await deliver(sink)).toEqual({kind: 'failed', words});
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
    expect(await deliver(sink)).toMatchObject({kind: 'delivered'});
  });

  test.each([
    ['exits', 'process.exit(4);', /its thread ended with code 4/],
    [
      'throws where nobody catches',
      'setImmediate(() => { throw new Error("stray"); }); await new Promise(() => setInterval(() => 1, 1000));',
      /stray/,
    ],
  ])('a handler that %s', async (_what, harm, words) => {
    const sink = await module(once(harm));
    expect(await deliver(sink)).toMatchObject({kind: 'failed', words: expect.stringMatching(words)});
    expect(await deliver(sink)).toMatchObject({kind: 'delivered'});
  });

  test('one under way when the engine stops', async () => {
    const sink = await module('export default () => new Promise(() => setInterval(() => 1, 1000))');
    const stop = new AbortController();
    const running = deliver(sink, 7, stop.signal);
    stop.abort();
    expect(await running).toEqual({kind: 'failed', words: 'was stopped with the engine'});
  });
});

test('what it prints goes to the log, cleaned and not without end', async () => {
  const lines: string[] = [];
  const log: Log = {...silentLog, info: (_fields, line) => lines.push(line)};
  const sink = await module(
    'export default () => { for (let i = 0; i < 1000; i++) console.log(`line ${i}\\u001b`); }',
    {log},
  );
  await deliver(sink);
  // Its output comes over another channel than its answer.
  await sink.close();
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThanOrEqual(21);
  expect(lines[0]).toBe('line 0\\u{1b}');
});
