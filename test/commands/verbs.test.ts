import {expect, test, vi} from 'vitest';
import type {Application} from '../../source/engine/application.ts';
import {EngineError} from '../../source/primitives/errors.ts';
import {CONFIG, runVerb} from './run-verb.ts';
import {account, books, deposit, payout, status} from './samples.ts';

const page = <Item>(...items: Item[]) => ({items, next: null});

test('status is a summary that a person reads in one look', async () => {
  const {code, stdout} = await runVerb(['status'], {application: {status: async () => status}});
  expect(code).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "engine    degraded since 2026-01-31 12:00:00 UTC, pid 4711, version 0.1.0
    database  ok, 0.4 ms
    loops     btc track: waiting, node down
              deliver: ok

    BTC regtest, ledger at height 210
      node      down, 30.2.0, tip 210, cannot reach http://127.0.0.1:18443
      books     balanced at 210: 12.50000000 in accounts, 13.00000000 on the chain
      accounts  2; addresses 3
      deposits  4; 1 on the way, 0.50000000 BTC
      payouts   5; 1 pending, 0.20000000 BTC; 1 held
      PAUSED    no payout is signed: the node is down

    SINK  COIN  STATE     WAITING  DEAD  LAST DELIVERED (UTC)  LAST ERROR
    shop  btc   retrying        3     0  2026-01-31 12:00:00   503 Service Unavailable

    ALERT  btc node down for 3 m
    "
  `);
});

test('status with --json is the snapshot itself', async () => {
  const {stdout} = await runVerb(['status', '--json'], {application: {status: async () => status}});
  expect(JSON.parse(stdout)).toEqual(status);
});

test('status without an engine says so and how to start one', async () => {
  const {stdout, stderr} = await runVerb(['status'], {application: {status: async () => status}, via: 'ledger'});
  expect(stdout).toMatch(/^engine {4}not running; this is what the ledger holds/);
  expect(stderr).toContain(`cryptoassets-console ${CONFIG} --headless`);
});

test('init prints a checklist and the next command', async () => {
  const initialise = async () => [
    {subject: 'btc node', ok: true, words: 'regtest, Core 30.2'},
    {subject: 'btc ledger', ok: true, words: 'created'},
  ];
  const {code, stdout, stderr} = await runVerb(['init'], {supplies: {initialise}});
  expect(code).toBe(0);
  expect(stdout).toBe('ok      btc node    regtest, Core 30.2\nok      btc ledger  created\n');
  expect(stderr).toContain(`Next, the console:      cryptoassets-console ${CONFIG}`);
});

test('check prints what failed with the fix, and exits with the worst', async () => {
  const check = async () => [
    {subject: 'config', ok: true, words: 'config.yaml'},
    {
      subject: 'btc node',
      ok: false,
      words: 'refused the password\nsee rpcuser',
      exitCode: 69 as const,
      code: 'backend_auth',
    },
    {subject: 'btc books', ok: false, words: 'drift of 0.1', exitCode: 1 as const},
  ];
  const {code, stdout, stderr} = await runVerb(['check'], {supplies: {check}});
  expect(code).toBe(69);
  expect(stdout).toBe(
    [
      'ok      config     config.yaml',
      'FAILED  btc node   refused the password',
      '                   see rpcuser',
      'FAILED  btc books  drift of 0.1',
      '',
    ].join('\n'),
  );
  expect(stderr).toContain('The user sent:       shop');
  const json = await runVerb(['check', '--json'], {supplies: {check}});
  const shown = JSON.stringify(await check()).replaceAll('"exitCode"', '"exit_code"');
  expect(JSON.parse(json.stdout)).toEqual({ok: false, findings: JSON.parse(shown)});
  expect(json).toMatchObject({code: 69, stderr: ''});
});

test('deposits are an aligned table, amounts to the right, foreign text escaped', async () => {
  const items = [
    deposit,
    {
      ...deposit,
      id: '108',
      account: 'b\u001b[2J',
      amount: '12.00000000',
      status: 'dropped' as const,
      reason: 'replaced' as const,
    },
  ];
  const {stdout} = await runVerb(['deposits', 'btc'], {application: {deposits: async () => page(...items)}});
  expect(stdout).toMatchInlineSnapshot(`
    " ID  FIRST SEEN (UTC)     ACCOUNT          AMOUNT  STATUS              CONF  TRANSACTION
      7  2026-01-31 12:00:00  alice        0.50000000  detected               2  9f3ca71e00000000000000000000000000000000000000000000000000000001:1
    108  2026-01-31 12:00:00  b\\u{1b}[2J  12.00000000  dropped (replaced)     2  9f3ca71e00000000000000000000000000000000000000000000000000000001:1
    "
  `);
});

test('lists pass filters on, and say how to get the next page', async () => {
  const deposits = vi.fn<Application['deposits']>(async () => ({items: [deposit], next: 'abc'}));
  const line = ['deposits', 'btc', '--account', 'alice', '--status', 'credited', '--limit', '1', '--cursor', 'x'];
  const {stderr} = await runVerb(line, {application: {deposits}});
  expect(deposits).toHaveBeenCalledWith('btc', {limit: 1, cursor: 'x', account: 'alice', status: 'credited'});
  expect(stderr).toContain('--cursor abc');
  const json = await runVerb([...line, '--json'], {application: {deposits}});
  expect(JSON.parse(json.stdout)).toEqual({items: [deposit], next: 'abc'});
  expect(json.stderr).toBe('');
});

test('an empty list says so', async () => {
  const {stdout} = await runVerb(['payouts', 'btc'], {application: {payouts: async () => page()}});
  expect(stdout).toBe('no payouts\n');
});

test('books are balanced with exit code 0, and in drift with 1', async () => {
  const balanced = await runVerb(['books', 'btc'], {application: {books: async () => books}});
  expect(balanced).toMatchObject({code: 0, stdout: expect.stringMatching(/^books {7}balanced\n/)});
  const drift = await runVerb(['books', 'btc'], {application: {books: async () => ({...books, drift: '-0.00000001'})}});
  expect(drift).toMatchObject({code: 1, stdout: expect.stringContaining('DRIFT')});
});

test('account create says whether it was new', async () => {
  const created = await runVerb(['account', 'create', 'btc', 'alice'], {
    application: {createAccount: async () => ({value: account, created: true})},
  });
  expect(created.stdout).toMatch(/^created:\n {2}account {6}alice\n/);
  expect(created.stderr).toContain('address new btc --account alice');
  const again = await runVerb(['account', 'create', 'btc', 'alice'], {
    application: {createAccount: async () => ({value: account, created: false})},
  });
  expect(again).toMatchObject({code: 0, stdout: expect.stringMatching(/^was there already:/)});
});

test('address new prints the address alone on stdout', async () => {
  const createAddress = vi.fn<Application['createAddress']>(async () => ({
    address: 'bcrt1qnew',
    account: 'alice',
    label: 'order 7',
    created_at: account.created_at,
  }));
  const {stdout} = await runVerb(['address', 'new', 'btc', '--account', 'alice', '--label', 'order 7'], {
    application: {createAddress},
  });
  expect(stdout).toBe('bcrt1qnew\n');
  expect(createAddress).toHaveBeenCalledWith('btc', 'alice', 'order 7');
});

const SEND = ['send', 'btc', 'bcrt1qbob', '0.2', '--account', 'alice'];

test('send passes the key and the amount on as they were written', async () => {
  const createPayout = vi.fn<Application['createPayout']>(async () => ({value: payout, created: true}));
  const {code, stdout} = await runVerb([...SEND, '--key', 'order-1017'], {application: {createPayout}});
  expect(code).toBe(0);
  expect(createPayout).toHaveBeenCalledWith('btc', 'order-1017', {
    account: 'alice',
    address: 'bcrt1qbob',
    amount: '0.2',
  });
  expect(stdout).toMatch(/^queued:\n {2}payout {9}12\n {2}status {9}queued\n/);
});

test('send without a key makes one up and says it before anything is sent', async () => {
  let before = '';
  const createPayout: Application['createPayout'] = async (_, key) => {
    before = key;
    throw new EngineError('insufficient_funds', 'no money');
  };
  const {stderr} = await runVerb(SEND, {application: {createPayout}});
  expect(before).toMatch(/^[0-9a-f-]{36}$/);
  expect(stderr).toMatch(new RegExp(`^Idempotency key made up: ${before} .*\ncryptoassets-console: no money\n$`));
});

test('send whose answer was lost says that the outcome is unknown and how to repeat it safely', async () => {
  const createPayout: Application['createPayout'] = async () => {
    throw new EngineError('engine_unreachable', 'the engine went away');
  };
  const {code, stderr} = await runVerb([...SEND, '--key', 'k7'], {application: {createPayout}});
  expect(code).toBe(69);
  expect(stderr).toContain(
    'the engine went away; whether the payout was queued is not known. Repeat it safely: the same command with --key k7\n',
  );
});

test('amounts that look like flags or numbers reach the engine unchanged', async () => {
  const seen: string[] = [];
  const createPayout: Application['createPayout'] = async (_coin, _key, body) => {
    seen.push(body.amount);
    throw new EngineError('bad_amount', 'no');
  };
  for (const amount of ['-0', '-1.5', '1e-8', '0x10', '010', '1,5', 'NaN'])
    await runVerb(['send', 'btc', 'a', amount, '--account', 'x', '--key', 'k'], {application: {createPayout}});
  expect(seen).toEqual(['-0', '-1.5', '1e-8', '0x10', '010', '1,5', 'NaN']);
});

test('a held payout shows why, and the commands that clear it', async () => {
  const held = {...payout, status: 'held' as const, reason: 'limit_per_payout: above 1.0', clears: 'person' as const};
  const {stdout, stderr} = await runVerb(['payout', 'show', 'btc', '12'], {application: {payout: async () => held}});
  expect(stdout).toContain('why            limit_per_payout: above 1.0\nclears         by a person');
  expect(stderr).toContain('payout release btc 12');
});

test('without a terminal the console says so and runs the engine alone', async () => {
  const runEngine = vi.fn(async () => 2);
  const {code, stderr} = await runVerb([CONFIG], {supplies: {runEngine}});
  expect({code, stderr}).toEqual({code: 2, stderr: 'No terminal to draw on: running as with --headless.\n'});
  const headless = await runVerb([CONFIG, '--headless'], {supplies: {runEngine}, isTerminal: true});
  expect({code: headless.code, stderr: headless.stderr}).toEqual({code: 2, stderr: ''});
});

test('on a terminal the console is drawn', async () => {
  const runConsole = vi.fn(async () => 0);
  await runVerb([CONFIG, '--ascii'], {supplies: {runConsole}, isTerminal: true});
  expect(runConsole).toHaveBeenCalledWith(CONFIG, {ascii: true, screenReader: false});
  await runVerb([CONFIG, '--theme', 'okabe-ito', '--screen-reader'], {supplies: {runConsole}, isTerminal: true});
  expect(runConsole).toHaveBeenLastCalledWith(CONFIG, {ascii: false, theme: 'okabe-ito', screenReader: true});
  const {code, stderr} = await runVerb([CONFIG, '--theme', 'okabe'], {supplies: {runConsole}, isTerminal: true});
  expect(code).toBe(64);
  expect(stderr).toContain('expected one of auto, ansi, dark, light, okabe-ito');
});

test('the demo lives in ./demo, and is headless without a terminal', async () => {
  const console = {ascii: false, screenReader: false};
  const runDemo = vi.fn(async () => 0);
  await runVerb(['demo'], {supplies: {runDemo}});
  expect(runDemo).toHaveBeenCalledWith({directory: `${process.cwd()}/demo`, json: false, console, headless: true});
  await runVerb(['demo', '--directory', '/tmp/x'], {supplies: {runDemo}, isTerminal: true});
  expect(runDemo).toHaveBeenLastCalledWith({directory: '/tmp/x', json: false, console, headless: false});
});
