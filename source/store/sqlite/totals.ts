import type {DepositStatus, PayoutStatus} from '../../contract/index.ts';
import type {LedgerTotals} from '../read-model.ts';
import type {Orm} from './connection.ts';
import {HOUSE} from './post.ts';
import {rawStatement} from './raw-statement.ts';
import {PENDING} from './read-model-queries.ts';

// Settled rows are nearly all there are and are never counted: they are what the newest id leaves. The others are few.

const list = (values: readonly string[]): string => values.map(value => `'${value}'`).join(', ');

const UNSETTLED_PAYOUTS: readonly PayoutStatus[] = [...PENDING, 'confirmed', 'cancelled'];
const UNSETTLED_DEPOSITS: readonly DepositStatus[] = ['detected', 'credited', 'dropped'];

const countPayouts = rawStatement(
  `SELECT status, count(*) AS number FROM payout WHERE status IN (${list(UNSETTLED_PAYOUTS)}) GROUP BY status`,
);
const countDeposits = rawStatement(
  `SELECT status, count(*) AS number FROM deposit WHERE status IN (${list(UNSETTLED_DEPOSITS)}) GROUP BY status`,
);
const selectNewest = rawStatement(
  'SELECT (SELECT max(id) FROM payout) AS payouts, (SELECT max(id) FROM deposit) AS deposits',
);
const selectOldest = rawStatement('SELECT created_at FROM payout WHERE status = ? ORDER BY id LIMIT 1');
const selectHouse = rawStatement(`SELECT name, balance FROM account WHERE id IN (${Object.values(HOUSE).join(', ')})`);

/** One moment's numbers for whoever watches from outside, at a cost that does not grow with the ledger. */
export const ledgerTotals = (orm: Orm): LedgerTotals => {
  const newest = selectNewest(orm).get() as {payouts: bigint | null; deposits: bigint | null};
  const oldest = PENDING.flatMap(status => {
    const row = selectOldest(orm).get(status) as {created_at: bigint} | undefined;
    return row === undefined ? [] : [Number(row.created_at)];
  });
  const house = selectHouse(orm).all() as {name: string; balance: bigint}[];
  return {
    payouts: withSettled(UNSETTLED_PAYOUTS, countPayouts(orm).all(), newest.payouts),
    deposits: withSettled(UNSETTLED_DEPOSITS, countDeposits(orm).all(), newest.deposits),
    oldestPendingPayoutAt: oldest.length === 0 ? undefined : Math.min(...oldest),
    house: new Map(house.map(({name, balance}) => [name, balance])),
  };
};

const withSettled = (statuses: readonly string[], rows: unknown[], newest: bigint | null): Map<string, number> => {
  const counts = new Map(statuses.map(status => [status, 0]));
  for (const {status, number} of rows as {status: string; number: bigint}[]) counts.set(status, Number(number));
  const unsettled = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return counts.set('settled', Number(newest ?? 0n) - unsettled);
};
