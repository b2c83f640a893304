import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {Event} from '../../source/contract/index.ts';
import type {LeaseHolder} from '../../source/store/lease-store.ts';
import type {NewLedger, Store} from '../../source/store/open-store.ts';
import {newLedger} from './new-ledger.ts';

/** One ledger in some database, for the suite that every database must pass. */
export interface StoreFixture {
  initialise(ledger: NewLedger): Promise<'created' | 'already'>;
  /** Each call is a connection of its own, as another process would have it. */
  open(): Promise<Store>;
  /** Closes what was opened and removes everything. */
  dispose(): Promise<void>;
}

const NOW = 1_700_000_000_000;
const holder = (pid: number): LeaseHolder => ({host: 'a', bootId: 'b', pid, processStart: String(pid * 7)});
const down = (backend: string) => ({backend, since: new Date(NOW).toISOString()});
const sequences = (heads: readonly {event: Event}[]): number[] => heads.map(({event}) => event.sequence);

/** What the engine relies on, whatever the database. */
export const describeStore = (name: string, create: () => Promise<StoreFixture>): void => {
  describe(`${name}: base and outbox`, () => {
    let fixture: StoreFixture;
    let store: Store;

    beforeEach(async () => {
      fixture = await create();
      await fixture.initialise(newLedger());
      store = await fixture.open();
    });
    afterEach(async () => fixture.dispose());

    const append = async (count: number, type: 'backend.down' | 'backend.up' = 'backend.down') => {
      for (let i = 0; i < count; i++) await store.appendBackendEvent(type, down(`node ${i}`), NOW);
    };

    describe('init', () => {
      test('the same ledger again is found and left alone', async () => {
        const {ledgerId} = store.identity;
        expect(await fixture.initialise(newLedger({now: NOW + 5}))).toBe('already');
        const again = await fixture.open();
        expect(again.identity).toEqual({...store.identity, ledgerId, initialisedAt: NOW});
        expect(await again.ladderTop()).toEqual({height: 0, hash: newLedger().start.hash});
      });

      test('two at once: one makes it, the other finds it', async () => {
        const other = await create();
        const answers = await Promise.all([other.initialise(newLedger()), other.initialise(newLedger())]);
        expect(answers.sort()).toEqual(['already', 'created']);
        await other.dispose();
      });

      test.each([
        ['wallet', {walletFingerprints: ['99999999']}, ['1f2e3d4c', '99999999']],
        ['wallet, without fingerprints', {walletFingerprints: []}, ['1f2e3d4c', 'none']],
        ['chain', {genesis: 'ff'.repeat(32)}, [newLedger().genesis, 'ff'.repeat(32)]],
        ['network', {network: 'signet'}, ['regtest', 'signet']],
      ])('another %s is refused, naming both', async (_what, overrides, names) => {
        const refused = fixture.initialise(newLedger(overrides));
        await expect(refused).rejects.toMatchObject({code: 'wrong_ledger'});
        for (const part of names) await expect(refused).rejects.toThrow(part);
      });

      test('a wallet that is known by more than before is the same, and what was pinned stays', async () => {
        const more = newLedger({walletFingerprints: ['0a0a0a0a', '1f2e3d4c']});
        expect(await fixture.initialise(more)).toBe('already');
        expect((await fixture.open()).identity.walletFingerprints).toEqual(['1f2e3d4c']);
      });

      test('every ledger has an id of its own, and its events carry it', async () => {
        const other = await create();
        await other.initialise(newLedger());
        const {ledgerId} = (await other.open()).identity;
        await other.dispose();
        expect(ledgerId).not.toBe(store.identity.ledgerId);
        expect(store.identity.ledgerId).toMatch(/^[0-9a-f]{12}$/);
        await append(1);
        expect((await store.events(0, 1)).items[0]?.id).toBe(`evt_${store.identity.ledgerId}_1`);
      });
    });

    describe('lease', () => {
      test('of two that ask at once, one gets it and the other hears who has it', async () => {
        const other = await fixture.open();
        const answers = await Promise.all([
          store.acquireLease(holder(1), NOW, 10_000),
          other.acquireLease(holder(2), NOW, 10_000),
        ]);
        expect(answers.map(({kind}) => kind).sort()).toEqual(['held', 'taken']);
        expect(answers.find(({kind}) => kind === 'taken')).toMatchObject({epoch: 1, expiresAt: NOW + 10_000});
      });

      test('one that ran out can be taken, and one that was renewed cannot', async () => {
        const other = await fixture.open();
        await store.acquireLease(holder(1), NOW, 10_000);
        await store.renewLease(NOW + 9_000, 10_000);
        expect(await other.acquireLease(holder(2), NOW + 10_000, 10_000)).toMatchObject({
          kind: 'taken',
          holder: holder(1),
          expiresAt: NOW + 19_000,
        });
        expect(await other.acquireLease(holder(2), NOW + 19_000, 10_000)).toEqual({kind: 'held', epoch: 2});
      });

      test('one whose holder is provably dead is replaced at once, but only that very one', async () => {
        const [second, third] = [await fixture.open(), await fixture.open()];
        await store.acquireLease(holder(1), NOW, 10_000);
        expect(await second.acquireLease(holder(2), NOW, 10_000, 1)).toEqual({kind: 'held', epoch: 2});
        expect(await third.acquireLease(holder(3), NOW, 10_000, 1)).toMatchObject({kind: 'taken', epoch: 2});
      });

      test('one given back is free', async () => {
        await store.acquireLease(holder(1), NOW, 10_000);
        await store.releaseLease();
        const other = await fixture.open();
        expect(await other.acquireLease(holder(2), NOW, 10_000)).toEqual({kind: 'held', epoch: 2});
      });

      test('asked for again by its holder it stays the same one', async () => {
        await store.acquireLease(holder(1), NOW, 10_000);
        expect(await store.acquireLease(holder(1), NOW + 20_000, 10_000)).toEqual({kind: 'held', epoch: 1});
      });

      test('every write after a take-over is refused and changes nothing', async () => {
        await store.acquireLease(holder(1), NOW, 10_000);
        await store.checkLease();
        const other = await fixture.open();
        await other.acquireLease(holder(2), NOW + 10_000, 10_000);
        const writes = [
          store.createAccount('alice', NOW),
          store.appendBackendEvent('backend.up', down('x'), NOW),
          store.ensureSink('shop', undefined),
          store.renewLease(NOW, 10_000),
          store.acquireLease(holder(1), NOW + 99_000, 10_000),
        ];
        for (const write of writes) await expect(write).rejects.toMatchObject({code: 'fenced'});
        await expect(store.checkLease()).rejects.toMatchObject({code: 'fenced'});
        await expect(other.account('alice')).rejects.toMatchObject({code: 'unknown_account'});
        await store.releaseLease();
        await other.checkLease();
      });
    });

    describe('writes of one turn', () => {
      test('a refused one takes nothing with it', async () => {
        const results = await Promise.allSettled([
          store.createAccount('alice', NOW),
          store.createAccount('external', NOW),
          store.addAddress({account: 'nobody', address: 'x', scriptPubKey: Buffer.from('x'), label: undefined}, NOW),
          store.createAccount('bob', NOW),
        ]);
        expect(results.map(({status}) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
        const names = (await store.accounts({limit: 10})).items.map(account => account.name);
        expect(names).toEqual(['alice', 'bob']);
      });

      test('a listener hears once of a commit, and nothing of reads and refusals', async () => {
        let commits = 0;
        const stop = store.onCommit(() => commits++);
        await Promise.all([store.createAccount('alice', NOW), store.createAccount('bob', NOW)]);
        expect(commits).toBe(1);
        await store.account('alice');
        await store.createAccount('external', NOW).catch(() => undefined);
        expect(commits).toBe(1);
        stop();
        await store.createAccount('carol', NOW);
        expect(commits).toBe(1);
      });

      test('a closed ledger refuses them, and keeps what came before', async () => {
        const last = store.createAccount('alice', NOW);
        await store.close();
        await expect(last).resolves.toMatchObject({created: true});
        await expect(store.createAccount('bob', NOW)).rejects.toMatchObject({code: 'stopping'});
        expect((await (await fixture.open()).account('alice')).name).toBe('alice');
      });
    });

    describe('accounts and addresses', () => {
      test('an account is made once', async () => {
        const first = await store.createAccount('alice', NOW);
        const second = await store.createAccount('alice', NOW + 1);
        expect(first).toEqual({created: true, value: second.value});
        expect(second.created).toBe(false);
        expect(first.value).toEqual({
          name: 'alice',
          balance: '0.00000000',
          pending: '0.00000000',
          pending_out: '0.00000000',
          frozen: false,
          created_at: new Date(NOW).toISOString(),
        });
      });

      test.each(['external', 'payouts_due', 'network_fee', 'suspense'])('%s belongs to the house', async name => {
        await expect(store.createAccount(name, NOW)).rejects.toMatchObject({code: 'house_account', field: 'name'});
      });

      test('of the house only the float and the suspense account are shown', async () => {
        expect((await store.account('network_fee')).name).toBe('network_fee');
        expect((await store.account('suspense')).name).toBe('suspense');
        for (const name of ['external', 'payouts_due', 'nobody'])
          await expect(store.account(name)).rejects.toMatchObject({code: 'unknown_account'});
      });

      test('an address belongs to one account and is given out once', async () => {
        await store.createAccount('alice', NOW);
        const added = {account: 'alice', address: 'bcrt1q', scriptPubKey: Buffer.from('51', 'hex'), label: 'Ä 1'};
        const address = await store.addAddress(added, NOW);
        expect(address).toEqual({
          address: 'bcrt1q',
          account: 'alice',
          label: 'Ä 1',
          created_at: new Date(NOW).toISOString(),
        });
        expect(await store.address('bcrt1q')).toEqual(address);
        await expect(store.addAddress(added, NOW)).rejects.toMatchObject({code: 'already_exists'});
        await expect(store.address('bcrt1p')).rejects.toMatchObject({code: 'not_found'});
      });

      test('the float can be paid into, the other house accounts cannot', async () => {
        const added = {address: 'bcrt1q', scriptPubKey: Buffer.from('51', 'hex'), label: undefined};
        for (const account of ['external', 'payouts_due', 'suspense'])
          await expect(store.addAddress({...added, account}, NOW)).rejects.toMatchObject({code: 'house_account'});
        expect((await store.addAddress({...added, account: 'network_fee'}, NOW)).account).toBe('network_fee');
      });

      test('lists are walked by cursor, each row once', async () => {
        for (const name of ['alice', 'bob']) {
          await store.createAccount(name, NOW);
          for (let i = 0; i < 5; i++) {
            const address = `${name}-${i}`;
            await store.addAddress({account: name, address, scriptPubKey: Buffer.from(address), label: undefined}, NOW);
          }
        }
        const walk = async (account?: string): Promise<string[]> => {
          const found: string[] = [];
          let cursor: string | undefined;
          do {
            const page = await store.addresses({limit: 3, cursor, account});
            found.push(...page.items.map(item => item.address));
            cursor = page.next ?? undefined;
          } while (cursor !== undefined);
          return found;
        };
        const of = (name: string) => [4, 3, 2, 1, 0].map(i => `${name}-${i}`);
        expect(await walk('alice')).toEqual(of('alice'));
        expect(await walk()).toEqual([...of('bob'), ...of('alice')]);
        const first = await store.accounts({limit: 1});
        const second = await store.accounts({limit: 1, cursor: first.next ?? ''});
        expect([first, second].map(page => page.items[0]?.name)).toEqual(['alice', 'bob']);
        expect(second.next).toBeNull();
        await expect(store.addresses({limit: 3, cursor: 'x'})).rejects.toMatchObject({code: 'bad_cursor'});
        await expect(store.transactions({limit: 3, account: 'nobody'})).rejects.toMatchObject({
          code: 'unknown_account',
        });
      });
    });

    describe('outbox', () => {
      test('events are read after a sequence, oldest first, with a cursor while there are more', async () => {
        await append(5);
        const page = await store.events(1, 2);
        expect(page.items.map(event => event.sequence)).toEqual([2, 3]);
        expect(page.next).toBe('3');
        expect((await store.events(Number(page.next), 10)).next).toBeNull();
        expect((await store.newestEvents(2)).map(event => event.sequence)).toEqual([5, 4]);
        expect(page.items[0]).toMatchObject({
          coin: 'btc',
          type: 'backend.down',
          schema: 1,
          data: down('node 1'),
          created_at: new Date(NOW).toISOString(),
        });
      });

      test('a new sink starts at now, or where it was told to', async () => {
        await append(3);
        await store.ensureSink('now', undefined);
        await store.ensureSink('all', 0);
        await store.ensureSink('late', 2);
        await append(1);
        const heads = async (sink: string) => sequences(await store.sinkQueue(sink, undefined, 10));
        expect([await heads('now'), await heads('all'), await heads('late')]).toEqual([[4], [1, 2, 3, 4], [3, 4]]);
        await store.ensureSink('all', 3);
        expect(await heads('all')).toEqual([1, 2, 3, 4]);
      });

      test('sinks have cursors of their own, which outlive the process', async () => {
        await append(3);
        await store.ensureSink('shop', 0);
        await store.ensureSink('books', 0);
        await store.markDelivered('shop', 1, NOW);
        await store.close();
        store = await fixture.open();
        expect(sequences(await store.sinkQueue('shop', undefined, 10))).toEqual([2, 3]);
        expect(sequences(await store.sinkQueue('books', undefined, 10))).toEqual([1, 2, 3]);
        expect(await store.sinkState('shop')).toMatchObject({sequence: 1, waiting: 2, lastDeliveredAt: NOW});
      });

      test('the head remembers its attempts, and forgets them when it arrives', async () => {
        await append(2);
        await store.ensureSink('shop', 0);
        await store.recordFailure('shop', 1, 'answered 500', NOW + 1000, NOW);
        await store.recordFailure('shop', 1, 'answered 502', NOW + 5000, NOW + 1000);
        const [head, next] = await store.sinkQueue('shop', undefined, 10);
        expect(head).toMatchObject({attempts: 2, firstAttemptAt: NOW, dueAt: NOW + 5000});
        expect(next).toMatchObject({attempts: 0, firstAttemptAt: undefined, dueAt: 0});
        expect((await store.deliveries({limit: 10})).items).toMatchObject([
          {
            sink: 'shop',
            sequence: 1,
            status: 'retrying',
            attempts: 2,
            last_error: 'answered 502',
            type: 'backend.down',
          },
        ]);
        expect(await store.sinkState('shop')).toMatchObject({attempts: 2, lastError: 'answered 502'});
        await store.markDelivered('shop', 1, NOW + 6000);
        expect((await store.deliveries({limit: 10})).items).toEqual([]);
        expect(await store.sinkState('shop')).toMatchObject({attempts: 0, lastError: undefined});
      });

      test('a parked event stays visible, and those after it carry a gap until it arrived after all', async () => {
        await append(3);
        await store.ensureSink('shop', 0);
        await store.recordFailure('shop', 1, 'answered 500', NOW, NOW);
        const [delivery] = (await store.deliveries({limit: 1})).items;
        await store.park('shop', 1, 'answered 500', NOW + 1);
        expect((await store.sinkQueue('shop', undefined, 10)).map(({event}) => [event.sequence, event.gap])).toEqual([
          [2, true],
          [3, true],
        ]);
        expect(await store.sinkState('shop')).toMatchObject({dead: 1, waiting: 2, sequence: 1});
        expect(await store.replayQueue('shop')).toEqual([]);

        expect(await store.retryDelivery(delivery!.id, NOW + 2)).toMatchObject({status: 'dead', attempts: 2});
        const [replay] = await store.replayQueue('shop');
        expect(replay?.event).toMatchObject({sequence: 1, id: `evt_${store.identity.ledgerId}_1`});
        await store.replayed(replay!.deliveryId, 'answered 503', NOW + 3);
        expect(await store.replayQueue('shop')).toEqual([]);
        expect((await store.deliveries({limit: 1})).items[0]).toMatchObject({attempts: 3, last_error: 'answered 503'});

        await store.retryDelivery(delivery!.id, NOW + 4);
        await store.replayed(delivery!.id, undefined, NOW + 5);
        expect(await store.sinkState('shop')).toMatchObject({dead: 0});
        expect((await store.sinkQueue('shop', undefined, 10)).map(({event}) => event.gap)).toEqual([
          undefined,
          undefined,
        ]);
      });

      test('a waiting head can be asked for at once', async () => {
        await append(1);
        await store.ensureSink('shop', 0);
        await store.recordFailure('shop', 1, 'answered 500', NOW + 3_600_000, NOW);
        const [delivery] = (await store.deliveries({limit: 1})).items;
        await store.retryDelivery(delivery!.id, NOW + 10);
        expect((await store.sinkQueue('shop', undefined, 1))[0]?.dueAt).toBe(NOW + 10);
        await expect(store.retryDelivery('99', NOW)).rejects.toMatchObject({code: 'not_found'});
        await expect(store.retryDelivery('1; --', NOW)).rejects.toMatchObject({code: 'not_found'});
      });

      test('a sink that is off accumulates, and starts afresh where it was when resumed', async () => {
        await append(1);
        await store.ensureSink('shop', 0);
        await store.recordFailure('shop', 1, 'answered 500', NOW, NOW);
        await store.switchSinkOff('shop', 'answered 410 Gone');
        await append(2);
        expect(await store.sinkQueue('shop', undefined, 10)).toEqual([]);
        expect(await store.sinkState('shop')).toMatchObject({offReason: 'answered 410 Gone', waiting: 3});
        await store.resumeSink('shop', NOW);
        expect(await store.sinkQueue('shop', undefined, 10)).toMatchObject([
          {event: {sequence: 1}, attempts: 0},
          {event: {sequence: 2}},
          {event: {sequence: 3}},
        ]);
        await expect(store.resumeSink('nobody', NOW)).rejects.toMatchObject({code: 'not_found'});
      });

      test('a paused sink accumulates, says since when the oldest event waits, and goes on when resumed', async () => {
        await store.ensureSink('shop', 0);
        await append(2);
        await store.pauseSink('shop', NOW);
        expect(await store.sinkQueue('shop', undefined, 10)).toEqual([]);
        expect(await store.sinkIsOn('shop')).toBe(false);
        const state = await store.sinkState('shop');
        expect(state).toMatchObject({paused: true, offReason: undefined, waiting: 2, oldestWaitingAt: NOW});
        await store.resumeSink('shop', NOW);
        expect(sequences(await store.sinkQueue('shop', undefined, 10))).toEqual([1, 2]);
        await store.markDelivered('shop', 2, NOW);
        expect(await store.sinkState('shop')).toMatchObject({paused: false, oldestWaitingAt: undefined});
        await expect(store.pauseSink('nobody', NOW)).rejects.toMatchObject({code: 'not_found'});
      });

      test('deliveries can be asked for by sink and by status', async () => {
        await append(2);
        for (const sink of ['shop', 'books']) {
          await store.ensureSink(sink, 0);
          await store.park(sink, 1, 'answered 500', NOW);
        }
        await store.recordFailure('shop', 2, 'answered 500', NOW, NOW);
        const found = async (query: object) =>
          (await store.deliveries({limit: 10, ...query})).items.map(({sink, status}) => `${sink} ${status}`);
        expect(await found({sink: 'shop'})).toEqual(['shop retrying', 'shop dead']);
        expect(await found({status: 'dead'})).toEqual(['books dead', 'shop dead']);
        expect(await found({sink: 'books', status: 'retrying'})).toEqual([]);
      });

      test('a range to send again ends where the sink had come to, and is gone when it arrived', async () => {
        await append(2500);
        await append(1, 'backend.up');
        await store.ensureSink('shop', 2000);
        expect(await store.startReplay('shop', {from: 2001, to: 2400}, NOW)).toBeUndefined();
        expect(await store.startReplay('shop', {from: 1, to: 2400}, NOW)).toMatchObject({
          from: 1,
          to: 2000,
          at: 0,
          attempts: 0,
        });
        const [first] = await store.replayHeads('shop', undefined, 2);
        expect(first?.head.event.sequence).toBe(1);
        await store.replayFailed(first!.replayId, 'answered 500', NOW + 1000, NOW);
        const [again] = await store.replayHeads('shop', undefined, 2);
        expect(again?.head).toMatchObject({attempts: 1, firstAttemptAt: NOW, dueAt: NOW + 1000});
        await store.replayParked(first!.replayId, 1, 'answered 500', NOW);
        expect(await store.sinkState('shop')).toMatchObject({dead: 1, sequence: 2000, replay: {at: 1, attempts: 0}});
        // None of these types is in it: looking for them ends it.
        expect(await store.replayHeads('shop', ['backend.up'], 2)).toEqual([]);
        expect((await store.sinkState('shop')).replay).toBeUndefined();
        await expect(store.startReplay('nobody', {from: 1, to: 2}, NOW)).rejects.toMatchObject({code: 'not_found'});
      });

      test('a sink of few types sees those only, also far behind a crowd of others', async () => {
        await store.ensureSink('ups', undefined);
        const crowd = Array.from({length: 2500}, async () => store.appendBackendEvent('backend.down', down('x'), NOW));
        await Promise.all(crowd);
        expect(await store.sinkQueue('ups', ['backend.up'], 10)).toEqual([]);
        expect(await store.sinkState('ups')).toMatchObject({waiting: 0});
        await append(2, 'backend.up');
        await append(1);
        expect(sequences(await store.sinkQueue('ups', ['backend.up'], 10))).toEqual([2501, 2502]);
        expect(await store.sinkState('ups')).toMatchObject({waiting: 2});
        await store.markDelivered('ups', 2501, NOW);
        expect(sequences(await store.sinkQueue('ups', ['backend.up'], 10))).toEqual([2502]);
        await store.markDelivered('ups', 2502, NOW);
        expect(await store.sinkQueue('ups', ['backend.up'], 10)).toEqual([]);
        // Other types asked for later do not begin where the search for these has come to.
        expect(sequences(await store.sinkQueue('ups', ['backend.down'], 10))).toEqual([2503]);
      });
    });
  });
};
