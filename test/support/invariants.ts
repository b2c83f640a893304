import {expect} from 'vitest';
import type {Books, Deposit, Event, Payout} from '../../source/contract/index.ts';
import {until} from './until.ts';
import type {World} from './world.ts';

/** Steps an item's events may take; `dropped` and `unconfirmed` lead back to an earlier rank. */
const RANK: Readonly<Record<string, number>> = {
  'deposit.detected': 1,
  'deposit.credited': 2,
  'deposit.settled': 3,
  'payout.queued': 1,
  'payout.sent': 2,
  'payout.confirmed': 3,
  'payout.settled': 4,
};
const BACK_TO: Readonly<Record<string, number>> = {
  'deposit.dropped': 0,
  'payout.unconfirmed': 2,
  'payout.held': 1,
  'payout.cancelled': 9,
};

const satoshi = (amount: string): bigint => {
  const [whole = '0', fraction = ''] = amount.replace('-', '').split('.');
  const value = BigInt(whole + fraction.padEnd(8, '0'));
  return amount.startsWith('-') ? -value : value;
};

/** Never-skipped events come once each, and in their order, for every deposit and payout. */
const expectEventOrder = (events: readonly Event[]): void => {
  expect(events.map(event => event.sequence)).toEqual(events.map((_, index) => index + 1));
  expect(new Set(events.map(event => event.id)).size).toBe(events.length);
  const ranks = new Map<string, number>();
  for (const event of events) {
    const [noun] = event.type.split('.');
    if (noun !== 'deposit' && noun !== 'payout') continue;
    const key = `${noun} ${(event.data as Deposit | Payout).id}`;
    const before = ranks.get(key) ?? 0;
    const back = BACK_TO[event.type];
    const rank = RANK[event.type];
    if (back !== undefined) ranks.set(key, back);
    else if (rank !== undefined) {
      expect(`${key}: ${event.type} #${event.sequence} after rank ${before}`).toBe(
        `${key}: ${event.type} #${event.sequence} after rank ${rank - 1}`,
      );
      ranks.set(key, rank);
    }
  }
};

/** Sum of the hot wallet's coins in the node's UTXO set, from its descriptors and not from its own bookkeeping. */
const chainCoins = async (world: World): Promise<bigint> => {
  if (world.config.coin === 'ltc') return legacyWalletCoins(world);
  const provided = world.providedAddresses;
  if (provided !== undefined)
    return scanned(
      world,
      provided.map(address => `addr(${address})`),
    );
  const {descriptors} = await world.node.rpc<{descriptors: {desc: string; range?: [number, number]}[]}>(
    'listdescriptors',
    [],
    'hot',
  );
  const wanted = descriptors.map(({desc, range}) => (range === undefined ? {desc} : {desc, range: range[1]}));
  return scanned(world, wanted);
};

const scanned = async (world: World, wanted: readonly unknown[]): Promise<bigint> => {
  const {total_amount: total} = await world.node.rpc<{total_amount: number}>('scantxoutset', ['start', wanted]);
  return BigInt(Math.round(total * 1e8));
};

/** A wallet without descriptors: its own list, coin by coin; immature ones are not in it. */
const legacyWalletCoins = async (world: World): Promise<bigint> => {
  const coins = await world.node.rpc<{amount: number}[]>('listunspent', [1, 9_999_999, []], 'hot');
  return coins.reduce((sum, {amount}) => sum + BigInt(Math.round(amount * 1e8)), 0n);
};

const settledBooks = async (world: World): Promise<Books> => {
  const tip = await world.node.rpc<number>('getblockcount');
  return until(`the books at ${tip}`, async () => {
    const books = await world.api.books();
    return books.height === tip ? books : undefined;
  });
};

export interface Expected {
  /** Balances by account name, exact. */
  readonly balances?: Readonly<Record<string, string>>;
  /** Off when the scenario leaves an endpoint that refuses on purpose. */
  readonly delivered?: boolean;
}

/** What must hold after every scenario, whatever happened in it; the engine runs and its node is reachable. */
export const expectInvariants = async (world: World, expected: Expected = {}): Promise<void> => {
  const books = await settledBooks(world);
  expect(books.drift, JSON.stringify(books)).toBe('0.00000000');
  expect(satoshi(books.ledger) + satoshi(books.uncredited)).toBe(satoshi(books.chain));
  expect(satoshi(books.chain)).toBe(await chainCoins(world));

  for (const [name, balance] of Object.entries(expected.balances ?? {})) {
    expect({name, balance: (await world.api.account(name)).balance}).toEqual({name, balance});
  }
  const events = await world.api.events();
  expectEventOrder(events);
  if (expected.delivered !== false) await expectDelivered(world, events);

  const check = await world.run('check');
  expect(check.code, `${check.stdout}${check.stderr}`).toBe(0);
};

/** Everything reached the endpoint, signed, in order; repeats only with the same id. */
const expectDelivered = async (world: World, events: readonly Event[]): Promise<void> => {
  const last = events.at(-1)?.sequence ?? 0;
  await until(`event ${last} to be delivered`, () => (world.receiver.accepted.at(-1)?.event.sequence ?? 0) >= last);
  expect(world.receiver.received.filter(received => !received.verified)).toEqual([]);
  const accepted = world.receiver.accepted.filter(({event}) => event.sequence <= last);
  const ids = new Map<number, string>();
  let highest = 0;
  for (const {id, event} of accepted) {
    expect(ids.get(event.sequence) ?? id).toBe(id);
    ids.set(event.sequence, id);
    // A repeat goes back at most to where the endpoint last was; a new one is the very next.
    expect(event.sequence).toBeLessThanOrEqual(highest + 1);
    highest = Math.max(highest, event.sequence);
  }
  expect(highest).toBe(last);
};
