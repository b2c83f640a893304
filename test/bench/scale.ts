import {scriptOf} from '../../source/coins/address.ts';

import {btc} from '../../source/coins/btc.ts';
import type {Deposit, Page} from '../../source/contract/index.ts';
import {openStore} from '../../source/store/open-store.ts';
import type {ConfigFile} from '../support/config-file.ts';
import {Engine} from '../support/engine.ts';
import {runProgram} from '../support/program.ts';
import type {RegtestNode} from '../support/regtest-node.ts';
import {until} from '../support/until.ts';
import {cachedWorld} from './cached-world.ts';
import {cpuSeconds, residentMegabytes} from './process-figures.ts';
import {type Coin, FREE_SCRIPT, mineFreeCoins, sendAll, spend, split} from './raw-transactions.ts';
import {type Figure, median} from './report.ts';

const SMALL = 1000;
const LARGE = 100_000;
const FOREIGN = 2000;
/** Of which the median is told. */
const BLOCKS = 5;

interface Measured {
  readonly rss: number;
  readonly rssAfter: number;
  readonly idle: number;
  readonly status: number;
  readonly block: number;
}

/** `count` addresses and a deposit to each, all credited and settled. */
const make =
  (count: number) =>
  async (node: RegtestNode, config: ConfigFile): Promise<void> => {
    await node.createWallet('hot');
    const coins = await mineFreeCoins(node, 2);
    const init = await runProgram(['init', '--config', config.path]);
    if (init.code !== 0) throw new Error(`init: ${init.stderr}`);
    const addresses = await addAddresses(node, config, count);
    await pay(node, coins[0]!, addresses);
    await split(node, coins[1]!, FOREIGN);
    await node.mine(10);
    const engine = new Engine(config);
    await engine.start();
    const tip = await node.rpc<number>('getblockcount');
    await until('the ledger to reach the tip', async () => (await engine.api.status()).coins[0]?.height === tip, {
      timeout: 300_000,
    });
    await engine.stop();
  };

/** The wallet's own addresses, taken from its descriptor in one go and stored as the engine stores them. */
const addAddresses = async (node: RegtestNode, config: ConfigFile, count: number): Promise<Buffer[]> => {
  const {descriptors} = await node.rpc<{descriptors: {desc: string; internal: boolean}[]}>(
    'listdescriptors',
    [],
    'hot',
  );
  const {desc} = descriptors.find(item => item.desc.startsWith('wpkh') && !item.internal)!;
  const addresses = await node.rpc<string[]>('deriveaddresses', [desc, [0, count - 1]]);
  const store = await openStore({type: 'sqlite', path: config.ledger, coin: 'btc'});
  try {
    await store.createAccount('shop', Date.now());
    const scripts: Buffer[] = [];
    for (let from = 0; from < count; from += 1000) {
      const some = addresses.slice(from, from + 1000).map(address => {
        const scriptPubKey = scriptOf(address, btc, btc.networks.regtest!);
        scripts.push(scriptPubKey);
        return store.addAddress({account: 'shop', address, scriptPubKey, label: undefined}, Date.now());
      });
      await Promise.all(some);
    }
    return scripts;
  } finally {
    await store.close();
  }
};

const pay = async (
  node: RegtestNode,
  coin: {txid: string; vout: number; amount: bigint},
  scripts: readonly Buffer[],
) => {
  let from = coin;
  for (let at = 0; at < scripts.length; at += 2000) {
    const some = scripts.slice(at, at + 2000);
    const left = from.amount - BigInt(some.length) * 10_000n - 200_000n;
    const {hex, txid} = spend(from, [
      {script: FREE_SCRIPT, amount: left},
      ...some.map(script => ({script: script.toString('hex'), amount: 10_000n})),
    ]);
    await node.rpc('sendrawtransaction', [hex]);
    await node.mine(1);
    from = {txid, vout: 0, amount: left};
  }
};

/** Free coins, as many as foreign transactions are to be in a block. */
const foreignCoins = async (node: RegtestNode): Promise<Coin[]> => {
  const tip = await node.rpc<number>('getblockcount');
  const splitAt = tip - 10;
  const {tx} = await node.rpc<{tx: {txid: string; vout: {value: number}[]}[]}>('getblock', [
    await node.rpc<string>('getblockhash', [splitAt]),
    2,
  ]);
  const {txid, vout} = tx.find(({vout: outputs}) => outputs.length === FOREIGN)!;
  return vout.map(({value}, index) => ({txid, vout: index, amount: BigInt(Math.round(value * 1e8))}));
};

/** Mines a block in which each of these coins is moved on. ms until the ledger has it; the coins there. */
const foreignBlock = async (
  node: RegtestNode,
  engine: Engine,
  coins: readonly Coin[],
): Promise<{took: number; coins: Coin[]}> => {
  const spends = coins.map(coin => {
    const amount = coin.amount - 1000n;
    const {hex, txid} = spend(coin, [{script: FREE_SCRIPT, amount}]);
    return {hex, coin: {txid, vout: 0, amount}};
  });
  await sendAll(
    node,
    spends.map(({hex}) => hex),
  );
  // What the mempool told is looked at first: only the block is to be measured.
  await until('the engine to be idle', async () => {
    const before = cpuSeconds(engine.pid);
    await new Promise(resolve => setTimeout(resolve, 500));
    return cpuSeconds(engine.pid) - before < 0.02;
  });
  // Not the status, which is shared for half a second: a deposit's confirmations are read from the ledger.
  const [deposit] = (await engine.api.get<Page<Deposit>>('/v1/btc/deposits?limit=1')).items;
  const confirmations = async () => (await engine.api.get<Deposit>(`/v1/btc/deposits/${deposit!.id}`)).confirmations;
  const before = await confirmations();
  await node.mine(1);
  const begun = performance.now();
  await until('the block', async () => (await confirmations()) > before, {every: 4});
  return {took: performance.now() - begun, coins: spends.map(({coin}) => coin)};
};

const measure = async (count: number): Promise<Measured> => {
  const world = await cachedWorld(`scale-${count}-1`, make(count));
  const engine = new Engine(world.config);
  try {
    await engine.start();
    await until('the engine to be well', async () => (await engine.api.health()).body.status === 'ok');
    // What a start leaves behind is collected in its first seconds; what comes after is idling.
    await new Promise(resolve => setTimeout(resolve, 15_000));
    const window = 30;
    const before = cpuSeconds(engine.pid);
    await new Promise(resolve => setTimeout(resolve, window * 1000));
    const idle = ((cpuSeconds(engine.pid) - before) / window) * 100;
    const times: number[] = [];
    const rss = residentMegabytes(engine.pid);
    for (let run = 0; run < 30; run += 1) {
      // A status is shared for half a second: later, it is built anew.
      await new Promise(resolve => setTimeout(resolve, 600));
      const begun = performance.now();
      await engine.api.status();
      times.push(performance.now() - begun);
    }
    const blocks: number[] = [];
    let coins = await foreignCoins(world.node);
    for (let run = 0; run < BLOCKS; run += 1) {
      const block = await foreignBlock(world.node, engine, coins);
      blocks.push(block.took);
      ({coins} = block);
    }
    return {rss, rssAfter: residentMegabytes(engine.pid), idle, status: median(times), block: median(blocks)};
  } finally {
    await engine.dispose();
    await world.dispose();
  }
};

/** What 100 times the addresses and deposits cost the running engine. */
export const scale = async (): Promise<Figure[]> => {
  const small = await measure(SMALL);
  const large = await measure(LARGE);
  const figure = (name: string, key: keyof Measured, unit: string, at: number): Figure[] => {
    const reference = {name: `with ${SMALL}`, value: small[key]};
    const ratio = small[key] === 0 ? 1 : large[key] / small[key];
    return [
      {
        name: `${name}, ${LARGE} addresses and deposits`,
        value: large[key],
        unit,
        limit: {of: 'value', at, better: 'below'},
      },
      {
        name: `  beside ${SMALL}`,
        value: large[key],
        unit,
        reference,
        ratio,
        limit: {of: 'ratio', at: 1.3, better: 'below'},
      },
    ];
  };
  return [
    ...figure('RSS', 'rss', 'MB', 180),
    ...figure('idle CPU', 'idle', '% of a core', 0.5),
    ...figure('/v1/status', 'status', 'ms', 20),
    ...figure(`a block of ${FOREIGN} foreign transactions`, 'block', 'ms', 150),
    ...figure('RSS after such blocks', 'rssAfter', 'MB', 180),
  ];
};
