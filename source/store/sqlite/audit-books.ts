import type {Books} from '../../contract/index.ts';
import {formatAmount} from '../../primitives/amount.ts';
import type {Orm} from './connection.ts';
import {runningTotal, summedTotal, toBooks, totalsOf} from './check-books.ts';
import {ladderTop} from './ladder.ts';
import {HOUSE} from './post.ts';
import {rawStatement} from './raw-statement.ts';

type Cell = string | bigint | null;

interface Audit {
  readonly select: ReturnType<typeof rawStatement>;
  /** The fault that a row of the selection is, in words. */
  readonly words: (...cells: Cell[]) => string;
}

const money = (cell: Cell | undefined): string => formatAmount(BigInt(cell ?? 0n));
/** Each fault is listed, but a ruined ledger must not flood the screen. */
const SHOWN_OF_EACH = 20;
const audit = (text: string, words: Audit['words']): Audit => ({
  select: rawStatement(`${text} LIMIT ${SHOWN_OF_EACH}`),
  words,
});

const CREDITED_OF_DEPOSIT = `SELECT CAST(t.reference AS INTEGER) AS deposit_id, SUM(p.amount) AS credited
  FROM "transaction" AS t JOIN posting AS p ON p.transaction_id = t.id AND p.account_id <> ${HOUSE.external}
  WHERE t.kind IN ('deposit', 'deposit_reversal') GROUP BY t.reference`;

const AUDITS: readonly Audit[] = [
  audit(
    'SELECT transaction_id, SUM(amount) FROM posting GROUP BY transaction_id HAVING SUM(amount) <> 0',
    (id, total) => `postings of transaction ${id} sum to ${money(total)}, not zero`,
  ),
  audit(
    `SELECT a.name, a.balance, COALESCE(s.total, 0) FROM account AS a
     LEFT JOIN (SELECT account_id, SUM(amount) AS total FROM posting GROUP BY account_id) AS s ON s.account_id = a.id
     WHERE a.balance <> COALESCE(s.total, 0)`,
    (name, balance, total) => `account ${name} says ${money(balance)}, its postings sum to ${money(total)}`,
  ),
  audit(
    `SELECT name, balance FROM account WHERE balance < 0 AND id NOT IN (${HOUSE.external}, ${HOUSE.network_fee})
     AND frozen IS NULL`,
    (name, balance) => `account ${name} is at ${money(balance)} and not frozen`,
  ),
  audit(
    `SELECT d.id, d.status, d.amount, COALESCE(c.credited, 0) FROM deposit AS d
     LEFT JOIN (${CREDITED_OF_DEPOSIT}) AS c ON c.deposit_id = d.id
     WHERE COALESCE(c.credited, 0) <> CASE WHEN d.status IN ('credited', 'settled') THEN d.amount ELSE 0 END`,
    (id, status, amount, credited) => `deposit ${id} of ${money(amount)} is ${status} and credited ${money(credited)}`,
  ),
  audit(
    "SELECT id, status FROM deposit WHERE status IN ('credited', 'settled') AND height IS NULL",
    (id, status) => `deposit ${id} is ${status} but in no block`,
  ),
  audit(
    `SELECT d.id FROM deposit AS d LEFT JOIN output AS o ON o.txid = d.txid AND o.vout = d.vout
     WHERE o.txid IS NULL OR o.amount <> d.amount OR (o.purpose <> 'deposit' OR o.height IS NOT d.height)
     -- dropped for good: it turned out to be the change of a payout's twin
     AND NOT (o.purpose = 'change' AND d.status = 'dropped')`,
    id => `deposit ${id} does not match its output`,
  ),
  audit(
    `SELECT o.txid, o.vout FROM output AS o LEFT JOIN deposit AS d ON d.txid = o.txid AND d.vout = o.vout
     WHERE o.purpose = 'deposit' AND d.id IS NULL`,
    (txid, vout) => `output ${txid}:${vout} pays us and is nobody's deposit`,
  ),
  audit(
    `SELECT o.txid, o.vout FROM output AS o LEFT JOIN network_transaction AS t ON t.txid = o.txid
     WHERE t.txid IS NULL OR o.height IS NOT t.height`,
    (txid, vout) => `output ${txid}:${vout} is not where its transaction is`,
  ),
  audit(
    `SELECT o.txid, o.vout FROM output AS o LEFT JOIN network_transaction AS t ON t.txid = o.spent_by
     WHERE o.spent_height IS NOT NULL AND (t.txid IS NULL OR t.height IS NOT o.spent_height)`,
    (txid, vout) => `output ${txid}:${vout} is not spent where its spender is`,
  ),
  audit(
    `SELECT t.txid FROM network_transaction AS t LEFT JOIN block AS b ON b.height = t.height
     WHERE (t.state = 'anchored') <> (t.height IS NOT NULL)
     OR (t.height IS NOT NULL AND (b.hash IS NULL OR b.hash <> t.block_hash))`,
    txid => `transaction ${txid} is in a block that the ladder does not hold`,
  ),
  audit(
    `SELECT b.height FROM block AS b LEFT JOIN block AS below ON below.height = b.height - 1
     WHERE below.height IS NULL AND b.height > (SELECT min(height) FROM block)`,
    height => `the ladder has a gap below block ${height}`,
  ),
];

/** Reads the whole ledger, so it takes seconds on a large one. Changes nothing. */
export const auditBooks = (orm: Orm, now: number): {books: Books; faults: string[]} => {
  const summed = summedTotal(orm);
  const totals = totalsOf(orm, summed);
  const books = toBooks(totals, ladderTop(orm)?.height ?? 0, undefined, now);
  const faults: string[] = [];
  for (const {select, words} of AUDITS)
    for (const row of select(orm).raw().all() as Cell[][]) faults.push(words(...row));
  const running = runningTotal(orm);
  for (const key of ['unspent', 'untouched'] as const)
    if (running[key] !== summed[key])
      faults.push(`the running total of ${key} outputs says ${money(running[key])}, they sum to ${money(summed[key])}`);
  if (running.outpoints !== summed.outpoints)
    faults.push(`the running total says ${running.outpoints} unspent outputs, there are ${summed.outpoints}`);
  const drift = totals.chain - totals.ledger - totals.uncredited;
  if (drift !== 0n) faults.push(`the books differ from the chain by ${money(drift)}`);
  return {books, faults};
};
