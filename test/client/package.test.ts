import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {installPacked, type Consumer} from '../support/built-package.ts';

let consumer: Consumer;
beforeAll(() => {
  consumer = installPacked('@types/node', '@types/express', 'express');
  writeFileSync(join(consumer.folder, 'package.json'), '{"type": "module"}');
});
afterAll(() => consumer?.dispose());

test('the package holds the built program, its migrations and its papers, and nothing else', () => {
  const folders = new Set(consumer.files.map(({path}) => (path.includes('/') ? path.split('/')[0]! : path)));
  expect([...folders].sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'config.example.yaml',
    'deploy',
    'dist',
    'docs',
    'drizzle',
    'package.json',
  ]);
  const odd = consumer.files.filter(
    ({path}) =>
      !/^(?:dist\/.+\.(?:js|d\.ts|js\.map)|drizzle\/.+\.(?:sql|json)|deploy\/[^/]+\.(?:conf|service)|docs\/(?:keys|operations)\.md|[^/]+)$/.test(
        path,
      ) || /(?:^|\/)(?:test|examples)\//.test(path),
  );
  expect(odd).toEqual([]);
});

test('the client is typed in a clean folder, declarations included', () => {
  writeFileSync(
    join(consumer.folder, 'good.ts'),
    `import {connect, CryptoassetsError, fileCursor, verifyWebhook, type EventOf, type Payout} from 'cryptoassets-console';
import {cryptoassetsWebhook} from 'cryptoassets-console/express';
import {cryptoassetsWebhook as plugin} from 'cryptoassets-console/fastify';
import express from 'express';
import fastify from 'fastify';

const client = connect({socket: './data/engine.sock'});
const credited = async (event: EventOf<'deposit.credited'>): Promise<string> => event.data.amount;
export const payout: Payout = await client.payouts.create('btc', {account: 'a', address: 'b', amount: '1.0'});
for await (const event of client.events('btc', {cursor: fileCursor('./cursors')})) {
  if (event.type === 'deposit.credited') await credited(event);
  // @ts-expect-error a deposit has no idempotency key
  if (event.type === 'deposit.dropped') event.data.idempotency_key;
}
// @ts-expect-error amounts are no numbers
await client.payouts.create('btc', {account: 'a', address: 'b', amount: 1});
// @ts-expect-error no such event
client.events('btc', {types: ['deposit.vanished']});
const options = {secrets: 'x', onEvent: async () => {}};
express().post('/hooks', cryptoassetsWebhook(options));
await fastify().register(plugin, {...options, path: '/hooks'});
export const field: string | undefined = new CryptoassetsError('a', 'b').field;
export const sequence: number = verifyWebhook('', {}, {secrets: ''}).sequence;
`,
  );
  consumer.compile('good.ts');
  writeFileSync(
    join(consumer.folder, 'bad.ts'),
    `import {connect} from 'cryptoassets-console';\nconnect({sockets: ''});\n`,
  );
  expect(() => consumer.compile('bad.ts')).toThrow(/'sockets' does not exist/);
});

test('importing the client loads neither engine, console, database nor web server, and lets the program end', () => {
  writeFileSync(
    join(consumer.folder, 'light.mjs'),
    `import {registerHooks} from 'node:module';
const loaded = [];
registerHooks({load: (url, context, next) => (loaded.push(url), next(url, context))});
const {connect} = await import('cryptoassets-console');
await connect({socket: '/nowhere/engine.sock', retries: 0}).status().catch(error => loaded.push('code:' + error.code));
await import('cryptoassets-console/express');
await import('cryptoassets-console/fastify');
console.log(JSON.stringify(loaded));
`,
  );
  const loaded = JSON.parse(consumer.run(process.execPath, 'light.mjs')) as string[];
  expect(loaded).toContain('code:engine_unreachable');
  const own = loaded.flatMap(url => /cryptoassets-console\/dist\/(.+)$/.exec(url)?.[1] ?? []);
  expect(new Set(own.map(path => path.split('/')[0]))).toEqual(new Set(['client', 'api', 'config', 'primitives']));
  expect(own.filter(path => /^(?:api\/(?:server|routes)|config\/(?!hosts))/.test(path))).toEqual([]);
  const packages = new Set(loaded.flatMap(url => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []));
  packages.delete('cryptoassets-console');
  expect([...packages].sort()).toEqual(['eventsource-parser', 'undici']);
});

test('the program runs from there, and inner files are not for import', () => {
  const manifest = JSON.parse(
    readFileSync(join(consumer.folder, 'node_modules', 'cryptoassets-console', 'package.json'), 'utf8'),
  ) as {bin: Record<string, string>; version: string};
  const bin = join(consumer.folder, 'node_modules', 'cryptoassets-console', manifest.bin['cryptoassets-console']!);
  expect(consumer.run(process.execPath, bin, '--version')).toContain(manifest.version);
  const inner = `import('cryptoassets-console/dist/cli.js').catch(error => console.log(error.code))`;
  expect(consumer.run(process.execPath, '-e', inner)).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

test('an installed package has the process that holds a key, and it starts', () => {
  const home = join(consumer.folder, 'node_modules', 'cryptoassets-console');
  const config = join(consumer.folder, 'config.yaml');
  writeFileSync(join(consumer.folder, 'pass'), 'correct horse battery staple', {mode: 0o600});
  writeFileSync(
    config,
    `coins:
  btc:
    network: regtest
    backend: {type: bitcoind, url: "http://127.0.0.1:1", auth: {user: u, password: p}, wallet: hot}
    wallet: {signer: {type: key, file: ./btc.key, passphrase: {file: ./pass}}}
`,
  );
  const bin = join(home, 'dist', 'cli.js');
  const made = consumer.run(process.execPath, bin, 'key', 'create', 'btc', '--reveal', '--json', '--config', config);
  const {descriptor} = JSON.parse(made) as {descriptor: string};
  writeFileSync(
    join(consumer.folder, 'signer.mjs'),
    `const inner = path => import(${JSON.stringify(`file://${home}/dist/`)} + path);
const {createKeySigner} = await inner('signers/key/key-signer.js');
const {signerBranches} = await inner('signers/key/account.js');
const {parseWallet} = await inner('descriptors/index.js');
const {coins} = await inner('coins/index.js');
const coin = coins.get('btc');
const network = coin.networks.regtest;
const keys = parseWallet({kind: 'descriptor', descriptor: ${JSON.stringify(descriptor)}}, {coin, network});
const silent = () => {};
const signer = createKeySigner({
  coin: 'btc', network, file: ${JSON.stringify(join(consumer.folder, 'btc.key'))},
  passphrase: {kind: 'file', path: ${JSON.stringify(join(consumer.folder, 'pass'))}},
  branches: signerBranches(keys), limits: {maxRate: 1}, toPsbt: async () => Buffer.from('x'),
  clock: {now: () => 0, monotonic: () => 0}, log: {error: silent, warn: silent, info: silent, debug: silent},
});
console.log(JSON.stringify([await signer.prepare(), await signer.sign({})]));
await signer.close();
`,
  );
  expect(JSON.parse(consumer.run(process.execPath, 'signer.mjs'))).toMatchObject([
    {kind: 'ready'},
    {kind: 'refused', words: expect.stringContaining('no PSBT')},
  ]);
});
