import {payoutRows, type PayoutRow} from '../rows.ts';
import type {Status} from '../../contract/index.ts';
import {formatAgeOf, formatCount, shortAmount} from '../text/format.ts';
import {span, type Line} from '../text/line.ts';
import type {Column} from '../text/table.ts';
import {middle} from '../text/width.ts';
import {amountColumn} from './amount-column.ts';
import {listPane, paneTitle, type PaneFrame} from './list-pane.ts';
import {markSpan, payoutMark} from './words.ts';

const columns = (rows: readonly PayoutRow[], now: number): readonly Column<PayoutRow>[] => [
  {
    title: 'ID',
    width: rows.reduce((width, row) => Math.min(10, Math.max(width, row.payout.id.length)), 2),
    drop: 0,
    cell: ({payout}, width) => span(middle(payout.id, width)),
  },
  amountColumn(rows, ({payout, coin}) => ({amount: payout.amount, unit: coin.unit})),
  {
    title: 'TO',
    width: 11,
    grow: 25,
    drop: 4,
    cell: ({payout}, width) => span(middle(payout.address, width)),
  },
  {title: 'ACCOUNT', width: 10, grow: 24, drop: 5, cell: ({payout}, width) => span(middle(payout.account, width))},
  {title: 'AGE', width: 5, right: true, drop: 3, cell: ({payout}) => span(formatAgeOf(payout.created_at, now))},
  {title: 'STATE', width: 11, grow: 20, drop: 0, cell: ({payout}) => markSpan(payoutMark(payout))},
];

export const payoutFacts = (status: Status | undefined, now: number): string[] => {
  const coins = status?.coins ?? [];
  const pending = coins.reduce((sum, coin) => sum + coin.counts.pending_payouts, 0);
  const held = coins.reduce((sum, coin) => sum + coin.counts.held_payouts, 0);
  const oldest = payoutRows(status)[0]?.payout.created_at;
  return [
    ...coins
      .filter(coin => coin.counts.pending_payouts > 0)
      .map(coin => `${shortAmount(coin.pending_amount)} ${coin.unit}`),
    ...(held > 0 ? [`${formatCount(held)} held`] : []),
    ...(pending > 0 && oldest !== undefined ? [`oldest ${formatAgeOf(oldest, now)}`] : []),
  ];
};

export const countPending = (status: Status | undefined): number =>
  (status?.coins ?? []).reduce((sum, coin) => sum + coin.counts.pending_payouts, 0);

export const drawPayouts = (status: Status | undefined, pane: PaneFrame): Line[] => {
  const rows = payoutRows(status);
  return listPane(
    {
      title: paneTitle(
        1,
        `Pending payouts ${formatCount(countPending(status))}`,
        payoutFacts(status, pane.now),
        pane.isFocused,
      ),
      rows,
      columns: columns(rows, pane.now),
      empty: status ? 'no payout is pending' : '',
    },
    pane,
  );
};
