import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {freePort} from '../support/free-port.ts';
import {OtherProgram} from '../support/other-program.ts';
import {programCommand} from '../support/program.ts';
import {Hopeless, until} from '../support/until.ts';

// What `npm run shop` starts: the shop with the demo beside it.

const root = fileURLToPath(new URL('../..', import.meta.url));
let directory: string;
let program: OtherProgram;
let url: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cac-shop-'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const [node, ...first] = programCommand();
  const env = {
    DEMO_FOLDER: join(directory, 'demo'),
    PORT: String(port),
    // The program's entry: the last word of the command that starts it.
    CRYPTOASSETS_CONSOLE: first.at(-1)!,
  };
  program = new OtherProgram(node, [...first.slice(0, -1), 'examples/shop/with-demo.ts'], {cwd: root, env});
});
afterAll(async () => {
  await program?.stop('SIGKILL');
  rmSync(directory, {recursive: true, force: true, maxRetries: 5, retryDelay: 200});
});

test('an order is paid with the coins of the demo and heard of by reading the events', async () => {
  await until(
    'the shop to open',
    () => {
      if (program.child.exitCode !== null) throw new Hopeless(program.output);
      return program.output.includes('The shop is open');
    },
    {timeout: 90_000},
  );
  const ordered = await fetch(`${url}/orders`, {
    method: 'POST',
    body: new URLSearchParams({item: 'Coffee beans'}),
    redirect: 'manual',
  });
  const order = `${url}${ordered.headers.get('location')}`;
  expect(await (await fetch(order)).text()).toContain("Pay with the demo's coins");
  await fetch(`${order}/pay`, {method: 'POST'});
  const state = async () => ((await (await fetch(`${order}.json`)).json()) as {state: string}).state;
  await until('it to be paid', async () => (await state()) === 'paid', {timeout: 90_000});
  // Only itself is told; the demo that it started ends with it.
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  expect(program.output).toContain('ended; its files are in');
});
