import {expect, test} from 'vitest';
import {WatchSet} from '../../source/chain/watch-set.ts';
import {createRescan} from '../../source/loops/rescan.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {REGTEST} from '../support/payout-ledger.ts';
import {LedgerWorld} from '../support/ledger-world.ts';

test('a rescan ends at the tip when a reorg has made the chain shorter than it was', async () => {
  const world = new LedgerWorld({maxConfirmationCount: 10});
  const {chain, ledger, store} = world;
  chain.mineMany(8);
  await world.look();
  const rescan = createRescan({
    coin: ledger.coin,
    network: REGTEST,
    chain,
    store: {...store, identity: ledger.identity},
    policy: world.policy,
    watch: new WatchSet(),
    clock: {now: () => world.now, monotonic: () => 0},
    log: silentLog,
  });
  const {id} = await rescan.start();
  chain.reorg(5, [[], []]);
  const round = () => rescan.loop.round({signal: new AbortController().signal, progress: () => {}});
  expect(await round()).toMatchObject({waitingFor: 'the chain to be followed'});
  await world.look();
  await round();
  expect(await store.job(id)).toMatchObject({status: 'finished', at_height: 5, to_height: 8});
  world.close();
});
