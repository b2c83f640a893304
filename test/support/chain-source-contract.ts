import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {BlockFacts} from '../../source/chain/facts.ts';
import {txidOf} from '../../source/chain/skim.ts';
import type {ChainSource, Hint} from '../../source/chain/ports.ts';
import {WatchSet} from '../../source/chain/watch-set.ts';
import {type BlockHash, type BlockRef, type Outpoint, parseBlockHash, parseTxid} from '../../source/primitives/ids.ts';
import type {RegtestNode} from './regtest-node.ts';
import {until} from './until.ts';

export interface ContractWorld {
  /** The truth: what the source shows is compared with what this node says. It has a wallet `hot`. */
  readonly node: RegtestNode;
  readonly source: ChainSource;
  /** Whether hints name mempool transactions. */
  readonly namesTransactions: boolean;
  /** Whether a block that left the chain is hinted at before another takes its place; yes unless said. */
  readonly hintsAtLostBlocks?: boolean;
  close(): Promise<void>;
}

/** What every ChainSource must do, whatever is behind it. */
export const chainSourceContract = (name: string, open: () => Promise<ContractWorld>): void => {
  describe(`${name} as a chain source`, () => {
    let world: ContractWorld;
    let node: RegtestNode;
    let source: ChainSource;
    beforeAll(async () => {
      world = await open();
      ({node, source} = world);
      await node.mine(110, await newAddress());
    });
    afterAll(() => world.close());

    /** Of the wallet; sources that go by script are told of it. */
    const newAddress = async (): Promise<string> => {
      const address = await node.rpc<string>('getnewaddress', [], 'hot');
      const {scriptPubKey} = await node.rpc<{scriptPubKey: string}>('getaddressinfo', [address], 'hot');
      source.watchScript?.(Buffer.from(scriptPubKey, 'hex'));
      return address;
    };
    const hashAt = async (height: number): Promise<BlockHash> =>
      parseBlockHash(await node.rpc<string>('getblockhash', [height]));
    const refsUpTo = async (height: number): Promise<BlockRef[]> => {
      const heights = Array.from({length: height + 1}, (_, index) => index);
      const hashes = await node.batch<string>(heights.map(at => ['getblockhash', [at]] as const));
      return hashes.map((hash, at) => ({height: at, hash: parseBlockHash(hash)}));
    };
    const timeOf = async (hash: string) => (await node.rpc<{time: number}>('getblockheader', [hash])).time;
    const coinOf = async (txid: string, script: Buffer): Promise<{vout: number}> => {
      const hex = await node.rpc<string>('getrawtransaction', [txid]);
      const {vout} = await node.rpc<{vout: {n: number; scriptPubKey: {hex: string}}[]}>('decoderawtransaction', [hex]);
      return {vout: vout.find(({scriptPubKey}) => scriptPubKey.hex === script.toString('hex'))!.n};
    };
    /** One coin of the wallet to a script of nobody's, without change. */
    const spend = async ({txid, vout}: Outpoint): Promise<string> => {
      const outputs = [{[await newAddress()]: 0.999}];
      const unsigned = await node.rpc<string>('createrawtransaction', [[{txid, vout}], outputs]);
      const {hex} = await node.rpc<{hex: string}>('signrawtransactionwithwallet', [unsigned], 'hot');
      return node.rpc<string>('sendrawtransaction', [hex]);
    };
    const pay = async (options: Record<string, unknown> = {}): Promise<string> =>
      node.rpc<string>('sendtoaddress', {address: await newAddress(), amount: 1, ...options}, 'hot');

    test('shows the tip, its header time and the chain it is on', async () => {
      const hash = await node.rpc<string>('getbestblockhash');
      const {time} = await node.rpc<{time: number}>('getblockheader', [hash]);
      expect(await source.tip()).toEqual({
        height: 110,
        hash,
        chain: 'regtest',
        time,
        syncing: false,
        prunedBelow: undefined,
      });
      expect(await source.genesis()).toBe(await hashAt(0));
    });

    test('knows hashes and times of the best chain, and none above its tip', async () => {
      expect(await source.hashesAt([0, 110, 111, 7, 1_000_000])).toEqual([
        await hashAt(0),
        await hashAt(110),
        undefined,
        await hashAt(7),
        undefined,
      ]);
      const {time} = await node.rpc<{time: number}>('getblockheader', [await hashAt(7)]);
      expect(await source.timesAt([0, 7, 111])).toEqual([1_296_688_602, time, undefined]);
      expect(await source.hashesAt([])).toEqual([]);
    });

    test('tells what blocks hold for a watched script, in the order asked', async () => {
      const address = await newAddress();
      const {scriptPubKey} = await node.rpc<{scriptPubKey: string}>('getaddressinfo', [address], 'hot');
      const script = Buffer.from(scriptPubKey, 'hex');
      const watch = new WatchSet();
      watch.addScript(script);
      source.watchScript?.(script);
      const paid = await node.rpc<string>('sendtoaddress', {address, amount: 1}, 'hot');
      const {vout} = await coinOf(paid, script);
      await node.mine(1, await newAddress());
      const [spent] = await node.rpc<string[]>('generatetoaddress', [1, address], 'hot');
      const spending = await spend({txid: parseTxid(paid), vout});
      const [last] = await node.mine(1, await newAddress());
      await until('the source to be at the tip', async () => (await source.tip()).hash === last);

      const refs = await refsUpTo(113);
      const seen: BlockFacts[] = [];
      for await (const block of source.facts(refs.slice(1), watch)) seen.push(block);
      expect(seen.map(({height, hash}) => ({height, hash}))).toEqual(refs.slice(1));
      for (const [index, {previous}] of seen.entries()) expect(previous).toBe(refs[index]!.hash);
      const of = (height: number) => seen[height - 1]!.transactions;
      expect(of(112)).toMatchObject([{coinbase: true}]);
      expect(seen[111]).toMatchObject({hash: spent, time: await timeOf(spent!)});
      expect(of(111)).toMatchObject([{txid: paid, coinbase: false, outputs: [{vout, scriptPubKey: script}]}]);
      expect(txidOf(of(111)[0]!.raw)).toBe(paid);
      expect(of(113)).toMatchObject([{txid: spending, inputs: [{txid: paid, vout}], outputs: []}]);
      expect(seen.flatMap(({transactions}) => transactions)).toHaveLength(3);

      const again: number[] = [];
      for await (const {height} of source.facts([refs[113]!, refs[111]!], watch)) again.push(height);
      expect(again).toEqual([113, 111]);
    });

    test('stops a download when the reader leaves or calls it off', async () => {
      const refs = await refsUpTo(110);
      for await (const {height} of source.facts(refs.slice(1), new WatchSet())) if (height === 3) break;
      const controller = new AbortController();
      const read = async () => {
        for await (const {height} of source.facts(refs.slice(1), new WatchSet(), controller.signal))
          if (height === 5) controller.abort();
      };
      await expect(read()).rejects.toThrow();
      expect((await source.tip()).height).toBe(113);
    });

    test('refuses a block that the node does not have', async () => {
      const read = async () => {
        for await (const _ of source.facts([{height: 1, hash: parseBlockHash('ab'.repeat(32))}], new WatchSet()))
          expect(_).toBe(0);
      };
      await expect(read()).rejects.toMatchObject({retry: 'backoff'});
    });

    test('shows the mempool, its transactions and who spends what', async () => {
      const txid = parseTxid(await pay());
      const {vin} = await node.rpc<{vin: Outpoint[]}>('getrawtransaction', [txid, 1]);
      const spent = {txid: parseTxid(vin[0]!.txid), vout: vin[0]!.vout};
      await until('the mempool to show', async () => (await source.mempool()).txids.has(txid));
      expect(await source.mempool()).toEqual({loaded: true, txids: new Set([txid])});
      const stranger = parseTxid('cd'.repeat(32));
      const [none, raw] = await source.mempoolTransactions([stranger, txid]);
      expect(none).toBeUndefined();
      expect(txidOf(raw!)).toBe(txid);
      expect(await source.mempoolSpenders([{txid: stranger, vout: 0}, spent])).toEqual([undefined, txid]);

      await node.mine(1);
      await until('the mempool to be empty', async () => (await source.mempool()).txids.size === 0);
      // It is mined: the mempool does not hold it now, and nobody there spends its input.
      expect(await source.mempoolTransactions([txid])).toEqual([undefined]);
      expect(await source.mempoolSpenders([spent])).toEqual([undefined]);
    });

    test('hints at a new transaction, a replacement, blocks and a reorg', async () => {
      const hints: Hint[] = [];
      const controller = new AbortController();
      source.listen(hint => hints.push(hint), controller.signal);
      const kinds = () => new Set(hints.map(({kind}) => kind));
      await until('the channel to connect', () => kinds().has('everything'));
      const txid = await pay();
      const names = (kind: Hint['kind'], wanted: string) => () =>
        world.namesTransactions
          ? hints.some(hint => hint.kind === kind && 'txid' in hint && hint.txid === wanted)
          : hints.length > 0;
      await until('a hint at the new transaction', names('mempool-added', txid));
      await node.rpc('bumpfee', [txid], 'hot');
      await until('a hint at the replaced one', names('mempool-removed', txid));
      hints.length = 0;
      const [hash] = await node.mine(1);
      await until('a hint at the block', () => kinds().has('block'));
      hints.length = 0;
      await node.rpc('invalidateblock', [hash]);
      if (world.hintsAtLostBlocks === false) await node.mine(2, await newAddress());
      await until('a hint at the disconnected block', () => kinds().has('block'));
      controller.abort();
      await node.rpc('reconsiderblock', [hash]);
    });
  });
};
