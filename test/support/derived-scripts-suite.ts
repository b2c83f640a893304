import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {DerivedScript} from '../../source/chain/ports.ts';
import type {BlockHash} from '../../source/primitives/ids.ts';
import type {Store} from '../../source/store/open-store.ts';
import {newLedger} from './new-ledger.ts';
import {SimulatedChain} from './simulated-chain.ts';
import type {StoreFixture} from './store-suite.ts';

const NOW = 1_700_000_000_000;
const POLICY = {confirmations: 1, maxConfirmationCount: 4, coinbaseMaturity: 101};

const deriver =
  (seed: number) =>
  (index: number): DerivedScript => ({
    scriptPubKey: Buffer.from(`0014${String(seed * 1000 + index).padStart(40, '0')}`, 'hex'),
    address: `address-${seed}-${index}`,
  });
const receive = deriver(1);
const change = deriver(2);

/** What a wallet that derives itself relies on, whatever the database. */
export const describeDerivedScripts = (name: string, create: () => Promise<StoreFixture>): void => {
  describe(`${name}: derived scripts`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let chain: SimulatedChain;

    beforeEach(async () => {
      fixture = await create();
      await fixture.initialise(newLedger());
      store = await fixture.open();
      await store.createAccount('alice', NOW);
      chain = new SimulatedChain(newLedger().genesis as BlockHash);
    });
    afterEach(async () => fixture.dispose());

    const pay = async ({scriptPubKey}: DerivedScript, amount: bigint) => {
      chain.mine([chain.transaction([], [{script: scriptPubKey, amount}])]);
      const connected = [chain.blockFacts(chain.blocksNow.at(-1)!)];
      return store.track({tip: chain.tipNow, fork: undefined, connected, seen: [], gone: []}, POLICY, NOW);
    };
    const handOut = async () => {
      const {scriptPubKey, address} = receive(await store.derived.next('receive', receive));
      await store.addAddress({account: 'alice', address, scriptPubKey, label: undefined}, NOW);
    };
    const watched = () => [...store.watchedScripts()].map(script => script.toString('hex')).sort();

    test('calls at once get different indexes, each branch its own, and they are there for the next process', async () => {
      const indexes = await Promise.all(Array.from({length: 20}, async () => store.derived.next('receive', receive)));
      expect(indexes.toSorted((one, other) => one - other)).toEqual(Array.from({length: 20}, (_, index) => index));
      expect(await store.derived.next('change', change)).toBe(0);
      await store.close();
      const again = await fixture.open();
      expect(await again.derived.next('receive', receive)).toBe(20);
      expect(
        await again.derived.find([change(0).scriptPubKey, receive(7).scriptPubKey, receive(999).scriptPubKey]),
      ).toEqual([{branch: 'change', index: 0}, {branch: 'receive', index: 7}, undefined]);
    });

    test('an engine that lost its lease gets no index and keeps no script', async () => {
      const holder = {host: 'a', bootId: 'b', pid: 1, processStart: '1'};
      await store.acquireLease(holder, NOW, 10_000);
      const other = await fixture.open();
      await other.acquireLease({...holder, pid: 2}, NOW + 20_000, 10_000);
      await expect(store.derived.next('receive', receive)).rejects.toMatchObject({code: 'fenced'});
      await expect(store.derived.lookAhead('receive', 5, receive)).rejects.toMatchObject({code: 'fenced'});
      expect(await other.derived.next('receive', receive)).toBe(0);
    });

    test('scripts ahead are watched, as many as asked for beyond the last one handed out', async () => {
      expect(await store.derived.lookAhead('receive', 3, receive)).toEqual(
        [0, 1, 2].map(index => receive(index).scriptPubKey),
      );
      expect(await store.derived.lookAhead('receive', 3, receive)).toEqual([]);
      await handOut();
      await handOut();
      expect(await store.derived.lookAhead('receive', 3, receive)).toEqual(
        [3, 4].map(index => receive(index).scriptPubKey),
      );
      expect(watched()).toEqual([0, 1, 2, 3, 4].map(index => receive(index).scriptPubKey.toString('hex')));
    });

    test('one that was taken and, by a crash, told to nobody is watched all the same', async () => {
      const {scriptPubKey} = receive(await store.derived.next('receive', receive));
      await store.close();
      store = await fixture.open();
      expect(watched()).toEqual([scriptPubKey.toString('hex')]);
    });

    test('money to a script ahead goes to suspense, and its index is never handed out', async () => {
      await store.derived.lookAhead('receive', 5, receive);
      await handOut();
      await pay(receive(1), 700n);
      expect((await store.account('suspense')).balance).toBe('0.00000700');
      expect((await store.deposits({limit: 10})).items).toMatchObject([
        {account: 'suspense', address: receive(1).address, amount: '0.00000700'},
      ]);
      expect(await store.derived.next('receive', receive)).toBe(2);
      expect((await store.auditBooks()).faults).toEqual([]);
      // Nor does it serve as change.
      expect(await store.unusedChangeAddress()).toBeUndefined();
    });

    test('what strangers paid moves the end of what is watched', async () => {
      await store.derived.lookAhead('receive', 3, receive);
      await pay(receive(2), 700n);
      expect(await store.derived.lookAhead('receive', 3, receive)).toEqual(
        [3, 4, 5].map(index => receive(index).scriptPubKey),
      );
    });

    test('the gap counts what was handed out since the last payment', async () => {
      await store.derived.lookAhead('receive', 5, receive);
      expect(await store.derived.unusedInARow('receive')).toBe(0);
      for (let i = 0; i < 4; i++) await handOut();
      expect(await store.derived.unusedInARow('receive')).toBe(4);
      await pay(receive(1), 5n);
      expect(await store.derived.unusedInARow('receive')).toBe(2);
      await pay(receive(4), 5n);
      expect(await store.derived.unusedInARow('receive')).toBe(0);
    });

    test('keys that derive another script than the ledger holds are refused', async () => {
      await store.derived.lookAhead('receive', 5, receive);
      await expect(store.derived.next('receive', deriver(3))).rejects.toMatchObject({code: 'wallet_mismatch'});
      expect(await store.derived.next('receive', receive)).toBe(0);
    });

    test('an address that the ledger gave out before is not given out again', async () => {
      const {scriptPubKey, address} = receive(0);
      await store.addAddress({account: 'alice', address, scriptPubKey, label: undefined}, NOW);
      expect(await store.derived.next('receive', receive)).toBe(1);
    });
  });
};
