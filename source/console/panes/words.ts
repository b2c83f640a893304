import type {
  BackendStatus,
  BroadcastStatus,
  CoinStatus,
  Deposit,
  Payout,
  SourceStatus,
  Status,
} from '../../contract/index.ts';
import {ageOf, formatAge, formatAgeOf} from '../text/format.ts';
import {span, type Span, type Style} from '../text/line.ts';

// Every state is a glyph and a word; colour only repeats what they say.

interface Mark {
  readonly glyph: string;
  readonly word: string;
  readonly style: Style;
}

export const markSpan = ({glyph, word, style}: Mark): Span => span(`${glyph} ${word}`, style);

const PAYOUT: Readonly<Record<Payout['status'], Mark>> = {
  queued: {glyph: '○', word: 'queued', style: 'plain'},
  reserved: {glyph: '○', word: 'reserved', style: 'plain'},
  signed: {glyph: '◌', word: 'signed', style: 'accent'},
  sent: {glyph: '→', word: 'sent', style: 'accent'},
  confirmed: {glyph: '✓', word: 'confirmed', style: 'ok'},
  settled: {glyph: '✓', word: 'settled', style: 'ok'},
  held: {glyph: '▲', word: 'HELD', style: 'warn'},
  conflicted: {glyph: '✗', word: 'CONFLICT', style: 'bad'},
  cancelled: {glyph: '✗', word: 'cancelled', style: 'dim'},
};

/** The node would not take its transaction from a stranger now, and may drop it. */
export const isBelowFloor = ({status, txid}: Payout, coin: CoinStatus | undefined): boolean => {
  if (!coin || txid === undefined || (status !== 'sent' && status !== 'signed')) return false;
  const feerate = coin.broadcasts.find(broadcast => broadcast.txid === txid)?.feerate;
  return feerate !== undefined && coin.backend.fee_floor !== null && feerate < coin.backend.fee_floor;
};

/** `held` comes with its reason's code, the words being in the detail. */
export const payoutMark = (payout: Payout, coin?: CoinStatus): Mark => {
  const mark = PAYOUT[payout.status];
  if (isBelowFloor(payout, coin)) return {glyph: '▲', word: 'LOW FEE', style: 'warn'};
  if (payout.status === 'held') {
    const code = payout.reason?.split(':')[0]?.replaceAll('_', ' ') ?? '';
    return {...mark, word: `HELD ${code}`.trim()};
  }
  if (payout.status === 'reserved' && payout.reason?.startsWith('awaiting_signature:') === true)
    return {...mark, glyph: '▲', word: 'UNSIGNED', style: 'warn'};
  if (payout.status === 'confirmed') return {...mark, word: `${payout.confirmations} conf`};
  return mark;
};

const BROADCAST: Readonly<Record<BroadcastStatus, Mark>> = {
  reserved: PAYOUT.reserved,
  signed: PAYOUT.signed,
  sent: PAYOUT.sent,
  confirmed: PAYOUT.confirmed,
  settled: PAYOUT.settled,
  held: PAYOUT.held,
  conflicted: PAYOUT.conflicted,
  abandoned: {glyph: '✗', word: 'given up', style: 'dim'},
};
export const broadcastMark = (status: BroadcastStatus): Mark => BROADCAST[status];

const DEPOSIT: Readonly<Record<Deposit['status'], Mark>> = {
  detected: {glyph: '◌', word: 'confirming', style: 'accent'},
  credited: {glyph: '✓', word: 'credited', style: 'ok'},
  settled: {glyph: '✓', word: 'settled', style: 'ok'},
  dropped: {glyph: '✗', word: 'dropped', style: 'bad'},
};

/** `dropped` says why instead, and a deposit without a block that it is in the mempool. */
export const depositMark = (deposit: Deposit): Mark => {
  const mark = DEPOSIT[deposit.status];
  if (deposit.status === 'dropped') return {...mark, word: deposit.reason ?? mark.word};
  if (deposit.status === 'detected' && deposit.confirmations === 0)
    return {glyph: '○', word: 'mempool', style: 'plain'};
  if (deposit.waits_for !== undefined) return {glyph: '▲', word: 'waits', style: 'warn'};
  return mark;
};

const BACKEND: Readonly<Record<BackendStatus['state'], Mark>> = {
  connecting: {glyph: '◌', word: 'connecting', style: 'warn'},
  ok: {glyph: '●', word: 'ok', style: 'ok'},
  behind: {glyph: '▲', word: 'BEHIND', style: 'warn'},
  syncing: {glyph: '◌', word: 'syncing', style: 'warn'},
  warming_up: {glyph: '◌', word: 'warming up', style: 'warn'},
  stalled: {glyph: '▲', word: 'STALL', style: 'bad'},
  down: {glyph: '✗', word: 'DOWN', style: 'bad'},
  wrong_chain: {glyph: '✗', word: 'WRONG CHAIN', style: 'bad'},
  wrong_wallet: {glyph: '✗', word: 'WRONG WALLET', style: 'bad'},
};

/**
 * A healthy node is asked at least every five seconds. One that has said nothing for longer may be frozen, before its
 * deadline has passed and the engine says so.
 */
const SILENT_MS = 8000;

/** What such a node said last may not be true any more. */
export const isUncertain = (backend: BackendStatus, now: number): boolean =>
  (backend.state !== 'ok' && backend.state !== 'syncing' && backend.state !== 'behind') ||
  (ageOf(backend.last_seen_at, now) ?? 0) > SILENT_MS;

/** Anything but `ok` says for how long. */
export const backendMark = (backend: Pick<BackendStatus, 'state' | 'since' | 'last_seen_at'>, now: number): Mark => {
  const mark = BACKEND[backend.state];
  const silence = ageOf(backend.last_seen_at, now) ?? 0;
  if (backend.state === 'ok' && silence > SILENT_MS)
    return {glyph: '▲', word: `silent ${formatAge(silence)}`, style: 'warn'};
  return backend.state === 'ok' ? mark : {...mark, word: `${mark.word} ${formatAgeOf(backend.since, now)}`};
};

/** One that does not speak is asked more rarely, and is silent in between. */
export const sourceMark = (source: SourceStatus, now: number): Mark =>
  source.speaks ? backendMark(source, now) : backendMark({...source, last_seen_at: null}, now);

/** Which of several backends speaks: `own-node`; `public 1 of 2 ok` while one could not. Empty for a single one. */
export const speakerSpan = ({name, sources}: BackendStatus): Span => {
  if (sources.length < 2) return span('');
  const well = sources.filter(({state}) => state === 'ok').length;
  const isPreferred = sources[0]?.speaks === true;
  if (well === sources.length) return span(name, isPreferred ? 'plain' : 'warn');
  return span(`${name} ▲ ${well} of ${sources.length} ok`, 'warn');
};

const ENGINE: Readonly<Record<Status['engine']['state'], Mark>> = {
  starting: {glyph: '◌', word: 'STARTING', style: 'warn'},
  running: {glyph: '●', word: 'RUNNING', style: 'ok'},
  degraded: {glyph: '▲', word: 'DEGRADED', style: 'warn'},
  failing: {glyph: '✗', word: 'FAILING', style: 'bad'},
  stopping: {glyph: '◌', word: 'STOPPING', style: 'warn'},
};
export const engineMark = (state: Status['engine']['state']): Mark => ENGINE[state];

const LOOP: Readonly<Record<Status['loops'][number]['state'], Style>> = {
  starting: 'dim',
  ok: 'plain',
  waiting: 'warn',
  failing: 'bad',
  stalled: 'bad',
  dead: 'alarm',
};
export const loopStyle = (state: Status['loops'][number]['state']): Style => LOOP[state];

const JOB: Readonly<Record<CoinStatus['jobs'][number]['status'], Mark>> = {
  running: {glyph: '▶', word: 'running', style: 'accent'},
  interrupted: {glyph: '▲', word: 'interrupted', style: 'warn'},
  finished: {glyph: '✓', word: 'finished', style: 'ok'},
  cancelled: {glyph: '✗', word: 'cancelled', style: 'dim'},
  failed: {glyph: '✗', word: 'FAILED', style: 'bad'},
};
export const jobMark = (status: CoinStatus['jobs'][number]['status']): Mark => JOB[status];

/** `~40m` until a deposit is credited, from the coin's expected block time. */
export const creditEta = (deposit: Deposit, coin: CoinStatus): string => {
  // Nobody knows when a regtest node mines.
  if (deposit.status !== 'detected' || deposit.waits_for !== undefined || coin.network === 'regtest') return '';
  const byConfirmations = coin.confirmations - deposit.confirmations;
  const byMaturity = deposit.mature_at === undefined ? 0 : deposit.mature_at - (coin.height ?? 0);
  const blocks = Math.max(1, byConfirmations, byMaturity);
  return `~${formatAge(blocks * coin.block_time * 1000).replace(/(\d+[mh])\d+$/, '$1')}`;
};
