import {index, primaryKey, sql, sqliteTable, text, uniqueIndex} from '../drizzle.ts';
import type {BroadcastStatus, PayoutStatus} from '../../../contract/index.ts';
import {amount, autoId, bool, bytes, hashText, int, txidText} from '../columns.ts';
import {account, address} from './ledger.ts';

export const broadcast = sqliteTable(
  'broadcast',
  {
    id: autoId(),
    /** Members of a family share an input; at most one settles. The id of its first member. */
    family: int().notNull(),
    /** `bump` replaces an older member of its family. `child` spends its parent's change to pay for both; no payouts. */
    kind: text().$type<'payouts' | 'bump' | 'child'>().notNull().default('payouts'),
    txid: txidText().unique(),
    status: text().$type<BroadcastStatus>().notNull(),
    reason: text(),
    /** Signed bytes, stored before the first send. */
    raw: bytes(),
    fee: amount().notNull(),
    virtualSize: int('virtual_size').notNull(),
    changeVout: int('change_vout'),
    changeAddressId: int('change_address_id').references(() => address.id),
    changeAmount: amount('change_amount'),
    attempts: int().notNull(),
    lastAnswer: text('last_answer'),
    height: int(),
    blockHash: hashText('block_hash'),
    createdAt: int('created_at').notNull(),
    signedAt: int('signed_at'),
    sentAt: int('sent_at'),
  },
  table => [
    index('broadcast_live')
      .on(table.status)
      .where(sql`status NOT IN ('settled', 'abandoned')`),
    index('broadcast_family').on(table.family),
    index('broadcast_change').on(table.changeAddressId),
  ],
);

export const broadcastInput = sqliteTable(
  'broadcast_input',
  {
    broadcastId: int('broadcast_id')
      .notNull()
      .references(() => broadcast.id),
    position: int().notNull(),
    txid: txidText().notNull(),
    vout: int().notNull(),
    amount: amount().notNull(),
    /**
     * This row is the one by which a live family holds the outpoint. Later members of the family share the input
     * without holding it, so that the unique index keeps two families from ever using one coin.
     */
    holds: bool().notNull(),
  },
  table => [
    primaryKey({columns: [table.broadcastId, table.position]}),
    index('broadcast_input_outpoint').on(table.txid, table.vout),
    uniqueIndex('broadcast_input_held')
      .on(table.txid, table.vout)
      .where(sql`holds = 1`),
  ],
);

/**
 * What the network said to each send of a broadcast's bytes. The same answer again is counted in its row, so that a
 * transaction that is sent every period for weeks does not grow the ledger.
 */
export const broadcastAnswer = sqliteTable(
  'broadcast_answer',
  {
    broadcastId: int('broadcast_id')
      .notNull()
      .references(() => broadcast.id),
    /** Number of the first attempt that was answered so. */
    attempt: int().notNull(),
    times: int().notNull(),
    firstAt: int('first_at').notNull(),
    lastAt: int('last_at').notNull(),
    /** Null: sent, and nothing is known of what became of it (a crash, or the answer is still to come). */
    answer: text(),
  },
  table => [primaryKey({columns: [table.broadcastId, table.attempt]})],
);

/**
 * Outputs of the members of a family that was bumped: payouts themselves point at the member that pays them now. A
 * family of one has no rows here.
 */
export const broadcastPayout = sqliteTable(
  'broadcast_payout',
  {
    broadcastId: int('broadcast_id')
      .notNull()
      .references(() => broadcast.id),
    payoutId: int('payout_id')
      .notNull()
      .references(() => payout.id),
    vout: int().notNull(),
  },
  table => [primaryKey({columns: [table.broadcastId, table.vout]})],
);

export const payout = sqliteTable(
  'payout',
  {
    id: autoId(),
    idempotencyKey: text('idempotency_key').notNull().unique(),
    accountId: int('account_id')
      .notNull()
      .references(() => account.id),
    address: text().notNull(),
    script: bytes().notNull(),
    amount: amount().notNull(),
    label: text(),
    status: text().$type<PayoutStatus>().notNull(),
    reason: text(),
    heldFrom: text('held_from').$type<PayoutStatus>(),
    clears: text().$type<'itself' | 'person'>(),
    /** An operator released it: limits are not asked again. */
    released: bool().notNull(),
    broadcastId: int('broadcast_id').references(() => broadcast.id),
    vout: int(),
    fee: amount(),
    height: int(),
    blockHash: hashText('block_hash'),
    createdAt: int('created_at').notNull(),
    /** What the account paid for the network fee at acceptance; zero when the house pays. */
    quote: amount()
      .notNull()
      .default(sql`0`),
    /** Acceptance by a clock that steps of the wall clock do not move, ms: rolling limits count by it. */
    limitAt: int('limit_at').notNull().default(0),
    requestedBy: text('requested_by'),
    approvedBy: text('approved_by'),
  },
  table => [
    index('payout_pending')
      .on(table.accountId, table.amount)
      .where(sql`status NOT IN ('confirmed', 'settled', 'cancelled')`),
    index('payout_broadcast').on(table.broadcastId, table.vout),
    index('payout_limit').on(table.limitAt),
    index('payout_status').on(table.status, table.id),
    // Lists without a status are merged from those of each, so that addresses are in no more indexes than these.
    index('payout_account').on(table.accountId, table.status, table.id),
    index('payout_address').on(table.address, table.status, table.id),
    index('payout_account_address').on(table.accountId, table.address, table.status, table.id),
  ],
);
