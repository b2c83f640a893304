import {createHash} from 'node:crypto';
import type {ChainSource} from '../../source/chain/ports.ts';
import {WatchSet} from '../../source/chain/watch-set.ts';
import {type BlockRef, parseBlockHash} from '../../source/primitives/ids.ts';
import type {RegtestNode} from '../support/regtest-node.ts';
import {cachedWorld} from './cached-world.ts';
import {type Coin, FREE_SCRIPT, foreignScript, mineFreeCoins, sendAll, spend, split} from './raw-transactions.ts';

export const ADDRESSES = 10_000;
/** Of them, those that were ever paid. */
const USED = 1_000;
const DEPOSITS = 2_000;
const BLOCKS = 1_000;
const PER_BLOCK = 20;
const AMOUNT = 1_000n;
const FEE = 300n;

/** A witness program of ours, by its number. */
const ownScript = (index: number): string =>
  `0014${createHash('sha256').update(`ours ${index}`).digest('hex').slice(0, 40)}`;

const make = async (node: RegtestNode): Promise<void> => {
  const [coin] = await mineFreeCoins(node, 1);
  let chains = await split(node, coin!, PER_BLOCK);
  const every = (BLOCKS * PER_BLOCK) / DEPOSITS;
  let index = 0;
  for (let block = 0; block < BLOCKS; block += 1) {
    const hexes: string[] = [];
    const next: Coin[] = [];
    for (const chain of chains) {
      const isOurs = index % every === 0;
      const script = isOurs ? ownScript(((index / every) % USED) * (ADDRESSES / USED)) : foreignScript(index);
      const left = chain.amount - AMOUNT - FEE;
      const {hex, txid} = spend(chain, [
        {script: FREE_SCRIPT, amount: left},
        {script, amount: AMOUNT},
      ]);
      hexes.push(hex);
      next.push({txid, vout: 0, amount: left});
      index += 1;
    }
    await sendAll(node, hexes);
    await node.mine(1);
    chains = next;
  }
};

export interface ManyAddresses {
  readonly node: RegtestNode;
  /** The blocks of the gap. */
  readonly refs: readonly BlockRef[];
  dispose(): Promise<void>;
}

/** A chain of 1,000 blocks x 20 transactions in which 1,000 of 10,000 addresses were paid 2,000 times. */
export const manyAddresses = async (): Promise<ManyAddresses> => {
  const world = await cachedWorld(`many-addresses-${BLOCKS}x${PER_BLOCK}-1`, make);
  const {node} = world;
  const tip = await node.rpc<number>('getblockcount');
  const heights = Array.from({length: BLOCKS}, (_, index) => tip - BLOCKS + 1 + index);
  const hashes = await node.batch<string>(heights.map(height => ['getblockhash', [height]] as const));
  const refs = hashes.map((hash, index) => ({height: heights[index]!, hash: parseBlockHash(hash)}));
  return {node, refs, dispose: async () => world.dispose()};
};

/** Tells a source of every address and has it look at the whole gap. Throws unless it finds every deposit. Returns ms. */
export const syncAll = async (chain: ChainSource, refs: readonly BlockRef[]): Promise<number> => {
  const watch = new WatchSet();
  for (let index = 0; index < ADDRESSES; index += 1) {
    const script = Buffer.from(ownScript(index), 'hex');
    watch.addScript(script);
    chain.watchScript?.(script);
  }
  const begun = performance.now();
  await chain.tip();
  const hashes = await chain.hashesAt(refs.map(({height}) => height));
  if (hashes.some((hash, index) => hash !== refs[index]!.hash)) throw new Error('another chain');
  let found = 0;
  for await (const {transactions} of chain.facts(refs, watch)) found += transactions.length;
  if (found !== DEPOSITS) throw new Error(`found ${found} deposits instead of ${DEPOSITS}`);
  return performance.now() - begun;
};
