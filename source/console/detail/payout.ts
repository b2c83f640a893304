import type {BroadcastDetail, CoinStatus, Payout} from '../../contract/index.ts';
import {whyPayout} from '../panes/why.ts';
import {markSpan, payoutMark} from '../panes/words.ts';
import type {Fetched} from '../state.ts';
import {formatFeerate} from '../text/format.ts';
import type {Line} from '../text/line.ts';
import {inFours} from '../text/width.ts';
import {blockOf, field, optional, rawLines, when} from './fields.ts';
import {broadcastMoments, eventMoments, timelineLines} from './timeline.ts';

const LOCAL = 'not known before it is signed';

const feeOf = (payout: Payout, broadcast: BroadcastDetail | undefined, coin: CoinStatus | undefined): string => {
  if (payout.fee === undefined) return LOCAL;
  const rate = broadcast ? `  of ${broadcast.fee}, at ${formatFeerate(broadcast.feerate, coin)}` : '';
  return `${payout.fee} ${coin?.unit ?? ''}${rate}`;
};

/** Without a history yet: what the payout itself says of its past. */
const moments = (payout: Payout, fetched: Fetched | undefined, coin: CoinStatus | undefined) => [
  ...(fetched?.broadcast ? broadcastMoments(fetched.broadcast, coin) : []),
  ...(fetched?.history ? eventMoments(fetched.history) : [{at: payout.created_at, words: 'queued'}]),
];

export const payoutLines = (
  payout: Payout,
  {coin, fetched, now, width}: {coin: CoinStatus | undefined; fetched: Fetched | undefined; now: number; width: number},
): Line[] => {
  const unit = coin?.unit ?? '';
  const broadcast = fetched?.broadcast;
  return [
    ...field('state', markSpan(payoutMark(payout)), width),
    ...field('why it is here', whyPayout(payout, coin, broadcast), width, 'strong'),
    [],
    ...field('amount', `${payout.amount} ${unit}`, width, 'strong'),
    ...field('to', inFours(payout.address), width),
    ...field('from account', payout.account, width),
    ...optional('label', payout.label, width),
    ...field('fee', feeOf(payout, broadcast, coin), width),
    [],
    ...field('txid', payout.txid === undefined ? 'none yet' : inFours(payout.txid), width),
    ...optional('output', payout.vout === undefined ? undefined : String(payout.vout), width),
    ...field('confirmations', `${payout.confirmations}${coin ? ` of ${coin.max_confirmation_count}` : ''}`, width),
    ...optional('block', blockOf(payout), width),
    [],
    ...field('accepted', when(payout.created_at, now) ?? '-', width),
    ...field('key', payout.idempotency_key, width),
    ...field('can be cancelled', payout.cancellable ? 'yes: c cancels it' : 'no', width),
    ...timelineLines(moments(payout, fetched, coin), now, width),
    ...rawLines(broadcast?.raw, width),
  ];
};
