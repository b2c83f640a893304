import type {PaneId} from '../state.ts';
import type {RowOf} from './tail.ts';

/** One way to order a pane's rows. */
export interface Sort<Row> {
  readonly name: string;
  /** `v`: the most first. */
  readonly isDescending: boolean;
  /** Absent: as the engine lists them. */
  compare?(one: Row, other: Row): number;
}

/** Amounts of different coins are ordered as numbers all the same; never added. */
const satoshis = (amount: string): bigint => BigInt(/^-?\d+\.\d{8}$/.test(amount) ? amount.replace('.', '') : 0);
const byAmount = (one: string, other: string): number => {
  const difference = satoshis(other) - satoshis(one);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
};
const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
const byNumber = (one: number | null, other: number | null): number => (other ?? -1) - (one ?? -1);

const WORST_FIRST = [
  'down',
  'wrong_chain',
  'wrong_wallet',
  'stalled',
  'behind',
  'syncing',
  'warming_up',
  'connecting',
  'ok',
];
const rank = ({coin}: RowOf['backends']) => WORST_FIRST.indexOf(coin.backend.state);
const LEVELS = ['debug', 'info', 'warn', 'error'];

/** The first one of each pane is the engine's own order. */
export const SORTS: {readonly [Pane in PaneId]: readonly Sort<RowOf[Pane]>[]} = {
  payouts: [
    {name: 'age', isDescending: true},
    {name: 'newest', isDescending: true, compare: (a, b) => byText(b.payout.created_at, a.payout.created_at)},
    {name: 'amount', isDescending: true, compare: (a, b) => byAmount(a.payout.amount, b.payout.amount)},
    {name: 'state', isDescending: false, compare: (a, b) => byText(a.payout.status, b.payout.status)},
    {name: 'account', isDescending: false, compare: (a, b) => byText(a.payout.account, b.payout.account)},
  ],
  incoming: [
    {name: 'newest', isDescending: true},
    {name: 'amount', isDescending: true, compare: (a, b) => byAmount(a.deposit.amount, b.deposit.amount)},
    {
      name: 'confirms',
      isDescending: true,
      compare: (a, b) => byNumber(a.deposit.confirmations, b.deposit.confirmations),
    },
    {name: 'account', isDescending: false, compare: (a, b) => byText(a.deposit.account, b.deposit.account)},
  ],
  backends: [
    {name: 'coin', isDescending: false},
    {
      name: 'state',
      isDescending: true,
      compare: (a, b) => rank(a) - rank(b),
    },
    {
      name: 'latency',
      isDescending: true,
      compare: (a, b) => byNumber(a.coin.backend.latency_p95_ms, b.coin.backend.latency_p95_ms),
    },
  ],
  events: [
    {name: 'newest', isDescending: true},
    {name: 'event', isDescending: false, compare: (a, b) => byText(a.event.type, b.event.type)},
    {name: 'coin', isDescending: false, compare: (a, b) => byText(a.event.coin, b.event.coin)},
  ],
  log: [
    {name: 'newest', isDescending: true},
    {name: 'level', isDescending: true, compare: (a, b) => LEVELS.indexOf(b.line.level) - LEVELS.indexOf(a.line.level)},
    {name: 'count', isDescending: true, compare: (a, b) => byNumber(a.line.count, b.line.count)},
  ],
  jobs: [
    {name: 'newest', isDescending: true},
    {name: 'state', isDescending: false, compare: (a, b) => byText(a.job.status, b.job.status)},
  ],
};

export const sortOf = <Pane extends PaneId>(pane: Pane, index: number): Sort<RowOf[Pane]> => {
  const sorts: readonly Sort<RowOf[Pane]>[] = SORTS[pane];
  return sorts[index % sorts.length]!;
};
