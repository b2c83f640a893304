import type {KnownTransaction, OwnOutput, TransactionMove, Whereabouts} from '../../chain/transaction-moves.ts';
import type {Outpoint, Txid} from '../../primitives/ids.ts';
import type {Orm} from './connection.ts';
import {bulkInsert, type BulkInsert} from './bulk-insert.ts';
import {markPaid} from './derived-scripts.ts';
import {rawStatement} from './raw-statement.ts';

const transactionRows = bulkInsert('network_transaction', [
  'txid',
  'raw',
  'state',
  'coinbase',
  'height',
  'block_hash',
  'first_seen_at',
]);
const updateTransaction = rawStatement(
  'UPDATE network_transaction SET state = ?, height = ?, block_hash = ?, reason = ?, replaced_by = ? WHERE txid = ?',
);
const insertInput = rawStatement(
  'INSERT OR IGNORE INTO unconfirmed_input (txid, previous_txid, previous_vout) VALUES (?, ?, ?)',
);
const deleteInputs = rawStatement('DELETE FROM unconfirmed_input WHERE txid = ?');
const OUTPUT_COLUMNS = ['txid', 'vout', 'address_id', 'amount', 'purpose', 'coinbase', 'height'];
const outputRows = bulkInsert('output', OUTPUT_COLUMNS);
const insertOutput = rawStatement(
  `INSERT INTO output (${OUTPUT_COLUMNS.join(', ')}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (txid, vout) DO NOTHING`,
);
const placeOutputs = rawStatement('UPDATE output SET height = ? WHERE txid = ? AND height IS NOT ?');
const selectChangeVout = rawStatement('SELECT change_vout FROM broadcast WHERE txid = ?');
const unanchorSpends = rawStatement('UPDATE output SET spent_height = NULL WHERE spent_by = ?');
const undoSpends = rawStatement('UPDATE output SET spent_by = NULL WHERE spent_by = ? AND spent_height IS NULL');
const spendUnanchored = rawStatement(
  'UPDATE output SET spent_by = ? WHERE txid = ? AND vout = ? AND spent_height IS NULL',
);
const spendAnchored = rawStatement('UPDATE output SET spent_by = ?, spent_height = ? WHERE txid = ? AND vout = ?');

/** Change only at the vout that the broadcast recorded before it was signed; everything else pays somebody. */
export const isRecordedChange = (orm: Orm, txid: Txid, vout: number): boolean => {
  const row = selectChangeVout(orm).get(txid) as {change_vout: bigint | null} | undefined;
  return row !== undefined && row.change_vout !== null && Number(row.change_vout) === vout;
};

export interface AppliedMoves {
  readonly known: number;
  readonly found: number;
  readonly changed: number;
  readonly watch: readonly Outpoint[];
}

/**
 * Writes transactions, their outputs and who spends what. All outputs are written before any spend, and spends from
 * the weakest evidence to the strongest: taken back, shown by the mempool, anchored. Writing the same moves again
 * changes no row.
 */
export const applyMoves = (orm: Orm, moves: readonly TransactionMove[], now: number): AppliedMoves => {
  const watch: Outpoint[] = [];
  let known = 0;
  let found = 0;
  let changed = 0;
  const fresh = {transactions: transactionRows(orm), outputs: outputRows(orm)};
  const moved: TransactionMove[] = [];
  for (const move of moves) {
    const isChanged = applyTransaction(orm, move, now, fresh.transactions);
    if (isChanged) moved.push(move);
    const added = applyOutputs(orm, move, watch, fresh.outputs);
    if (move.after.kind !== 'anchored' && isChanged) watch.push(...move.inputs);
    if (move.before && (isChanged || added)) changed += 1;
    // One that only took somebody else's coin is kept as evidence, and is none of ours.
    const isOurs = move.outputs.length > 0 || move.spends.length > 0;
    if (move.reported && isOurs) {
      if (move.before) known += 1;
      else found += 1;
    }
  }
  fresh.transactions.flush();
  fresh.outputs.flush();
  applyInputs(orm, moved);
  applySpends(orm, moves);
  return {known, found, changed, watch};
};

/** A conflict with the chain outweighs every other reason why a transaction is gone. */
const isNewsOf = (before: KnownTransaction, after: Whereabouts): boolean =>
  after.kind === 'gone' &&
  after.reason === 'conflicted' &&
  (before.reason !== 'conflicted' || before.replacedBy !== (after.replacedBy ?? null));

const selectBuiltOn = rawStatement(
  `WITH RECURSIVE above(txid) AS (
     SELECT ? UNION SELECT i.txid FROM above JOIN unconfirmed_input i ON i.previous_txid = above.txid)
   SELECT 1 FROM above JOIN output o ON o.txid = above.txid WHERE o.reserved_by IS NOT NULL LIMIT 1`,
);
/** A payment of ours spends from it or from a descendant: whoever takes its coins in a block takes ours with them. */
const isBuiltOn = (orm: Orm, txid: Txid): boolean => selectBuiltOn(orm).get(txid) !== undefined;

const selectGone = rawStatement(
  `SELECT DISTINCT i.txid FROM unconfirmed_input i JOIN network_transaction n ON n.txid = i.txid WHERE n.state = 'gone'`,
);
/** Coins were given back: what was kept for the payments that had spent them is of no interest any more. */
export const forgetUnbuilt = (orm: Orm): void => {
  for (const {txid} of selectGone(orm).all() as {txid: Txid}[]) if (!isBuiltOn(orm, txid)) deleteInputs(orm).run(txid);
};

/** True when the transaction is new or moved. */
const applyTransaction = (orm: Orm, move: TransactionMove, now: number, fresh: BulkInsert): boolean => {
  const {txid, before, after, reported} = move;
  const height = after.kind === 'anchored' ? after.height : null;
  const hash = after.kind === 'anchored' ? after.hash : null;
  if (
    before &&
    before.state === after.kind &&
    before.height === height &&
    before.hash === hash &&
    !isNewsOf(before, after)
  )
    return false;
  if (before) {
    const reason = after.kind === 'gone' ? after.reason : null;
    const replacedBy = after.kind === 'gone' ? (after.replacedBy ?? null) : null;
    updateTransaction(orm).run(after.kind, height, hash, reason, replacedBy, txid);
  } else {
    if (!reported) throw new Error(`nothing is known of transaction ${txid}`);
    fresh.add(txid, reported.raw, after.kind, move.coinbase ? 1 : 0, height, hash, now);
  }
  if (before && before.height !== height) placeOutputs(orm).run(height, txid, height);
  return true;
};

/** All are written before any is forgotten: what is built on a transaction may be unanchored by the same step. */
const applyInputs = (orm: Orm, moves: readonly TransactionMove[]): void => {
  for (const {txid, after, inputs} of moves)
    if (after.kind !== 'anchored') for (const input of inputs) insertInput(orm).run(txid, input.txid, input.vout);
  for (const {txid, before, after} of moves)
    if ((after.kind === 'anchored' && before) || (after.kind === 'gone' && !isBuiltOn(orm, txid)))
      deleteInputs(orm).run(txid);
};

/** True when an output was new to the ledger. */
const applyOutputs = (orm: Orm, move: TransactionMove, watch: Outpoint[], fresh: BulkInsert): boolean => {
  const height = move.after.kind === 'anchored' ? move.after.height : null;
  let added = false;
  for (const output of move.outputs) {
    const purpose = purposeOf(orm, move.txid, output);
    const coinbase = move.coinbase ? 1 : 0;
    const row = [move.txid, output.vout, output.address.id, output.amount, purpose, coinbase, height] as const;
    // The outputs of a transaction that the ledger did not know are new with it.
    if (move.before === undefined) fresh.add(...row);
    else if (insertOutput(orm).run(...row).changes === 0) continue;
    markPaid(orm, output.address.id);
    added = true;
    watch.push({txid: move.txid, vout: output.vout});
  }
  return added;
};

const purposeOf = (orm: Orm, txid: Txid, output: OwnOutput): 'change' | 'deposit' =>
  output.address.purpose === 'change' && isRecordedChange(orm, txid, output.vout) ? 'change' : 'deposit';

const applySpends = (orm: Orm, moves: readonly TransactionMove[]): void => {
  for (const {txid, unanchored} of moves) if (unanchored) unanchorSpends(orm).run(txid);
  for (const {txid, after} of moves) if (after.kind === 'gone') undoSpends(orm).run(txid);
  for (const {txid, after, spends} of moves)
    if (after.kind === 'mempool') for (const spent of spends) spendUnanchored(orm).run(txid, spent.txid, spent.vout);
  for (const {txid, after, spends} of moves)
    if (after.kind === 'anchored')
      for (const spent of spends) spendAnchored(orm).run(txid, after.height, spent.txid, spent.vout);
};
