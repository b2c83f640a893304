import type {Outpoint, Txid} from '../../primitives/ids.ts';
import type {UnanchoredTransaction} from '../chain-store.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {rawStatement} from './raw-statement.ts';

/**
 * Read in slices: a statement that is still being read from would block every write on its connection. A slice comes as
 * one text, because a row each of 100,000 leaves 60 MB of garbage, which the process never gives back.
 */
const SLICE = 1000;
/** Spends this deep are not looked at again, at start; nobody reorganises them away unnoticed. */
const SPENT_LONG_AGO = 1_000;

interface Slice {
  readonly number: bigint;
  /** Key of its last row; null in an empty one. */
  readonly last: bigint | null;
  readonly packed: string | null;
}

/** Each script with its length before it, in hex. */
const selectScripts = rawStatement(
  `SELECT count(*) AS number, max(id) AS last, group_concat(printf('%04x', length(script)) || hex(script), '') AS packed
   FROM (SELECT id, script FROM address WHERE id > ? ORDER BY id LIMIT ${SLICE})`,
);
const LENGTH_BYTES = 2;

/** Each a txid and eight hex digits of the output's number. */
const selectOutpoints = rawStatement(
  `SELECT count(*) AS number, max(rowid) AS last, group_concat(txid || printf('%08x', vout), '') AS packed
   FROM (SELECT rowid, txid, vout FROM output
     WHERE rowid > ? AND (spent_height IS NULL OR spent_height > ?) ORDER BY rowid LIMIT ${SLICE})`,
);
const TXID_DIGITS = 64;
const OUTPOINT_DIGITS = TXID_DIGITS + 8;

/** Few: those of a wallet that the engine derives, from before they are addresses. */
const selectUntold = rawStatement("SELECT script FROM derived_script WHERE state IN ('ahead', 'taken')");
const selectInputs = rawStatement('SELECT previous_txid AS txid, previous_vout AS vout FROM unconfirmed_input');
// `state <> 'anchored'` says no more than the rest, but only so SQLite uses the index that holds just these rows.
const selectUnanchored = rawStatement(
  `SELECT transactions.txid, transactions.state, inputs.previous_txid, inputs.previous_vout
   FROM network_transaction AS transactions LEFT JOIN unconfirmed_input AS inputs ON inputs.txid = transactions.txid
   WHERE transactions.state <> 'anchored' AND transactions.state = 'mempool' ORDER BY transactions.txid`,
);

/** What is yielded is a view that holds its slice: whoever keeps one should copy it. */
export function* watchedScripts(orm: Orm): Iterable<Buffer> {
  for (const {packed} of slices(after => selectScripts(orm).get(after) as Slice)) {
    const bytes = Buffer.from(packed, 'hex');
    for (let at = 0; at < bytes.length;) {
      const start = at + LENGTH_BYTES;
      at = start + bytes.readUInt16BE(at);
      yield bytes.subarray(start, at);
    }
  }
  for (const {script} of selectUntold(orm).all() as {script: Buffer}[]) yield script;
}

/** Our outputs, and what unanchored transactions spend: whoever else spends that in a block is in conflict with them. */
export function* watchedOutpoints(orm: Orm): Iterable<Outpoint> {
  const spentBefore = (ladderTop(orm)?.height ?? 0) - SPENT_LONG_AGO;
  for (const {packed} of slices(after => selectOutpoints(orm).get(after, spentBefore) as Slice))
    for (let at = 0; at < packed.length; at += OUTPOINT_DIGITS)
      yield {
        txid: packed.slice(at, at + TXID_DIGITS) as Txid,
        vout: Number.parseInt(packed.slice(at + TXID_DIGITS, at + OUTPOINT_DIGITS), 16),
      };
  for (const {txid, vout} of selectInputs(orm).all() as {txid: Txid; vout: bigint}[]) yield {txid, vout: Number(vout)};
}

function* slices(select: (after: bigint) => Slice): Iterable<Slice & {readonly packed: string}> {
  for (let after = 0n; ;) {
    const slice = select(after);
    if (slice.packed === null || slice.last === null) return;
    yield {...slice, packed: slice.packed};
    if (slice.number < SLICE) return;
    after = slice.last;
  }
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

const selectBlocksOfOurs = rawStatement(
  'SELECT count(DISTINCT height) AS number FROM network_transaction WHERE height BETWEEN ? AND ?',
);

export const blocksOfOurs = (orm: Orm, from: number, to: number): number =>
  Number((selectBlocksOfOurs(orm).get(from, to) as {number: bigint}).number);

const selectContestedSince = rawStatement(
  'SELECT min(first_seen_at) AS since FROM network_transaction WHERE txid IN (SELECT txid FROM unconfirmed_input)',
);

export const contestedSince = (orm: Orm): number | undefined => {
  const {since} = selectContestedSince(orm).get() as {since: bigint | null};
  return since === null ? undefined : Number(since);
};
