import {expect, test} from 'vitest';
import {WatchSet} from '../../source/chain/watch-set.ts';
import {btc} from '../../source/coins/btc.ts';
import {rescanStart} from '../../source/loops/rescan-start.ts';
import type {BlockHash} from '../../source/primitives/ids.ts';
import {scriptOfPayee} from '../support/ledger-world.ts';
import {SimulatedChain} from '../support/simulated-chain.ts';

const newChain = () => new SimulatedChain(btc.networks.regtest!.genesis as BlockHash);
const foreign = {script: scriptOfPayee('nobody'), amount: 4n};

test('a coin of ours is followed in the same pass, within its block and beyond', async () => {
  const chain = newChain();
  const watch = new WatchSet();
  watch.addScript(scriptOfPayee('alice'));
  const [first, second] = [5n, 6n].map(amount =>
    chain.transaction([], [{script: scriptOfPayee('alice'), amount}, foreign]),
  ) as [ReturnType<typeof chain.transaction>, ReturnType<typeof chain.transaction>];
  const sameBlock = chain.transaction([{txid: first.txid, vout: 0}], [foreign]);
  const laterBlock = chain.transaction([{txid: second.txid, vout: 0}], [foreign]);
  chain.mine([chain.transaction([], [foreign]), first, sameBlock, second]);
  chain.mine([laterBlock]);
  const found: string[] = [];
  for await (const {transactions} of chain.facts(chain.blocksNow.slice(1), watch))
    found.push(...transactions.map(({txid}) => txid));
  expect(found).toEqual([first, sameBlock, second, laterBlock].map(({txid}) => txid));
});

test('another block than the one asked for, or one that does not follow, is refused', async () => {
  const chain = newChain();
  chain.mineMany(3);
  const refs = chain.blocksNow.slice(1);
  const read = async (asked: typeof refs) => {
    for await (const block of chain.facts(asked, new WatchSet())) expect(block).toBeDefined();
  };
  await read(refs);
  await expect(read([refs[0]!, {...refs[2]!, height: 2}])).rejects.toMatchObject({code: 'stale_facts'});
  const other = newChain();
  const {hash} = other.mine();
  chain.rawBlock = () => other.rawBlock(hash);
  await expect(read(refs)).rejects.toMatchObject({code: 'bad_backend_answer'});
});

test('the block a date means is the first of that day, or some before it, never one after', async () => {
  const chain = newChain();
  const day = 86_400;
  const noon = Date.parse('2026-03-01T12:00:00Z') / 1000;
  // Times need not rise from block to block.
  for (let block = 0; block < 200; block++) chain.mine([], noon + (block * day) / 10 + (block % 3) * 3_000);
  for (const [offset, date] of [
    [0, '2026-03-01'],
    [3, '2026-03-04'],
    [19, '2026-03-20'],
  ] as const) {
    const height = await rescanStart(chain, date, 0, 200);
    const midnight = noon - day / 2 + offset * day;
    const first = chain.blocksNow.findIndex(({time}) => time >= midnight);
    expect(height).toBeLessThanOrEqual(first);
    expect(height).toBeGreaterThan(first - 8);
  }
  expect(await rescanStart(chain, '2030-01-01', 0, 200)).toBe(200);
  expect(await rescanStart(chain, undefined, 17, 200)).toBe(17);
  expect(await rescanStart(chain, '42', 17, 200)).toBe(42);
});
