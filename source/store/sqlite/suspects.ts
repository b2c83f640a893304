import type {Books} from '../../contract/index.ts';
import type {Totals} from '../../ledger/books.ts';
import {formatAmount, satoshi} from '../../primitives/amount.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {Inspection, Owned} from '../chain-store.ts';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';

type Suspect = NonNullable<Books['suspects']>[number];

export const MOST_SUSPECTS = 20;

const selectUnspent = rawStatement(
  'SELECT amount FROM output WHERE txid = ? AND vout = ? AND height IS NOT NULL AND spent_height IS NULL',
);
const selectSlice = rawStatement(
  `SELECT rowid, txid, vout, amount, reserved_by FROM output
   WHERE rowid > ? AND height IS NOT NULL AND spent_height IS NULL ORDER BY rowid LIMIT ?`,
);
const selectForeignSpends = rawStatement(
  `SELECT o.txid, o.vout, o.amount, o.spent_by FROM output o WHERE o.spent_height > ?
   AND NOT EXISTS (SELECT 1 FROM broadcast b WHERE b.txid = o.spent_by) ORDER BY o.spent_height DESC LIMIT ${MOST_SUSPECTS}`,
);

interface Differing {
  /** What the chain's side has too much, in the smallest unit. */
  readonly excess: bigint;
  /** Whether nothing is there at all. */
  readonly isGone: boolean;
  readonly suspect: Suspect;
}

/** Of what the node holds differently, the coins that the ledger believes unspent in a block. */
export const differingCoins = (orm: Orm, {differing}: Inspection): Differing[] =>
  differing.flatMap(({outpoint: {txid, vout}, found}) => {
    const row = selectUnspent(orm).get(txid, vout) as {amount: bigint} | undefined;
    if (!row || row.amount === found) return [];
    const problem = found === undefined ? ('missing' as const) : ('amount_differs' as const);
    const suspect = {txid, vout, amount: formatAmount(row.amount), problem};
    return [{excess: row.amount - (found ?? 0n), isGone: found === undefined, suspect}];
  });

/** The chain's side as the node has it. */
export const lessMissing = <Counted extends Totals & {readonly outpoints: number}>(
  totals: Counted,
  missing: readonly Differing[],
): Counted => ({
  ...totals,
  chain: missing.reduce((left, {excess}) => left - excess, totals.chain),
  outpoints: totals.outpoints - missing.filter(({isGone}) => isGone).length,
});

/** Coins that a transaction which is no broadcast of ours spends in a block above this height, newest first. */
export const spentByHand = (orm: Orm, above: number): Suspect[] =>
  (selectForeignSpends(orm).all(above) as {txid: Txid; vout: bigint; amount: bigint; spent_by: Txid}[]).map(row => ({
    txid: row.txid,
    vout: Number(row.vout),
    amount: formatAmount(row.amount),
    problem: 'spent_by_hand',
    spent_by: row.spent_by,
  }));

export const inWords = ({txid, vout, amount, problem, spent_by: by}: Suspect): string => {
  const coin = `${txid}:${vout} (${amount})`;
  if (problem === 'spent_by_hand') return `${coin} was spent by hand, by ${by ?? ''}`;
  return problem === 'missing' ? `the node does not hold ${coin}` : `the node holds another amount in ${coin}`;
};

interface SliceRow {
  readonly rowid: bigint;
  readonly txid: Txid;
  readonly vout: bigint;
  readonly amount: bigint;
  readonly reserved_by: bigint | null;
}

export const unspentOutpoints = (orm: Orm, after: number, limit: number): {outpoints: Owned[]; next: number} => {
  const rows = selectSlice(orm).all(after, limit) as SliceRow[];
  return {
    outpoints: rows.map(row => ({
      outpoint: {txid: row.txid, vout: Number(row.vout)},
      amount: satoshi(row.amount),
      isReserved: row.reserved_by !== null,
    })),
    next: rows.length < limit ? 0 : Number(rows.at(-1)!.rowid),
  };
};
