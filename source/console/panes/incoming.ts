import type {Status} from '../../contract/index.ts';
import type {List} from '../lists/list.ts';
import type {DepositRow} from '../rows.ts';
import {ageOf, bar, formatCount, roundAge, shortAmount} from '../text/format.ts';
import {span, type Line, type Span} from '../text/line.ts';
import type {Column} from '../text/table.ts';
import {middle} from '../text/width.ts';
import {amountColumn} from './amount-column.ts';
import {listPane, paneTitle, timeWidth, timeWord, type PaneFrame} from './list-pane.ts';
import {creditEta, depositMark, isUncertain, markSpan} from './words.ts';

/** `██░░ 2/6`; something other than confirming says so in words, and so does a node that cannot count them now. */
const progress = ({deposit, coin}: DepositRow, pane: PaneFrame): Line => {
  if (deposit.status === 'detected' && isUncertain(coin.backend, pane.now))
    return [span(`??? stale ${roundAge(ageOf(coin.backend.last_seen_at, pane.now) ?? 0)}`, 'dim')];
  const isOfBlocks = deposit.status === 'detected' && deposit.confirmations > 0 && deposit.waits_for === undefined;
  if (!isOfBlocks) return [markSpan(depositMark(deposit))];
  const {full, rest} = bar(deposit.confirmations, coin.confirmations, 6);
  return [span(full, 'accent'), span(rest, 'dim'), span(` ${deposit.confirmations}/${coin.confirmations}`)];
};

const eta = ({deposit, coin}: DepositRow, pane: PaneFrame): Span =>
  span(isUncertain(coin.backend, pane.now) ? '' : creditEta(deposit, coin), 'dim');

const columns = (list: List<DepositRow>, pane: PaneFrame): readonly Column<DepositRow>[] => [
  {
    title: 'TX',
    width: 8,
    grow: 64,
    drop: 4,
    cell: ({deposit}, width) => span(middle(deposit.txid, width)),
  },
  amountColumn(list, ({deposit, coin}) => ({amount: deposit.amount, unit: coin.unit})),
  {title: 'ACCOUNT', width: 8, grow: 20, drop: 0, cell: ({deposit}, width) => span(middle(deposit.account, width))},
  {
    title: 'AGE',
    width: timeWidth(pane),
    right: true,
    drop: 6,
    cell: ({deposit}) => span(timeWord(deposit.first_seen_at, pane)),
  },
  {title: 'CONFIRMS', width: 12, grow: 18, drop: 0, cell: row => progress(row, pane)},
  {title: 'ETA', width: 4, right: true, drop: 5, cell: row => eta(row, pane)},
];

export const countIncoming = (status: Status | undefined): number =>
  (status?.coins ?? []).reduce((sum, coin) => sum + coin.counts.incoming, 0);

export const drawIncoming = (status: Status | undefined, list: List<DepositRow>, pane: PaneFrame): Line[] => {
  const sums = (status?.coins ?? [])
    .filter(coin => coin.counts.incoming > 0)
    .map(coin => `${shortAmount(coin.incoming_amount)} ${coin.unit} unconfirmed`);
  return listPane(
    {
      title: paneTitle(2, `Incoming ${formatCount(countIncoming(status))}`, sums, pane),
      list,
      columns: columns(list, pane),
      empty: status ? 'nothing is coming in' : '',
    },
    pane,
  );
};
