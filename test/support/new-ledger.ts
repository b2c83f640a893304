import {btc} from '../../source/coins/btc.ts';
import type {BlockHash} from '../../source/primitives/ids.ts';
import type {NewLedger} from '../../source/store/open-store.ts';

const GENESIS = btc.networks.regtest!.genesis;

/** What init would pin on a fresh regtest node. */
export const newLedger = (overrides: Partial<NewLedger> = {}): NewLedger => ({
  network: 'regtest',
  genesis: GENESIS,
  walletFingerprints: ['1f2e3d4c'],
  start: {height: 0, hash: GENESIS as BlockHash, time: 1_296_688_602},
  now: 1_700_000_000_000,
  ...overrides,
});
