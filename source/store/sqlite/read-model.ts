import type {Coin} from '../../coins/index.ts';
import type {CoinStatus} from '../../contract/index.ts';
import type {LedgerSnapshot, ReadModel} from '../read-model.ts';
import type {Connection, Orm} from './connection.ts';
import {HOUSE} from './post.ts';
import {
  incomingDeposits,
  pendingPayouts,
  readCounts,
  unconfirmedBroadcasts,
  type Counts,
} from './read-model-queries.ts';
import {toDeposit, toPayout} from './to-contract.ts';
import {ledgerTotals} from './totals.ts';

export const createReadModel = ({orm, sqlite}: Connection, {coinbaseMaturity}: Coin): Omit<ReadModel, 'writeFault'> => {
  const ping = sqlite.prepare('SELECT max(height) FROM block');
  return {
    snapshot: async rows => {
      // One moment, also while another process writes.
      sqlite.exec('BEGIN');
      try {
        return snapshot(orm, rows, coinbaseMaturity);
      } finally {
        sqlite.exec('COMMIT');
      }
    },
    totals: async () => ledgerTotals(orm),
    ping: async () => {
      const before = performance.now();
      ping.get();
      return performance.now() - before;
    },
  };
};

const snapshot = (orm: Orm, rows: number, maturity: number): LedgerSnapshot => {
  const counts = readCounts(orm);
  const tip = Number(counts.height ?? 0);
  return {
    height: counts.height === null ? undefined : tip,
    counts: toCounts(counts),
    pendingAmount: counts.pendingAmount,
    incomingAmount: counts.incomingAmount,
    pending: pendingPayouts(orm, rows).map(found => toPayout(found.payout, found.account, found.txid, tip)),
    incoming: incomingDeposits(orm, rows).map(({deposit, ...named}) => toDeposit(deposit, named, tip, maturity)),
    broadcasts: unconfirmedBroadcasts(orm, rows),
  };
};

const toCounts = (counts: Counts): CoinStatus['counts'] => ({
  // Init wrote the house's with the lowest ids; what comes after them are accounts of users.
  accounts: Number(counts.lastAccount ?? 0) - Object.keys(HOUSE).length,
  addresses: Number(counts.lastAddress ?? 0),
  deposits: Number(counts.lastDeposit ?? 0),
  payouts: Number(counts.lastPayout ?? 0),
  pending_payouts: Number(counts.pendingPayouts),
  held_payouts: Number(counts.heldPayouts),
  incoming: Number(counts.incoming),
  events: Number(counts.lastEvent ?? 0),
});
