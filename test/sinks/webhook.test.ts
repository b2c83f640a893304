import {createServer} from 'node:net';
import type {AddressInfo} from 'node:net';
import {networkInterfaces} from 'node:os';
import type {ServerResponse} from 'node:http';
import {Webhook} from 'standardwebhooks';
import {afterEach, describe, expect, test} from 'vitest';
import type {Event} from '../../source/contract/index.ts';
import type {DeliveryAnswer, Sink} from '../../source/outbox/ports.ts';
import {isLoopbackHost, isPrivateHost} from '../../source/config/hosts.ts';
import {createWebhookSink, type WebhookLimits} from '../../source/sinks/webhook.ts';
import {RoughReceiver} from '../support/rough-receiver.ts';
import {until} from '../support/until.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const LIMITS: WebhookLimits = {deadline: 400, rest: 200, restBytes: 65_536};
/** Longer than a test may take: what is over before it did not wait for it. */
const NEVER = 600_000;
const EVENT: Event = {
  id: 'evt_0011_7',
  sequence: 7,
  coin: 'btc',
  type: 'backend.down',
  created_at: '2026-01-31T12:00:00.000Z',
  schema: 1,
  data: {backend: 'Ünïcode ₿', since: '2026-01-31T12:00:00.000Z'},
};
const BODY = JSON.stringify(EVENT);

const open: {close(): Promise<void>}[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(async thing => thing.close()));
});

const receiverOf = async (answer: (response: ServerResponse) => void): Promise<RoughReceiver> => {
  const receiver = await RoughReceiver.start(answer);
  open.push(receiver);
  return receiver;
};
const sinkOf = (
  url: string,
  {
    secret = SECRET,
    allowPrivate = false,
    limits = LIMITS,
  }: {secret?: string | string[]; allowPrivate?: boolean; limits?: WebhookLimits} = {},
): Sink => {
  const sink = createWebhookSink('shop', {url, secrets: [secret].flat(), allowPrivate}, {limits});
  open.push(sink);
  return sink;
};
const deliver = async (sink: Sink): Promise<DeliveryAnswer> => sink.deliver(EVENT, BODY, new AbortController().signal);
const answerTo = async (answer: (response: ServerResponse) => void): Promise<DeliveryAnswer> =>
  deliver(sinkOf((await receiverOf(answer)).url));

describe('what is sent', () => {
  test.each([
    ['whsec_ and base64', SECRET, new Webhook(SECRET)],
    [
      'a text of at least 24 bytes, as it is',
      'plain text, 24 bytes or möre',
      new Webhook(Buffer.from('plain text, 24 bytes or möre'), {format: 'raw'}),
    ],
  ])('is signed so that a Standard Webhooks library accepts it: secret %s', async (_kind, secret, verifier) => {
    const receiver = await receiverOf(response => response.writeHead(200).end());
    expect(await deliver(sinkOf(receiver.url, {secret}))).toEqual({kind: 'delivered', status: 200});
    const [request] = receiver.requests;
    expect(verifier.verify(request!.body, request!.headers as Record<string, string>)).toEqual(EVENT);
    expect(() => verifier.verify(`${request!.body} `, request!.headers as Record<string, string>)).toThrow();
    expect(request).toMatchObject({
      url: '/hooks?shop=1',
      headers: {'content-type': 'application/json', 'webhook-id': EVENT.id, 'user-agent': 'cryptoassets-console'},
    });
    expect(Number(request!.headers['webhook-timestamp'])).toBeCloseTo(Date.now() / 1000, -1);
  });

  test('while a secret is being replaced, is signed with both, the newest first', async () => {
    const receiver = await receiverOf(response => response.writeHead(200).end());
    const older = 'the older one of two, 34 bytes long';
    await deliver(sinkOf(receiver.url, {secret: [SECRET, older]}));
    const {body, headers} = receiver.requests[0]!;
    const signatures = String(headers['webhook-signature']).split(' ');
    expect(signatures).toHaveLength(2);
    const verifiers = [new Webhook(SECRET), new Webhook(Buffer.from(older), {format: 'raw'})];
    for (const [index, verifier] of verifiers.entries()) {
      expect(verifier.verify(body, headers as Record<string, string>)).toEqual(EVENT);
      const alone = {...(headers as Record<string, string>), 'webhook-signature': signatures[index]!};
      expect(verifier.verify(body, alone)).toEqual(EVENT);
    }
  });

  test('goes over one connection that is kept', async () => {
    const receiver = await receiverOf(response => response.writeHead(200).end('thank you'));
    const sink = sinkOf(receiver.url);
    for (let i = 0; i < 5; i++) await deliver(sink);
    expect([receiver.requests.length, receiver.connections]).toEqual([5, 1]);
  });
});

describe('what an answer means', () => {
  test.each([200, 201, 202, 204, 299])('%i is an arrival', async status => {
    expect(await answerTo(response => response.writeHead(status).end())).toEqual({kind: 'delivered', status});
  });

  test.each([
    [400, 'answered 400 Bad Request'],
    [404, 'answered 404 Not Found'],
    [429, 'answered 429 Too Many Requests'],
    [500, 'answered 500 Internal Server Error'],
    [599, 'answered 599'],
  ])('%i is a failure', async (status, words) => {
    expect(await answerTo(response => response.writeHead(status).end('no'))).toEqual({kind: 'failed', words, status});
  });

  test('410 is for good', async () => {
    expect(await answerTo(response => response.writeHead(410).end())).toEqual({
      kind: 'gone',
      words: 'answered 410 Gone',
      status: 410,
    });
  });

  test.each([301, 302, 307, 308])('%i is a failure, and nobody is asked at the other address', async status => {
    const other = await receiverOf(response => response.writeHead(200).end());
    const answer = await answerTo(response => response.writeHead(status, {location: other.url}).end());
    expect(answer).toMatchObject({kind: 'failed', words: expect.stringContaining('redirects are not followed')});
    expect(other.connections).toBe(0);
  });
});

describe('endpoints that misbehave', () => {
  test('one that hangs is left after the deadline', async () => {
    const receiver = await receiverOf(() => undefined);
    expect(await deliver(sinkOf(receiver.url))).toEqual({
      kind: 'failed',
      words: `127.0.0.1:${receiver.port} gave no answer within 0.4 s`,
    });
    await until('the connection to be closed', () => receiver.closed > 0);
  });

  test('one that sends its headers byte by byte is left after the deadline', async () => {
    const server = createServer(socket => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\nx: ');
      const timer = setInterval(() => socket.write('y'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const {port} = server.address() as AddressInfo;
    const answer = await deliver(sinkOf(`http://127.0.0.1:${port}/`));
    expect(answer).toMatchObject({kind: 'failed', words: expect.stringContaining('no answer within')});
    await new Promise<void>(resolve => server.close(() => resolve()));
  });

  test('a 2xx whose body drips is an arrival, and holds nobody up', async () => {
    const timers: NodeJS.Timeout[] = [];
    const receiver = await receiverOf(response => {
      response.writeHead(200);
      timers.push(setInterval(() => response.write('x'), 20));
    });
    const sink = sinkOf(receiver.url, {limits: {...LIMITS, deadline: NEVER}});
    expect(await deliver(sink)).toEqual({kind: 'delivered', status: 200});
    await until('the connection to be closed', () => receiver.closed > 0);
    timers.forEach(clearInterval);
  });

  test.each([200, 500])('10 MB with a %i are not read', async status => {
    let sent = 0;
    const receiver = await receiverOf(response => {
      response.writeHead(status);
      const more = () => {
        while (sent < 10_000_000 && !response.destroyed) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return response.once('drain', more);
        }
        return response.end();
      };
      more();
    });
    const heap = process.memoryUsage().arrayBuffers;
    expect((await deliver(sinkOf(receiver.url))).kind).toBe(status === 200 ? 'delivered' : 'failed');
    await until('the connection to be closed', () => receiver.closed > 0);
    expect(process.memoryUsage().arrayBuffers - heap).toBeLessThan(9_000_000);
    expect(sent).toBeLessThan(10_000_000);
  });

  test('one that was restarted is reached again', async () => {
    const receiver = await receiverOf(response => response.writeHead(200).end());
    const sink = sinkOf(receiver.url);
    await deliver(sink);
    for (const socket of receiver.sockets) socket.destroy();
    await until('the connections to be gone', () => receiver.sockets.size === 0);
    await until('an arrival', async () => (await deliver(sink)).kind === 'delivered');
  });

  test.each([
    ['nobody listens', async () => `http://127.0.0.1:${await freePort()}/`, /refused the connection: nothing listens/],
    [
      'its name means nothing',
      async () => 'https://shop.invalid/',
      /^shop\.invalid is a name that cannot be resolved$/,
    ],
    ['it closes at once', async () => `http://127.0.0.1:${await rawServer(null)}/`, /closed the connection without/],
    ['it speaks no HTTP', async () => `http://127.0.0.1:${await rawServer('220 smtp\r\n')}/`, /is not HTTP/],
    ['it speaks no TLS', async () => `https://127.0.0.1:${await rawServer('220 smtp\r\n')}/`, /does not speak TLS/],
  ])('%s: one line says so', async (_what, url, words) => {
    const answer = await deliver(sinkOf(await url(), {limits: {...LIMITS, deadline: 5000}}));
    expect(answer).toMatchObject({kind: 'failed', words: expect.stringMatching(words)});
  });

  test('a stop of the engine ends a request at once', async () => {
    const receiver = await receiverOf(() => undefined);
    const stop = new AbortController();
    const sink = sinkOf(receiver.url, {limits: {...LIMITS, deadline: NEVER}});
    const answer = sink.deliver(EVENT, BODY, stop.signal);
    await until('the request', () => receiver.requests.length === 1, {every: 5});
    stop.abort();
    expect(await answer).toMatchObject({kind: 'failed'});
    expect(await sink.deliver(EVENT, BODY, stop.signal)).toMatchObject({kind: 'failed'});
    expect(receiver.requests).toHaveLength(1);
  });
});

describe('where it may go', () => {
  test.each([
    'https://10.1.2.3/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://0.0.0.0/',
    'https://100.100.100.200/latest/meta-data',
    'https://192.0.0.192/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:a00:1::]/',
    'https://[ff02::1]/',
  ])('%s is refused unless it is allowed', async url => {
    expect(await deliver(sinkOf(url))).toMatchObject({
      kind: 'failed',
      words: expect.stringMatching(/private or link-local address; set allow_private: true/),
    });
  });

  test('public addresses are none of these', () => {
    const all = [
      '1.1.1.1',
      '100.63.0.1',
      '172.32.0.1',
      '192.0.1.1',
      '[2606:4700::1]',
      '[64:ff9b::101:101]',
      'shop.example',
    ];
    expect(all.filter(isPrivateHost)).toEqual([]);
    expect(all.filter(isLoopbackHost)).toEqual([]);
  });

  test.each([
    [false, /^shop\.example \(127\.0\.0\.1\) is this machine, under a name that does not say so/],
    [true, /refused the connection/],
  ])('a public name that points to this machine is refused unless it is allowed (%s)', async (allowPrivate, words) => {
    const sink = createWebhookSink(
      'shop',
      {url: `https://shop.example:${await freePort()}/`, secrets: [SECRET], allowPrivate},
      {limits: LIMITS, resolve: (_name, _options, callback) => callback(null, [{address: '127.0.0.1', family: 4}])},
    );
    open.push(sink);
    expect(await deliver(sink)).toMatchObject({kind: 'failed', words: expect.stringMatching(words)});
  });

  test('check connects, sends nothing, and is held to the same rules', async () => {
    const receiver = await receiverOf(response => response.writeHead(200).end());
    expect(await sinkOf(receiver.url).probe()).toBe(`127.0.0.1:${receiver.port} takes connections`);
    expect([receiver.connections, receiver.requests.length]).toEqual([1, 0]);
    const refused = async (url: string, words: RegExp) =>
      expect(sinkOf(url).probe()).rejects.toMatchObject({
        code: 'sink_unreachable',
        message: expect.stringMatching(words),
      });
    await refused(`http://127.0.0.1:${await freePort()}/`, /nothing listens there/);
    await refused('https://192.168.0.1/', /private or link-local/);
    await refused(`https://127.0.0.1:${receiver.port}/`, /does not speak TLS/);
  });

  test('a private address is connected to when it is allowed', async () => {
    const answer = await deliver(sinkOf('https://10.255.255.1:9/', {allowPrivate: true}));
    expect(answer).toMatchObject({kind: 'failed', words: expect.not.stringContaining('allow_private')});
  });

  const own = Object.values(networkInterfaces())
    .flat()
    .find(address => address?.family === 'IPv4' && !address.internal)?.address;
  test.skipIf(own === undefined)('plain http to another address than this machine is refused', async () => {
    const receiver = await RoughReceiver.start(response => response.writeHead(200).end(), '0.0.0.0');
    open.push(receiver);
    const answer = await deliver(sinkOf(`http://${own}:${receiver.port}/`, {allowPrivate: true}));
    expect(answer).toMatchObject({kind: 'failed', words: expect.stringContaining('plain http goes to this one only')});
    expect(receiver.connections).toBe(0);
  });

  test('a name is judged by the address that it has when it is connected to', async () => {
    const receiver = await receiverOf(response => response.writeHead(200).end());
    let addresses = ['127.0.0.1'];
    const sink = createWebhookSink(
      'shop',
      {url: `http://shop.localhost:${receiver.port}/`, secrets: [SECRET], allowPrivate: false},
      {
        limits: LIMITS,
        resolve: (_name, _options, callback) =>
          callback(
            null,
            addresses.map(address => ({address, family: 4})),
          ),
      },
    );
    open.push(sink);
    expect(await deliver(sink)).toMatchObject({kind: 'delivered'});
    addresses = ['127.0.0.1', '10.0.0.5'];
    for (const socket of receiver.sockets) socket.destroy();
    await until('the connections to be gone', () => receiver.sockets.size === 0);
    const refused = await until('the refusal', async () => {
      const answer = await deliver(sink);
      return answer.kind === 'failed' && answer.words.includes('10.0.0.5') ? answer.words : undefined;
    });
    expect(refused).toBe('shop.localhost (10.0.0.5) is another machine; plain http goes to this one only');
    expect(receiver.connections).toBe(1);
  });

  test.each([
    [false, /^shop\.example \(10\.255\.255\.1\) is a private or link-local address/],
    // Whatever the network says there, it was asked.
    [true, /^(?!.*private)/],
  ])('a name with a private address is refused unless it is allowed (%s)', async (allowPrivate, words) => {
    const sink = createWebhookSink(
      'shop',
      {url: 'https://shop.example/', secrets: [SECRET], allowPrivate},
      {limits: LIMITS, resolve: (_name, _options, callback) => callback(null, [{address: '10.255.255.1', family: 4}])},
    );
    open.push(sink);
    expect(await deliver(sink)).toMatchObject({kind: 'failed', words: expect.stringMatching(words)});
  });
});

const rawServer = async (greeting: string | null): Promise<number> => {
  const server = createServer(socket => {
    socket.on('error', () => undefined);
    socket.once('data', () => (greeting === null ? socket.destroy() : socket.end(greeting)));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: async () => {
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  });
  return (server.address() as AddressInfo).port;
};

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  await new Promise<void>(resolve => server.close(() => resolve()));
  return port;
};
