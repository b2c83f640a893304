import Database from 'better-sqlite3';
import {Engine} from '../support/engine.ts';
import type {ConfigFile} from '../support/config-file.ts';
import {runProgram} from '../support/program.ts';
import type {RegtestNode} from '../support/regtest-node.ts';
import {cachedWorld} from './cached-world.ts';
import {type Figure, percentile} from './report.ts';

const DEPOSITS = 1_000_000;
const PAYOUTS = 100_000;
const ACCOUNTS = 100;
const ADDRESSES = 10_000;
const READS = 60;

const txid = (index: number): string =>
  Math.imul(index, 2_654_435_761).toString(16).replace('-', 'a').padStart(64, '0');
const addressName = (index: number): string => `bcrt1q${String(index).padStart(38, '0')}`;
/** Nearly all are over, some are open, and a few of each account are of the rarest kind. */
const statusOf = (index: number): string => {
  if (index > DEPOSITS - 300) return index % 2 ? 'detected' : 'credited';
  return index % 5000 === 0 ? 'dropped' : 'settled';
};

/** Deposits and payouts straight into the tables: what a list costs depends on the rows, not on how they came. */
const make = async (node: RegtestNode, config: ConfigFile): Promise<void> => {
  await node.createWallet('hot');
  const init = await runProgram(['init', '--config', config.path]);
  if (init.code !== 0) throw new Error(`init: ${init.stderr}`);
  const sqlite = new Database(config.ledger);
  sqlite.pragma('synchronous = OFF');
  const many = (count: number, text: string, row: (index: number) => unknown[]): void => {
    const statement = sqlite.prepare(text);
    sqlite.transaction(() => {
      for (let index = 1; index <= count; index += 1) statement.run(...row(index));
    })();
  };
  const account = (index: number): number => 5 + (index % ACCOUNTS);
  many(ACCOUNTS, "INSERT INTO account (id, name, kind, balance, created_at) VALUES (?, ?, 'user', 0, 1)", index => [
    account(index),
    `account-${account(index)}`,
  ]);
  many(
    ADDRESSES,
    `INSERT INTO address (id, address, script, purpose, account_id, created_at) VALUES (?, ?, ?, 'receive', ?, 1)`,
    index => [index, addressName(index), Buffer.from(`script ${index}`), account(index)],
  );
  many(
    DEPOSITS,
    `INSERT INTO deposit (txid, vout, account_id, address_id, amount, status, coinbase, height, first_seen_at)
     VALUES (?, 0, ?, ?, 1000, ?, 0, 1, 1)`,
    index => {
      const address = (index % ADDRESSES) + 1;
      return [txid(index), account(address), address, statusOf(index)];
    },
  );
  many(DEPOSITS, `INSERT INTO "transaction" (kind, reference, created_at) VALUES ('deposit', ?, 1)`, index => [
    String(index),
  ]);
  many(DEPOSITS, 'INSERT INTO posting (transaction_id, account_id, amount) VALUES (?, ?, 1000)', index => [
    index,
    account((index % ADDRESSES) + 1),
  ]);
  many(
    PAYOUTS,
    `INSERT INTO payout (idempotency_key, account_id, address, script, amount, status, released, created_at)
     VALUES (?, ?, ?, x'51', 500, ?, 0, 1)`,
    index => [`key-${index}`, account(index), addressName(index % 50), index % 1000 ? 'settled' : 'cancelled'],
  );
  sqlite.close();
};

/** Every list with every combination of filters, first pages and deep ones, and single rows. */
const paths = (random: () => number): string[] => {
  const one = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const below = (most: number): number => 1 + Math.floor(random() * (most - 1));
  const address = below(ADDRESSES);
  const filters: Record<string, string> = {
    account: `account-${5 + (address % ACCOUNTS)}`,
    address: addressName(address),
    status: one(['settled', 'detected', 'credited', 'dropped']),
  };
  const found: string[] = [];
  for (let chosen = 0; chosen < 8; chosen += 1) {
    const query = new URLSearchParams(Object.entries(filters).filter((_, index) => (chosen >> index) & 1));
    found.push(`/v1/btc/deposits?${query.toString()}`);
    query.set('cursor', String(below(DEPOSITS)));
    found.push(`/v1/btc/deposits?${query.toString()}`);
    const paid = {
      account: `account-${5 + below(ACCOUNTS)}`,
      address: addressName(below(50)),
      status: one(['settled', 'cancelled', 'held']),
    };
    const asked = new URLSearchParams(Object.entries(paid).filter((_, index) => (chosen >> index) & 1));
    found.push(`/v1/btc/payouts?${asked.toString()}`);
  }
  found.push(
    `/v1/btc/deposits?txid=${txid(below(DEPOSITS))}`,
    `/v1/btc/deposits/${below(DEPOSITS)}`,
    `/v1/btc/payouts?idempotency_key=key-${below(PAYOUTS)}`,
    `/v1/btc/payouts/${below(PAYOUTS)}`,
    `/v1/btc/accounts?limit=50`,
    `/v1/btc/accounts/${filters['account']}`,
    `/v1/btc/addresses?account=${filters['account']}`,
    `/v1/btc/addresses/${filters['address']}`,
    `/v1/btc/transactions?account=${filters['account']}`,
    `/v1/btc/transactions?cursor=${below(DEPOSITS)}`,
    '/v1/btc/books',
    '/v1/status',
  );
  return found;
};

/** Always the same questions. */
const seeded = (): (() => number) => {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

/** What one read of the API takes with a million deposits in the ledger. */
export const apiReads = async (): Promise<Figure[]> => {
  const world = await cachedWorld(`api-reads-${DEPOSITS}-1`, make);
  const engine = new Engine(world.config);
  try {
    await engine.start();
    const random = seeded();
    const latencies: number[] = [];
    const slowest = {path: '', took: 0};
    for (let read = 0; read < READS; read += 1)
      for (const path of paths(random)) {
        const begun = performance.now();
        await engine.api.get(path);
        const took = performance.now() - begun;
        // The first questions load code and pages, which every engine does once.
        if (read < 3) continue;
        latencies.push(took);
        if (took > slowest.took) Object.assign(slowest, {path, took});
      }
    console.log(`  slowest: ${slowest.path}`);
    const name = `API read, ${DEPOSITS.toLocaleString('en')} deposits`;
    return [
      {name: `${name}, p50`, value: percentile(latencies, 0.5), unit: 'ms'},
      {
        name: `${name}, p99`,
        value: percentile(latencies, 0.99),
        unit: 'ms',
        limit: {of: 'value', at: 10, better: 'below'},
      },
    ];
  } finally {
    await engine.dispose();
    await world.dispose();
  }
};
