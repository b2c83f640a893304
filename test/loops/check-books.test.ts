import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import type {CoinSource} from '../../source/chain/ports.ts';
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
  loop = checkBooks();
});
afterEach(() => world.close());

const checkBooks = (coins?: CoinSource): Loop => {
  const {store, ledger} = world;
  return createCheckBooks({
    coin: ledger.coin,
    store: {...store, onCommit: listener => ledger.writer.onCommit(listener)},
    addresses: {
      walletTotal: async () => {
        timesAsked += 1;
        return 5n;
      },
      walletCoins: async () => [],
    },
    coins,
    nodeTip: () => nodeTip,
    clock: {now: () => world.now + monotonic, monotonic: () => monotonic},
    log: silentLog,
  });
};

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

test('a server that tells of single coins for minutes, within its budget, is waited for and shows life', async () => {
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance']});
  try {
    const inspect: CoinSource['inspect'] = async outpoints =>
      new Promise(resolve => setTimeout(() => resolve({tip: nodeTip, amounts: outpoints.map(() => 5n)}), 600_000));
    const signs = vi.fn();
    const slow = checkBooks({inspect, walletTransactions: async () => []});
    const round = slow.round({signal: new AbortController().signal, progress: signs});
    await vi.advanceTimersByTimeAsync(600_000);
    expect((await round).detail).toBe('balanced at 3');
    expect(signs.mock.calls.length).toBeGreaterThan(100);
  } finally {
    vi.useRealTimers();
  }
});
