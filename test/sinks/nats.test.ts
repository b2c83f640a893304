import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest';
import type {NatsConfig} from '../../source/config/config.ts';
import type {DeliveryAnswer, Sink} from '../../source/outbox/ports.ts';
import {createNatsSink} from '../../source/sinks/nats.ts';
import {anEvent} from '../support/an-event.ts';
import {NatsServer} from '../support/nats-server.ts';
import {systemProgram} from '../support/system-program.ts';
import {until} from '../support/until.ts';

const program = systemProgram('nats-server', 'nats-server');

describe.skipIf(program === undefined)('a real nats-server with JetStream', () => {
  let server: NatsServer;
  const open: Sink[] = [];

  beforeAll(async () => {
    server = await NatsServer.start(program!);
    await server.addStream({name: 'COINS', subjects: ['coins.>']});
  });
  afterEach(async () => {
    server.thaw();
    await Promise.all(open.splice(0).map(async sink => sink.close()));
    await (await server.manager()).streams.purge('COINS');
  });
  afterAll(async () => server?.dispose());

  const sinkOf = (config: Partial<NatsConfig> = {}): Sink => {
    const sink = createNatsSink('broker', 'btc', {
      url: server.url,
      subject: 'coins.{coin}.{type}',
      stream: undefined,
      credentials: undefined,
      timeout: 5000,
      ...config,
    });
    open.push(sink);
    return sink;
  };
  const deliver = async (sink: Sink, sequence = 7, signal = new AbortController().signal): Promise<DeliveryAnswer> =>
    sink.deliver(anEvent(sequence), JSON.stringify(anEvent(sequence)), signal);
  const kept = async () => (await server.messages('COINS')).map(({id}) => id);

  test('events are stored in order under their ids, by coin and type, and the same one twice is one', async () => {
    const sink = sinkOf({stream: 'COINS'});
    for (const sequence of [1, 2, 2, 3, 1]) expect(await deliver(sink, sequence)).toMatchObject({kind: 'delivered'});
    const messages = await server.messages('COINS');
    expect(messages.map(({id}) => id)).toEqual(['evt_0011_1', 'evt_0011_2', 'evt_0011_3']);
    expect(messages[0]?.subject).toBe('coins.btc.backend.down');
    expect(JSON.parse(messages[1]?.body ?? '')).toEqual(anEvent(2));
  });

  test('a broker that was killed is found again, and nothing is lost or doubled', async () => {
    const sink = sinkOf();
    await deliver(sink, 11);
    await server.stop('SIGKILL');
    const answers = [await deliver(sink, 12), await deliver(sink, 12)];
    await server.run();
    expect(answers).toEqual(
      answers.map(() => ({kind: 'failed', words: `127.0.0.1:${server.port}: refused or closed the connection`})),
    );
    expect(await deliver(sink, 12)).toMatchObject({kind: 'delivered'});
    expect(await kept()).toEqual(['evt_0011_11', 'evt_0011_12']);
  });

  test('a broker that says nothing is left in time; what it took after all is dropped when it comes again', async () => {
    const sink = sinkOf({timeout: 400});
    await deliver(sink, 21);
    await server.freeze();
    expect(await deliver(sink, 22)).toMatchObject({
      kind: 'failed',
      words: expect.stringContaining('no answer within 0.4 s'),
    });
    server.thaw();
    await until('it to be taken', async () => (await deliver(sink, 22)).kind === 'delivered');
    expect(await deliver(sink, 23)).toMatchObject({kind: 'delivered'});
    expect(await kept()).toEqual(['evt_0011_21', 'evt_0011_22', 'evt_0011_23']);
  });

  test('a subject that no stream takes, and a stream that is another, are named', async () => {
    const words = async (sink: Sink) => {
      const answer = await deliver(sink);
      return answer.kind === 'failed' ? answer.words : answer.kind;
    };
    expect(await words(sinkOf({subject: 'nobody.{type}'}))).toMatch(/no stream there takes this subject/);
    expect(await words(sinkOf({stream: 'OTHER'}))).toMatch(/expected stream does not match/);
    await expect(sinkOf({subject: 'nobody.{type}'}).probe()).rejects.toMatchObject({code: 'sink_unreachable'});
    await expect(sinkOf({stream: 'OTHER'}).probe()).rejects.toThrow(
      /belongs to the stream COINS there, and not to OTHER/,
    );
    expect(await sinkOf().probe()).toMatch(/keeps coins\.btc\.deposit\.credited in the stream COINS$/);
    expect(await kept()).toEqual([]);
  });

  test('tls:// to a broker without TLS is refused rather than sent in the open', async () => {
    const answer = await deliver(sinkOf({url: server.url.replace('nats:', 'tls:')}));
    expect(answer).toMatchObject({kind: 'failed', words: expect.stringMatching(/tls/i)});
    expect(await kept()).toEqual([]);
  });

  test('a stop of the engine ends a delivery at once', async () => {
    const sink = sinkOf({timeout: 600_000});
    await deliver(sink, 31);
    await server.freeze();
    const stop = new AbortController();
    const answer = deliver(sink, 32, stop.signal);
    stop.abort();
    expect(await answer).toMatchObject({kind: 'failed', words: 'the engine stopped before an acknowledgement'});
    server.thaw();
  });

  test('with a login only those who have it get in', async () => {
    const guarded = await NatsServer.start(program!, {user: 'engine', pass: 'hunter22'});
    try {
      await guarded.addStream({name: 'COINS', subjects: ['coins.>']});
      const {url} = guarded;
      const login = (password: string) => ({kind: 'password', user: 'engine', password}) as const;
      expect(await deliver(sinkOf({url, credentials: login('hunter22')}))).toMatchObject({kind: 'delivered'});
      for (const credentials of [login('wrong'), undefined])
        expect(await deliver(sinkOf({url, credentials}))).toMatchObject({
          kind: 'failed',
          words: expect.stringMatching(/refuses the credentials$/),
        });
      const missing = {kind: 'file', path: '/nowhere/nats.creds'} as const;
      expect(await deliver(sinkOf({url, credentials: missing}))).toMatchObject({
        words: expect.stringContaining('cannot read /nowhere/nats.creds'),
      });
    } finally {
      await guarded.dispose();
    }
  });
});
