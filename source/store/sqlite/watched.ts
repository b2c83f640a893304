import type {Outpoint, Txid} from '../../primitives/ids.ts';
import type {UnanchoredTransaction} from '../chain-store.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {rawStatement} from './raw-statement.ts';

/** Read in slices: a statement that is still being read from would block every write on its connection. */
const SLICE = 10_000;
/** Spends this deep are not looked at again, at start; nobody reorganises them away unnoticed. */
const SPENT_LONG_AGO = 1_000;

const selectScripts = rawStatement('SELECT id, script FROM address WHERE id > ? ORDER BY id LIMIT ?');
const selectOutpoints = rawStatement(
  `SELECT rowid, txid, vout FROM output
   WHERE rowid > ? AND (spent_height IS NULL OR spent_height > ?) ORDER BY rowid LIMIT ?`,
);
const selectInputs = rawStatement('SELECT previous_txid AS txid, previous_vout AS vout FROM unconfirmed_input');
// `state <> 'anchored'` says no more than the rest, but only so SQLite uses the index that holds just these rows.
const selectUnanchored = rawStatement(
  `SELECT transactions.txid, transactions.state, inputs.previous_txid, inputs.previous_vout
   FROM network_transaction AS transactions LEFT JOIN unconfirmed_input AS inputs ON inputs.txid = transactions.txid
   WHERE transactions.state <> 'anchored' AND transactions.state = 'mempool' ORDER BY transactions.txid`,
);

export function* watchedScripts(orm: Orm): Iterable<Buffer> {
  for (let after = 0n; ;) {
    const rows = selectScripts(orm).all(after, SLICE) as {id: bigint; script: Buffer}[];
    for (const row of rows) yield row.script;
    if (rows.length < SLICE) return;
    after = rows.at(-1)!.id;
  }
}

/** Our outputs, and what unanchored transactions spend: whoever else spends that in a block is in conflict with them. */
export function* watchedOutpoints(orm: Orm): Iterable<Outpoint> {
  const spentBefore = (ladderTop(orm)?.height ?? 0) - SPENT_LONG_AGO;
  for (let after = 0n; ;) {
    const rows = selectOutpoints(orm).all(after, spentBefore, SLICE) as {rowid: bigint; txid: Txid; vout: bigint}[];
    for (const {txid, vout} of rows) yield {txid, vout: Number(vout)};
    if (rows.length < SLICE) break;
    after = rows.at(-1)!.rowid;
  }
  for (const {txid, vout} of selectInputs(orm).all() as {txid: Txid; vout: bigint}[]) yield {txid, vout: Number(vout)};
}

interface UnanchoredRow {
  readonly txid: Txid;
  readonly state: 'mempool' | 'gone';
  readonly previous_txid: Txid | null;
  readonly previous_vout: bigint | null;
}

/** Those believed to be in the mempool. One that is gone needs no watching: it would be found like a new one. */
export const unanchoredTransactions = (orm: Orm): UnanchoredTransaction[] => {
  const found = new Map<Txid, {txid: Txid; state: 'mempool' | 'gone'; inputs: Outpoint[]}>();
  for (const row of selectUnanchored(orm).all() as UnanchoredRow[]) {
    const transaction = found.get(row.txid) ?? {txid: row.txid, state: row.state, inputs: []};
    found.set(row.txid, transaction);
    if (row.previous_txid !== null && row.previous_vout !== null)
      transaction.inputs.push({txid: row.previous_txid, vout: Number(row.previous_vout)});
  }
  return [...found.values()];
};
