import Database from 'better-sqlite3';
import type {Deposit, Payout} from 'cryptoassets-console';

export interface Order {
  readonly id: number;
  readonly item: string;
  /** Satoshis. */
  readonly price: bigint;
  /** Its own, made by the engine; null until then. */
  readonly address: string | null;
  /** Satoshis of its credited deposits. */
  readonly paid: bigint;
  /** Seen on the network and not credited yet. */
  readonly pending: bigint;
  readonly refund: Refund | null;
}

export interface Refund {
  readonly address: string;
  readonly amount: bigint;
  /** The engine's id of the payout; null until it has accepted it. */
  readonly payoutId: string | null;
  readonly status: string;
}

/** The engine writes amounts with exactly 8 decimals: without the point they are satoshis. Never a float. */
export const toSatoshis = (amount: string): bigint => BigInt(amount.replace('.', ''));
export const fromSatoshis = (satoshis: bigint): string => {
  const digits = satoshis.toString().padStart(9, '0');
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
};

const SCHEMA = `
CREATE TABLE IF NOT EXISTS orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, price INTEGER NOT NULL, address TEXT UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS deposit (
  id TEXT PRIMARY KEY, address TEXT NOT NULL, amount INTEGER NOT NULL, status TEXT NOT NULL, sequence INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS refund (
  order_id INTEGER PRIMARY KEY REFERENCES orders, address TEXT NOT NULL, amount INTEGER NOT NULL,
  payout_id TEXT, status TEXT NOT NULL, sequence INTEGER NOT NULL
) STRICT;`;

const SELECT = `
SELECT orders.*,
  (SELECT coalesce(sum(amount), 0) FROM deposit
    WHERE deposit.address = orders.address AND status IN ('credited', 'settled')) AS paid,
  (SELECT coalesce(sum(amount), 0) FROM deposit
    WHERE deposit.address = orders.address AND status = 'detected') AS pending,
  refund.address AS refund_address, refund.amount AS refund_amount, refund.payout_id, refund.status AS refund_status
FROM orders LEFT JOIN refund ON refund.order_id = orders.id`;

interface Row {
  id: bigint;
  item: string;
  price: bigint;
  address: string | null;
  paid: bigint;
  pending: bigint;
  refund_address: string | null;
  refund_amount: bigint;
  payout_id: string | null;
  refund_status: string;
}

const toOrder = (row: Row): Order => ({
  id: Number(row.id),
  item: row.item,
  price: row.price,
  address: row.address,
  paid: row.paid,
  pending: row.pending,
  refund:
    row.refund_address === null
      ? null
      : {address: row.refund_address, amount: row.refund_amount, payoutId: row.payout_id, status: row.refund_status},
});

/** The key of an order's refund: made from what it is for, so that asking twice, in any process, pays once. */
export const refundKey = (orderId: number): string => `refund-order-${orderId}`;

/** The shop's own books: orders, what was paid to their addresses, refunds. */
export class Orders {
  readonly #db: Database.Database;

  constructor(path: string) {
    this.#db = new Database(path);
    this.#db.defaultSafeIntegers(true);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = FULL');
    this.#db.exec(SCHEMA);
  }

  create(item: string, price: bigint): number {
    return Number(this.#db.prepare('INSERT INTO orders (item, price) VALUES (?, ?)').run(item, price).lastInsertRowid);
  }

  setAddress(id: number, address: string): void {
    this.#db.prepare('UPDATE orders SET address = ? WHERE id = ? AND address IS NULL').run(address, id);
  }

  get(id: number): Order | undefined {
    const row = this.#db.prepare<[number], Row>(`${SELECT} WHERE orders.id = ?`).get(id);
    return row && toOrder(row);
  }

  all(): Order[] {
    return this.#db.prepare<[], Row>(`${SELECT} ORDER BY orders.id DESC LIMIT 100`).all().map(toOrder);
  }

  /**
   * What an event says of a deposit. The engine sends each event at least once, so one may come again: also an old one,
   * after newer ones, when somebody has events sent again. Here that changes nothing, for two reasons: a deposit is one
   * row under its id, not a sum that grows; and an event only counts when its sequence is higher than that of the row.
   */
  applyDeposit(deposit: Deposit, sequence: number): void {
    this.#db
      .prepare(
        `INSERT INTO deposit (id, address, amount, status, sequence) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, sequence = excluded.sequence
         WHERE excluded.sequence > deposit.sequence`,
      )
      .run(deposit.id, deposit.address, toSatoshis(deposit.amount), deposit.status, sequence);
  }

  /** The wish to refund, stored before the engine is asked: a crash in between loses nothing. */
  wantRefund(order: Order, address: string): void {
    this.#db
      .prepare(
        `INSERT INTO refund (order_id, address, amount, status, sequence) VALUES (?, ?, ?, 'wanted', 0)
         ON CONFLICT (order_id) DO NOTHING`,
      )
      .run(order.id, address, order.paid);
  }

  /** Refunds that the engine may not know of yet. */
  unsentRefunds(): Order[] {
    return this.#db
      .prepare<[], Row>(`${SELECT} WHERE refund.address IS NOT NULL AND refund.payout_id IS NULL`)
      .all()
      .map(toOrder);
  }

  /** What became of a refund; `sequence` as above, 0 for the answer to the request itself. */
  applyPayout(payout: Payout, sequence: number): void {
    const id = /^refund-order-(\d+)$/.exec(payout.idempotency_key)?.[1];
    if (id === undefined) return;
    this.#db
      .prepare('UPDATE refund SET payout_id = ?, status = ?, sequence = ? WHERE order_id = ? AND sequence <= ?')
      .run(payout.id, payout.status, sequence, Number(id), sequence);
  }

  /** A refund that the engine refused: the customer gave an address that is none, say. */
  dropRefund(orderId: number): void {
    this.#db.prepare('DELETE FROM refund WHERE order_id = ? AND payout_id IS NULL').run(orderId);
  }

  close(): void {
    this.#db.close();
  }
}
