import {depositRows, type DepositRow} from '../rows.ts';
import type {Status} from '../../contract/index.ts';
import {bar, formatAgeOf, formatCount, shortAmount} from '../text/format.ts';
import {span, type Line} from '../text/line.ts';
import type {Column} from '../text/table.ts';
import {middle} from '../text/width.ts';
import {amountColumn} from './amount-column.ts';
import {listPane, paneTitle, type PaneFrame} from './list-pane.ts';
import {creditEta, depositMark, markSpan} from './words.ts';

/** `██░░ 2/6`; something other than confirming says so in words. */
const progress = ({deposit, coin}: DepositRow): Line => {
  if (deposit.status !== 'detected' || deposit.confirmations === 0) return [markSpan(depositMark(deposit))];
  const {full, rest} = bar(deposit.confirmations, coin.confirmations, 6);
  return [span(full, 'accent'), span(rest, 'dim'), span(` ${deposit.confirmations}/${coin.confirmations}`)];
};

const columns = (rows: readonly DepositRow[], now: number): readonly Column<DepositRow>[] => [
  {
    title: 'TX',
    width: 8,
    grow: 17,
    drop: 4,
    cell: ({deposit}, width) => span(middle(deposit.txid, width)),
  },
  amountColumn(rows, ({deposit, coin}) => ({amount: deposit.amount, unit: coin.unit})),
  {title: 'ACCOUNT', width: 8, grow: 13, drop: 0, cell: ({deposit}, width) => span(middle(deposit.account, width))},
  {title: 'AGE', width: 5, right: true, drop: 6, cell: ({deposit}) => span(formatAgeOf(deposit.first_seen_at, now))},
  {title: 'CONFIRMS', width: 12, drop: 0, cell: progress},
  {title: 'ETA', width: 4, right: true, drop: 5, cell: ({deposit, coin}) => span(creditEta(deposit, coin), 'dim')},
];

export const countIncoming = (status: Status | undefined): number =>
  (status?.coins ?? []).reduce((sum, coin) => sum + coin.counts.incoming, 0);

export const drawIncoming = (status: Status | undefined, pane: PaneFrame): Line[] => {
  const rows = depositRows(status);
  const sums = (status?.coins ?? [])
    .filter(coin => coin.counts.incoming > 0)
    .map(coin => `${shortAmount(coin.incoming_amount)} ${coin.unit}`);
  return listPane(
    {
      title: paneTitle(2, `Incoming ${formatCount(countIncoming(status))}`, sums, pane.isFocused),
      rows,
      columns: columns(rows, pane.now),
      empty: status ? 'nothing is coming in' : '',
    },
    pane,
  );
};
