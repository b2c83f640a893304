import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {Broadcast, Payout} from '../../source/contract/index.ts';
import {API_KEY, PIN} from '../support/blockio-account.ts';
import {BlockIoServer} from '../support/blockio-server.ts';
import {DTRUST} from '../support/blockio.ts';
import type {ConfigFile} from '../support/config-file.ts';
import {Engine} from '../support/engine.ts';
import {runProgram, type ProgramResult} from '../support/program.ts';
import {freePort, RegtestNode} from '../support/regtest-node.ts';
import {until} from '../support/until.ts';

// The whole engine, a real node as the source of facts, and a provider that holds the second key.

const SECRETS = {BLOCKIO_API_KEY: API_KEY, BLOCKIO_PIN: PIN, KEY_1: DTRUST.keys[0], KEY_2: DTRUST.keys[1]};
const BASIC = '{type: basic, pin: "${BLOCKIO_PIN}", accept_unproven_addresses: true}';
const OWN_KEYS = '{type: dtrust, keys: ["${KEY_1}", "${KEY_2}"]}';

let node: RegtestNode;
beforeAll(async () => {
  node = await RegtestNode.start({zmq: false});
  await node.createWallet('outside');
  await mine(110);
});
afterAll(() => node?.dispose());

const outside = () => node.rpc<string>('getnewaddress', [], 'outside');
const mine = async (blocks: number) => node.rpc('generatetoaddress', [blocks, await outside()]);

class Account {
  readonly directory = mkdtempSync(join(tmpdir(), 'cac-'));
  readonly config: ConfigFile;
  readonly engine: Engine;
  readonly server: BlockIoServer;
  readonly port: number;

  constructor(server: BlockIoServer, wallet: string, port: number) {
    this.server = server;
    this.port = port;
    mkdirSync(join(this.directory, 'data'));
    const place = (file: string) => join(this.directory, file);
    this.config = {
      coin: 'btc',
      path: place('config.yaml'),
      socket: place('engine.sock'),
      ledger: place('data/btc.sqlite'),
      log: place('engine.log'),
    };
    writeFileSync(
      this.config.path,
      `database: {url: "sqlite:./data/{coin}.sqlite"}
coins:
  btc:
    network: regtest
    confirmations: 3
    max_confirmation_count: 8
    backend:
      type: blockio
      url: ${server.url}
      api_key: "\${BLOCKIO_API_KEY}"
      wallet: ${wallet}
      timeout: 3s
      chain: {type: bitcoind, url: "${node.url}", auth: {cookie: ${JSON.stringify(node.cookiePath)}}}
      notify: [{type: webhook, listen: "127.0.0.1:${port}", path: /hook}]
api: {socket: ./engine.sock}
service: {broadcast_period: 1s, log: {level: debug, file: ./engine.log}}
`,
    );
    this.engine = new Engine(this.config, SECRETS);
  }

  static async open(wallet: string): Promise<Account> {
    const account = new Account(await BlockIoServer.start(node), wallet, await freePort());
    const {code, stdout, stderr} = await account.run('init');
    if (code !== 0) throw new Error(`init ended with ${code}: ${stdout}${stderr}`);
    await account.engine.start();
    return account;
  }

  get api() {
    return this.engine.api;
  }

  async run(...args: string[]): Promise<ProgramResult> {
    return runProgram([...args, '--config', this.config.path], {cwd: this.directory, env: SECRETS});
  }

  /** A customer with this much, credited. */
  async customer(name: string, amount: string): Promise<void> {
    await this.api.createAccount(name);
    await node.rpc('sendtoaddress', [await this.api.createAddress(name), amount], 'outside');
    await mine(3);
    await until(
      `${name} to be credited`,
      async () => Number((await this.api.account(name)).balance) === Number(amount),
    );
  }

  async pay(account: string, amount: string, key: string): Promise<{id: string; address: string}> {
    const address = await outside();
    const {body, status} = await this.api.pay(key, {account, address, amount});
    expect(status, JSON.stringify(body)).toBe(201);
    return {id: body.id, address};
  }

  reaches(id: string, ...statuses: Payout['status'][]): Promise<Payout> {
    return until(`payout ${id} to be ${statuses.join(' or ')}`, async () => {
      const payout = await this.api.payout(id);
      return statuses.includes(payout.status) ? payout : undefined;
    });
  }

  async expectBalanced(): Promise<void> {
    const tip = await node.rpc<number>('getblockcount');
    const books = await until(`the books at ${tip}`, async () => {
      const found = await this.api.books();
      return found.height === tip ? found : undefined;
    });
    expect(books).toMatchObject({drift: '0.00000000', untracked: null});
  }

  async dispose(): Promise<void> {
    await this.engine.dispose();
    await this.server.close();
    rmSync(this.directory, {recursive: true, force: true});
  }
}

const received = async (address: string): Promise<string> =>
  (await node.rpc<number>('getreceivedbyaddress', [address, 0], 'outside')).toFixed(8);

describe('a basic wallet', () => {
  let account: Account;
  beforeAll(async () => {
    account = await Account.open(BASIC);
  });
  afterAll(() => account?.dispose());

  test('a deposit is credited, and a payout co-signed, sent, confirmed; the books are those of the chain', async () => {
    await account.customer('alice', '0.5');
    const {id, address} = await account.pay('alice', '0.2', 'rent');
    const {txid} = await account.reaches(id, 'sent');
    expect(await node.rpc('getrawmempool')).toEqual([txid]);
    expect(await received(address)).toBe('0.20000000');
    await mine(1);
    expect(await account.reaches(id, 'confirmed')).toMatchObject({txid});
    await account.expectBalanced();
    expect(account.server.asked('submit_transaction').length).toBe(1);
  });

  test('a payout whose co-signer answered nobody, of an engine that was killed, is made once', async () => {
    account.server.reset();
    account.server.reply['submit_transaction'] = {with: 'silence', afterwards: true};
    const {id, address} = await account.pay('alice', '0.1', 'twice?');
    await until('the submission', () => account.server.asked('submit_transaction').length === 1);
    const [txid] = await until('the transaction', async () => {
      const found = await node.rpc<string[]>('getrawmempool');
      return found.length === 1 ? found : undefined;
    });
    await account.engine.kill();
    expect((await account.run('payout', 'show', 'btc', id, '--json')).stdout).toMatch(/"status":\s*"signed"/);
    account.server.reply['submit_transaction'] = undefined;
    await account.engine.start();
    expect(await account.reaches(id, 'sent')).toMatchObject({txid});
    expect(account.server.asked('submit_transaction').length).toBe(1);
    await mine(1);
    await account.reaches(id, 'confirmed');
    expect(await received(address)).toBe('0.10000000');
    await account.expectBalanced();
  });

  test('while block.io is away deposits are found, and payouts wait for it', async () => {
    account.server.reset();
    const address = await account.api.createAddress('alice');
    const away = {with: {status: 503, body: ''}};
    for (const method of ['get_balance', 'get_new_address', 'prepare_transaction', 'submit_transaction'])
      account.server.reply[method] = away;
    const {id} = await account.pay('alice', '0.05', 'later');
    const txid = await node.rpc<string>('sendtoaddress', [address, '0.3'], 'outside');
    await mine(3);
    await until('the deposit', async () => (await account.api.deposits(`?txid=${txid}`))[0]?.status === 'credited');
    expect((await account.api.payout(id)).txid ?? null).toBeNull();
    account.server.reset();
    await account.reaches(id, 'sent');
    await mine(1);
    await account.reaches(id, 'confirmed');
    await account.expectBalanced();
  });

  test('a bump is co-signed as well; one that block.io refuses is held, and the first transaction stays', async () => {
    account.server.reset();
    const {id, address} = await account.pay('alice', '0.02', 'hurry');
    const {txid} = await account.reaches(id, 'sent');
    account.server.reply['submit_transaction'] = {
      with: {status: 404, body: '{"status":"fail","data":{"error_message":"Nothing is signed twice."}}'},
    };
    const bump = async (fee_rate: number) => account.api.post(`/v1/btc/broadcasts/${txid}/bump`, {fee_rate});
    await bump(20);
    const bumped = await until('the bump to be held', async () =>
      (await account.api.all<Broadcast>('/v1/btc/broadcasts')).find(({status}) => status === 'held'),
    );
    expect(bumped).toMatchObject({kind: 'bump', reason: 'refused_by_node: Nothing is signed twice.'});
    expect(await account.api.payout(id)).toMatchObject({status: 'sent', txid});
    expect(await node.rpc('getrawmempool')).toEqual([txid]);
    await mine(1);
    expect(await account.reaches(id, 'confirmed')).toMatchObject({txid});

    account.server.reset();
    const second = await account.pay('alice', '0.02', 'hurry-more');
    const before = await account.reaches(second.id, 'sent');
    await account.api.post(`/v1/btc/broadcasts/${before.txid}/bump`, {fee_rate: 20});
    const [replacement, ...others] = await node.rpc<string[]>('getrawmempool');
    expect(others).toEqual([]);
    expect(replacement).not.toBe(before.txid);
    await mine(1);
    expect(await account.reaches(second.id, 'confirmed')).toMatchObject({txid: replacement});
    expect(await received(address)).toBe('0.02000000');
    await account.expectBalanced();
  });

  test('a webhook of block.io is a hint, and what it says is not believed', async () => {
    const address = await account.api.createAddress('alice');
    const hook = async (body: unknown, path = '/hook') =>
      (await fetch(`http://127.0.0.1:${account.port}${path}`, {method: 'POST', body: JSON.stringify(body)})).status;
    const notice = (txid: string) => ({
      notification_id: '32aaee3f79c39dbdfbb0d0ef',
      delivery_attempt: 1,
      type: 'address',
      data: {
        network: 'BTCTEST',
        address,
        balance_change: '5.00000000',
        amount_sent: '0.00000000',
        amount_received: '5.00000000',
        txid,
        confirmations: 3,
        is_green: false,
      },
      created_at: 1_426_104_819,
    });
    expect(await hook({type: 'ping'})).toBe(204);
    expect(await hook(notice('ab'.repeat(32)))).toBe(204);
    expect(await hook({type: 'address', data: {txid: 'x'}})).toBe(400);
    expect(await hook(notice('ab'.repeat(32)), '/elsewhere')).toBe(404);
    const channels = (await account.api.status()).coins[0]!.backend.notify;
    expect(channels).toMatchObject([{channel: `webhook 127.0.0.1:${account.port}`, state: 'ok'}]);
    expect((await account.api.deposits('?account=alice')).filter(deposit => deposit.address === address)).toEqual([]);

    const txid = await node.rpc<string>('sendtoaddress', [address, '0.01'], 'outside');
    expect(await hook(notice(txid))).toBe(204);
    await until('the deposit', async () => (await account.api.deposits(`?txid=${txid}`))[0]?.amount === '0.01000000');
    await mine(3);
    await account.expectBalanced();
  });

  test('check finds nothing wrong, and no secret is in any log', async () => {
    const {code, stdout} = await account.run('check');
    expect(code, stdout).toBe(0);
    expect(stdout).toContain('the basic wallet at block.io is there');
    const written = `${stdout}${readFileSync(account.config.log, 'utf8')}${account.engine.program.stderr}`;
    expect(written.length).toBeGreaterThan(1_000);
    for (const secret of [API_KEY, PIN]) expect(written).not.toContain(secret);
  });
});

test('init says that a key is for another network, and makes nothing', async () => {
  const server = await BlockIoServer.start(node);
  const account = new Account(server, BASIC, await freePort());
  try {
    server.network = 'LTC';
    const {code, stdout} = await account.run('init');
    expect(code).toBe(78);
    expect(stdout).toMatch(/is for LTC at .* asks for BTCTEST/);
  } finally {
    await account.dispose();
  }
});

test('a dtrust wallet pays without block.io', async () => {
  const account = await Account.open(OWN_KEYS);
  try {
    await account.customer('bob', '0.5');
    const {id, address} = await account.pay('bob', '0.2', 'rent');
    const {txid} = await account.reaches(id, 'sent');
    expect(await node.rpc('getrawmempool')).toEqual([txid]);
    expect(await received(address)).toBe('0.20000000');
    await mine(1);
    await account.reaches(id, 'confirmed');
    await account.expectBalanced();
    expect(account.server.asked('submit_transaction')).toEqual([]);
    expect(readFileSync(join(account.directory, 'data/btc-blockio-scripts.txt'), 'utf8')).toContain(' WITNESS_V0 2 ');
  } finally {
    await account.dispose();
  }
});
