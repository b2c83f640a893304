import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {Faults} from '../../../source/backends/bitcoind/faults.ts';
import {Place} from '../../../source/backends/bitcoind/place.ts';
import type {RpcAuth} from '../../../source/config/config.ts';
import {EngineError} from '../../../source/primitives/errors.ts';
import {btc, openBackend} from '../../support/bitcoind.ts';
import {RegtestNode} from '../../support/regtest-node.ts';

const PASSWORD = 'correct-horse-battery';
const RPCAUTH = 'a1b2c3d4e5f60718293a4b5c6d7e8f90$dad69dc5419dc1984714e91c2f1b240e212488911f33d1fb896872678d96d23b';

/** What a new user reads when the first call fails. */
const firstError = async (url: string, auth: RpcAuth, wallet = 'hot'): Promise<EngineError> => {
  const backend = openBackend({url, auth, wallet, timeout: 3_000});
  try {
    await backend.chain.tip();
    await backend.addresses.walletFingerprints();
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    const {message, retry} = error as EngineError;
    expect(message).not.toContain('\n');
    expect(message).not.toContain(PASSWORD);
    expect(retry).not.toBe('never');
    return error as EngineError;
  } finally {
    await backend.close();
  }
  throw new Error('no error');
};

const password = (user: string, word: string): RpcAuth => ({kind: 'password', user, password: word});

describe('the first words to a new user', () => {
  let node: RegtestNode;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cookie-'));
    // User `alice`, salted hash of PASSWORD, as share/rpcauth makes it. The cookie stays valid beside it.
    node = await RegtestNode.start({zmq: false, args: [`-rpcauth=alice:${RPCAUTH}`]});
  });
  afterAll(async () => {
    await node.dispose();
    rmSync(folder, {recursive: true, force: true});
  });

  test('nothing listens there', async () => {
    const error = await firstError('http://127.0.0.1:1', password('alice', PASSWORD));
    expect(error).toMatchObject({code: 'backend_down', field: 'coins.btc.backend.url'});
    expect(error.message).toBe(
      'cannot reach bitcoind at http://127.0.0.1:1: nothing listens there. Start bitcoind, or correct coins.btc.backend.url',
    );
  });

  test('an unknown host', async () => {
    const error = await firstError('http://no-such-host.invalid:18443', password('alice', PASSWORD));
    expect(error).toMatchObject({code: 'backend_down', field: 'coins.btc.backend.url'});
    expect(error.message).toContain('the host name is not known');
  });

  test('a right password works, a wrong one is said without showing it', async () => {
    const right = openBackend({url: node.url, auth: password('alice', PASSWORD)});
    expect((await right.chain.tip()).height).toBe(0);
    await right.close();
    const error = await firstError(node.url, password('alice', `${PASSWORD}x`));
    expect(error).toMatchObject({code: 'backend_auth', field: 'coins.btc.backend.auth'});
    expect(error.message).toBe(
      `bitcoind at ${node.url} refuses this user and password: correct coins.btc.backend.auth, or rpcauth in its bitcoin.conf`,
    );
  });

  test('a cookie file that is not there, while the node runs', async () => {
    const path = join(folder, 'none', '.cookie');
    const error = await firstError(node.url, {kind: 'cookie', path});
    expect(error).toMatchObject({code: 'backend_auth', field: 'coins.btc.backend.auth.cookie'});
    expect(error.message).toContain(`no cookie file at ${path} (coins.btc.backend.auth.cookie)`);
  });

  test('a cookie file that is not there, because the node is down', async () => {
    const error = await firstError('http://127.0.0.1:1', {kind: 'cookie', path: join(folder, '.cookie')});
    expect(error).toMatchObject({code: 'backend_down', field: 'coins.btc.backend.url'});
  });

  test('a cookie file that may not be read', () => {
    // As root nothing is unreadable: the words are asked for by the code that the system would give.
    const config = {type: 'bitcoind', url: node.url, wallet: 'hot', timeout: 1, notify: []} as const;
    const place = new Place({...config, auth: {kind: 'cookie', path: '/n/.cookie'}}, btc);
    expect(new Faults(place).cookie('EACCES').message).toBe(
      'the cookie file /n/.cookie (coins.btc.backend.auth.cookie) may not be read by this user: ' +
        'start bitcoind with -rpccookieperms=group, or run as its user',
    );
  });

  test('a directory for a cookie file', async () => {
    const error = await firstError(node.url, {kind: 'cookie', path: folder});
    expect(error.message).toContain('cannot be read: EISDIR');
  });

  test("another node's cookie", async () => {
    const path = join(folder, 'other');
    writeFileSync(path, `__cookie__:${PASSWORD}`);
    const error = await firstError(node.url, {kind: 'cookie', path});
    expect(error).toMatchObject({code: 'backend_auth', field: 'coins.btc.backend.auth.cookie'});
    expect(error.message).toContain('does the file belong to this node?');
  });

  test('a wallet that does not exist', async () => {
    const error = await firstError(node.url, {kind: 'cookie', path: node.cookiePath}, 'nope');
    expect(error).toMatchObject({code: 'wallet_missing', field: 'coins.btc.backend.wallet'});
    expect(error.message).toBe(
      `bitcoind at ${node.url} has no wallet "nope" (coins.btc.backend.wallet): ` +
        'create it with `bitcoin-cli createwallet nope`, or name the right one',
    );
  });

  test('something else than bitcoind', async () => {
    const server = createServer((_request, response) =>
      response.writeHead(200, {'content-type': 'text/html'}).end('<p>'),
    );
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const error = await firstError(url, password('alice', PASSWORD));
    expect(error).toMatchObject({code: 'bad_backend_answer', field: 'coins.btc.backend.url'});
    expect(error.message).toBe(
      `what answers at ${url} does not speak bitcoind's RPC (HTTP 200, text/html): correct coins.btc.backend.url`,
    );
    server.closeAllConnections();
    server.close();
  });

  test('https to a node that speaks plain http', async () => {
    const error = await firstError(node.url.replace('http:', 'https:'), password('alice', PASSWORD));
    expect(error).toMatchObject({code: 'backend_down', field: 'coins.btc.backend.url'});
    expect(error.message).toContain('bitcoind itself speaks plain http');
  });

  test('a wrong path', async () => {
    const error = await firstError(`${node.url}/rpc`, {kind: 'cookie', path: node.cookiePath});
    expect(error.message).toContain('nothing at this path (HTTP 404): correct coins.btc.backend.url');
  });
});
