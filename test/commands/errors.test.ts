import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect, test} from 'vitest';
import {EXIT, exitCodeOf, worstExitCode} from '../../source/commands/shell/exit-codes.ts';
import {EngineError} from '../../source/primitives/errors.ts';
import {CONFIG, PASSWORD, runVerb} from './run-verb.ts';

test.each([
  ['usage', 64],
  ['bad_config', 78],
  ['not_initialised', 78],
  ['database_newer', 78],
  ['database_fault', 78],
  ['wallet_mismatch', 78],
  ['engine_unreachable', 69],
  ['backend_down', 69],
  ['backend_auth', 69],
  ['backend_timeout', 69],
  ['backend_warming_up', 69],
  ['backend_overloaded', 69],
  ['backend_unavailable', 69],
  ['bad_backend_answer', 69],
  ['node_program_missing', 69],
  ['fenced', 2],
  ['loop_stalled', 2],
  ['insufficient_funds', 1],
  ['not_found', 1],
  ['unknown_coin', 1],
  ['idempotency_conflict', 1],
  ['already_running', 1],
  ['constructor', 1],
])('the error %s is exit code %i', (code, expected) => {
  expect(exitCodeOf(new EngineError(code, 'x'))).toBe(expected);
});

const PLAIN_REFUSALS = new Set([
  'backend_not_found',
  'backend_refused',
  'node_refused',
  'wrong_passphrase',
  'wrong_state',
]);

test('every code about a node, a database or a ledger that the program can throw has its exit code', () => {
  const root = fileURLToPath(new URL('../../source', import.meta.url));
  const files = readdirSync(root, {recursive: true, encoding: 'utf8'}).filter(name => /\.tsx?$/.test(name));
  const source = files.map(name => readFileSync(join(root, name), 'utf8')).join('\n');
  const codes = [...source.matchAll(/EngineError\(\s*'((?:backend|bad_backend|database|wrong|node|engine)_\w+)'/g)];
  expect(codes.length).toBeGreaterThan(5);
  const refusals = codes.map(match => match[1]!).filter(code => exitCodeOf(new EngineError(code, '')) === EXIT.refused);
  expect(refusals.filter(code => !PLAIN_REFUSALS.has(code))).toEqual([]);
});

test('of several findings, the config comes before the node and the node before the books', () => {
  expect(worstExitCode([1, 69, 78])).toBe(EXIT.config);
  expect(worstExitCode([1, 69])).toBe(EXIT.unreachable);
  expect(worstExitCode([1])).toBe(EXIT.refused);
  expect(worstExitCode([])).toBe(EXIT.ok);
});

const failing = (code: string, message: string) => ({
  supplies: {
    openApplication: async () => {
      throw new EngineError(code, message);
    },
  },
});

test('an uninitialised ledger names init', async () => {
  const {code, stdout, stderr} = await runVerb(
    ['status'],
    failing('not_initialised', 'the btc ledger does not exist yet'),
  );
  expect({code, stdout}).toEqual({code: 78, stdout: ''});
  expect(stderr).toBe(`cryptoassets-console: the btc ledger does not exist yet

  Create it (safe to repeat, never overwrites):  cryptoassets-console init ${CONFIG}
`);
});

test('an unreachable node comes with the way to find out why', async () => {
  const parts = failing('backend_down', 'cannot reach bitcoind at http://127.0.0.1:18443: nothing listens there');
  const {code, stderr} = await runVerb(['address', 'new', 'btc', '--account', 'alice'], parts);
  expect(code).toBe(69);
  expect(stderr).toBe(`cryptoassets-console: cannot reach bitcoind at http://127.0.0.1:18443: nothing listens there

  Does it take RPC?    server=1 in bitcoin.conf, and rpcport as in the config
  Ask it yourself:     bitcoin-cli -rpcport=18443 getblockchaininfo
  Then look again:     cryptoassets-console check ${CONFIG}
`);
});

test('a wrong password shows the user that was sent and never the password', async () => {
  const parts = failing('backend_auth', `bitcoind refuses this user and password (${PASSWORD})`);
  const {code, stderr} = await runVerb(['status'], parts);
  expect(code).toBe(69);
  expect(stderr).toBe(`cryptoassets-console: bitcoind refuses this user and password (***)

  The user sent:       shop   (the password is not shown)
  Compare with:        rpcuser and rpcpassword, or rpcauth, in bitcoin.conf; restart the node after a change
  Then look again:     cryptoassets-console check ${CONFIG}
`);
});

test('a missing config is exit code 78 for every verb, before the engine is loaded', async () => {
  const environment = {CRYPTOASSETS_CONFIG: '/nowhere/config.yaml'};
  for (const line of ['', '--headless', 'init', 'check', 'status', 'rescan', 'books btc', 'account list btc']) {
    const {code, stderr} = await runVerb(line.split(' ').filter(Boolean), {environment});
    expect(code).toBe(78);
    expect(stderr).toMatch(/^\/nowhere\/config\.yaml: there is no such config file\n\n {2}Start from the example:/);
  }
});

test('--config wins over the environment, and without both it is ./config.yaml', async () => {
  expect((await runVerb(['status', '--config', '/nowhere/a.yaml'])).stderr).toContain('/nowhere/a.yaml: there is no');
  expect((await runVerb(['/nowhere/b.yaml'])).stderr).toContain('/nowhere/b.yaml: there is no');
  const {stderr} = await runVerb(['status'], {environment: {CRYPTOASSETS_CONFIG: ''}});
  expect(stderr).toMatch(/^config\.yaml: there is no/);
});

test('bad config with --json lists the problems for a program', async () => {
  const {stderr} = await runVerb(['status', '--json', '--config', '/nowhere/a.yaml']);
  expect(JSON.parse(stderr)).toMatchObject({
    code: 'bad_config',
    exit_code: 78,
    problems: [{file: '/nowhere/a.yaml', line: null, column: null, field: '', message: 'there is no such config file'}],
  });
});

test('a coin that is not configured is refused by name', async () => {
  const {code, stderr} = await runVerb(['books', 'ltc']);
  expect(code).toBe(1);
  expect(stderr).toBe('cryptoassets-console: the coin "ltc" is not configured; configured: btc\n');
});

test('a refusal of the engine is one line without a stack, its field kept for programs', async () => {
  const application = {
    createPayout: async () => {
      throw new EngineError('insufficient_funds', 'account alice has 0.1 and 0.5 is asked for', {field: 'amount'});
    },
  };
  const line = ['send', 'btc', 'bcrt1q', '0.5', '--account', 'alice', '--key', 'k'];
  const {code, stderr, closed} = await runVerb(line, {application});
  expect({code, stderr, closed}).toEqual({
    code: 1,
    stderr: 'cryptoassets-console: account alice has 0.1 and 0.5 is asked for\n',
    closed: 1,
  });
  const {stderr: json} = await runVerb([...line, '--json'], {application});
  expect(JSON.parse(json)).toEqual({
    code: 'insufficient_funds',
    detail: 'account alice has 0.1 and 0.5 is asked for',
    field: 'amount',
    exit_code: 1,
  });
});

test('hostile text in an error is escaped', async () => {
  const {stderr} = await runVerb(['status'], failing('backend_down', 'node says \u001b[2J\u202e'));
  expect(stderr).toContain('node says \\u{1b}[2J\\u{202e}');
});

test('a fault of the program itself says so and keeps its stack', async () => {
  const {code, stderr} = await runVerb(['status'], {
    supplies: {
      openApplication: async () => {
        throw new TypeError('x is not a function');
      },
    },
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/internal error: TypeError: x is not a function\n\s+at /);
});
