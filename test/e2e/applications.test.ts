import {randomBytes} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {connect, type Deposit, type SinkStatus} from '../../source/client/index.ts';
import {DjangoProject} from '../support/django-project.ts';
import {freePort} from '../support/free-port.ts';
import {expectInvariants} from '../support/invariants.ts';
import {OtherProgram} from '../support/other-program.ts';
import {systemProgram, systemPython} from '../support/system-program.ts';
import {Hopeless, until} from '../support/until.ts';
import {World} from '../support/world.ts';

// Applications of three kinds, each a process of its own beside the engine: each takes a deposit and makes a payout.

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsx = fileURLToPath(import.meta.resolve('tsx'));
const curl = systemProgram('curl', 'curl');
const python = systemPython('django', 'python3-django');
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const token = randomBytes(24).toString('hex');

let world: World;
let shopPort: number;
let apiPort: number;

beforeAll(async () => {
  shopPort = await freePort();
  apiPort = await freePort();
  world = await World.start({
    sinks: {example: {url: `http://127.0.0.1:${shopPort}/hooks/coins`, secret}},
    tcp: {listen: `127.0.0.1:${apiPort}`, token},
  });
  // Coins for the fees: the house pays them, and a refund of everything the shop has leaves it none.
  await world.fundedCustomer('float', '0.1');
});
afterAll(async () => {
  await shop?.stop('SIGKILL');
  await world?.dispose();
});

const received = async (address: string) =>
  Number(await world.node.rpc('getreceivedbyaddress', [address, 1], 'outside')).toFixed(8);

let shop: OtherProgram;

describe('the example shop', () => {
  const start = async () => {
    // As built it is run as it is; a suite alone runs the sources, which tsx finds by the paths of tsconfig.json.
    const loader = process.env['TEST_PROGRAM'] === 'dist' ? [] : ['--import', tsx];
    const env = {
      ENGINE_SOCKET: world.config.socket,
      SHOP_WEBHOOK_SECRET: secret,
      SHOP_DATABASE: join(world.directory, 'shop.sqlite'),
      PORT: String(shopPort),
    };
    shop = new OtherProgram(process.execPath, [...loader, 'examples/shop/main.ts'], {cwd: root, env});
    await until('the shop to open', () => shop.output.includes('The shop is open') || ended());
  };
  const ended = () => {
    if (shop.child.exitCode !== null) throw new Error(shop.output);
    return false;
  };
  const url = (path: string) => `http://127.0.0.1:${shopPort}${path}`;
  const post = async (path: string, form: Record<string, string>) =>
    fetch(url(path), {method: 'POST', body: new URLSearchParams(form), redirect: 'manual'});
  const order = async (id: string) =>
    (await (await fetch(url(`${id}.json`))).json()) as {address: string; price: string; paid: string; state: string};
  const exampleSink = async () => {
    const {items} = await world.api.get<{items: SinkStatus[]}>('/v1/sinks');
    return items.find(({name}) => name === 'example')!;
  };
  const toBe = async (id: string, state: string) =>
    until(`${id} to be ${state}`, async () => (await order(id)).state === state || ended());

  test('an order is paid at its own address, also over restarts, and refunded once', async () => {
    await start();
    const first = (await post('/orders', {item: 'Coffee machine'})).headers.get('location')!;
    const second = (await post('/orders', {item: 'Coffee machine'})).headers.get('location')!;
    const {address, price} = await order(first);
    expect((await order(second)).address).not.toBe(address);
    expect(await (await fetch(url(first))).text()).toContain(`<code>${address}</code>`);
    await world.pay(address, price);
    await toBe(first, 'seen on the network, waiting for confirmations');

    // What happens while the shop is away is told when it is back.
    await shop.stop('SIGKILL');
    await world.mine(3);
    await start();
    await toBe(first, 'paid');
    expect((await order(second)).state).toBe('waiting for payment');

    // All events once more, and then the oldest alone, after the newer ones: nothing changes.
    const events = await world.api.events();
    const seen = events.find(({type, data}) => type === 'deposit.detected' && (data as Deposit).address === address)!;
    for (const [from, to] of [
      [1, events.at(-1)!.sequence],
      [seen.sequence, seen.sequence],
    ]) {
      await world.api.post('/v1/sinks/example/replay', {from, to});
      await until('them to be sent again', async () => (await exampleSink()).replay === null);
      expect(await order(first)).toMatchObject({paid: price, state: 'paid'});
    }

    expect(await (await post(`${first}/refund`, {address: 'bcrt1qnothing'})).text()).toContain(
      'The refund was refused',
    );
    expect((await order(first)).state).toBe('paid');
    const back = await world.outsideAddress();
    await Promise.all([1, 2, 3].map(async () => post(`${first}/refund`, {address: back})));
    await toBe(first, 'refund sent');
    await world.mine(1);
    await toBe(first, 'refund confirmed');
    expect(await received(back)).toBe(price);
    expect(await world.api.payouts('?account=shop')).toHaveLength(1);
    expect((await post(`${second}/refund`, {address: back})).status).toBe(400);
  });

  test('a stranger can neither call its webhook nor send its forms from another page', async () => {
    const forged = await fetch(url('/hooks/coins'), {method: 'POST', body: '{"type": "deposit.credited"}'});
    expect(forged.status).toBe(401);
    const headers = {origin: 'https://evil.example'};
    expect((await fetch(url('/orders/1/refund'), {method: 'POST', headers, body: 'address=x'})).status).toBe(400);
  });
});

describe.skipIf(curl === undefined)('the shell script with curl', () => {
  const script = join(root, 'examples', 'curl', 'deposit-and-payout.sh');
  const over = {
    'the socket': (): Record<string, string> => ({ENGINE_SOCKET: world.config.socket}),
    TCP: (): Record<string, string> => ({ENGINE_URL: `http://127.0.0.1:${apiPort}`, ENGINE_TOKEN: token}),
  };

  test.each(['the socket', 'TCP'] as const)('takes a deposit and makes a payout over %s', async way => {
    const account = way === 'TCP' ? 'dora' : 'carol';
    const back = await world.outsideAddress();
    const run = () => new OtherProgram(script, [account, '0.3', back], {cwd: world.directory, env: over[way]()});
    const program = run();
    const ended = program.ended.then(code => {
      throw new Error(`ended with ${code}: ${program.output}`);
    });
    const address = await Promise.race([until('an address', () => /pay to (\S+)/.exec(program.output)?.[1]), ended]);
    await world.pay(address, '0.5');
    await world.mine(3);
    expect(await program.ended.catch(() => null), program.output).toBe(0);
    expect(program.output).toMatch(
      /^pay to .+\nthe deposit is credited\npayout \d+ is queued\npayout \d+ is sent in [0-9a-f]{64}\n$/,
    );
    await world.mine(1);
    expect(await received(back)).toBe('0.30000000');
  });

  test('what the engine refuses is shown, and is an error', async () => {
    const env = over['the socket']();
    const program = new OtherProgram(script, ['a b', '0.3', 'x'], {cwd: world.directory, env});
    expect(await program.ended).toBe(1);
    expect(program.output).toContain('"code":"bad_name"');
  });
});

describe.skipIf(python === undefined)('a Django project', () => {
  let project: DjangoProject;
  let engine: OtherProgram | undefined;
  let server: OtherProgram | undefined;

  beforeAll(async () => {
    await world.node.createWallet('django');
    const directory = join(world.directory, 'django');
    project = new DjangoProject({
      python: python!,
      directory,
      port: await freePort(),
      node: world.node,
      wallet: 'django',
    });
  });
  afterAll(async () => {
    await engine?.stop('SIGKILL');
    await server?.stop('SIGKILL');
  });

  const orderOf = async (id: string) =>
    (await (await fetch(`http://127.0.0.1:${project.port}/orders/${id}`)).json()) as {state: string; txid: string};

  test('runs the engine from its settings, hears of a deposit by a signal and makes a payout', async () => {
    expect(project.manage('cryptoassets', 'init')).toContain('btc');
    const settings = readFileSync(join(world.directory, 'django', 'webshop', 'settings.py'), 'utf8');
    const hidden = /whsec_[^"]+/.exec(settings)![0];
    const config = join(world.directory, 'django', 'cryptoassets', 'config.yaml');
    expect(readFileSync(config, 'utf8')).not.toContain(hidden);
    server = project.start('runserver', '--noreload', String(project.port));
    engine = project.start('cryptoassets');
    const client = connect({
      socket: join(world.directory, 'django', 'cryptoassets', 'data', 'engine.sock'),
      retries: 0,
    });
    const {pid} = (
      await until('the engine to answer', async () => {
        if (engine!.child.exitCode !== null) throw new Hopeless(engine!.output);
        return client.status();
      })
    ).engine;
    // In place of the command, so that whoever supervises it sees the engine's own end.
    expect(pid).toBe(engine.child.pid);
    await client.close();

    const make = [
      'client.create_account("btc", "web")',
      'address = client.create_address("btc", "web", label="an order")["address"]',
      'print(Order.objects.create(address=address).pk, address)',
    ];
    const [order, address] = project.shell(...make).split(' ') as [string, string];
    await world.pay(address, '0.5');
    await world.mine(3);
    await until('the order to be paid', async () => (await orderOf(order)).state === 'paid');

    const back = await world.outsideAddress();
    const refund = `print(client.create_payout("btc", "web", "${back}", "0.2", idempotency_key="refund-${order}")["id"])`;
    // Asked for twice, paid once.
    expect(project.shell(refund, refund)).toMatch(/^(\d+)\n\1$/);
    await until('the refund to be sent', async () => (await orderOf(order)).state === 'refunded');
    const {txid} = await orderOf(order);
    await world.mine(1);
    expect(await world.node.rpc('gettransaction', [txid], 'outside')).toMatchObject({confirmations: 1});
    expect(await received(back)).toBe('0.20000000');
    const check = project.manage('cryptoassets', 'check');
    expect(check).not.toContain('FAILED');
    expect(server.output).toMatch(/"POST \/hooks\/coins HTTP\/1\.1" 204/);
    expect(await engine.stop()).toBe(0);
  });

  test('a request that the engine did not sign is refused', async () => {
    const forged = await fetch(`http://127.0.0.1:${project.port}/hooks/coins`, {method: 'POST', body: '{}'});
    expect(forged.status).toBe(401);
  });
});

test('afterwards the books are right, the client sees what the others did, and the shop ends when it is asked to', async () => {
  const client = connect({url: `http://127.0.0.1:${apiPort}`, token});
  const names: string[] = [];
  for await (const {account, status} of client.payouts.all('btc', {limit: 1})) names.push(`${account} ${status}`);
  expect(names.every(name => /^(shop|carol|dora) (sent|confirmed|settled)$/.test(name))).toBe(true);
  expect(names.length).toBe(curl === undefined ? 1 : 3);
  await client.close();
  await expectInvariants(world, {balances: {shop: '0.00000000'}});
  expect(await shop.stop()).toBe(0);
});
