import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {
  depositStatus,
  payoutStatus,
  type DepositQuery,
  type Page,
  type Payout,
  type PayoutQuery,
} from '../../source/contract/index.ts';
import {listDeposits} from '../../source/store/sqlite/deposits.ts';
import {listPayouts} from '../../source/store/sqlite/list-payouts.ts';
import {createTestLedger, type TestLedger} from '../support/ledger.ts';

const ACCOUNTS = ['alice', 'bob', 'carol'];
const ROWS = 400;
const txid = (n: number): string => n.toString(16).padStart(64, '0');
const addressOf = (n: number): string => `address-${n}`;
/** Always the same numbers, so that a failure comes again. */
const mixed = (n: number): number => Math.imul(n, 2_654_435_761) >>> 8;

let ledger: TestLedger;
const prepared = new Set<string>();

beforeAll(() => {
  ledger = createTestLedger();
  const {sqlite} = ledger.connection;
  const ids = ACCOUNTS.map(name => ledger.addAccount(name));
  const addressIds = Array.from({length: 6}, (_, n) =>
    ledger.addAddress(addressOf(n), Buffer.from([n]), n === 5 ? null : ids[n % 3]!),
  );
  ledger.run('BEGIN');
  for (let n = 0; n < ROWS; n++) {
    const at = mixed(n) % 6;
    // Every fourth transaction pays several of our addresses; an address without an account is change.
    const account = at === 5 ? 4 : ids[at % 3]!;
    const status = depositStatus.options[mixed(n + 7) % 4]!;
    ledger.run(
      `INSERT INTO deposit (txid, vout, account_id, address_id, amount, status, coinbase, first_seen_at)
       VALUES (?, ?, ${account}, ${addressIds[at]}, 10, '${status}', 0, 1)`,
      txid(n - (n % 4)),
      n,
    );
  }
  for (let n = 1; n <= 20; n++)
    ledger.run(
      `INSERT INTO broadcast (family, txid, status, fee, virtual_size, attempts, created_at)
       VALUES (${n}, ?, 'sent', 1, 1, 1, 1)`,
      txid(1000 + n),
    );
  for (let n = 0; n < ROWS; n++)
    ledger.run(
      `INSERT INTO payout (idempotency_key, account_id, address, script, amount, status, released, broadcast_id,
       created_at) VALUES ('key-${n}', ${ids[mixed(n) % 3]}, '${addressOf(mixed(n + 3) % 4)}', x'51', 5,
       '${payoutStatus.options[mixed(n + 11) % 9]}', 0, ${(mixed(n + 5) % 20) + 1}, 1)`,
    );
  ledger.run('COMMIT');
  const prepare = sqlite.prepare.bind(sqlite);
  sqlite.prepare = (text: string) => {
    prepared.add(text);
    return prepare(text);
  };
});
afterAll(() => ledger.close());

/** Every combination of some value, or none, for each filter. */
const combinations = (filters: Readonly<Record<string, readonly string[]>>): Record<string, string>[] => {
  let found: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries(filters))
    found = found.flatMap(some => [some, ...values.map(value => Object.assign({}, some, {[name]: value}))]);
  return found;
};

/** All items, page by page. */
const walk = <Item>(list: (cursor: string | undefined) => Page<Item>): Item[] => {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = list(cursor);
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return items;
};

const fits = (item: object, filters: Record<string, string>): boolean =>
  Object.entries(filters).every(([name, value]) => (item as Record<string, unknown>)[name] === value);

const OVER = new Set<string>(['confirmed', 'settled', 'cancelled']);

/** Pending ones are many statuses, and oldest first. */
const expected = (all: readonly Payout[], {status, ...others}: Record<string, string>): Payout[] =>
  status === 'pending'
    ? all.filter(payout => !OVER.has(payout.status) && fits(payout, others)).reverse()
    : all.filter(payout => fits(payout, status === undefined ? others : {...others, status}));

describe('lists', () => {
  test('deposits: every combination of filters gives what fits, newest first, over all pages', () => {
    const list = (query: Partial<DepositQuery>) => listDeposits(ledger.connection.orm, {limit: 7, ...query}, 101);
    const all = walk(cursor => list({cursor}));
    expect(all.map(({id}) => Number(id))).toEqual(Array.from({length: ROWS}, (_, n) => ROWS - n));
    const filters = combinations({
      account: [...ACCOUNTS, 'suspense', 'nobody'],
      status: depositStatus.options,
      address: [addressOf(0), addressOf(4), addressOf(5), 'elsewhere'],
      txid: [txid(0), txid(4 * 17), txid(9999)],
    });
    for (const filter of filters)
      expect(
        walk(cursor => list({...filter, cursor})),
        JSON.stringify(filter),
      ).toEqual(all.filter(deposit => fits(deposit, filter)));
  });

  test('payouts: every combination of filters gives what fits, newest first, over all pages', () => {
    const list = (query: Partial<PayoutQuery>) => listPayouts(ledger.connection.orm, {limit: 7, ...query});
    const all = walk(cursor => list({cursor}));
    expect(all.map(({id}) => Number(id))).toEqual(Array.from({length: ROWS}, (_, n) => ROWS - n));
    const filters = combinations({
      account: [ACCOUNTS[0]!, ACCOUNTS[2]!, 'nobody'],
      status: ['queued', 'settled', 'held', 'pending'],
      address: [addressOf(0), addressOf(3), 'elsewhere'],
      txid: [txid(1001), txid(1020), txid(9999)],
      idempotency_key: ['key-7', 'key-300', 'key-none'],
    });
    for (const filter of filters)
      expect(
        walk(cursor => list({...filter, cursor})),
        JSON.stringify(filter),
      ).toEqual(expected(all, filter));
  });

  test('none of them reads more than a page of an index', () => {
    const texts = [...prepared].filter(text => /^\s*select/i.test(text));
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) {
      const named = Object.fromEntries([...text.matchAll(/:(\w+)/g)].map(([, name]) => [name, 1]));
      const positional = Array.from({length: text.match(/\?/g)?.length ?? 0}, () => 1);
      const input = Object.keys(named).length > 0 ? [named] : positional;
      const plan = ledger.connection.sqlite.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...input) as {detail: string}[];
      for (const {detail} of plan)
        expect(detail, text).not.toMatch(/^SCAN (d|p|deposit|payout|account|address|broadcast)\b/);
      // Walks down an index by each of its columns; `id<?` is where the page begins.
      for (const {detail} of plan)
        if (/INDEX (deposit|payout)_(status|account|address|account_address) /.test(detail))
          expect(detail, text).toMatch(/status=\? AND (id|rowid)>\? AND (id|rowid)<\?\)$/);
    }
  });
});
