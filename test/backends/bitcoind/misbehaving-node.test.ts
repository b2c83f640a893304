import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import type {Bitcoind} from '../../../source/backends/bitcoind/index.ts';
import {WatchSet} from '../../../source/chain/watch-set.ts';
import {EngineError} from '../../../source/primitives/errors.ts';
import {parseBlockHash, parseTxid} from '../../../source/primitives/ids.ts';
import {openBackend} from '../../support/bitcoind.ts';
import {until} from '../../support/until.ts';
import {type FakeAnswer, FakeRpcServer, raw, refusal, results} from '../../support/fake-rpc-server.ts';

const SOME_HASH = 'ab'.repeat(32);
const JSON_TYPE = 'application/json';
const reply = (result: unknown) => (id: number) => JSON.stringify({result, error: null, id});

describe('a node that answers badly', () => {
  let fake: FakeRpcServer;
  let backend: Bitcoind;
  beforeAll(async () => {
    fake = await FakeRpcServer.start(raw(200, JSON_TYPE, '{}'));
    backend = openBackend({url: fake.url, timeout: 300});
  });
  beforeEach(() => {
    fake.requests.length = 0;
  });
  afterAll(async () => {
    await backend.close();
    await fake.close();
  });

  const genesisFails = async (answer: FakeAnswer): Promise<EngineError> => {
    fake.answer = answer;
    const error = await backend.chain.genesis().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EngineError);
    // Whatever a node says may be repaired; a loop that asks again must not take the engine down.
    expect((error as EngineError).retry).not.toBe('never');
    return error as EngineError;
  };
  const withId =
    (body: (id: number) => string): FakeAnswer =>
    (response, calls) =>
      raw(200, JSON_TYPE, body(calls[0]!.id))(response, calls, undefined as never);

  test.each<[string, FakeAnswer, string]>([
    ['HTML with 200', raw(200, 'text/html', '<html>hello</html>'), 'bad_backend_answer'],
    ['HTML with 503', raw(503, 'text/html', 'Work queue depth exceeded'), 'backend_overloaded'],
    ['the same with 500, as old nodes do', raw(500, 'text/html', 'Work queue depth exceeded'), 'backend_overloaded'],
    ['an empty 200', raw(200, JSON_TYPE, ''), 'bad_backend_answer'],
    ['JSON that is no reply', raw(200, JSON_TYPE, '{"hello": 1}'), 'bad_backend_answer'],
    ['null', raw(200, JSON_TYPE, 'null'), 'bad_backend_answer'],
    ['an empty list', raw(200, JSON_TYPE, '[]'), 'bad_backend_answer'],
    ['truncated JSON', withId(id => reply(SOME_HASH)(id).slice(0, 40)), 'bad_backend_answer'],
    ['the reply to another call', withId(id => reply(SOME_HASH)(id + 1)), 'bad_backend_answer'],
    ['the same reply twice', withId(id => `[${reply(SOME_HASH)(id)},${reply(SOME_HASH)(id)}]`), 'bad_backend_answer'],
    ['an error without a code', withId(id => `{"result":null,"error":"no","id":${id}}`), 'bad_backend_answer'],
    ['a number for a hash', withId(reply(7)), 'bad_backend_answer'],
    ['a hash in capitals', withId(reply('AB'.repeat(32))), 'bad_backend_answer'],
    ['a redirect', raw(302, 'text/html', ''), 'bad_backend_answer'],
    ['403', raw(403, '', ''), 'backend_auth'],
    ['404 without a body', raw(404, '', ''), 'bad_backend_answer'],
    [
      'a request it could not read',
      raw(500, JSON_TYPE, '{"result":null,"error":{"code":-32700,"message":"Parse error"},"id":null}'),
      'backend_refused',
    ],
    ['garbage instead of HTTP', response => response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'), 'backend_down'],
    ['nothing, and hangs up', response => response.socket?.destroy(), 'backend_down'],
  ])('%s', async (_name, answer, code) => {
    expect((await genesisFails(answer)).code).toBe(code);
  });

  test('an answer that never comes ends at the deadline', async () => {
    const error = await genesisFails(() => undefined);
    expect(error).toMatchObject({code: 'backend_timeout', retry: 'unknown-outcome'});
  });

  test('an answer that comes byte by byte ends at the same deadline', async () => {
    const error = await genesisFails((response, calls) => {
      response.writeHead(200, {'content-type': JSON_TYPE});
      const body = reply(SOME_HASH)(calls[0]!.id);
      let sent = 0;
      const drip = setInterval(() => response.write(body[sent++] ?? ' '), 20);
      response.once('close', () => clearInterval(drip));
    });
    expect(error.code).toBe('backend_timeout');
  });

  test('an answer without end is cut off at its cap', async () => {
    const other = openBackend({url: fake.url, timeout: 20_000});
    let sent = 0;
    fake.answer = response => {
      response.writeHead(200, {'content-type': JSON_TYPE});
      const megabyte = Buffer.alloc(1_000_000, 0x20);
      const pour = () => {
        while (!response.destroyed) {
          sent += megabyte.length;
          if (response.write(megabyte)) continue;
          response.once('drain', pour);
          return;
        }
      };
      pour();
    };
    const error = await other.chain.genesis().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({code: 'bad_backend_answer'});
    expect(sent).toBeLessThan(40_000_000);
    await other.close();
  });

  test('a lost connection is tried once more', async () => {
    let times = 0;
    fake.answer = (response, calls, request) => {
      if (times++ === 0) response.socket?.destroy();
      else results(() => SOME_HASH)(response, calls, request);
    };
    expect(await backend.chain.genesis()).toBe(SOME_HASH);
    expect(times).toBe(2);
  });

  test('a full work queue loses no other call', async () => {
    fake.answer = (response, calls, request) =>
      calls[0]!.method === 'estimatesmartfee'
        ? raw(503, 'text/html', 'Work queue depth exceeded')(response, calls, request)
        : results(() => SOME_HASH)(response, calls, request);
    const answers = await Promise.allSettled([
      backend.fees.estimate(6),
      backend.chain.genesis(),
      backend.fees.estimate(6),
    ]);
    expect(answers.map(({status}) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
  });

  test('no more than eight requests are under way, and a send passes a stalled download', async () => {
    let open = 0;
    let most = 0;
    const held: (() => void)[] = [];
    fake.answer = (response, calls, request) => {
      most = Math.max(most, ++open);
      const finish = () => {
        open--;
        results(() => SOME_HASH)(response, calls, request);
      };
      if (calls[0]!.method === 'sendrawtransaction') finish();
      else held.push(finish);
    };
    const patient = openBackend({url: fake.url, timeout: 20_000});
    const refs = Array.from({length: 500}, (_, height) => ({height, hash: parseBlockHash(SOME_HASH)}));
    const download = (async () => {
      for await (const block of patient.chain.facts(refs, new WatchSet())) expect(block).toBeUndefined();
    })().catch(() => 'ended');
    expect(await patient.broadcaster.send(Buffer.of(1), parseTxid(SOME_HASH))).toEqual({kind: 'accepted'});
    const many = Promise.allSettled(Array.from({length: 40}, () => patient.chain.genesis()));
    // Two of the download, six others: the rest waits for its turn.
    await until('the lanes to be full', () => held.length === 8);
    let settled = false;
    void many.then(() => (settled = true));
    await until(
      'every call to be answered',
      () => {
        for (const finish of held.splice(0)) finish();
        return settled;
      },
      {every: 1},
    );
    await many;
    await download;
    expect(most).toBe(8);
    await patient.close();
  });
});

describe('a node that lies', () => {
  let fake: FakeRpcServer;
  let backend: Bitcoind;
  beforeAll(async () => {
    fake = await FakeRpcServer.start(results(() => null));
    backend = openBackend({url: fake.url, timeout: 2_000, walletFingerprints: ['00']});
  });
  afterAll(async () => {
    await backend.close();
    await fake.close();
  });
  const lie = (result: (method: string) => unknown) => {
    fake.answer = results(({method}) => result(method));
  };
  const BAD = {code: 'bad_backend_answer'};
  const COINBASE =
    '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff00ffffffff0100f2052a0100000000' +
    '00000000';

  test('sends another block than asked: refused', async () => {
    lie(() => '00'.repeat(81));
    const read = async () => {
      for await (const block of backend.chain.facts([{height: 1, hash: parseBlockHash(SOME_HASH)}], new WatchSet()))
        expect(block).toBeUndefined();
    };
    await expect(read()).rejects.toMatchObject(BAD);
    lie(() => 'zz');
    await expect(read()).rejects.toMatchObject(BAD);
    lie(() => '');
    await expect(read()).rejects.toMatchObject(BAD);
  });

  test('sends bytes whose hash is not the txid: refused', async () => {
    lie(method => (method === 'getrawtransaction' ? COINBASE : {}));
    await expect(backend.chain.mempoolTransactions([parseTxid(SOME_HASH)])).rejects.toMatchObject(BAD);
    lie(method => (method === 'getrawtransaction' ? COINBASE.slice(0, -2) : {}));
    await expect(backend.chain.mempoolTransactions([parseTxid(SOME_HASH)])).rejects.toMatchObject(BAD);
  });

  test('confirms a send with another txid: the outcome is unknown', async () => {
    lie(() => 'cd'.repeat(32));
    expect(await backend.broadcaster.send(Buffer.of(1), parseTxid(SOME_HASH))).toMatchObject({kind: 'unknown'});
  });

  test('lists something as long as a txid in its mempool: refused', async () => {
    fake.answer = results(({method}) => (method === 'getmempoolinfo' ? {loaded: true} : ['z'.repeat(64)]));
    await expect(backend.chain.mempool()).rejects.toMatchObject(BAD);
  });

  test.each(['', 'hello', 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'])(
    'gives %j for a new address: refused',
    async text => {
      lie(method => (method === 'getaddressinfo' ? {ismine: true} : text));
      await expect(backend.addresses.newAddress()).rejects.toMatchObject(BAD);
      await expect(backend.addresses.newChangeAddress()).rejects.toMatchObject(BAD);
    },
  );

  test('leaves rows out: refused', async () => {
    lie(() => []);
    await expect(backend.chain.mempoolSpenders([{txid: parseTxid(SOME_HASH), vout: 0}])).rejects.toMatchObject(BAD);
  });

  test.each([
    ['a negative amount', [{txid: SOME_HASH, vout: 0, amount: -1}]],
    ['nine decimals', [{txid: SOME_HASH, vout: 0, amount: 0.123456789}]],
    ['an exponent', [{txid: SOME_HASH, vout: 0, amount: 1e-9}]],
    ['no txid', [{vout: 0, amount: 1}]],
    ['no list', {}],
  ])('lists wallet coins with %s: refused', async (_name, coins) => {
    lie(() => coins);
    await expect(backend.addresses.walletCoins()).rejects.toMatchObject(BAD);
  });

  test('writes an amount that no float holds: it is read exactly', async () => {
    const amount = '20999999.99999999';
    fake.answer = (response, calls) => {
      const body = `{"result":[{"txid":"${SOME_HASH}","vout":1,"amount":${amount}}],"error":null,"id":${calls[0]!.id}}`;
      response.writeHead(200, {'content-type': JSON_TYPE}).end(body);
    };
    expect(await backend.addresses.walletCoins()).toEqual([
      {outpoint: {txid: SOME_HASH, vout: 1}, amount: 2_099_999_999_999_999n},
    ]);
  });

  test('words with control and bidi characters come out harmless', async () => {
    fake.answer = refusal(-1, 'a\u001b[2Jb\u202ec\nd');
    const error = await backend.chain.genesis().catch((thrown: unknown) => thrown as EngineError);
    expect((error as EngineError).message).toContain('a\\u{1b}[2Jb\\u{202e}c\\u{a}d');
  });
});
