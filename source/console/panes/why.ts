import type {CoinStatus, Deposit, Payout} from '../../contract/index.ts';
import {formatCount, plural} from '../text/format.ts';

// Why something has not moved, in one line, and what will move it.

type Why<Item> = (item: Item, coin: CoinStatus | undefined) => string;

const waitsFor = (payout: Payout) => (payout.clears === 'person' ? 'waits for a person' : 'goes on by itself');

const PAYOUT: Readonly<Record<Payout['status'], Why<Payout>>> = {
  queued: (_, coin) =>
    coin?.payouts_paused
      ? `no payout is signed now: ${coin.payouts_paused}`
      : 'waits to be gathered into the next transaction',
  reserved: (_, coin) =>
    coin?.payouts_paused
      ? `its coins are chosen; no payout is signed now: ${coin.payouts_paused}`
      : 'its coins are chosen; it is about to be signed',
  signed: () => 'signed and stored; the node has not accepted it yet, the same bytes are sent again',
  sent: (_, coin) =>
    coin && coin.backend.state !== 'ok'
      ? `the node had it when last seen; the node is ${coin.backend.state.replace('_', ' ')} now`
      : 'the node has it; waits for a block',
  confirmed: (payout, coin) =>
    coin
      ? `in a block; settles at ${coin.max_confirmation_count} confirmations, has ${payout.confirmations}`
      : 'in a block',
  settled: () => 'final',
  held: payout => `${payout.reason ?? 'held'} (${waitsFor(payout)})`,
  conflicted: payout => `${payout.reason ?? 'another transaction spent its coins'} (waits for a person)`,
  cancelled: () => 'cancelled; the account has its money back',
};

export const whyPayout: Why<Payout> = (payout, coin) => PAYOUT[payout.status](payout, coin);

const DEPOSIT: Readonly<Record<Deposit['status'], Why<Deposit>>> = {
  detected(deposit, coin) {
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
