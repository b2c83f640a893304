import type {Status} from '../../contract/index.ts';
import type {List} from '../lists/list.ts';
import {payoutRows, type PayoutRow} from '../rows.ts';
import {formatAgeOf, formatCount, shortAmount} from '../text/format.ts';
import {span, type Line, type Span} from '../text/line.ts';
import type {Column} from '../text/table.ts';
import {middle} from '../text/width.ts';
import {amountColumn, idWidth} from './amount-column.ts';
import {listPane, paneTitle, timeWidth, timeWord, type PaneFrame} from './list-pane.ts';
import {isUncertain, markSpan, payoutMark} from './words.ts';

/** What became of a sent one is not known while its node is away. */
const stateOf = ({payout, coin}: PayoutRow, pane: PaneFrame): Span => {
  const mark = payoutMark(payout, coin);
  const isDoubtful = payout.status === 'sent' && isUncertain(coin.backend, pane.now);
  return isDoubtful ? markSpan({...mark, word: `${mark.word} ?`, style: 'dim'}) : markSpan(mark);
};

const columns = (list: List<PayoutRow>, pane: PaneFrame): readonly Column<PayoutRow>[] => [
  {
    title: 'ID',
    width: idWidth(list, ({payout}) => payout.id),
    drop: 0,
    cell: ({payout}, width) => span(middle(payout.id, width)),
  },
  amountColumn(list, ({payout, coin}) => ({amount: payout.amount, unit: coin.unit})),
  {
    title: 'TO',
    width: 9,
    grow: 64,
    drop: 4,
    cell: ({payout}, width) => span(middle(payout.address, width)),
  },
  {title: 'ACCOUNT', width: 10, grow: 24, drop: 5, cell: ({payout}, width) => span(middle(payout.account, width))},
  {
    title: 'AGE',
    width: timeWidth(pane),
    right: true,
    drop: 3,
    cell: ({payout}) => span(timeWord(payout.created_at, pane)),
  },
  {title: 'STATE', width: 10, grow: 22, drop: 0, cell: row => stateOf(row, pane)},
];

export const payoutFacts = (status: Status | undefined, pane: PaneFrame): string[] => {
  const coins = status?.coins ?? [];
  const pending = coins.reduce((sum, coin) => sum + coin.counts.pending_payouts, 0);
  const held = coins.reduce((sum, coin) => sum + coin.counts.held_payouts, 0);
  const oldest = payoutRows(status)[0]?.payout.created_at;
  return [
    ...coins
      .filter(coin => coin.counts.pending_payouts > 0)
      .map(coin => `${shortAmount(coin.pending_amount)} ${coin.unit}`),
    ...(held > 0 ? [`${formatCount(held)} held`] : []),
    ...(pending > 0 && oldest !== undefined ? [`oldest ${formatAgeOf(oldest, pane.now)}`] : []),
  ];
};

export const countPending = (status: Status | undefined): number =>
  (status?.coins ?? []).reduce((sum, coin) => sum + coin.counts.pending_payouts, 0);

export const drawPayouts = (status: Status | undefined, list: List<PayoutRow>, pane: PaneFrame): Line[] =>
  listPane(
    {
      title: paneTitle(1, `Pending broadcasts ${formatCount(countPending(status))}`, payoutFacts(status, pane), pane),
      list,
      columns: columns(list, pane),
      empty: status ? 'no payout is pending' : '',
    },
    pane,
  );
