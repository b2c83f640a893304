import type {CoinStatus, Deposit, Event, Payout, Status} from '../../contract/index.ts';
import {jobOutcome} from '../panes/jobs.ts';
import {backendMark, creditEta, depositMark, jobMark, markSpan, payoutMark} from '../panes/words.ts';
import {whyDeposit, whyPayout} from '../panes/why.ts';
import type {DetailKind, ScreenState, Target} from '../state.ts';
import {shownStatus} from '../state.ts';
import {innerWidth} from '../text/frame.ts';
import {formatAge, formatAgeOf, formatBytes, formatCount, formatTime, sparkline} from '../text/format.ts';
import {line, span, wrap, type Line, type Span, type Style} from '../text/line.ts';
import {inFours} from '../text/width.ts';

// The contents of a detail: label and value, values wrapped. Values are whole here, never cut in the middle.

const LABEL = 18;

const field = (label: string, value: string | Span, width: number, style: Style = 'plain'): Line[] => {
  const head = span(label.padEnd(LABEL), 'dim');
  if (typeof value !== 'string') return [[head, value]];
  return wrap(value, Math.max(10, width - LABEL), style).map((rest, index) =>
    line(index === 0 ? head : span(' '.repeat(LABEL)), ...rest),
  );
};

const optional = (label: string, value: string | undefined | null, width: number, style?: Style): Line[] =>
  value === undefined || value === null || value === '' ? [] : field(label, value, width, style);

const when = (time: string | null | undefined, now: number): string | undefined =>
  time ? `${formatTime(time)}  (${formatAgeOf(time, now)} ago)` : undefined;

const blockOf = (item: {block_height?: number | undefined; block_hash?: string | undefined}): string | undefined =>
  item.block_height === undefined ? undefined : `${formatCount(item.block_height)}  ${inFours(item.block_hash ?? '')}`;

const payoutLines = (payout: Payout, coin: CoinStatus | undefined, now: number, width: number): Line[] => {
  const unit = coin?.unit ?? '';
  return [
    ...field('state', markSpan(payoutMark(payout)), width),
    ...field('why it is here', whyPayout(payout, coin), width, 'strong'),
    [],
    ...field('amount', `${payout.amount} ${unit}`, width, 'strong'),
    ...field('to', inFours(payout.address), width),
    ...field('from account', payout.account, width),
    ...optional('label', payout.label, width),
    ...field('fee', payout.fee === undefined ? 'not known before it is signed' : `${payout.fee} ${unit}`, width),
    [],
    ...field('txid', payout.txid === undefined ? 'none yet' : inFours(payout.txid), width),
    ...optional('output', payout.vout === undefined ? undefined : String(payout.vout), width),
    ...field('confirmations', `${payout.confirmations}${coin ? ` of ${coin.max_confirmation_count}` : ''}`, width),
    ...optional('block', blockOf(payout), width),
    [],
    ...field('accepted', when(payout.created_at, now) ?? '-', width),
    ...field('key', payout.idempotency_key, width),
    ...field('can be cancelled', payout.cancellable ? 'yes' : 'no', width),
  ];
};

const depositLines = (deposit: Deposit, coin: CoinStatus | undefined, now: number, width: number): Line[] => {
  const unit = coin?.unit ?? '';
  const eta = coin ? creditEta(deposit, coin) : '';
  return [
    ...field('state', markSpan(depositMark(deposit)), width),
    ...field('why it is here', whyDeposit(deposit, coin), width, 'strong'),
    ...optional('credited in', eta, width),
    [],
    ...field('amount', `${deposit.amount} ${unit}`, width, 'strong'),
    ...field('to account', deposit.account, width),
    ...field('address', inFours(deposit.address), width),
    ...optional('label', deposit.label, width),
    [],
    ...field('txid', inFours(deposit.txid), width),
    ...field('output', String(deposit.vout), width),
    ...field('confirmations', `${deposit.confirmations}${coin ? ` of ${coin.confirmations}` : ''}`, width),
    ...optional('block', blockOf(deposit), width),
    ...optional('replaced by', deposit.replaced_by && inFours(deposit.replaced_by), width),
    ...optional('mined', deposit.coinbase ? 'yes (coinbase)' : undefined, width),
    [],
    ...field('first seen', when(deposit.first_seen_at, now) ?? '-', width),
    ...optional('credited at', when(deposit.credited_at, now), width),
  ];
};

const backendLines = (coin: CoinStatus, now: number, width: number): Line[] => {
  const {backend} = coin;
  return [
    ...field('state', markSpan(backendMark(backend, now)), width),
    ...optional('what is wrong', backend.reason, width, 'strong'),
    ...optional('payouts', coin.payouts_paused ? `not signed now: ${coin.payouts_paused}` : 'are signed', width),
    [],
    ...field('network', coin.network, width),
    ...field('type', `${backend.type}${backend.version ? `  ${backend.version}` : ''}`, width),
    ...field(
      "node's tip",
      backend.tip_height === null ? '-' : `${formatCount(backend.tip_height)}  ${inFours(backend.tip_hash ?? '')}`,
      width,
    ),
    ...field('block found', when(backend.tip_time, now) ?? '-', width),
    ...field("ledger's tip", coin.height === null ? '-' : formatCount(coin.height), width),
    ...field('peers', backend.peers === null ? '-' : String(backend.peers), width),
    ...field(
      'mempool',
      backend.mempool
        ? `${formatCount(backend.mempool.transactions)} transactions, ${formatBytes(backend.mempool.bytes)}`
        : '-',
      width,
    ),
    ...field('fee floor', backend.fee_floor === null ? '-' : `${backend.fee_floor} sat/vB`, width),
    [],
    ...field(
      'latency',
      `p95 ${backend.latency_p95_ms === null ? '-' : `${Math.round(backend.latency_p95_ms)} ms`}`,
      width,
    ),
    ...field('', sparkline(backend.latency_ms, Math.max(10, Math.min(60, width - LABEL))).trimStart(), width, 'accent'),
    ...backend.notify.flatMap(channel =>
      field(
        'notifications',
        `${channel.channel}  ${channel.state}${channel.last_at ? `, last ${formatAgeOf(channel.last_at, now)} ago` : ''}`,
        width,
      ),
    ),
    ...field('last answer', when(backend.last_seen_at, now) ?? 'never', width),
    ...field('in this state', `for ${formatAgeOf(backend.since, now)}`, width),
  ];
};

const LONG_HEX = /^[0-9a-f]{64}$/;

const eventLines = (event: Event, now: number, width: number): Line[] => [
  ...field('event', event.type, width, 'strong'),
  ...field('sequence', formatCount(event.sequence), width),
  ...field('id', event.id, width),
  ...field('created', when(event.created_at, now) ?? '-', width),
  ...optional('gap', event.gap ? 'an earlier event of this queue was parked undelivered' : undefined, width, 'warn'),
  [],
  ...Object.entries(event.data as Record<string, unknown>).flatMap(([name, value]) => {
    if (value === null || value === undefined) return [];
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return field(name.replaceAll('_', ' '), LONG_HEX.test(text) || name === 'address' ? inFours(text) : text, width);
  }),
];

const jobLines = (job: CoinStatus['jobs'][number], now: number, width: number): Line[] => [
  ...field('state', markSpan(jobMark(job.status)), width),
  ...optional('error', job.error, width, 'bad'),
  [],
  ...field('from height', formatCount(job.from_height), width),
  ...field('to height', formatCount(job.to_height), width),
  ...field('at height', `${formatCount(job.at_height)}; up to here its effects are in the ledger`, width),
  ...field('result', jobOutcome(job), width, 'strong'),
  ...optional('goes on for', job.eta_seconds === undefined ? undefined : formatAge(job.eta_seconds * 1000), width),
  [],
  ...field('started', when(job.created_at, now) ?? '-', width),
  ...optional('ended', when(job.ended_at, now), width),
  ...optional('', job.status === 'interrupted' ? 'it goes on by itself when the engine runs' : undefined, width, 'dim'),
];

const GONE: Line[] = [[span('It is no longer among the rows that the engine shows. Esc goes back.', 'dim')]];

/** Title of a detail. */
export const detailTitle = ({kind, coin, id}: Target): string =>
  kind === 'backend'
    ? `Backend ${coin.toUpperCase()}`
    : `${kind[0]!.toUpperCase()}${kind.slice(1)} ${id} · ${coin.toUpperCase()}`;

type Content = (status: Status, target: Target, state: ScreenState, width: number) => Line[] | undefined;

const coinOf = (status: Status, target: Target) => status.coins.find(({coin}) => coin === target.coin);
const fetchedOf = ({fetched}: ScreenState, {kind, id}: Target) =>
  fetched?.target.id === id && fetched.target.kind === kind ? fetched : undefined;

const CONTENTS: Readonly<Record<DetailKind, Content>> = {
  payout(status, target, state, width) {
    const coin = coinOf(status, target);
    const payout = coin?.pending.find(({id}) => id === target.id) ?? fetchedOf(state, target)?.payout;
    return payout && payoutLines(payout, coin, state.now, width);
  },
  deposit(status, target, state, width) {
    const coin = coinOf(status, target);
    const deposit = coin?.incoming.find(({id}) => id === target.id) ?? fetchedOf(state, target)?.deposit;
    return deposit && depositLines(deposit, coin, state.now, width);
  },
  backend(status, target, state, width) {
    const coin = coinOf(status, target);
    return coin && backendLines(coin, state.now, width);
  },
  event(status, target, state, width) {
    const event = status.events.find(({coin, sequence}) => coin === target.coin && String(sequence) === target.id);
    return event && eventLines(event, state.now, width);
  },
  job(status, target, state, width) {
    const job = coinOf(status, target)?.jobs.find(({id}) => id === target.id);
    return job && jobLines(job, state.now, width);
  },
};

/** Every line of the open detail, for a content of `width` cells. Pure. */
export const detailLines = (state: ScreenState, width: number): Line[] => {
  const {view} = state;
  if (view.name !== 'detail') return [];
  const read = (status: Status | undefined) => status && CONTENTS[view.target.kind](status, view.target, state, width);
  return read(shownStatus(state)) ?? read(view.opened) ?? GONE;
};

export const detailScrollLimit = (state: ScreenState, width: number, height: number): number =>
  state.view.name === 'detail' ? Math.max(0, detailLines(state, innerWidth(width)).length - (height - 2)) : 0;
