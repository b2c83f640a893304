import type {CoinStatus, Deposit, Event, LogLine, Payout, Status} from '../contract/index.ts';
import type {List} from './lists/list.ts';
import type {Selection} from './state.ts';

// The lists behind the panes, out of one status. Ids are unique over coins.

export interface PayoutRow {
  readonly id: string;
  readonly coin: CoinStatus;
  readonly payout: Payout;
}
export interface DepositRow {
  readonly id: string;
  readonly coin: CoinStatus;
  readonly deposit: Deposit;
}
export interface BackendRow {
  readonly id: string;
  readonly coin: CoinStatus;
}
export interface EventRow {
  readonly id: string;
  readonly event: Event;
}
export interface LogRow {
  readonly id: string;
  readonly line: LogLine;
}
export interface JobRow {
  readonly id: string;
  readonly coin: CoinStatus;
  readonly job: CoinStatus['jobs'][number];
}

/** Ids are unique over coins. */
export const rowId = (coin: string, id: string) => `${coin}/${id}`;

/** A list of one status is made once, however many panes and keys ask for it. */
const memo = <Rows>(make: (status: Status) => Rows): ((status: Status | undefined) => Rows | undefined) => {
  const known = new WeakMap<Status, Rows>();
  return status => {
    if (!status) return undefined;
    let rows = known.get(status);
    if (!rows) known.set(status, (rows = make(status)));
    return rows;
  };
};

const byTime = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);

const payouts = memo<readonly PayoutRow[]>(({coins}) =>
  coins
    .flatMap(coin => coin.pending.map(payout => ({id: rowId(coin.coin, payout.id), coin, payout})))
    .sort((a, b) => byTime(a.payout.created_at, b.payout.created_at)),
);
/** What is still to be credited comes first, the newest of each before the others. */
const incoming = memo<readonly DepositRow[]>(({coins}) =>
  coins
    .flatMap(coin => coin.incoming.map(deposit => ({id: rowId(coin.coin, deposit.id), coin, deposit})))
    .sort(
      (a, b) =>
        Number(b.deposit.status === 'detected') - Number(a.deposit.status === 'detected') ||
        byTime(b.deposit.first_seen_at, a.deposit.first_seen_at),
    ),
);
const backends = memo<readonly BackendRow[]>(({coins}) => coins.map(coin => ({id: coin.coin, coin})));
const events = memo<readonly EventRow[]>(({events}) =>
  events.map(event => ({id: rowId(event.coin, String(event.sequence)), event})),
);
const log = memo<readonly LogRow[]>(({log}) => log.map(line => ({id: rowId('log', line.id), line})));
const jobs = memo<readonly JobRow[]>(({coins}) =>
  coins
    .flatMap(coin => coin.jobs.map(job => ({id: rowId(coin.coin, job.id), coin, job})))
    .sort((a, b) => byTime(b.job.created_at, a.job.created_at)),
);

export const payoutRows = (status: Status | undefined) => payouts(status) ?? [];
export const depositRows = (status: Status | undefined) => incoming(status) ?? [];
export const backendRows = (status: Status | undefined) => backends(status) ?? [];
export const eventRows = (status: Status | undefined) => events(status) ?? [];
export const logRows = (status: Status | undefined) => log(status) ?? [];
export const jobRows = (status: Status | undefined) => jobs(status) ?? [];

/** Where the selection is now: with its row if that is still there, else at the same place. -1 in an empty list. */
export const selectedIndex = (list: List<{readonly id: string}>, selection: Selection): number => {
  if (list.length === 0) return -1;
  const found = selection.id === undefined ? -1 : list.indexOf(selection.id);
  return found === -1 ? Math.min(selection.index, list.length - 1) : found;
};

export const selectedRow = <Row extends {readonly id: string}>(
  list: List<Row>,
  selection: Selection,
): Row | undefined => list.at(selectedIndex(list, selection));
