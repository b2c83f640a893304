import {index, primaryKey, sql, sqliteTable, text, uniqueIndex} from '../drizzle.ts';
import {amount, autoId, bool, bytes, int} from '../columns.ts';

/** What was pinned at init (coin, network, genesis, wallet) and the few switches of the whole ledger. */
export const meta = sqliteTable('meta', {key: text().primaryKey(), value: text().notNull()});

export const lease = sqliteTable('lease', {
  id: int().primaryKey(),
  epoch: int().notNull(),
  host: text().notNull(),
  bootId: text('boot_id').notNull(),
  pid: int().notNull(),
  /** Start time of the process in clock ticks since boot: tells a reused pid from the holder. */
  processStart: text('process_start').notNull(),
  expiresAt: int('expires_at').notNull(),
});

export const account = sqliteTable(
  'account',
  {
    id: autoId(),
    name: text().notNull().unique(),
    kind: text().$type<'user' | 'house'>().notNull(),
    /** Updated together with its postings; `check` compares it with their full sum. */
    balance: amount().notNull(),
    /** Who froze it: a reorg (lifts itself at zero or more) or an operator (does not). */
    frozen: text().$type<'reorg' | 'operator'>(),
    createdAt: int('created_at').notNull(),
  },
  table => [
    index('account_frozen')
      .on(table.frozen, table.balance)
      .where(sql`frozen IS NOT NULL`),
  ],
);

export const address = sqliteTable(
  'address',
  {
    id: autoId(),
    address: text().notNull().unique(),
    script: bytes().notNull().unique(),
    purpose: text().$type<'receive' | 'change'>().notNull(),
    accountId: int('account_id').references(() => account.id),
    label: text(),
    createdAt: int('created_at').notNull(),
    /** Of an imported one: outputs in blocks up to this height are not ours unless they were imported as coins. */
    fromHeight: int('from_height'),
  },
  table => [index('address_account').on(table.accountId, table.id)],
);

/**
 * Scripts that the engine derives itself, by branch and index. `ahead`: watched before it is handed out. `taken`: to be
 * handed out, and nobody was told yet. `told`: it stands in `address`. `met`: strangers paid it while it was ahead, so
 * that it stands in `address` too and is never handed out.
 */
export const derivedScript = sqliteTable(
  'derived_script',
  {
    script: bytes().primaryKey(),
    branch: text().$type<'receive' | 'change'>().notNull(),
    position: int().notNull(),
    address: text().notNull(),
    state: text().$type<'ahead' | 'taken' | 'told' | 'met'>().notNull(),
    /** An output of ours was found on it. */
    paid: bool()
      .notNull()
      .default(sql`0`),
  },
  table => [
    uniqueIndex('derived_script_position').on(table.branch, table.position),
    index('derived_script_state').on(table.branch, table.state, table.position),
    index('derived_script_paid')
      .on(table.branch, table.position)
      .where(sql`paid = 1`),
    index('derived_script_untold')
      .on(table.state)
      .where(sql`state IN ('ahead', 'taken')`),
  ],
);

/** Double entry, append-only: corrections are new entries. */
export const ledgerTransaction = sqliteTable('transaction', {
  id: autoId(),
  kind: text().notNull(),
  reference: text(),
  createdAt: int('created_at').notNull(),
});

export const posting = sqliteTable(
  'posting',
  {
    transactionId: int('transaction_id')
      .notNull()
      .references(() => ledgerTransaction.id),
    accountId: int('account_id')
      .notNull()
      .references(() => account.id),
    amount: amount().notNull(),
  },
  table => [
    primaryKey({columns: [table.transactionId, table.accountId]}),
    index('posting_account').on(table.accountId, table.transactionId),
  ],
);

/** Money moved between accounts of the ledger. Its postings are the transaction of kind `transfer` with its id. */
export const transfer = sqliteTable(
  'transfer',
  {
    id: autoId(),
    idempotencyKey: text('idempotency_key').notNull().unique(),
    fromId: int('from_id')
      .notNull()
      .references(() => account.id),
    toId: int('to_id')
      .notNull()
      .references(() => account.id),
    amount: amount().notNull(),
    label: text(),
    createdAt: int('created_at').notNull(),
  },
  table => [index('transfer_from').on(table.fromId, table.id), index('transfer_to').on(table.toId, table.id)],
);

/** A person's corrections of the books. Its postings are the transaction of kind `adjustment` with its id. */
export const adjustment = sqliteTable('adjustment', {
  id: autoId(),
  /** Given by careful callers, so that a repeated request corrects once. */
  idempotencyKey: text('idempotency_key').unique(),
  accountId: int('account_id')
    .notNull()
    .references(() => account.id),
  amount: amount().notNull(),
  reason: text().notNull(),
  balance: amount().notNull(),
  createdAt: int('created_at').notNull(),
});
