import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {BlockHash} from '../../source/primitives/ids.ts';
import type {Store} from '../../source/store/open-store.ts';
import {newLedger} from './new-ledger.ts';
import {relevant, SimulatedChain, type SimulatedTransaction} from './simulated-chain.ts';
import type {StoreFixture} from './store-suite.ts';

const NOW = 1_700_000_000_000;
const POLICY = {confirmations: 2, maxConfirmationCount: 4, coinbaseMaturity: 101};
const script = (index: number): Buffer => Buffer.from(`0014${String(index).padStart(40, '0')}`, 'hex');

/** What the chain loops rely on, whatever the database; through its interface only. */
export const describeChainStore = (name: string, create: () => Promise<StoreFixture>): void => {
  describe(`${name}: chain and jobs`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let chain: SimulatedChain;

    beforeEach(async () => {
      fixture = await create();
      await fixture.initialise(newLedger());
      store = await fixture.open();
      chain = new SimulatedChain(newLedger().genesis as BlockHash);
      for (const [index, account] of ['alice', 'bob'].entries()) {
        await store.createAccount(account, NOW);
        const address = {
          account,
          address: `address-${account}`,
          scriptPubKey: script(index + 1),
          label: `of ${account}`,
        };
        await store.addAddress(address, NOW);
      }
    });
    afterEach(async () => fixture.dispose());

    const pay = (who: number, amount: bigint): SimulatedTransaction =>
      chain.transaction([], [{script: script(who), amount}]);
    /** Applies the simulated chain from a height on, as connected blocks. */
    const connect = async (from: number, job?: {id: string; atHeight: number}) =>
      store.track(
        {
          tip: chain.tipNow,
          fork: undefined,
          connected: chain.blocksNow.slice(from).map(block => chain.blockFacts(block)),
          seen: [],
          gone: [],
        },
        POLICY,
        NOW,
        job,
      );
    const see = async (...transactions: SimulatedTransaction[]) => {
      const tip = (await store.ladderTop())!;
      const facts = {tip, fork: undefined, connected: [], seen: transactions.map(relevant), gone: []};
      return store.track(facts, POLICY, NOW);
    };

    test('blocks become rungs, and the same facts again change nothing', async () => {
      const payment = pay(1, 5n);
      chain.mine([payment]);
      chain.mineMany(2);
      expect(await connect(1)).toMatchObject({found: 1, known: 0, changed: 0, refusedDeepFork: false});
      expect(await store.ladderTop()).toEqual({height: 3, hash: chain.tipNow.hash});
      expect(await store.rungs([0, 2, 3, 4])).toEqual(
        [0, 2, 3].map(height => chain.blocksNow[height]!.hash).concat(undefined!),
      );
      const {items: events} = await store.events(0, 100);
      expect(await connect(1)).toMatchObject({found: 0, known: 1, changed: 0});
      expect((await store.events(0, 100)).items).toEqual(events);
      expect((await store.account('alice')).balance).toBe('0.00000005');
    });

    test('blocks that do not attach are refused as stale, and nothing of them is kept', async () => {
      chain.mine();
      await connect(1);
      chain.mine([pay(1, 5n)]);
      chain.mineMany(1);
      await expect(connect(3)).rejects.toMatchObject({code: 'stale_facts', retry: 'backoff'});
      chain.reorg(3, [[], [], [], []]);
      // No fork was seen: a rescan or a late step must not disconnect anything.
      await expect(connect(1)).rejects.toMatchObject({code: 'stale_facts'});
      expect((await store.ladderTop())?.height).toBe(1);
      expect((await store.deposits({limit: 10})).items).toEqual([]);
    });

    test('the watch lists hold every script, our coins, and what unconfirmed payments spend', async () => {
      const mined = pay(1, 5n);
      const waiting = pay(2, 7n);
      chain.mine([mined]);
      const {watch} = await connect(1);
      expect(watch).toEqual([{txid: mined.txid, vout: 0}]);
      const seen = await see(waiting);
      expect(seen.watch).toEqual(expect.arrayContaining([{txid: waiting.txid, vout: 0}, waiting.inputs[0]]));
      expect([...store.watchedScripts()].map(String)).toEqual([script(1), script(2)].map(String));
      expect([...store.watchedOutpoints()]).toEqual([
        {txid: mined.txid, vout: 0},
        {txid: waiting.txid, vout: 0},
        waiting.inputs[0],
      ]);
      expect(await store.unanchoredTransactions()).toEqual([
        {txid: waiting.txid, state: 'mempool', inputs: waiting.inputs},
      ]);
      expect(
        await store.ownOutpoints([
          {txid: mined.txid, vout: 0},
          {txid: mined.txid, vout: 1},
        ]),
      ).toEqual([true, false]);
    });

    test('the watch lists of a large ledger miss nothing and say nothing twice', async () => {
      const before = [...store.watchedScripts()].length;
      const scripts = Array.from({length: 2500}, (_, index) => {
        const scriptPubKey = Buffer.alloc(20 + (index % 15), index % 256);
        scriptPubKey.writeUInt32BE(index, 0);
        return scriptPubKey;
      });
      await Promise.all(
        scripts.map(async (scriptPubKey, index) =>
          store.addAddress({account: 'alice', address: `many-${index}`, scriptPubKey, label: undefined}, 1),
        ),
      );
      const payment = chain.transaction(
        [],
        scripts.map(scriptPubKey => ({script: scriptPubKey, amount: 3n})),
      );
      chain.mine([payment]);
      await connect(1);
      const watched = [...store.watchedScripts()];
      expect(watched.slice(before).map(bytes => bytes.toString('hex'))).toEqual(
        scripts.map(bytes => bytes.toString('hex')),
      );
      expect([...store.watchedOutpoints()]).toEqual(scripts.map((_, vout) => ({txid: payment.txid, vout})));
    });

    test('the ladder grows downwards only right below its bottom', async () => {
      const other = await create();
      chain.mineMany(10);
      const start = chain.blocksNow[8]!;
      await other.initialise(newLedger({start}));
      const young = await other.open();
      const rungs = chain.blocksNow.slice(4, 8).map(({height, hash}) => ({height, hash}));
      await expect(young.extendLadder(rungs.slice(0, 2))).rejects.toThrow();
      await young.extendLadder(rungs);
      await young.extendLadder(rungs);
      expect(await young.ladderBottom()).toEqual(rungs[0]);
      expect((await young.ladderTop())?.height).toBe(8);
      await other.dispose();
    });

    test('deposits are listed newest first, by page, account, address, status and txid', async () => {
      const payments = [pay(1, 1n), pay(2, 2n), pay(1, 3n)];
      await see(...payments.slice(0, 2));
      chain.mine([payments[2]!]);
      chain.mineMany(1);
      await connect(1);
      const amounts = async (query: object) =>
        (await store.deposits({limit: 10, ...query})).items.map(({amount}) => Number(amount.replace('.', '')));
      expect(await amounts({})).toEqual([3, 2, 1]);
      expect(await amounts({account: 'alice'})).toEqual([3, 1]);
      expect(await amounts({address: 'address-bob'})).toEqual([2]);
      expect(await amounts({status: 'credited'})).toEqual([3]);
      expect(await amounts({txid: payments[0]!.txid})).toEqual([1]);
      expect(await amounts({account: 'nobody'})).toEqual([]);
      const first = await store.deposits({limit: 2});
      expect(first.items).toHaveLength(2);
      expect((await store.deposits({limit: 2, cursor: first.next!})).items.map(({amount}) => amount)).toEqual([
        '0.00000001',
      ]);
      await expect(store.deposits({limit: 2, cursor: 'x'})).rejects.toMatchObject({code: 'bad_cursor'});
      const [newest] = first.items;
      expect(await store.deposit(newest!.id)).toEqual(newest);
      expect(newest).toMatchObject({label: 'of alice', confirmations: 2, block_height: 1, status: 'credited'});
      await expect(store.deposit('99')).rejects.toMatchObject({code: 'not_found'});
      await expect(store.deposit('x')).rejects.toMatchObject({code: 'not_found'});
    });

    test('the books are checked at a moment, kept, and audited in full', async () => {
      expect(await store.lastBooks()).toBeUndefined();
      chain.mine([pay(1, 5n)]);
      chain.mine([pay(2, 7n)]);
      await connect(1);
      const books = await store.checkBooks(3n, NOW);
      expect(books).toEqual({
        height: 2,
        ledger: '0.00000005',
        uncredited: '0.00000007',
        chain: '0.00000012',
        untracked: '0.00000003',
        drift: '0.00000000',
        outpoints: 2,
        checked_at: new Date(NOW).toISOString(),
      });
      expect(await store.lastBooks()).toEqual(books);
      expect(await store.auditBooks()).toMatchObject({books: {drift: '0.00000000'}, faults: []});
    });

    test('a job of each kind runs at a time, counts what moves its checkpoint, and is found after a restart', async () => {
      chain.mine([pay(1, 5n)]);
      chain.mineMany(3);
      await connect(1);
      const job = await store.createJob('rescan', 1, 4, NOW);
      expect(job).toMatchObject({status: 'running', from_height: 1, to_height: 4, at_height: 0});
      await expect(store.createJob('rescan', 1, 4, NOW)).rejects.toMatchObject({code: 'already_running'});
      const catchUp = await store.createJob('catch_up', 5, 9, NOW);
      await connect(1, {id: job.id, atHeight: 4});
      await connect(1, {id: job.id, atHeight: 4});
      expect(await store.job(job.id)).toMatchObject({at_height: 4, known: 1, found: 0, changed: 0});
      await store.extendJob(catchUp.id, 12);
      const again = await fixture.open();
      expect((await again.unfinishedJobs()).map(({id, to_height: to}) => [id, to])).toEqual([
        [job.id, 4],
        [catchUp.id, 12],
      ]);
      expect(await store.endJob(job.id, 'failed', 'pruned', NOW)).toMatchObject({status: 'failed', error: 'pruned'});
      expect(await store.endJob(job.id, 'finished', undefined, NOW)).toMatchObject({status: 'failed'});
      expect((await store.jobs({limit: 1})).items.map(({id}) => id)).toEqual([catchUp.id]);
      await expect(store.job('99')).rejects.toMatchObject({code: 'not_found'});
      expect((await store.createJob('rescan', 1, 4, NOW)).id).not.toBe(job.id);
    });

    test('no reorg can be accepted that was not refused', async () => {
      await expect(store.acceptReorg(NOW)).rejects.toMatchObject({code: 'wrong_state'});
    });
  });
};
