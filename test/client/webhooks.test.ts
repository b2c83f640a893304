import {createHmac, randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type RequestListener, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import express from 'express';
import fastify from 'fastify';
import {Webhook} from 'standardwebhooks';
import {afterAll, beforeEach, describe, expect, test} from 'vitest';
import {cryptoassetsWebhook as expressWebhook} from '../../source/client/express.ts';
import {cryptoassetsWebhook as fastifyWebhook} from '../../source/client/fastify.ts';
import {createReceiver, fileSeen, memorySeen, verifyWebhook, type TypedEvent} from '../../source/client/index.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const plain = 'a secret that is used as it is, bytes and all: ü';

let last = 0;
const eventBody = (label = 'Käse ☕') => {
  last += 1;
  const data = {account: 'shop', amount: '0.10000000', label};
  return JSON.stringify({id: `evt_x_${last}`, sequence: last, coin: 'btc', type: 'deposit.credited', schema: 1, data});
};
const headersFor = (body: string, {key = secret, at = new Date(), id = (JSON.parse(body) as {id: string}).id} = {}) => {
  const signer = key.startsWith('whsec_') ? new Webhook(key) : new Webhook(Buffer.from(key), {format: 'raw'});
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': signer.sign(id, at, body),
  };
};

describe('verifyWebhook', () => {
  test('returns the event of a request signed with any live secret, from text or bytes, and any kind of headers', () => {
    const body = eventBody();
    for (const key of [secret, plain]) {
      const headers = headersFor(body, {key});
      const options = {secrets: [plain, secret]};
      const event = verifyWebhook(body, headers, options);
      expect(event).toMatchObject({type: 'deposit.credited', data: {label: 'Käse ☕'}});
      expect(verifyWebhook(Buffer.from(body), headers, options)).toEqual(event);
      expect(verifyWebhook(body, new Headers(headers), {secrets: key})).toEqual(event);
      const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
      expect(verifyWebhook(body, upper, options)).toEqual(event);
    }
    const both = headersFor(body, {key: plain});
    both['webhook-signature'] = `v2,x v1 ${headersFor(body)['webhook-signature']} ${both['webhook-signature']}`;
    expect(verifyWebhook(body, both, {secrets: plain}).sequence).toBe(last);
  });

  const body = eventBody();
  const good = headersFor(body);
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
  test.each([
    ['no id', without('webhook-id'), body, 'webhook_headers_missing', 'webhook-id'],
    ['no time', without('webhook-timestamp'), body, 'webhook_headers_missing', 'webhook-timestamp'],
    ['no signature', without('webhook-signature'), body, 'webhook_headers_missing', 'webhook-signature'],
    ['another body', good, body.replace('0.10000000', '9.10000000'), 'bad_signature', 'webhook-signature'],
    ['another id', {...good, 'webhook-id': 'evt_x_9'}, body, 'bad_signature', 'webhook-signature'],
    [
      'another time',
      {...good, 'webhook-timestamp': String(Number(good['webhook-timestamp']) - 1)},
      body,
      'bad_signature',
      'webhook-signature',
    ],
    ['a time in words', {...good, 'webhook-timestamp': '1e9'}, body, 'webhook_too_old', 'webhook-timestamp'],
    ['an empty signature', {...good, 'webhook-signature': 'v1,'}, body, 'bad_signature', 'webhook-signature'],
    ['another secret', headersFor(body, {key: plain}), body, 'bad_signature', 'webhook-signature'],
    [
      'an old time',
      headersFor(body, {at: new Date(Date.now() - 302_000)}),
      body,
      'webhook_too_old',
      'webhook-timestamp',
    ],
    [
      'a time to come',
      headersFor(body, {at: new Date(Date.now() + 302_000)}),
      body,
      'webhook_too_old',
      'webhook-timestamp',
    ],
  ])('refuses %s with 401', (_what, headers, text, code, field) => {
    expect(() => verifyWebhook(text, headers, {secrets: secret})).toThrow(
      expect.objectContaining({name: 'CryptoassetsError', code, field, status: 401}),
    );
  });

  test('a tolerance can be wider, and a clock given', () => {
    const at = new Date(Date.now() - 400_000);
    expect(verifyWebhook(body, headersFor(body, {at}), {secrets: secret, tolerance: 500}).schema).toBe(1);
    expect(verifyWebhook(body, headersFor(body, {at}), {secrets: secret, now: () => at.getTime()}).schema).toBe(1);
  });

  test.each(['not JSON', 'null', '[]', '{"id": "evt_other", "type": "x", "sequence": 1}'])(
    'refuses a signed body that is no event: %s',
    text => {
      const headers = headersFor(text, {id: 'evt_x'});
      expect(() => verifyWebhook(text, headers, {secrets: secret})).toThrow(
        expect.objectContaining({code: 'bad_webhook_body', status: 400}),
      );
    },
  );

  test.each([[undefined], [''], ['whsec_'], ['short'], [[]], [[secret, undefined]]])(
    'a secret that is not set is refused when the receiver is made, not when it is needed: %j',
    secrets => {
      expect(() => createReceiver({secrets: secrets as string, onEvent: () => {}})).toThrow(
        expect.objectContaining({code: 'bad_option', field: 'secrets'}),
      );
    },
  );
});

describe('createReceiver', () => {
  test('a repeat that comes while the event is acted on shares the outcome, also a bad one', async () => {
    let calls = 0;
    let release: (error?: Error) => void = () => {};
    const receive = createReceiver({
      secrets: secret,
      onEvent: async () => {
        calls += 1;
        await new Promise<void>((resolve, reject) => (release = error => (error ? reject(error) : resolve())));
      },
    });
    const body = eventBody();
    const both = [receive(body, headersFor(body)), receive(body, headersFor(body))];
    await new Promise(setImmediate);
    release(new Error('no'));
    expect((await Promise.allSettled(both)).map(({status}) => status)).toEqual(['rejected', 'rejected']);
    const again = [receive(body, headersFor(body)), receive(body, headersFor(body))];
    await new Promise(setImmediate);
    release();
    expect((await Promise.all(again)).map(({repeated}) => repeated)).toEqual([false, true]);
    expect((await receive(body, headersFor(body))).repeated).toBe(true);
    expect(calls).toBe(2);
  });

  test('a file remembers over restarts, and forgets the oldest beyond its limit', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'seen-'));
    const path = join(folder, 'deeper', 'seen');
    const first = fileSeen(path, 3);
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'g']) await first.add(id);
    const second = fileSeen(path, 3);
    expect(['a', 'd', 'e', 'f', 'g'].map(id => second.has(id))).toEqual([false, false, true, true, true]);
    rmSync(folder, {recursive: true});
    const memory = memorySeen(2);
    for (const id of ['a', 'b', 'c']) await memory.add(id);
    expect(['a', 'b', 'c'].map(id => memory.has(id))).toEqual([false, true, true]);
  });
});

describe.each(['express', 'express behind express.raw', 'fastify', 'node:http'])('in %s', kind => {
  const got: TypedEvent[] = [];
  const faults: unknown[] = [];
  let fails: Error | undefined;
  const onEvent = async (event: TypedEvent) => {
    if (fails !== undefined) throw fails;
    got.push(event);
  };
  const closers: (() => Promise<unknown>)[] = [];
  const listen = async (handler: RequestListener): Promise<string> => {
    const server: Server = createServer(handler);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    closers.push(async () => new Promise(resolve => server.close(resolve)));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const start = async (): Promise<string> => {
    const options = {secrets: [plain, secret], onEvent};
    if (kind === 'fastify') {
      const app = fastify();
      app.setErrorHandler((error, _request, reply) => {
        faults.push(error);
        return reply.send(error);
      });
      await app.register(fastifyWebhook, {...options, path: '/hooks/coins'});
      app.post('/other', (request, reply) => reply.send({parsed: request.body}));
      closers.push(async () => app.close());
      return app.listen({port: 0, host: '127.0.0.1'});
    }
    if (kind === 'node:http') {
      const webhook = expressWebhook(options);
      return listen((request, response) => void webhook(request, response));
    }
    const app = express();
    const raw = kind === 'express' ? [] : [express.raw({type: 'application/json'})];
    app.post('/hooks/coins', ...raw, expressWebhook(options));
    app.use(express.json());
    app.post('/late', expressWebhook(options));
    app.post('/other', (request, response) => void response.json({parsed: request.body as unknown}));
    app.use(((error: unknown, _request, response, _next) => {
      faults.push(error);
      response.status((error as {status?: number}).status ?? 500).end();
    }) as express.ErrorRequestHandler);
    return listen(app);
  };
  let url: Promise<string> | undefined;
  const post = async (path: string, body: string, headers: Record<string, string>) =>
    fetch(`${await (url ??= start())}${path}`, {method: 'POST', headers, body});

  beforeEach(() => {
    got.length = 0;
    faults.length = 0;
    fails = undefined;
  });
  afterAll(async () => {
    for (const close of closers) await close();
  });

  test('a signed event is handed over once and answered 204, its repeat only 204', async () => {
    const body = eventBody();
    expect((await post('/hooks/coins', body, headersFor(body))).status).toBe(204);
    expect((await post('/hooks/coins', body, headersFor(body, {key: plain}))).status).toBe(204);
    expect(got.map(event => event.type === 'deposit.credited' && event.data.label)).toEqual(['Käse ☕']);
  });

  test('what the engine did not sign is 401 and is not handed over', async () => {
    const body = eventBody();
    for (const headers of [
      headersFor(body, {key: 'another secret of thirty bytes'}),
      {'content-type': 'application/json'},
    ]) {
      const answer = await post('/hooks/coins', body, headers);
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({status: 401, code: expect.any(String) as string});
    }
    const forged = createHmac('sha256', '').update(body).digest('base64');
    expect((await post('/hooks/coins', body, {...headersFor(body), 'webhook-signature': `v1,${forged}`})).status).toBe(
      401,
    );
    expect(got).toEqual([]);
  });

  test('an event that could not be acted on is 500, whatever was thrown, and is handed over again', async () => {
    const body = eventBody();
    // 410 would switch the sink off, 401 is not for the application to say.
    for (const status of [410, 401, 422]) {
      fails = Object.assign(new Error('no'), {status, statusCode: status, code: 'bad_signature'});
      expect((await post('/hooks/coins', body, headersFor(body))).status).toBe(500);
    }
    if (kind !== 'node:http') expect((faults[0] as Error).cause).toMatchObject({message: 'no'});
    fails = undefined;
    expect((await post('/hooks/coins', body, headersFor(body))).status).toBe(204);
    expect(got).toHaveLength(1);
  });

  test('a body larger than any event is refused', async () => {
    const body = eventBody('x'.repeat(1_100_000));
    const status = await post('/hooks/coins', body, headersFor(body)).then(
      answer => answer.status,
      // The connection may be cut before the whole body was sent.
      () => 413,
    );
    expect(status).toBe(413);
    expect(got).toEqual([]);
  });

  if (kind !== 'node:http')
    test('the other routes still get parsed bodies', async () => {
      const answer = await post('/other', '{"a": 1}', {'content-type': 'application/json'});
      expect(await answer.json()).toEqual({parsed: {a: 1}});
    });

  if (kind.startsWith('express'))
    test('behind express.json() it says what is wrong', async () => {
      const body = eventBody();
      expect((await post('/late', body, headersFor(body))).status).toBe(500);
      expect((faults[0] as Error).cause).toMatchObject({code: 'raw_body_missing'});
    });
});
