import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import type {ElectrumClient} from '../../../source/backends/electrum/electrum-client.ts';
import {Histories, scriptHashOf} from '../../../source/backends/electrum/histories.ts';
import type {HistoryNews} from '../../../source/backends/electrum/history-news.ts';
import type {ElectrumServer} from '../../support/electrum-server/index.ts';
import {TrackedNode} from '../../support/tracked-node.ts';
import {until} from '../../support/until.ts';

// A block may be told of before what is in it, and histories may lack what they will have later.

describe('the ledger, through a server', () => {
  let world: TrackedNode;
  beforeEach(async () => {
    world = await TrackedNode.start({backend: 'electrum', confirmations: 3, maxConfirmationCount: 8});
  });
  afterEach(async () => {
    await world.expectSound();
    await world.dispose();
  });
  const server = () => world.server as ElectrumServer;

  test('that tells of blocks first has its deposits in the end, and reversals too', async () => {
    const address = await world.address('alice');
    await until('the script to be subscribed', () => server().asked.get('blockchain.scripthash.subscribe') === 1);
    server().lies = {withholdsNotifications: true};
    const txid = await world.pay(address, 1.5);
    await world.mine(4);
    await world.caughtUp();
    expect(await world.states()).toEqual([]);
    server().tellScripts();
    await world.untilStates('credited 4');
    expect(await world.balance('alice')).toBe('1.50000000');

    await world.invalidate(4);
    await world.mineOnly(5);
    await world.caughtUp();
    server().tellScripts();
    await world.untilStates('detected 0');
    await world.mine(3);
    await world.caughtUp();
    server().tellScripts();
    await world.untilStates('credited 3');
    expect(await world.story(txid)).toEqual(['detected', 'credited', 'dropped reorged', 'detected', 'credited']);
  });

  test('that shows another branch of the same length, as another node behind it does, reverses nothing with it', async () => {
    const txid = await world.pay(await world.address('alice'), 1);
    await world.mine(3);
    await world.untilStates('credited 3');
    await world.invalidate(1);
    await world.mineOnly(1);
    await until('it to be seen', () => world.track.view().reason?.includes('nothing is reversed') === true);
    expect(await world.states()).toEqual(['credited 3']);
    await world.mineOnly(1);
    await world.caughtUp();
    await world.untilStates('credited 4');
    expect(await world.story(txid)).toEqual(['detected', 'credited']);
  });

  test('that left a deposit out is asked again at a restart, and nothing else is', async () => {
    const address = await world.address('alice');
    const [known, missed] = [await world.pay(address, 1), await world.pay(address, 2)];
    server().lies = {withheld: new Set([missed])};
    server().tellScripts();
    await world.mine(4);
    await world.caughtUp();
    // What it said and took back is believed to be gone, once two looks agree.
    await until('one to be credited', async () => (await world.states()).includes('credited 4'));
    await world.pause();

    server().lies = {};
    server().asked.clear();
    await world.run();
    await until(
      'the other one',
      async () => (await world.states()).filter(state => state === 'credited 4').length === 2,
    );
    expect(await world.balance('alice')).toBe('3.00000000');
    expect((await world.deposits()).map(({txid}) => txid).toSorted()).toEqual([known, missed].toSorted());
    await world.pause();

    // Now the ledger has all there is: a start asks for histories and for no transaction.
    server().asked.clear();
    await world.run();
    await until('its start', () => (server().asked.get('blockchain.scripthash.get_history') ?? 0) > 0);
    await world.mine(1);
    await world.untilStates('credited 5', 'credited 5');
    expect(server().asked.get('blockchain.transaction.get') ?? 0).toBe(0);
  });

  test('that goes away and comes back is subscribed to again, and has lost nothing', async () => {
    const address = await world.address('alice');
    await world.pay(address, 1);
    await world.untilStates('detected 0');
    for (let times = 0; times < 3; times += 1) {
      server().hangUp();
      await world.pay(address, 1);
      await until('both to be seen', async () => (await world.states()).length === times + 2);
    }
    await world.mine(3);
    await world.untilStates('credited 3', 'credited 3', 'credited 3', 'credited 3');
  });
});

test('a status whose notification was lost is found within minutes', async () => {
  vi.useFakeTimers();
  try {
    const script = Buffer.from('0014'.padEnd(44, 'a'), 'hex');
    const txid = 'ab'.repeat(32);
    let rows: {tx_hash: string; height: number}[] = [];
    let asked = 0;
    const client = {
      isConnected: true,
      batch: async (calls: readonly {method: string; params: readonly unknown[]}[]) =>
        calls.map(({method, params}) => {
          asked += 1;
          expect(params).toEqual([scriptHashOf(script)]);
          return {result: method.endsWith('subscribe') ? (rows.length === 0 ? null : 'a status') : rows};
        }),
    };
    const news: HistoryNews[] = [];
    const histories = new Histories(client as unknown as ElectrumClient, one => news.push(one));
    histories.watch(script);
    histories.reconnected();
    await histories.settled(1000);
    rows = [{tx_hash: txid, height: 7}];
    await vi.advanceTimersByTimeAsync(300_000);
    expect(news).toEqual([]);
    await vi.advanceTimersByTimeAsync(310_000);
    expect(news).toEqual([{anchored: new Map([[7, [txid]]]), mempoolAdded: [], mempoolRemoved: []}]);
    expect(asked).toBeLessThan(6);
    histories.close();
  } finally {
    vi.useRealTimers();
  }
});
