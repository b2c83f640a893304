import type {BroadcastDetail, CoinStatus, Deposit, Payout} from '../../contract/index.ts';
import {formatCount, formatFeerate, plural} from '../text/format.ts';

// Why something has not moved, in one line, and what will move it.

type Why<Item> = (item: Item, coin: CoinStatus | undefined, broadcast?: BroadcastDetail) => string;

const UNSIGNED = 'awaiting_signature: ';

/** Of what a person has to sign: where it waits, and how far the signatures are. */
const unsigned = (reason: string | undefined): string | undefined =>
  reason?.startsWith(UNSIGNED) === true ? reason.slice(UNSIGNED.length) : undefined;

const waitsFor = (payout: Payout) => (payout.clears === 'person' ? 'waits for a person' : 'goes on by itself');

const PAYOUT: Readonly<Record<Payout['status'], Why<Payout>>> = {
  queued: (_, coin) =>
    coin?.payouts_paused
      ? `no payout is signed now: ${coin.payouts_paused}`
      : 'waits to be gathered into the next transaction',
  reserved: (payout, coin) =>
    unsigned(payout.reason) ??
    (coin?.payouts_paused
      ? `its coins are chosen; no payout is signed now: ${coin.payouts_paused}`
      : 'its coins are chosen; it is about to be signed'),
  signed: (_, _coin, broadcast) =>
    `signed and stored; the node has not accepted it yet, the same bytes are sent again${lastAnswer(broadcast)}`,
  sent: (_, coin, broadcast) => waitsForBlock(coin, broadcast),
  confirmed: (payout, coin) =>
    coin
      ? `in a block; settles at ${coin.max_confirmation_count} confirmations, has ${payout.confirmations}`
      : 'in a block',
  settled: () => 'final',
  held: payout => `${payout.reason ?? 'held'} (${waitsFor(payout)})`,
  conflicted: payout => `${payout.reason ?? 'another transaction spent its coins'} (waits for a person)`,
  cancelled: () => 'cancelled; the account has its money back',
};

export const whyPayout: Why<Payout> = (payout, coin, broadcast) => PAYOUT[payout.status](payout, coin, broadcast);

const lastAnswer = (broadcast: BroadcastDetail | undefined): string =>
  broadcast?.last_answer === undefined
    ? ''
    : ` (sent ${plural(broadcast.attempts, 'time')}, last answer: ${broadcast.last_answer})`;

/** The node took it; what stands between it and a block. */
const waitsForBlock = (coin: CoinStatus | undefined, broadcast: BroadcastDetail | undefined): string => {
  if (coin && coin.backend.state !== 'ok')
    return `the node had it when last seen; the node is ${coin.backend.state.replace('_', ' ')} now`;
  if (broadcast?.network === 'gone')
    return `the node's mempool has dropped it; the same bytes are sent again${lastAnswer(broadcast)}`;
  const floor = coin?.backend.fee_floor ?? undefined;
  if (broadcast && floor !== undefined && broadcast.feerate < floor)
    return `LOW FEE: it pays ${formatFeerate(broadcast.feerate, coin)} and the node's mempool asks ${floor} now; it may wait long`;
  return broadcast
    ? `the node has it at ${formatFeerate(broadcast.feerate, coin)}; waits for a block`
    : 'the node has it; waits for a block';
};

const BROADCAST: Readonly<
  Record<BroadcastDetail['status'], (item: BroadcastDetail, coin: CoinStatus | undefined) => string>
> = {
  reserved: (broadcast, coin) =>
    unsigned(broadcast.reason) ??
    (coin?.payouts_paused
      ? `its coins are chosen; nothing is signed now: ${coin.payouts_paused}`
      : 'its coins are chosen; it is about to be signed'),
  signed: item =>
    `signed and stored; the node has not accepted it yet, the same bytes are sent again${lastAnswer(item)}`,
  sent: (item, coin) => waitsForBlock(coin, item),
  confirmed: (item, coin) =>
    coin
      ? `in a block; settles at ${coin.max_confirmation_count} confirmations, has ${item.confirmations}`
      : 'in a block',
  settled: () => 'final',
  held: item => `${item.reason ?? 'held'}; its coins stay reserved, the signed bytes can still confirm`,
  conflicted: item => item.reason ?? 'another transaction spent its coins',
  abandoned: item => `given up before it was signed${item.reason === undefined ? '' : `: ${item.reason}`}`,
};

/** Why a transaction of ours has not moved, in one line. */
export const whyBroadcast = (broadcast: BroadcastDetail, coin: CoinStatus | undefined): string =>
  BROADCAST[broadcast.status](broadcast, coin);

const DEPOSIT: Readonly<Record<Deposit['status'], Why<Deposit>>> = {
  detected(deposit, coin) {
    if (deposit.waits_for !== undefined) return deposit.waits_for;
    if (deposit.coinbase && deposit.mature_at !== undefined)
      return `mined coins: credited at height ${formatCount(deposit.mature_at)}`;
    if (!coin) return 'waits for confirmations';
    return deposit.confirmations === 0
      ? `in the mempool, waits for a block; credited at ${plural(coin.confirmations, 'confirmation')}`
      : `credited after ${plural(Math.max(1, coin.confirmations - deposit.confirmations), 'more confirmation')}`;
  },
  credited: (deposit, coin) =>
    coin ? `settles at ${coin.max_confirmation_count} confirmations, has ${deposit.confirmations}` : 'credited',
  settled: () => 'final',
  dropped: deposit =>
    deposit.replaced_by
      ? 'its transaction was replaced by another one'
      : `its transaction is gone (${deposit.reason ?? 'unknown'}); it comes back by itself when seen again`,
};

export const whyDeposit: Why<Deposit> = (deposit, coin) => DEPOSIT[deposit.status](deposit, coin);
