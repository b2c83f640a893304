import type {Coin} from '../../coins/index.ts';
import type {SpendableCoin} from '../../payout/coin-pool.ts';
import {satoshi, sum, type Satoshi} from '../../primitives/amount.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {HOUSE} from './post.ts';
import {rawStatement} from './raw-statement.ts';

interface CoinRow {
  readonly txid: Txid;
  readonly vout: bigint;
  readonly amount: bigint;
  readonly script: Buffer;
  readonly height: bigint | null;
}

/**
 * Anchored, and credited to somebody or change; coinbases only when mature, other deposits when the coin's rules let them. Unanchored: only our own change, of a
 * family of one that the mempool holds; whether its ancestors allow it is decided after.
 */
const selectCoins = rawStatement(
  `SELECT o.txid, o.vout, o.amount, a.script, o.height FROM output o JOIN address a ON a.id = o.address_id
   WHERE o.spent_by IS NULL AND o.reserved_by IS NULL AND (
     o.height IS NOT NULL AND (o.coinbase = 0 OR o.height <= ?) AND (
       o.purpose IN ('change', 'import') OR o.height <= ? AND EXISTS (
         SELECT 1 FROM deposit d WHERE d.txid = o.txid AND d.vout = o.vout
         AND d.status IN ('credited', 'settled') AND d.account_id <> ${HOUSE.suspense}))
     OR o.height IS NULL AND o.purpose = 'change' AND EXISTS (
       SELECT 1 FROM broadcast b JOIN network_transaction n ON n.txid = b.txid
       WHERE b.txid = o.txid AND b.status = 'sent' AND n.state = 'mempool'
       AND (SELECT count(*) FROM broadcast m WHERE m.family = b.family
            AND (m.raw IS NOT NULL OR m.status = 'reserved')) = 1))
   ORDER BY o.amount DESC LIMIT ?`,
);

/** More inputs than one transaction may have. */
const MOST_COINS = 1000;
const MAX_UNCONFIRMED_ANCESTORS = 20;

/** What the next transaction may spend, largest first, at most as many coins as fit in one. */
export const spendableCoins = (orm: Orm, coin: Coin): SpendableCoin[] => {
  const top = ladderTop(orm)?.height ?? 0;
  const mature = top - coin.coinbaseMaturity + 1;
  const settled = top - coin.depositMaturity + 1;
  const chains = new UnconfirmedChains(orm);
  const coins: SpendableCoin[] = [];
  for (const row of selectCoins(orm).all(mature, settled, MOST_COINS) as CoinRow[]) {
    const found = {
      outpoint: {txid: row.txid, vout: Number(row.vout)},
      amount: satoshi(row.amount),
      scriptPubKey: row.script,
    };
    if (row.height !== null) coins.push(found);
    else {
      const unconfirmed = chains.of(row.txid);
      if (unconfirmed && unconfirmed.transactions < MAX_UNCONFIRMED_ANCESTORS) coins.push({...found, unconfirmed});
    }
  }
  return coins;
};

const selectChain = rawStatement(
  `SELECT b.virtual_size, i.txid AS parent, p.height AS parent_height
   FROM broadcast b JOIN broadcast_input i ON i.broadcast_id = b.id
   LEFT JOIN output p ON p.txid = i.txid AND p.vout = i.vout WHERE b.txid = ?`,
);

interface ChainRow {
  readonly virtual_size: bigint;
  readonly parent: Txid;
  readonly parent_height: bigint | null;
}

interface Link {
  readonly size: number;
  readonly parents: readonly Txid[];
}

/** Follows unconfirmed transactions of ours back to the chain. Anyone else's among them makes the coin unusable. */
class UnconfirmedChains {
  readonly #orm: Orm;
  readonly #links = new Map<Txid, Link | undefined>();

  constructor(orm: Orm) {
    this.#orm = orm;
  }

  /** The transaction and its unconfirmed ancestors, together; undefined when one of them is not ours. */
  of(txid: Txid): {transactions: number; virtualSize: number} | undefined {
    const seen = new Set<Txid>();
    const open = [txid];
    let virtualSize = 0;
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      const link = this.#link(next);
      if (!link) return undefined;
      virtualSize += link.size;
      open.push(...link.parents);
    }
    return {transactions: seen.size, virtualSize};
  }

  #link(txid: Txid): Link | undefined {
    if (!this.#links.has(txid)) this.#links.set(txid, this.#load(txid));
    return this.#links.get(txid);
  }

  #load(txid: Txid): Link | undefined {
    const rows = selectChain(this.#orm).all(txid) as ChainRow[];
    if (rows.length === 0) return undefined;
    return {
      size: Number(rows[0]!.virtual_size),
      parents: rows.filter(row => row.parent_height === null).map(row => row.parent),
    };
  }
}

const selectExpected = rawStatement(
  `SELECT b.change_amount AS amount FROM broadcast b WHERE b.status IN ('reserved', 'signed', 'sent')
   AND b.change_vout IS NOT NULL AND NOT EXISTS (
     SELECT 1 FROM broadcast m WHERE m.family = b.family AND m.id > b.id AND m.sent_at IS NOT NULL)
   AND NOT EXISTS (
     SELECT 1 FROM output o WHERE o.txid = b.txid AND o.vout = b.change_vout)`,
);

/** Change of what was sent a moment ago, which tracking has not seen yet, and of what waits for a signature. */
export const expectedChange = (orm: Orm): Satoshi =>
  sum((selectExpected(orm).all() as {amount: bigint}[]).map(row => row.amount));

const selectMaturing = rawStatement(
  `SELECT coalesce(sum(o.amount), 0) AS amount FROM output o
   WHERE o.spent_by IS NULL AND o.reserved_by IS NULL AND o.purpose = 'deposit' AND o.coinbase = 0 AND o.height > ?
   AND EXISTS (SELECT 1 FROM deposit d WHERE d.txid = o.txid AND d.vout = o.vout AND d.status = 'credited')`,
);

/** What was credited before the coin's rules let it be spent. */
export const maturingCoins = (orm: Orm, coin: Coin): Satoshi => {
  const settled = (ladderTop(orm)?.height ?? 0) - coin.depositMaturity + 1;
  return satoshi((selectMaturing(orm).get(settled) as {amount: bigint}).amount);
};
