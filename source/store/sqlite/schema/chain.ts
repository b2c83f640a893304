import {index, primaryKey, sql, sqliteTable, text, uniqueIndex} from '../drizzle.ts';
import type {DepositStatus, DropReason} from '../../../contract/index.ts';
import {amount, autoId, bool, bytes, hashText, int, txidText} from '../columns.ts';
import {account, address} from './ledger.ts';

/** The ladder: the blocks we believe in. */
export const block = sqliteTable('block', {
  height: int().primaryKey(),
  hash: hashText().notNull(),
  time: int().notNull(),
});

export const networkTransaction = sqliteTable(
  'network_transaction',
  {
    txid: txidText().primaryKey(),
    raw: bytes().notNull(),
    state: text().$type<'mempool' | 'anchored' | 'gone'>().notNull(),
    coinbase: bool().notNull(),
    height: int(),
    blockHash: hashText('block_hash'),
    reason: text().$type<DropReason>(),
    replacedBy: txidText('replaced_by'),
    firstSeenAt: int('first_seen_at').notNull(),
  },
  table => [
    index('network_transaction_height')
      .on(table.height)
      .where(sql`height IS NOT NULL`),
    index('network_transaction_unanchored')
      .on(table.state)
      .where(sql`state <> 'anchored'`),
  ],
);

/** Inputs of tracked transactions that are not anchored: a different anchored spender of one is a conflict. */
export const unconfirmedInput = sqliteTable(
  'unconfirmed_input',
  {
    txid: txidText().notNull(),
    previousTxid: txidText('previous_txid').notNull(),
    previousVout: int('previous_vout').notNull(),
  },
  table => [
    primaryKey({columns: [table.txid, table.previousTxid, table.previousVout]}),
    index('unconfirmed_input_outpoint').on(table.previousTxid, table.previousVout),
  ],
);

/** Our outputs. A script of ours pays us whoever made the transaction. */
export const output = sqliteTable(
  'output',
  {
    txid: txidText().notNull(),
    vout: int().notNull(),
    addressId: int('address_id')
      .notNull()
      .references(() => address.id),
    amount: amount().notNull(),
    /**
     * `change` only when it is the recorded change vout of an adopted broadcast. `import`: the wallet held it before
     * the ledger began; it has a row in imported_coin instead of a deposit.
     */
    purpose: text().$type<'deposit' | 'change' | 'import'>().notNull(),
    coinbase: bool().notNull(),
    /** Height of the block that holds it in the best chain; null when not anchored. */
    height: int(),
    /** Known spender, in the mempool or anchored. */
    spentBy: txidText('spent_by'),
    /** Height of the anchored spender; null while the spend is not anchored. */
    spentHeight: int('spent_height'),
    /** The broadcast family that uses it: at most one, by being one column. */
    reservedBy: int('reserved_by'),
  },
  table => [
    primaryKey({columns: [table.txid, table.vout]}),
    index('output_spendable')
      .on(table.amount)
      .where(sql`spent_by IS NULL AND reserved_by IS NULL`),
    index('output_spent_by')
      .on(table.spentBy)
      .where(sql`spent_by IS NOT NULL`),
    index('output_reserved_by')
      .on(table.reservedBy)
      .where(sql`reserved_by IS NOT NULL`),
  ],
);

/**
 * One row: sums over `output` that the books need at each block, whatever the ledger's size. Triggers of the migration
 * keep it, in the transaction of whatever changes an output; `check` compares it with the full sums. A migration that
 * rebuilds `output` loses them and must make them anew.
 */
export const outputTotal = sqliteTable('output_total', {
  id: int().primaryKey(),
  /** Anchored and not spent by an anchored transaction. */
  unspent: amount().notNull(),
  outpoints: int().notNull(),
  /** Of those, spent by nothing known, the mempool included. */
  untouched: amount().notNull(),
});

export const deposit = sqliteTable(
  'deposit',
  {
    id: autoId(),
    txid: txidText().notNull(),
    vout: int().notNull(),
    accountId: int('account_id')
      .notNull()
      .references(() => account.id),
    addressId: int('address_id')
      .notNull()
      .references(() => address.id),
    amount: amount().notNull(),
    status: text().$type<DepositStatus>().notNull(),
    reason: text().$type<DropReason>(),
    replacedBy: txidText('replaced_by'),
    coinbase: bool().notNull(),
    height: int(),
    blockHash: hashText('block_hash'),
    firstSeenAt: int('first_seen_at').notNull(),
    creditedAt: int('credited_at'),
    /** Why it is not credited although it has its confirmations, in words. */
    waitsFor: text('waits_for'),
  },
  table => [
    uniqueIndex('deposit_outpoint').on(table.txid, table.vout),
    index('deposit_pending')
      .on(table.accountId, table.amount)
      .where(sql`status = 'detected'`),
    index('deposit_status').on(table.status, table.id),
    // Lists without a status are merged from those of each.
    index('deposit_account').on(table.accountId, table.status, table.id),
    index('deposit_address').on(table.addressId, table.status, table.id),
    // What each block counts for and the books add up: never those that only wait in the mempool.
    index('deposit_uncredited')
      .on(table.id, table.amount)
      .where(sql`status = 'detected' AND height IS NOT NULL`),
  ],
);

/** What single backends say of a large deposit's place in the chain. A reorganisation takes its rows away. */
export const depositAgreement = sqliteTable(
  'deposit_agreement',
  {
    depositId: int('deposit_id')
      .notNull()
      .references(() => deposit.id),
    /** Name of the backend in the config. */
    source: text().notNull(),
    /** The block that it was asked about. */
    blockHash: hashText('block_hash').notNull(),
    says: text().$type<'agreed' | 'denied'>().notNull(),
    /** Of one that denies. */
    words: text(),
    askedAt: int('asked_at').notNull(),
  },
  table => [primaryKey({columns: [table.depositId, table.source]})],
);

/** Coins that the wallet held before the ledger began, adopted by an import: each outpoint once. */
export const importedCoin = sqliteTable(
  'imported_coin',
  {
    txid: txidText().notNull(),
    vout: int().notNull(),
    accountId: int('account_id')
      .notNull()
      .references(() => account.id),
    amount: amount().notNull(),
    /** Whether its money is in the account now: taken back when its block goes away, given again when it returns. */
    credited: bool().notNull(),
    createdAt: int('created_at').notNull(),
  },
  table => [primaryKey({columns: [table.txid, table.vout]})],
);
