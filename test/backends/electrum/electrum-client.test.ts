import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createServer, type AddressInfo, type Server, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest';
import {ElectrumClient} from '../../../source/backends/electrum/electrum-client.ts';
import {coins} from '../../../source/coins/index.ts';
import type {ElectrumConfig} from '../../../source/config/config.ts';
import {type Clock, systemClock} from '../../../source/primitives/clock.ts';
import {openElectrum} from '../../support/electrum.ts';
import {ElectrumServer} from '../../support/electrum-server/index.ts';
import {freePort} from '../../support/free-port.ts';
import {RegtestNode} from '../../support/regtest-node.ts';
import {systemProgram} from '../../support/system-program.ts';
import {until} from '../../support/until.ts';

const btc = coins.get('btc')!;
const open = (url: string, config: Partial<ElectrumConfig> = {}, clock: Clock = systemClock): ElectrumClient =>
  new ElectrumClient(
    {
      type: 'electrum',
      url,
      timeout: 2_000,
      tls: {fingerprint: undefined, ca: undefined},
      limits: {inFlight: 200, batch: 50, message: 1_000_000},
      ...config,
    },
    btc,
    clock,
  );

/** A server whose every answer a test decides. */
class RawServer {
  readonly lines: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(answer: (line: string, socket: Socket) => void) {
    this.#server = createServer(socket => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      let rest = '';
      socket.setEncoding('utf8').on('data', (text: unknown) => {
        const lines = (rest + String(text)).split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          this.lines.push(line);
          answer(line, socket);
        }
      });
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async listen(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

interface Request {
  id: number;
  method: string;
  params: unknown[];
}
const handshake = ({id}: Request) => `${JSON.stringify({jsonrpc: '2.0', id, result: ['Raw 1', '1.4']})}\n`;

/** Answers the handshake, and everything else by `answer`. */
const rawServer = (answer: (request: Request | Request[], socket: Socket) => void): RawServer =>
  new RawServer((line, socket) => {
    const request = JSON.parse(line) as Request | Request[];
    if (!Array.isArray(request) && request.method === 'server.version') socket.write(handshake(request));
    else answer(request, socket);
  });

const closing: {close(): unknown}[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});
const closed = <Closable extends {close(): unknown}>(one: Closable): Closable => {
  closing.push(one);
  return one;
};

describe('closing ends at once what would take a deadline', () => {
  test.each([
    ['a handshake that is not answered', 'tcp:', (server: RawServer) => server.lines.length > 0],
    ['a connection that is not encrypted', 'ssl:', (server: RawServer) => server.connections > 0],
  ])('%s', async (_, protocol, hasBegun) => {
    const server = closed(new RawServer(() => undefined));
    const url = (await server.listen()).replace('tcp:', protocol);
    // Longer than any test.
    const client = open(url, {timeout: 600_000});
    const asked = client.call('server.ping').catch((error: unknown) => error);
    await until('it to begin', () => hasBegun(server));
    client.close();
    expect(await asked).toMatchObject({code: 'backend_down'});
    await until('the connection to end', () => server.connections === 0);
  });
});

describe('messages', () => {
  const echo = (request: Request | Request[], socket: Socket) => {
    const reply = ({id, params}: Request) => ({jsonrpc: '2.0', id, result: params[0] ?? null});
    const replies = [request].flat().map(reply);
    // The other way round, and in pieces: ids and newlines say what belongs together.
    const text = JSON.stringify(Array.isArray(request) ? replies.reverse() : replies[0]);
    socket.write(text.slice(0, 7));
    socket.write(`${text.slice(7)}\n`);
  };
  const calls = Array.from({length: 12}, (_, index) => ({method: 'echo', params: [index]}));
  const numbers = async (client: ElectrumClient) =>
    (await client.batch(calls)).map(outcome => ('result' in outcome ? outcome.result : outcome.refusal));

  test('begin with server.version, go out in batches, and are answered in the order asked', async () => {
    const server = closed(rawServer(echo));
    const client = closed(open(await server.listen(), {limits: {inFlight: 200, batch: 5, message: 1_000_000}}));
    expect(await numbers(client)).toEqual(calls.map((_, index) => index));
    expect(client.software).toBe('Raw 1');
    expect(server.lines[0]).toMatch(/"method":"server.version","params":\["cryptoassets-console",\["1.4",/);
    expect(server.lines.slice(1).map(line => [JSON.parse(line)].flat().length)).toEqual([5, 5, 2]);
  });

  test('never are more under way than the limits allow', async () => {
    const waiting: (() => void)[] = [];
    const server = closed(rawServer((request, socket) => waiting.push(() => echo(request, socket))));
    const client = closed(open(await server.listen(), {limits: {inFlight: 4, batch: 2, message: 1_000_000}}));
    const all = numbers(client);
    for (let answered = 0; answered < 6; answered += 1) {
      await until('a message', () => server.lines.length > answered + 1);
      expect(server.lines.length - 1 - answered).toBeLessThanOrEqual(2);
      waiting[answered]!();
    }
    expect(await all).toEqual(calls.map((_, index) => index));
  });

  test('a server that takes no batches is asked one by one, from then on', async () => {
    const server = closed(
      rawServer((request, socket) => {
        if (!Array.isArray(request)) return echo(request, socket);
        socket.write(`${JSON.stringify({jsonrpc: '2.0', id: null, error: {code: -32_600, message: 'no batches'}})}\n`);
      }),
    );
    const client = closed(open(await server.listen()));
    expect(await numbers(client)).toEqual(calls.map((_, index) => index));
    const before = server.lines.length;
    expect(await numbers(client)).toEqual(calls.map((_, index) => index));
    expect(server.lines.slice(before).every(line => line.startsWith('{'))).toBe(true);
  });

  test('one that is not answered fails at its deadline, and the others go on on the same connection', async () => {
    const server = closed(
      rawServer((request, socket) => [request].flat()[0]!.method === 'silent' || echo(request, socket)),
    );
    const client = closed(open(await server.listen(), {timeout: 300}));
    const silent = client.call('silent', [1]);
    expect(await client.call('echo', ['still here'])).toBe('still here');
    await expect(silent).rejects.toMatchObject({code: 'backend_timeout', retry: 'unknown-outcome'});
    expect(await client.call('echo', ['again'])).toBe('again');
    expect(server.lines.filter(line => line.includes('server.version'))).toHaveLength(1);
  });

  test('a server that does not even answer a ping is given up', async () => {
    const server = closed(rawServer(() => undefined));
    const client = closed(open(await server.listen(), {timeout: 100}));
    await expect(client.call('silent')).rejects.toMatchObject({code: 'backend_timeout'});
    await until('the connection to be given up', () => !client.isConnected);
  });

  test.each([
    ['no JSON', 'HTTP/1.1 400 Bad Request\n'],
    ['no object', '7\n'],
    ['neither result nor error', '{"jsonrpc":"2.0","id":2}\n'],
    ['an id that was never given', '{"jsonrpc":"2.0","id":77,"result":1}\n'],
    ['an id that is no number', '{"jsonrpc":"2.0","id":"2","result":1}\n'],
  ])('%s ends the connection with words for it', async (_, text) => {
    const server = closed(rawServer((_request, socket) => socket.write(text)));
    const client = closed(open(await server.listen()));
    await expect(client.call('anything')).rejects.toMatchObject({
      code: 'bad_backend_answer',
      field: 'coins.btc.backend.url',
      message: expect.stringMatching(/does not speak the Electrum protocol/) as string,
    });
  });

  test('another protocol is refused', async () => {
    const server = closed(
      new RawServer((line, socket) => {
        const {id} = JSON.parse(line) as Request;
        socket.write(`${JSON.stringify({id, result: ['Old', '1.2']})}\n`);
      }),
    );
    const client = closed(open(await server.listen()));
    await expect(client.call('anything')).rejects.toMatchObject({
      message: expect.stringMatching(/protocol 1\.2, and 1\.4 is needed/) as string,
    });
  });
});

test('nothing that listens is said so, and asked again only after a pause', async () => {
  const port = await freePort();
  const client = closed(open(`tcp://127.0.0.1:${port}`));
  const words = expect.stringMatching(/nothing listens there\. Correct coins\.btc\.backend\.url/) as string;
  await expect(client.call('anything')).rejects.toMatchObject({code: 'backend_down', message: words});
  // It is there now, and would answer.
  const server = createServer();
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  closed(server);
  await expect(client.call('anything')).rejects.toMatchObject({code: 'backend_down', message: words});
});

test('a server that hangs up each time is connected to ever less often', async () => {
  let now = 0;
  const clock = {now: () => now, monotonic: () => now};
  const server = closed(rawServer((_request, socket) => socket.destroy()));
  const client = closed(open(await server.listen(), {}, clock));
  const connections = () => server.lines.filter(line => line.includes('server.version')).length;
  const ask = async () => expect(client.call('anything')).rejects.toMatchObject({code: 'backend_down'});
  await ask();
  for (const pause of [250, 500, 1_000, 2_000]) {
    const before = connections();
    // Pauses differ by a quarter, so that a server that many lost is not asked by all of them at once.
    now += pause * 0.74;
    await ask();
    expect(connections()).toBe(before);
    now += pause * 0.52;
    await ask();
    expect(connections()).toBe(before + 1);
  }
});

test('one that is closed while it connects stays closed', async () => {
  const server = closed(rawServer(() => undefined));
  const client = open(await server.listen());
  const call = client.call('anything');
  client.close();
  await expect(call).rejects.toMatchObject({code: 'backend_down'});
  expect(client.isConnected).toBe(false);
});

const openssl = systemProgram('openssl', 'openssl');

describe.skipIf(openssl === undefined)('TLS', () => {
  let folder: string;
  let node: RegtestNode;
  let server: ElectrumServer;
  const certificate = (name: string, subject: string) => {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
    const made = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${subject}`;
    execFileSync(openssl!, [...made.split(' '), '-addext', `subjectAltName=${subject}`, '-keyout', key, '-out', cert], {
      stdio: 'pipe',
    });
    const shown = execFileSync(openssl!, ['x509', '-in', cert, '-noout', '-fingerprint', '-sha256'], {
      encoding: 'utf8',
    });
    return {
      key: readFileSync(key, 'utf8'),
      cert: readFileSync(cert, 'utf8'),
      path: cert,
      fingerprint: shown.split('=')[1]!.trim(),
    };
  };
  let own: ReturnType<typeof certificate>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'electrum-tls-'));
    own = certificate('own', 'IP:127.0.0.1');
    node = await RegtestNode.start();
    server = await ElectrumServer.start({node, tls: own});
  });
  afterAll(async () => {
    await server.close();
    await node.dispose();
    rmSync(folder, {recursive: true, force: true});
  });
  const tipBy = async (tls: Partial<ElectrumConfig['tls']>) => {
    const backend = closed(openElectrum(server.url, {tls: {fingerprint: undefined, ca: undefined, ...tls}}));
    return (await backend.chain.tip()).height;
  };

  test('a certificate of its own making is refused, with the fingerprint to pin', async () => {
    await expect(tipBy({})).rejects.toMatchObject({
      code: 'backend_down',
      field: 'coins.btc.backend.tls.fingerprint',
      message: expect.stringContaining(`tls.fingerprint: "${own.fingerprint}"`) as string,
    });
    expect(server.asked.size).toBe(0);
  });

  test('the one that is pinned is taken, however it is written', async () => {
    expect(await tipBy({fingerprint: own.fingerprint})).toBe(0);
    expect(await tipBy({fingerprint: own.fingerprint.replaceAll(':', '').toLowerCase()})).toBe(0);
  });

  test('another than the one that is pinned is refused before anything is said', async () => {
    server.asked.clear();
    const other = certificate('other', 'IP:127.0.0.1');
    await expect(tipBy({fingerprint: other.fingerprint})).rejects.toMatchObject({
      code: 'backend_down',
      message: expect.stringMatching(/shows another certificate than the one that is pinned/) as string,
    });
    expect(server.asked.size).toBe(0);
  });

  test('one by a CA that is given is taken, for the host that it names', async () => {
    expect(await tipBy({ca: own.path})).toBe(0);
    await expect(tipBy({ca: certificate('stranger', 'DNS:elsewhere.example').path})).rejects.toMatchObject({
      code: 'backend_down',
    });
    await expect(tipBy({ca: join(folder, 'missing.pem')})).rejects.toMatchObject({
      field: 'coins.btc.backend.tls.ca',
      message: expect.stringMatching(/missing\.pem .* cannot be used: ENOENT/) as string,
    });
  });

  test('plain TCP to a TLS port, and TLS to a plain one, are said so', async () => {
    const plain = closed(openElectrum(server.url.replace('ssl:', 'tcp:'), {timeout: 1_000}));
    await expect(plain.chain.tip()).rejects.toMatchObject({
      code: expect.stringMatching(/^backend_(down|timeout)$/) as string,
    });
    const tcp = closed(await ElectrumServer.start({node}));
    const encrypted = closed(openElectrum(tcp.url.replace('tcp:', 'ssl:'), {timeout: 1_000}));
    await expect(encrypted.chain.tip()).rejects.toMatchObject({
      code: expect.stringMatching(/^backend_(down|timeout)$/) as string,
    });
  });
});
