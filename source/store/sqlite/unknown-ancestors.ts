import {transactionInputs} from '../../chain/transaction-inputs.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';

// From the few payments that wait for a block: asked at each look, whatever was ever paid and whatever else waits.
const selectOfUnanchored = rawStatement(
  `WITH RECURSIVE origin(txid) AS (
     SELECT i.txid FROM broadcast b INDEXED BY broadcast_live CROSS JOIN broadcast_input p ON p.broadcast_id = b.id
     CROSS JOIN unconfirmed_input i ON i.txid = p.txid
     WHERE b.status NOT IN ('settled', 'abandoned') AND b.status <> 'confirmed'
     UNION SELECT i.previous_txid FROM origin JOIN unconfirmed_input i ON i.txid = origin.txid)
   SELECT txid FROM origin WHERE NOT EXISTS (SELECT 1 FROM network_transaction n WHERE n.txid = origin.txid)`,
);
const selectFrom = rawStatement(
  `SELECT n.txid, n.raw, EXISTS (SELECT 1 FROM output o WHERE o.txid = n.txid AND o.reserved_by IS NOT NULL) AS is_built_on
   FROM network_transaction n WHERE n.height >= ?`,
);
const selectKnown = rawStatement('SELECT 1 FROM network_transaction WHERE txid = ?');

interface AnchoredRow {
  readonly txid: Txid;
  readonly raw: Buffer;
  readonly is_built_on: bigint;
}

/** See ChainStore.unknownAncestors. */
export const unknownAncestors = (orm: Orm, height: number | undefined): Txid[] => {
  const unknown = new Set((selectOfUnanchored(orm).all() as {txid: Txid}[]).map(({txid}) => txid));
  if (height === undefined) return [...unknown];
  const rows = new Map((selectFrom(orm).all(height) as AnchoredRow[]).map(row => [row.txid, row]));
  const open = [...rows.values()].filter(row => row.is_built_on === 1n);
  const met = new Set(open.map(({txid}) => txid));
  for (let row = open.pop(); row !== undefined; row = open.pop())
    for (const {txid} of transactionInputs(row.raw)) {
      if (met.has(txid)) continue;
      met.add(txid);
      const parent = rows.get(txid);
      if (parent) open.push(parent);
      else if (selectKnown(orm).get(txid) === undefined) unknown.add(txid);
    }
  return [...unknown];
};
