import type {BackendStatus, CoinStatus} from '../../contract/index.ts';
import {backendMark, markSpan, sourceMark} from '../panes/words.ts';
import {formatAgeOf, formatBytes, formatCount, formatFeerate, sparkline} from '../text/format.ts';
import type {Line} from '../text/line.ts';
import {inFours} from '../text/width.ts';
import {field, LABEL, optional, when} from './fields.ts';

/** Each of several, in order of preference. */
const sourceLines = ({sources}: BackendStatus, now: number, width: number): Line[] =>
  sources.length < 2
    ? []
    : sources.flatMap((source, index) => {
        const {word, glyph, style} = sourceMark(source, now);
        const said = [
          `${source.name} (${source.type})  ${glyph} ${word}${source.speaks ? ', speaks' : ''}`,
          ...(source.tip_height === null ? [] : [`tip ${formatCount(source.tip_height)}`]),
          ...(source.latency_ms === null ? [] : [`${Math.round(source.latency_ms)} ms`]),
          ...(source.reason === null ? [] : [source.reason]),
        ];
        return field(
          index === 0 ? 'backends' : '',
          said.join('  '),
          width,
          source.speaks && style === 'ok' ? 'strong' : style,
        );
      });

export const backendLines = (coin: CoinStatus, now: number, width: number): Line[] => {
  const {backend} = coin;
  return [
    ...field('state', markSpan(backendMark(backend, now)), width),
    ...optional('what is wrong', backend.reason, width, 'strong'),
    ...optional('payouts', coin.payouts_paused ? `not signed now: ${coin.payouts_paused}` : 'are signed', width),
    [],
    ...field('network', coin.network, width),
    ...sourceLines(backend, now, width),
    ...field(
      'type',
      `${backend.sources.length > 1 ? `${backend.name}, ` : ''}${backend.type}${backend.version ? `  ${backend.version}` : ''}`,
      width,
    ),
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
    ...field('fee floor', backend.fee_floor === null ? '-' : formatFeerate(backend.fee_floor, coin), width),
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
