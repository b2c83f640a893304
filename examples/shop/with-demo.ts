// `npm run shop`: the shop beside the demo, whose coins pay for the customer. Starts the demo unless it runs already.
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {connect, fileCursor} from 'cryptoassets-console';
import {Shop} from './shop.ts';

const folder = process.env['DEMO_FOLDER'] ?? 'demo';
const client = connect({socket: join(folder, 'engine.sock')});
const ended = new AbortController();

const answers = async (): Promise<boolean> => {
  try {
    return (await client.health({retries: 0})).status !== 'failing';
  } catch {
    // Not there, or not yet.
    return false;
  }
};

const startDemo = async (): Promise<void> => {
  const program = process.env['CRYPTOASSETS_CONSOLE'] ?? fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
  const args = [...process.execArgv, program, 'demo', '--headless', '--directory', folder];
  const demo = spawn(process.execPath, args, {stdio: 'inherit'});
  demo.once('exit', () => ended.abort());
  ended.signal.addEventListener('abort', () => demo.kill());
  while (!ended.signal.aborted && !(await answers())) await new Promise(resolve => setTimeout(resolve, 200));
};

/** A payment from the wallet of the demo's customers. */
const pay = async (address: string, amount: string): Promise<void> => {
  const config = readFileSync(join(folder, 'config.yaml'), 'utf8');
  const url = /url: (http:\/\/127\.0\.0\.1:\d+)/.exec(config)?.[1] ?? '';
  const cookie = readFileSync(/cookie: "(.+?)"/.exec(config)?.[1] ?? '', 'utf8').trim();
  const answer = await fetch(`${url}/wallet/outside`, {
    method: 'POST',
    headers: {authorization: `Basic ${Buffer.from(cookie).toString('base64')}`},
    body: JSON.stringify({method: 'sendtoaddress', params: [address, amount]}),
  });
  if (!answer.ok) throw new Error(`the demo's node: ${await answer.text()}`);
};

if (!(await answers())) await startDemo();
if (!ended.signal.aborted) {
  const shop = new Shop({client, database: join(folder, 'shop.sqlite'), pay});
  const url = await shop.start(Number(process.env['PORT'] ?? 8080));
  console.log(`The shop is open at ${url}; Ctrl-C ends it`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
  await shop.follow(fileCursor(join(folder, 'shop-cursors')), ended.signal);
  await shop.stop();
}
