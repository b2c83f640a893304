import type {CoinStatus, Deposit} from '../../contract/index.ts';
import {whyDeposit} from '../panes/why.ts';
import {creditEta, depositMark, markSpan} from '../panes/words.ts';
import type {Fetched} from '../state.ts';
import type {Line} from '../text/line.ts';
import {inFours} from '../text/width.ts';
import {blockOf, field, optional, when} from './fields.ts';
import {eventMoments, timelineLines} from './timeline.ts';

/** What comes next: the credit, then settling. */
const wantedOf = (deposit: Deposit, coin: CoinStatus): number =>
  deposit.status === 'credited' || deposit.status === 'settled' ? coin.max_confirmation_count : coin.confirmations;

export const depositLines = (
  deposit: Deposit,
  {coin, fetched, now, width}: {coin: CoinStatus | undefined; fetched: Fetched | undefined; now: number; width: number},
): Line[] => {
  const unit = coin?.unit ?? '';
  const history = fetched?.history ? eventMoments(fetched.history) : [{at: deposit.first_seen_at, words: 'first seen'}];
  return [
    ...field('state', markSpan(depositMark(deposit)), width),
    ...field('why it is here', whyDeposit(deposit, coin), width, 'strong'),
    ...optional('credited in', coin ? creditEta(deposit, coin) : '', width),
    [],
    ...field('amount', `${deposit.amount} ${unit}`, width, 'strong'),
    ...field('to account', deposit.account, width),
    ...field('address', inFours(deposit.address), width),
    ...optional('label', deposit.label, width),
    [],
    ...field('txid', inFours(deposit.txid), width),
    ...field('output', String(deposit.vout), width),
    ...field('confirmations', `${deposit.confirmations}${coin ? ` of ${wantedOf(deposit, coin)}` : ''}`, width),
    ...optional('block', blockOf(deposit), width),
    ...optional('replaced by', deposit.replaced_by && inFours(deposit.replaced_by), width),
    ...optional('mined', deposit.coinbase ? 'yes (coinbase)' : undefined, width),
    [],
    ...field('first seen', when(deposit.first_seen_at, now) ?? '-', width),
    ...optional('credited at', when(deposit.credited_at, now), width),
    ...timelineLines(history, now, width),
  ];
};
