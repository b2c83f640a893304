import {describe, expect, it, onTestFinished} from 'vitest';
import {paneList} from '../../source/console/lists/pane-list.ts';
import type {ApiClient} from '../../source/console/deps.ts';
import {followTail} from '../../source/console/session/follow-tail.ts';
import type {Session} from '../../source/console/session/session.ts';
import {initialState, type ScreenState} from '../../source/console/state.ts';
import {createStore, type Store} from '../../source/console/store.ts';
import {pressAll} from '../../source/console/update/press.ts';
import type {Deposit, DepositQuery, Payout, Status} from '../../source/contract/index.ts';
import {until} from '../support/until.ts';
import {before, coin, deposit, NOW, payout, statusOf} from './support/statuses.ts';
import {openScreen} from './support/terminal.ts';

const SHOWN = 50;

/** A ledger of so many deposits behind the API's list; counts what was asked. */
const ledgerOf = (count: number, coinNames: readonly string[] = ['btc']) => {
  const rows = new Map(coinNames.map(name => [name, {count, asked: 0}]));
  const one = (name: string, id: number): Deposit =>
    deposit(id, {
      account: `${name}-${id}`,
      status: 'settled',
      confirmations: 15,
      first_seen_at: before(10_000_000 - id),
    });
  const client = {
    async deposits(name: string, {limit, cursor}: DepositQuery) {
      const list = rows.get(name)!;
      list.asked += 1;
      const newest = cursor === undefined ? list.count : Number(cursor) - 1;
      const items = Array.from({length: Math.max(0, Math.min(limit, newest))}, (_, index) => one(name, newest - index));
      return {items, next: newest > limit ? items.at(-1)!.id : null};
    },
    async payouts() {
      return {
        items: Array.from({length: 80}, (_, id) => payout(id, {status: 'queued'})) satisfies Payout[],
        next: null,
      };
    },
  } as unknown as ApiClient;
  const status = (): Status =>
    statusOf({
      coins: coinNames.map(name => {
        const {count} = rows.get(name)!;
        return coin({
          coin: name,
          unit: name.toUpperCase(),
          counts: {...coin().counts, deposits: count, pending_payouts: 80},
          pending: Array.from({length: SHOWN}, (_, id) => payout(id, {status: 'queued'})),
          incoming: Array.from({length: Math.min(SHOWN, count)}, (_, index) => one(name, count - index)),
        });
      }),
    });
  return {client, status, rows};
};

/** The state and the keys; drawn on a terminal where that is what is tested. */
const follow = (store: Store<ScreenState>, client: ApiClient) => {
  const session = {withClient: async <Value>(use: (client: ApiClient) => Promise<Value>) => use(client)};
  onTestFinished(followTail(store, session as unknown as Session));
};

const open = ({client, status}: ReturnType<typeof ledgerOf>) => {
  const store = createStore<ScreenState>({
    ...initialState({now: NOW, columns: 120, rows: 40, configPath: '/srv/config.yaml', onQuit: 'ask'}),
    status: status(),
    link: {state: 'live', receivedAt: NOW},
  });
  follow(store, client);
  return {
    store,
    press(...keys: string[]) {
      store.set(pressAll(store.get(), keys, store.get().now).state);
    },
    show(next: Status) {
      store.update(state => ({...state, now: state.now + 10_000, status: next}));
    },
    incoming: () => paneList('incoming', store.get()),
  };
};

describe('rows below those of the status', () => {
  it('come by pages as one scrolls, each once and in order', async () => {
    const ledger = ledgerOf(1700);
    const screen = open(ledger);
    screen.press('2');
    expect(ledger.rows.get('btc')!.asked).toBe(0);
    const seen: string[] = [];
    while (seen.at(-1) !== 'btc-1') {
      const index = seen.length;
      await until('the next row', () => screen.incoming().at(index) !== undefined);
      seen.push(screen.incoming().at(index)!.deposit.account);
      screen.press('j');
    }
    expect(seen).toEqual(Array.from({length: 1700}, (_, index) => `btc-${1700 - index}`));
    expect(screen.incoming().length).toBe(1700);
  });

  it('of several coins are merged by time', async () => {
    const ledger = ledgerOf(700, ['btc', 'ltc']);
    const screen = open(ledger);
    screen.press('2', 'G');
    await until('the oldest row', () => screen.incoming().at(1399) !== undefined && screen.incoming().length === 1400);
    expect([1396, 1397, 1398, 1399].map(index => screen.incoming().at(index)!.deposit.account).sort()).toEqual([
      'btc-1',
      'btc-2',
      'ltc-1',
      'ltc-2',
    ]);
  });

  it('keep the selected row while new ones come above it', async () => {
    const ledger = ledgerOf(900);
    const screen = open(ledger);
    screen.press('2', 'pagedown', 'pagedown', 'pagedown', 'pagedown', 'pagedown', 'pagedown');
    await until('the tail', () => screen.store.get().tails.incoming !== undefined);
    screen.press('pagedown', 'pagedown');
    const {id} = screen.store.get().selections.incoming;
    expect(id).toBeDefined();
    for (let round = 0; round < 3; round++) {
      ledger.rows.get('btc')!.count += 70;
      screen.show(ledger.status());
      const wanted = `btc-${ledger.rows.get('btc')!.count - SHOWN}`;
      await until('what the status shows no more', () => screen.incoming().at(SHOWN)?.deposit.account === wanted);
    }
    const list = screen.incoming();
    expect(list.at(list.indexOf(id!))!.id).toBe(id);
    const loaded = Array.from({length: 400}, (_, index) => list.at(index)?.deposit.account);
    expect(loaded).toEqual(Array.from({length: 400}, (_, index) => `btc-${1110 - index}`));
  });

  it('of pending payouts follow the oldest fifty', async () => {
    const screen = open(ledgerOf(10));
    screen.press('G');
    await until('all of them', () => paneList('payouts', screen.store.get()).at(79) !== undefined);
  });

  it('are found by a filter that no row of the status matches', async () => {
    const screen = open(ledgerOf(1700));
    screen.press('2', '/', ...'btc-1600'.split(''));
    await until('the row', () => screen.incoming().length === 1);
    screen.press('escape');
    expect(screen.incoming().length).toBe(1700);
  });

  it('cost a frame and memory what a few do, however many there are', async () => {
    const count = 100_000;
    const ledger = ledgerOf(count);
    const screen = openScreen({columns: 120, rows: 40, status: ledger.status()});
    onTestFinished(async () => screen.close());
    follow(screen.store, ledger.client);
    const list = () => paneList('incoming', screen.store.get());
    const costOf = async (keys: readonly string[]): Promise<number> => {
      await screen.settled();
      const before = process.cpuUsage();
      for (const key of keys) {
        screen.press(key);
        await screen.settled();
      }
      const {user, system} = process.cpuUsage(before);
      return (user + system) / 1000 / keys.length;
    };
    const moves = Array.from({length: 60}, (_, index) => (index % 2 ? 'k' : 'j'));
    screen.press('2');
    await costOf(moves);
    const atTop = await costOf(moves);
    screen.press('G');
    await until('the last row', () => list().at(count - 1)?.deposit.account === 'btc-1', {timeout: 60_000});
    screen.press('k', 'k', 'k');
    const atBottom = await costOf(moves);
    console.log(`frame: ${atTop.toFixed(1)} ms at the top, ${atBottom.toFixed(1)} ms at row ${count}`);
    expect(await screen.text()).toContain('of 100,000');
    expect(atBottom).toBeLessThan(atTop * 2 + 2);
    const loaded = screen.store.get().tails.incoming!.chunks.filter(chunk => chunk.rows !== undefined);
    expect(loaded.length).toBeLessThan(8);
  });
});
