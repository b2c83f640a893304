import {cpSync, rmSync} from 'node:fs';
import {dirname} from 'node:path';
import type {Job} from '../../source/contract/index.ts';
import {Engine} from '../support/engine.ts';
import type {ConfigFile} from '../support/config-file.ts';
import {runProgram} from '../support/program.ts';
import type {RegtestNode} from '../support/regtest-node.ts';
import {until} from '../support/until.ts';
import {cachedWorld, type CachedWorld} from './cached-world.ts';
import {
  type Coin,
  FREE_SCRIPT,
  foreignScript,
  mineFreeCoins,
  scriptOfAddress,
  sendAll,
  spend,
  split,
} from './raw-transactions.ts';
import type {Figure} from './report.ts';

const BLOCKS = 2000;
const PER_BLOCK = 50;
const DEPOSITS = 5000;
const ADDRESSES = 1000;
const AMOUNT = 1000n;
const FEE = 300n;
const RUNS = 5;

/** An initialised ledger with addresses, and then, without its engine, a long chain of which 5% are deposits. */
const make = async (node: RegtestNode, config: ConfigFile): Promise<void> => {
  await node.createWallet('hot');
  const [coin] = await mineFreeCoins(node, 1);
  let chains = await split(node, coin!, PER_BLOCK);
  const init = await runProgram(['init', '--config', config.path]);
  if (init.code !== 0) throw new Error(`init: ${init.stderr}`);
  const scripts = await makeAddresses(node, config);

  const deposits = new Set(Array.from({length: DEPOSITS}, (_, index) => index * 20));
  let index = 0;
  for (let block = 0; block < BLOCKS; block += 1) {
    const hexes: string[] = [];
    const next: Coin[] = [];
    for (const chain of chains) {
      const script = deposits.has(index) ? scripts[(index / 20) % scripts.length]! : foreignScript(index);
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

const makeAddresses = async (node: RegtestNode, config: ConfigFile): Promise<string[]> => {
  const engine = new Engine(config);
  await engine.start();
  try {
    const scripts: string[] = [];
    await engine.api.createAccount('shop');
    for (let made = 0; made < ADDRESSES; made += 1)
      scripts.push(await scriptOfAddress(node, await engine.api.createAddress('shop')));
    return scripts;
  } finally {
    await engine.stop();
  }
};

const nodeRescan = async (node: RegtestNode): Promise<number> => {
  const begun = performance.now();
  await node.rpc('rescanblockchain', [0], 'hot');
  return performance.now() - begun;
};

/** The long chain of mostly foreign transactions, and a ledger that has seen none of it. */
export const catchUpWorld = async (): Promise<CachedWorld> => cachedWorld(`catch-up-${BLOCKS}x${PER_BLOCK}-1`, make);

/** One engine's start on a ledger that has seen nothing of the chain, until its books are right at the tip. */
const catchUpOnce = async (config: ConfigFile, tip: number): Promise<{took: number; wall: number}> => {
  const engine = new Engine(config);
  try {
    const begun = performance.now();
    await engine.start();
    await until('the ledger to reach the tip', async () => (await engine.api.status()).coins[0]?.height === tip, {
      // Each look is work for the engine, and the job says by itself how long it took.
      every: 100,
      timeout: 120_000,
    });
    const wall = performance.now() - begun;
    const job = await until('the catch-up to end', async () =>
      (await engine.api.all<Job>('/v1/btc/jobs')).find(
        ({kind, ended_at: end}) => kind === 'catch_up' && end !== undefined,
      ),
    );
    const deposits = (await engine.api.status()).coins[0]!.counts.deposits;
    if (deposits !== DEPOSITS) throw new Error(`found ${deposits} deposits instead of ${DEPOSITS}`);
    const {drift} = await until('the books at the tip', async () => {
      const books = await engine.api.books();
      return books.height === tip ? books : undefined;
    });
    if (Number(drift) !== 0) throw new Error(`the books drift by ${drift}`);
    return {took: Date.parse(job.ended_at!) - Date.parse(job.created_at), wall};
  } finally {
    await engine.dispose();
  }
};

/** The engine's gap at start over the whole chain, in turn with the node's own rescan of it. */
export const catchUp = async (): Promise<Figure[]> => {
  const world = await catchUpWorld();
  const data = dirname(world.config.ledger);
  const untouched = `${data}-untouched`;
  try {
    cpSync(data, untouched, {recursive: true});
    const tip = await world.node.rpc<number>('getblockcount');
    // The least of several: whatever else the machine does only adds to them.
    let [took, wall, rescan] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let run = 0; run < RUNS; run += 1) {
      rescan = Math.min(rescan, await nodeRescan(world.node));
      const once = await catchUpOnce(world.config, tip);
      took = Math.min(took, once.took);
      wall = Math.min(wall, once.wall);
      rmSync(data, {recursive: true});
      cpSync(untouched, data, {recursive: true});
    }
    return [
      {
        name: `catch-up over ${BLOCKS} blocks x ${PER_BLOCK}, ${DEPOSITS} deposits`,
        value: took,
        unit: 'ms',
        reference: {name: 'rescanblockchain', value: rescan},
        ratio: took / rescan,
        limit: {of: 'ratio', at: 1, better: 'below'},
      },
      {name: 'the same from the start of the process', value: wall, unit: 'ms'},
    ];
  } finally {
    await world.dispose();
  }
};
