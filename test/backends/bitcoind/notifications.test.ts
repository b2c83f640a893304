import {afterEach, describe, expect, test} from 'vitest';
import {Publisher} from 'zeromq';
import {ZmqReader} from '../../../source/backends/bitcoind/zmq-message.ts';
import type {Bitcoind} from '../../../source/backends/bitcoind/index.ts';
import type {Hint} from '../../../source/chain/ports.ts';
import {openBackend, openBitcoind} from '../../support/bitcoind.ts';
import {RegtestNode} from '../../support/regtest-node.ts';
import {until} from '../../support/until.ts';

const TXID = 'ab'.repeat(32);
const counter = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const sequence = (event: string, count: number): Buffer[] => [
  Buffer.from('sequence'),
  Buffer.concat([Buffer.from(TXID, 'hex'), Buffer.from(event), Buffer.alloc(event === 'A' || event === 'R' ? 8 : 0)]),
  counter(count),
];

describe('a published message', () => {
  test('becomes the hint that it is', () => {
    const reader = new ZmqReader();
    expect(reader.read(sequence('A', 0))).toEqual({kind: 'mempool-added', txid: TXID});
    expect(reader.read(sequence('R', 1))).toEqual({kind: 'mempool-removed', txid: TXID});
    expect(reader.read(sequence('C', 2))).toEqual({kind: 'block'});
    expect(reader.read(sequence('D', 3))).toEqual({kind: 'block'});
    expect(reader.read([Buffer.from('hashblock'), Buffer.alloc(32), counter(9)])).toEqual({kind: 'block'});
  });

  test('behind a lost one means: look at everything; the next is itself again', () => {
    const reader = new ZmqReader();
    reader.read(sequence('A', 5));
    expect(reader.read(sequence('A', 7))).toEqual({kind: 'everything'});
    expect(reader.read(sequence('A', 8))).toMatchObject({kind: 'mempool-added'});
    // The node was restarted and counts from zero.
    expect(reader.read(sequence('A', 0))).toEqual({kind: 'everything'});
  });

  test('is counted by topic, over the end of the counter', () => {
    const reader = new ZmqReader();
    reader.read(sequence('A', 0xffff_ffff));
    expect(reader.read([Buffer.from('hashblock'), Buffer.alloc(32), counter(3)])).toEqual({kind: 'block'});
    expect(reader.read(sequence('A', 0))).toMatchObject({kind: 'mempool-added'});
  });

  test('that is not understood means: look at everything', () => {
    const reader = new ZmqReader();
    expect(reader.read([])).toEqual({kind: 'everything'});
    expect(reader.read([Buffer.from('sequence')])).toEqual({kind: 'everything'});
    expect(reader.read([Buffer.from('sequence'), Buffer.alloc(5), counter(0)])).toEqual({kind: 'everything'});
    expect(reader.read(sequence('X', 1))).toEqual({kind: 'everything'});
    expect(reader.read([Buffer.from('rawtx'), Buffer.alloc(50), counter(1)])).toEqual({kind: 'everything'});
  });
});

describe('a channel', () => {
  const open: {backend?: Bitcoind; node?: RegtestNode; publisher?: Publisher} = {};
  afterEach(async () => {
    await open.backend?.close();
    await open.node?.dispose();
    open.publisher?.close();
    delete open.backend;
    delete open.node;
    delete open.publisher;
  });
  const hear = (backend: Bitcoind): Hint[] => {
    const hints: Hint[] = [];
    backend.chain.listen(hint => hints.push(hint), new AbortController().signal);
    return hints;
  };
  const state = (backend: Bitcoind) => backend.health.notifyChannels()[0]?.state;

  test('is lost while its node is away, and says everything when it is back', async () => {
    const node = (open.node = await RegtestNode.start());
    const backend = (open.backend = openBitcoind(node, {notify: [{type: 'zmq', url: node.zmqUrl}]}));
    expect(state(backend)).toBe('lost');
    const hints = hear(backend);
    await until('the channel', () => state(backend) === 'quiet');
    expect(hints).toEqual([{kind: 'everything'}]);
    await node.mine(1);
    await until('a message', () => state(backend) === 'ok');
    expect(backend.health.notifyChannels()[0]?.lastAt).toBeGreaterThan(Date.now() - 60_000);
    await node.kill();
    await until('the loss', () => state(backend) === 'lost');
    hints.length = 0;
    await node.start();
    await until('everything', () => hints.some(({kind}) => kind === 'everything'));
    expect(state(backend)).not.toBe('lost');
  });

  test('hears a burst in full, and behind a gap says everything', async () => {
    const publisher = (open.publisher = new Publisher({sendHighWaterMark: 0}));
    await publisher.bind('tcp://127.0.0.1:*');
    const url = publisher.lastEndpoint!;
    const backend = (open.backend = openBackend({url: 'http://127.0.0.1:1', notify: [{type: 'zmq', url}]}));
    const hints = hear(backend);
    let count = 0;
    // A subscription takes effect some time after the connection.
    await until('the subscription', async () => {
      await publisher.send(sequence('C', count++));
      return hints.some(({kind}) => kind === 'block');
    });
    await until('the rest of it', () => hints.filter(({kind}) => kind === 'block').length > 0);
    hints.length = 0;
    const BURST = 20_000;
    for (let index = 0; index < BURST; index++) await publisher.send(sequence('A', count++));
    await until('the burst', () => hints.filter(({kind}) => kind === 'mempool-added').length === BURST);
    expect(hints.some(({kind}) => kind === 'everything')).toBe(false);
    count += 3;
    await publisher.send(sequence('A', count++));
    await until('the gap to be noticed', () => hints.some(({kind}) => kind === 'everything'));
  });

  test('to nowhere harms nothing and ends when it is told to', async () => {
    const backend = (open.backend = openBackend({
      url: 'http://127.0.0.1:1',
      notify: [{type: 'zmq', url: 'tcp://127.0.0.1:1'}],
    }));
    const hints = hear(backend);
    await backend.close();
    expect(state(backend)).toBe('lost');
    expect(hints).toEqual([]);
  });
});
