import {createHash} from 'node:crypto';
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest';
import type {Bitcoind} from '../../../source/backends/bitcoind/index.ts';
import {WatchSet} from '../../../source/chain/watch-set.ts';
import {type BlockRef, parseBlockHash} from '../../../source/primitives/ids.ts';
import {openBitcoind} from '../../support/bitcoind.ts';
import {chainSourceContract} from '../../support/chain-source-contract.ts';
import {RegtestNode} from '../../support/regtest-node.ts';
import {until} from '../../support/until.ts';

chainSourceContract('bitcoind', async () => {
  const node = await RegtestNode.start();
  await node.createWallet('hot');
  const backend = openBitcoind(node, {notify: [{type: 'zmq', url: node.zmqUrl}]});
  return {
    node,
    source: backend.chain,
    namesTransactions: true,
    close: async () => {
      await backend.close();
      await node.dispose();
    },
  };
});

describe('a node that goes away and comes back', () => {
  let node: RegtestNode;
  let backend: Bitcoind;
  beforeAll(async () => {
    node = await RegtestNode.start({zmq: false});
    backend = openBitcoind(node, {timeout: 2_000});
    await node.mine(5);
  });
  afterAll(async () => {
    await backend.close();
    await node.dispose();
  });
  // A test that failed midway must not take the others with it.
  afterEach(() => node.thaw());
  const code = (error: unknown) => (error as {code?: string}).code;
  const tipCode = () => backend.chain.tip().then(() => 'ok', code);

  test('is down while it is stopped, and answers again with its new cookie', async () => {
    expect(await tipCode()).toBe('ok');
    await node.stop();
    expect(await tipCode()).toBe('backend_down');
    await node.start();
    expect((await backend.chain.tip()).height).toBe(5);
  });

  test('is down after kill -9, and answers again', async () => {
    await node.kill();
    expect(await tipCode()).toBe('backend_down');
    await node.start();
    expect(await tipCode()).toBe('ok');
  });

  test('is asked with the new cookie when it was restarted between two calls', async () => {
    expect(await tipCode()).toBe('ok');
    await node.stop();
    await node.start();
    expect(await tipCode()).toBe('ok');
  });

  test('frozen, it runs into the deadline, and answers when it thaws', async () => {
    await node.freeze();
    expect(await tipCode()).toBe('backend_timeout');
    node.thaw();
    await until('an answer', async () => (await tipCode()) === 'ok');
  });

  test('says that it is starting', async () => {
    await node.mine(200);
    await node.stop();
    // Rebuilding and checking its indexes takes long enough to be seen.
    node.launch(['-reindex', '-checkblocks=0', '-checklevel=4']);
    const seen = new Set<string | undefined>();
    await until(
      'it to answer',
      async () => {
        const answer = await tipCode();
        seen.add(answer);
        return answer === 'ok';
      },
      {every: 1},
    );
    expect(seen).toContain('backend_warming_up');
    for (const answer of seen) expect(['backend_down', 'backend_warming_up', 'ok']).toContain(answer);
  });

  test('a node that has pruned the block says so', async () => {
    const pruned = await RegtestNode.start({zmq: false, args: ['-txindex=0', '-prune=1', '-fastprune=1']});
    const other = openBitcoind(pruned);
    try {
      await pruned.mine(800);
      const [first] = await other.chain.hashesAt([1]);
      await pruned.rpc('pruneblockchain', [500]);
      expect((await other.chain.tip()).prunedBelow).toBeGreaterThan(1);
      const read = async () => {
        for await (const block of other.chain.facts([{height: 1, hash: first!}], new WatchSet()))
          expect(block).toBeUndefined();
      };
      await expect(read()).rejects.toMatchObject({code: 'block_pruned'});
    } finally {
      await other.close();
      await pruned.dispose();
    }
  });
});

describe('blocks of very different sizes', () => {
  test('are fetched in order, and skimmed to the txids that the node names', async () => {
    const node = await RegtestNode.start({zmq: false, args: ['-acceptnonstdtxn=1', '-datacarriersize=100000']});
    const backend = openBitcoind(node);
    try {
      await node.createWallet('hot');
      const address = await node.rpc<string>('getnewaddress', [], 'hot');
      await node.mine(130, address);
      // Blocks of half a megabyte between empty ones: transactions with 45 kB of payload.
      const payload = createHash('sha512').digest('hex').repeat(700);
      for (let round = 0; round < 2; round++) {
        for (let index = 0; index < 11; index++) {
          const {psbt} = await node.rpc<{psbt: string}>(
            'walletcreatefundedpsbt',
            [[], [{data: payload}, {[address]: 1}]],
            'hot',
          );
          const {hex} = await node.rpc<{hex: string}>('walletprocesspsbt', [psbt], 'hot');
          await node.rpc('sendrawtransaction', [hex, 0]);
        }
        await node.mine(3);
      }
      const height = await node.rpc<number>('getblockcount');
      const hashes = await backend.chain.hashesAt(Array.from({length: height + 1}, (_, at) => at));
      const refs: BlockRef[] = hashes.map((hash, at) => ({height: at, hash: parseBlockHash(hash!)}));
      const watch = new WatchSet();
      const {scriptPubKey} = await node.rpc<{scriptPubKey: string}>('getaddressinfo', [address], 'hot');
      watch.addScript(Buffer.from(scriptPubKey, 'hex'));
      const found: string[] = [];
      let last = 0;
      for await (const {height: at, transactions} of backend.chain.facts(refs.slice(1), watch)) {
        expect(at).toBe(++last);
        found.push(...transactions.map(({txid}) => txid));
      }
      expect(last).toBe(height);
      const own = await node.rpc<{txid: string}[]>('listtransactions', ['*', 1000], 'hot');
      expect(new Set(found)).toEqual(new Set(own.map(({txid}) => txid)));
    } finally {
      await backend.close();
      await node.dispose();
    }
  });
});
