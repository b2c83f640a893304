import {index, primaryKey, sql, sqliteTable, text, uniqueIndex} from './drizzle.ts';
import type {
  BroadcastStatus,
  DepositStatus,
  DropReason,
  EventType,
  PayoutStatus,
  ScanMethod,
} from '../../contract/index.ts';
import {amount, autoId, bool, bytes, hashText, int, txidText} from './columns.ts';

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

/** The outbox: every row commits with its cause. */
export const event = sqliteTable(
  'event',
  {
    sequence: autoId(),
    type: text().$type<EventType>().notNull(),
    /** The contract object as it was at that moment, JSON. */
    data: text().notNull(),
    createdAt: int('created_at').notNull(),
  },
  // The story of one payout or deposit; other data have no id.
  table => [index('event_subject').on(sql`data ->> '$.id'`, table.sequence)],
);

/** A sink is a cursor over the outbox. */
export const sink = sqliteTable('sink', {
  name: text().primaryKey(),
  /** All events up to here are delivered, parked or not of its types. */
  sequence: int().notNull(),
  /** Why it was switched off (410); null while on. */
  offReason: text('off_reason'),
  /** Later events carry `gap: true` after one was parked. */
  gap: bool().notNull(),
  /** By an operator, until resumed. */
  paused: bool()
    .notNull()
    .default(sql`0`),
  lastDeliveredAt: int('last_delivered_at'),
});

/** Only events that were tried in vain are rows: the head being retried, and parked ones. */
export const delivery = sqliteTable(
  'delivery',
  {
    id: autoId(),
    sink: text()
      .notNull()
      .references(() => sink.name),
    sequence: int()
      .notNull()
      .references(() => event.sequence),
    status: text().$type<'retrying' | 'dead'>().notNull(),
    attempts: int().notNull(),
    lastError: text('last_error'),
    nextAttemptAt: int('next_attempt_at'),
    firstAttemptAt: int('first_attempt_at').notNull(),
  },
  table => [uniqueIndex('delivery_event').on(table.sink, table.sequence)],
);

/** A range of events that an operator asked for again, beside the queue of its sink. Gone when all have arrived. */
export const sinkReplay = sqliteTable(
  'sink_replay',
  {
    id: autoId(),
    sink: text()
      .notNull()
      .references(() => sink.name),
    fromSequence: int('from_sequence').notNull(),
    toSequence: int('to_sequence').notNull(),
    /** Everything of the range up to here has arrived again, is parked or not of the sink's types. */
    atSequence: int('at_sequence').notNull(),
    /** Of the next event. */
    attempts: int().notNull(),
    lastError: text('last_error'),
    nextAttemptAt: int('next_attempt_at'),
    firstAttemptAt: int('first_attempt_at'),
    createdAt: int('created_at').notNull(),
  },
  table => [index('sink_replay_sink').on(table.sink, table.id)],
);

export const job = sqliteTable(
  'job',
  {
    id: autoId(),
    kind: text().$type<'rescan' | 'catch_up'>().notNull(),
    status: text().$type<'running' | 'interrupted' | 'finished' | 'cancelled' | 'failed'>().notNull(),
    fromHeight: int('from_height').notNull(),
    toHeight: int('to_height').notNull(),
    /** Checkpoint: committed together with the effects of the blocks up to it. */
    atHeight: int('at_height').notNull(),
    known: int().notNull(),
    found: int().notNull(),
    changed: int().notNull(),
    error: text(),
    createdAt: int('created_at').notNull(),
    endedAt: int('ended_at'),
    /** Of a rescan: how it finds the blocks to read, and what that was thought to cost, as JSON. */
    method: text().$type<ScanMethod>(),
    estimate: text(),
  },
  table => [index('job_status').on(table.status)],
);

/** What people did, in a chain of hashes. Triggers of the migration refuse to change or remove a row. */
export const audit = sqliteTable(
  'audit',
  {
    id: autoId(),
    createdAt: int('created_at').notNull(),
    actor: text().notNull(),
    client: text(),
    command: text(),
    action: text().notNull(),
    subject: text().notNull(),
    /** Canonical JSON. */
    details: text().notNull(),
    previousHash: text('previous_hash').notNull(),
    hash: text().notNull(),
  },
  table => [
    index('audit_actor').on(table.actor, table.id),
    index('audit_action').on(table.action, table.id),
    index('audit_subject').on(table.subject, table.id),
  ],
);
