import type {Books} from '../../contract/index.ts';
import {driftOf, judgeDrift, type DriftSeen, type Totals} from '../../ledger/books.ts';
import {formatAmount} from '../../primitives/amount.ts';
import type {BlockHash} from '../../primitives/ids.ts';
import type {Inspection} from '../chain-store.ts';
import {appendEvent} from './append-event.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {metaValue, setMetaValue} from './meta-value.ts';
import {HOUSE} from './post.ts';
import {rawStatement} from './raw-statement.ts';
import {differingCoins, inWords, lessMissing, MOST_SUSPECTS, spentByHand} from './suspects.ts';
import {toTime} from './to-contract.ts';

const selectExternal = rawStatement(`SELECT balance FROM account WHERE id = ${HOUSE.external}`);
const sumUncredited = rawStatement(
  `SELECT COALESCE(SUM(amount), 0) AS total FROM deposit INDEXED BY deposit_uncredited
   WHERE status = 'detected' AND height IS NOT NULL`,
);
const selectTotal = rawStatement('SELECT unspent, outpoints, untouched FROM output_total');
const sumTotal = rawStatement(
  `SELECT COALESCE(SUM(amount), 0) AS unspent, COUNT(*) AS outpoints,
   COALESCE(SUM(amount) FILTER (WHERE spent_by IS NULL), 0) AS untouched
   FROM output WHERE height IS NOT NULL AND spent_height IS NULL`,
);

/** Sums over our outputs; see the table `output_total`. */
export interface OutputTotal {
  readonly unspent: bigint;
  readonly outpoints: bigint;
  readonly untouched: bigint;
}

/** As triggers keep it: costs one row. */
export const runningTotal = (orm: Orm): OutputTotal => selectTotal(orm).get() as OutputTotal;

/** As it should be: reads every output. */
export const summedTotal = (orm: Orm): OutputTotal => sumTotal(orm).get() as OutputTotal;

/** What the wallet should say it holds of ours. */
export const unspentTotal = (orm: Orm): bigint => runningTotal(orm).untouched;

export interface CountedTotals extends Totals {
  readonly outpoints: number;
}

/**
 * The ledger's side comes from postings and the chain's from what blocks did to outputs: nothing writes both, so that
 * one can contradict the other.
 */
export const totalsOf = (orm: Orm, {unspent, outpoints} = runningTotal(orm)): CountedTotals => {
  const external = selectExternal(orm).get() as {balance: bigint};
  const uncredited = sumUncredited(orm).get() as {total: bigint};
  return {ledger: -external.balance, uncredited: uncredited.total, chain: unspent, outpoints: Number(outpoints)};
};

export const toBooks = (totals: CountedTotals, height: number, untracked: bigint | undefined, now: number): Books => ({
  height,
  ledger: formatAmount(totals.ledger),
  uncredited: formatAmount(totals.uncredited),
  chain: formatAmount(totals.chain),
  untracked: untracked === undefined ? null : formatAmount(untracked),
  drift: formatAmount(driftOf(totals)),
  outpoints: totals.outpoints,
  checked_at: toTime(now),
});

/** What the last check left for the next one. */
interface LastBooks {
  readonly books: Books;
  readonly tip: BlockHash;
  /** Smallest units as text: JSON has no bigint. */
  readonly drift: string;
  /** The last height at which all was well. */
  readonly balancedAt?: number;
}

const readLast = (orm: Orm): LastBooks | undefined => {
  const text = metaValue(orm, 'last_books');
  return text === undefined ? undefined : (JSON.parse(text) as LastBooks);
};

export const lastBooks = (orm: Orm): Books | undefined => readLast(orm)?.books;

/** Call inside a Writer operation: totals and verdict belong to one moment. */
export const checkBooks = (
  orm: Orm,
  untracked: bigint | undefined,
  now: number,
  inspection: Inspection | undefined,
): Books => {
  const top = ladderTop(orm);
  if (!top) throw new Error('the ledger has no start block');
  const missing = inspection?.tip === top.hash ? differingCoins(orm, inspection) : [];
  const totals = lessMissing(totalsOf(orm), missing);
  const last = readLast(orm);
  const seen: DriftSeen = {drift: driftOf(totals), tip: top.hash};
  const isBalanced = seen.drift === 0n;
  const balancedAt = isBalanced ? top.height : last?.balancedAt;
  const isKnown = last?.tip === top.hash && last.drift === String(seen.drift) && missing.length === 0;
  const suspects = isBalanced
    ? []
    : isKnown
      ? (last.books.suspects ?? [])
      : [...missing.map(({suspect}) => suspect), ...spentByHand(orm, balancedAt ?? -1)].slice(0, MOST_SUSPECTS);
  const books = {...toBooks(totals, top.height, untracked, now), ...(suspects.length > 0 && {suspects})};
  const before = last && {drift: BigInt(last.drift), tip: last.tip};
  const verdict = judgeDrift(seen, before, metaValue(orm, 'books_drift') !== undefined);
  tell(orm, verdict, books, now);
  const record: LastBooks = {
    books,
    tip: top.hash,
    drift: String(seen.drift),
    ...(balancedAt !== undefined && {balancedAt}),
  };
  setMetaValue(orm, 'last_books', JSON.stringify(record));
  return books;
};

const tell = (orm: Orm, verdict: ReturnType<typeof judgeDrift>, books: Books, now: number): void => {
  const {height, drift, suspects} = books;
  const isDeclared = metaValue(orm, 'books_drift') !== undefined;
  if (verdict === 'drift' || (isDeclared && verdict === 'unchanged')) {
    const why = suspects === undefined ? '' : `: ${suspects.slice(0, 3).map(inWords).join('; ')}`;
    setMetaValue(orm, 'books_drift', `the books differ from the chain by ${drift} at block ${height}${why}`);
  }
  const data = {height, drift, ...(suspects !== undefined && {suspects})};
  if (verdict === 'drift') appendEvent(orm, 'books.drift', data, now);
  else if (verdict === 'balanced') {
    setMetaValue(orm, 'books_drift', undefined);
    appendEvent(orm, 'books.balanced', data, now);
  }
};
