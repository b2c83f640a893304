import type {BroadcastDetail, CoinStatus} from '../../contract/index.ts';
import {whyBroadcast} from '../panes/why.ts';
import {broadcastMark, markSpan} from '../panes/words.ts';
import {formatCount, formatFeerate, plural} from '../text/format.ts';
import {span, type Line} from '../text/line.ts';
import {inFours} from '../text/width.ts';
import {blockOf, field, heading, optional, rawLines, when} from './fields.ts';
import {broadcastMoments, timelineLines} from './timeline.ts';

const LISTED = 20;

const inputLines = (inputs: BroadcastDetail['inputs'], unit: string): Line[] => [
  ...heading(`Spends ${plural(inputs.length, 'coin')}`),
  ...inputs
    .slice(0, LISTED)
    .map((input): Line => [span(`${input.amount} ${unit}  `), span(`${inFours(input.txid)} : ${input.vout}`, 'dim')]),
  ...(inputs.length > LISTED ? [[span(`and ${inputs.length - LISTED} more`, 'dim')]] : []),
];

const memberLines = ({family, id}: BroadcastDetail, width: number): Line[] =>
  family.length < 2
    ? []
    : [
        ...heading('Shares its coins with; at most one of them settles'),
        ...family
          .filter(member => member.id !== id)
          .flatMap(member => field(member.status, member.txid ? inFours(member.txid) : `id ${member.id}`, width)),
      ];

export const broadcastLines = (
  broadcast: BroadcastDetail,
  {coin, now, width}: {coin: CoinStatus | undefined; now: number; width: number},
): Line[] => {
  const unit = coin?.unit ?? '';
  const ids = broadcast.payout_ids;
  const listed = `${ids.slice(0, LISTED).join(', ')}${ids.length > LISTED ? ', …' : ''}`;
  return [
    ...field('state', markSpan(broadcastMark(broadcast.status)), width),
    ...field('why it is here', whyBroadcast(broadcast, coin), width, 'strong'),
    [],
    ...field('txid', broadcast.txid === undefined ? 'none yet' : inFours(broadcast.txid), width),
    ...field(
      'pays',
      `${broadcast.amount} ${unit} in ${plural(broadcast.payouts, 'payout')}: ${listed}`,
      width,
      'strong',
    ),
    ...field(
      'fee',
      `${broadcast.fee} ${unit}, ${formatFeerate(broadcast.feerate, coin)} for ${formatCount(broadcast.virtual_size)} vB`,
      width,
    ),
    ...optional(
      'fee floor',
      coin?.backend.fee_floor == null ? undefined : formatFeerate(coin.backend.fee_floor, coin),
      width,
    ),
    ...optional('change', broadcast.change && `${broadcast.change} ${unit}`, width),
    ...field('sent', plural(broadcast.attempts, 'time'), width),
    ...optional('last answer', broadcast.last_answer, width),
    ...optional('network', broadcast.network && `${broadcast.network}, when the engine last looked`, width),
    ...field('confirmations', `${broadcast.confirmations}${coin ? ` of ${coin.max_confirmation_count}` : ''}`, width),
    ...optional('block', blockOf(broadcast), width),
    ...optional('planned', when(broadcast.created_at, now), width),
    ...inputLines(broadcast.inputs, unit),
    ...memberLines(broadcast, width),
    ...timelineLines(broadcastMoments(broadcast, coin), now, width),
    ...rawLines(broadcast.raw, width),
  ];
};
