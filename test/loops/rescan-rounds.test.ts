import {expect, test} from 'vitest';
import {WatchSet} from '../../source/chain/watch-set.ts';
import {createRescan} from '../../source/loops/rescan.ts';
import {EngineError} from '../../source/primitives/errors.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {REGTEST} from '../support/payout-ledger.ts';
import {LedgerWorld} from '../support/ledger-world.ts';

const rescanOf = ({chain, ledger, store, policy, now}: LedgerWorld) =>
  createRescan({
    coin: ledger.coin,
    network: REGTEST,
    chain,
    store: {...store, identity: ledger.identity},
    policy,
    watch: new WatchSet(),
    clock: {now: () => now, monotonic: () => 0},
    log: silentLog,
  });

test('a rescan ends at the tip when a reorg has made the chain shorter than it was', async () => {
  const world = new LedgerWorld({maxConfirmationCount: 10});
  const {chain, store} = world;
  chain.mineMany(8);
  await world.look();
  const rescan = rescanOf(world);
  const {id} = await rescan.start();
  chain.reorg(5, [[], []]);
  const round = () => rescan.loop.round({signal: new AbortController().signal, progress: () => {}});
  expect(await round()).toMatchObject({waitingFor: 'the chain to be followed'});
  await world.look();
  await round();
  expect(await store.job(id)).toMatchObject({status: 'finished', at_height: 5, to_height: 8});
  world.close();
});

test.each(['backend_down', 'stale_facts'])('a rescan is begun while nobody answers for the chain (%s)', async code => {
  const world = new LedgerWorld();
  world.chain.mineMany(3);
  await world.look();
  world.chain.fault = new EngineError(code, 'another one speaks from now on', {retry: 'backoff'});
  const {id} = await rescanOf(world).start();
  expect(await world.store.job(id)).toMatchObject({status: 'running', from_height: 0, to_height: 3});
  world.close();
});
