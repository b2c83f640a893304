import {afterEach, beforeEach, expect, test} from 'vitest';
import {createCheckBooks} from '../../source/loops/check-books.ts';
import type {Loop} from '../../source/loops/loop.ts';
import {silentLog} from '../../source/primitives/log.ts';
import type {BlockHash} from '../../source/primitives/ids.ts';
import {LedgerWorld} from '../support/ledger-world.ts';

let world: LedgerWorld;
let loop: Loop;
let monotonic: number;
let nodeTip: BlockHash | undefined;
let timesAsked: number;
beforeEach(async () => {
  world = new LedgerWorld();
  monotonic = 0;
  world.pay('a', [['alice', 5n]]);
  world.chain.mineMany(3);
  await world.look();
  nodeTip = world.chain.blocksNow.at(-1)!.hash;
  timesAsked = 0;
  const {store, ledger} = world;
  loop = createCheckBooks({
    coin: ledger.coin,
    store: {...store, onCommit: listener => ledger.writer.onCommit(listener)},
    addresses: {
      walletTotal: async () => {
        timesAsked += 1;
        return 5n;
      },
      walletCoins: async () => [],
    },
    nodeTip: () => nodeTip,
    clock: {now: () => world.now + monotonic, monotonic: () => monotonic},
    log: silentLog,
  });
});
afterEach(() => world.close());

/** Rounds at the times the loop asks for. */
const pass = async (milliseconds: number): Promise<void> => {
  for (const end = monotonic + milliseconds; monotonic < end;) {
    const {sleep} = await loop.round({signal: new AbortController().signal, progress: () => {}});
    monotonic += Math.max(1, Math.min(sleep, end - monotonic));
  }
};

const told = () => world.story().filter(words => words.startsWith('books.'));

test('a drift counts at the second look at one tip, and is over without a new block once it is cured', async () => {
  await pass(60_000);
  expect(told()).toEqual([]);
  world.ledger.run("UPDATE output SET amount = amount - 2 WHERE purpose = 'deposit'");
  world.chain.mine();
  await world.look();
  nodeTip = world.chain.blocksNow.at(-1)!.hash;
  await pass(100);
  expect(told()).toEqual([]);
  await pass(1_000);
  expect(told()).toEqual(['books.drift -0.00000002']);
  world.ledger.run("UPDATE output SET amount = amount + 2 WHERE purpose = 'deposit'");
  await pass(15_000);
  expect(told()).toEqual(['books.balanced 0.00000000']);
});

test('the wallet is asked once the ladder is known to stand at the node’s tip, and not before', async () => {
  const tip = nodeTip;
  nodeTip = undefined;
  await pass(10_000);
  expect((await world.store.lastBooks())?.ledger).toBe('0.00000005');
  expect(timesAsked).toBe(0);
  nodeTip = tip;
  await pass(2_000);
  expect(timesAsked).toBe(1);
  nodeTip = 'f'.repeat(64) as BlockHash;
  world.chain.mine();
  await world.look();
  await pass(10_000);
  expect(timesAsked).toBe(1);
});
