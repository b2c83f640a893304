import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, beforeEach, expect, test} from 'vitest';
import type {Finding} from '../../source/commands/supplies.ts';
import {createSupplies} from '../../source/compose.ts';
import type {CoinConfig, Config} from '../../source/config/config.ts';
import {loadConfig} from '../../source/config/load.ts';
import {writeConfigFile} from '../support/config-file.ts';
import {RegtestNode} from '../support/regtest-node.ts';
import {WebhookReceiver} from '../support/webhook-receiver.ts';

const supplies = createSupplies();
let node: RegtestNode;
let receiver: WebhookReceiver;
let directory: string;
let config: Config;
let ledger: string;

beforeAll(async () => {
  node = await RegtestNode.start({zmq: false});
  receiver = await WebhookReceiver.start();
  await node.createWallet('hot');
  await node.createWallet('other');
  await node.mine(3, await node.rpc<string>('getnewaddress', [], 'other'));
});
afterAll(async () => {
  await receiver?.close();
  await node?.dispose();
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'init-'));
  const file = writeConfigFile({directory, node, webhook: {url: receiver.url, secret: receiver.secret}});
  ledger = file.ledger;
  config = loadConfig(file.path, process.env);
  return () => rmSync(directory, {recursive: true, force: true});
});

const withCoin = (change: (coin: CoinConfig) => CoinConfig): Config => ({
  ...config,
  coins: new Map([...config.coins].map(([name, coin]) => [name, change(coin)])),
});
const withBackend = (change: object): Config =>
  withCoin(coin => {
    const backend = {...coin.backend, ...change} as CoinConfig['backend'];
    return {...coin, backend, backends: [backend]};
  });
const withWallet = (wallet: string): Config => withBackend({wallet});
const badOnes = (findings: readonly Finding[]) =>
  findings.filter(finding => !finding.ok).map(({subject, code, exitCode}) => ({subject, code, exitCode}));

test('makes the ledger at the tip of the node, and says so; again it leaves it as it is', async () => {
  const first = await supplies.initialise(config);
  expect(badOnes(first)).toEqual([]);
  expect(first.map(finding => finding.subject)).toEqual([
    'btc database',
    'btc node',
    'btc chain',
    'btc wallet',
    'btc ledger',
    'btc start',
  ]);
  expect(first.slice(-2).map(({words}) => words)).toEqual([
    `${ledger}: created, all tables in one transaction`,
    'starting at height 3',
  ]);
  expect((await supplies.initialise(config)).at(-1)?.words).toContain('already there');
});

test.each([
  ['the node is away', () => withBackend({url: 'http://127.0.0.1:9'}), 'btc node', 69],
  ['the wallet is not there', () => withWallet('nowhere'), 'btc wallet', 69],
  ['the node is on another chain', () => withCoin(coin => ({...coin, network: 'signet'})), 'btc chain', 78],
] as const)('creates nothing when %s', async (_, change, subject, exitCode) => {
  const findings = await supplies.initialise(change());
  expect(badOnes(findings)).toMatchObject([{subject, exitCode}]);
  expect(existsSync(ledger)).toBe(false);
});

test('a place where no ledger can be made is said before anything is made', async () => {
  const path = join(config.path, 'data', '{coin}.sqlite');
  const findings = await supplies.initialise({...config, database: {...config.database, path}});
  expect(badOnes(findings)).toMatchObject([{subject: 'btc database', exitCode: 78}]);
  expect(findings[0]?.words).toContain('is a file and no folder');
});

test('a ledger is never given to another wallet of the same node', async () => {
  await supplies.initialise(config);
  expect(badOnes(await supplies.initialise(withWallet('other')))).toMatchObject([
    {subject: 'btc ledger', code: 'wrong_ledger', exitCode: 78},
  ]);
  expect(badOnes(await supplies.check(withWallet('other')))).toMatchObject([
    {subject: 'btc wallet', code: 'wallet_mismatch', exitCode: 78},
  ]);
});

test('check finds everything well, changes nothing and sends no event', async () => {
  await supplies.initialise(config);
  const findings = await supplies.check(config);
  expect(badOnes(findings)).toEqual([]);
  expect(findings.map(finding => finding.subject)).toEqual([
    'config',
    'btc node',
    'btc chain',
    'btc wallet',
    'btc ledger',
    'btc books',
    'btc audit log',
    'sink shop',
  ]);
  expect(receiver.received).toEqual([]);
});

test('check names a ledger that is not there, and a sink that nobody answers at', async () => {
  await receiver.close();
  const findings = await supplies.check(config);
  await receiver.listen();
  expect(badOnes(findings)).toEqual([
    {subject: 'btc ledger', code: 'not_initialised', exitCode: 78},
    {subject: 'sink shop', code: 'sink_unreachable', exitCode: 69},
  ]);
  expect(existsSync(ledger)).toBe(false);
});
