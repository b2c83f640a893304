import type {Coin, Network} from '../../coins/index.ts';
import type {Payout} from '../../contract/index.ts';
import type {Act} from '../audit-store.ts';
import type {PayoutStore} from '../payout-store.ts';
import type {LedgerIdentity} from '../store.ts';
import {acceptPayout} from './accept-payout.ts';
import {
  abandonBroadcast,
  countAttempt,
  holdBroadcast,
  markSent,
  noteUnsigned,
  recordAnswer,
  storeSigned,
} from './broadcast-steps.ts';
import {audited} from './audit-store.ts';
import {cancelPayout} from './cancel-payout.ts';
import {addChangeAddress, unusedChangeAddress} from './change-addresses.ts';
import type {Connection, Orm} from './connection.ts';
import {broadcastDetail, listBroadcasts, listPayouts, payoutDetail} from './list-payouts.ts';
import {pausedBy} from './pause-payouts.ts';
import {missingParents, openBroadcasts, plannedBroadcast} from './planned-broadcast.ts';
import {approvePayout, releasePayout} from './release-payout.ts';
import {repayPayout} from './repay-payout.ts';
import {queue, reserveBatch} from './reserve-batch.ts';
import {reserveBump} from './reserve-bump.ts';
import {Volumes} from './volumes.ts';
import type {Writer} from './writer.ts';

/** Payouts and broadcasts of one SQLite ledger. Each operation is a function of its own file. */
export const createPayoutStore = (
  {orm}: Connection,
  writer: Writer,
  identity: LedgerIdentity,
  coin: Coin,
): PayoutStore => {
  const network = networkOf(identity, coin);
  // Async, so that a refusal is a rejected promise and never a throw.
  const read = async <Value>(ask: (orm: Orm) => Value): Promise<Value> => ask(orm);
  const volumes = new Volumes();
  return {
    acceptPayout: (request, limits, now) => writer.run(orm => acceptPayout(orm, volumes, request, limits, now)),
    payouts: query => read(orm => listPayouts(orm, query)),
    payout: id => read(orm => payoutDetail(orm, id)),
    cancelPayout: (id, now, by) =>
      audited(
        writer,
        {by, now},
        orm => cancelPayout(orm, id, now),
        payout => actOn('payout.cancel', payout),
      ),
    releasePayout: (id, now, by) =>
      audited(
        writer,
        {by, now},
        orm => releasePayout(orm, volumes, id, now),
        payout => actOn('payout.release', payout),
      ),
    approvePayout: (id, now, by) =>
      audited(
        writer,
        {by, now},
        orm => approvePayout(orm, volumes, id, by.name, now),
        payout => actOn('payout.approve', payout),
      ),
    repayPayout: (id, depth, now, by) =>
      audited(
        writer,
        {by, now},
        orm => repayPayout(orm, id, depth, now),
        payout => actOn('payout.repay', payout),
      ),

    queue: () => read(queue),
    unusedChangeAddress: () => read(unusedChangeAddress),
    addChangeAddress: (address, scriptPubKey, now) =>
      writer.run(orm => addChangeAddress(orm, address, scriptPubKey, now)),
    reserveBatch: (limit, decide, now, which = 'due') =>
      writer.run(orm => reserveBatch(orm, coin, limit, decide, now, which)),
    reserveBump: (txid, decide, now) => writer.run(orm => reserveBump(orm, {coin, network}, txid, decide, now)),
    openBroadcasts: () => read(openBroadcasts),
    plannedBroadcast: id => read(orm => plannedBroadcast(orm, network, id)),
    missingParents: id => read(orm => missingParents(orm, id)),
    storeSigned: (id, raw, txid, now) => writer.run(orm => storeSigned(orm, id, raw, txid, now)),
    countAttempt: (id, now) => writer.run(orm => countAttempt(orm, id, now)),
    markSent: (id, answer, now) => writer.run(orm => markSent(orm, id, answer, now)),
    recordAnswer: (id, answer, now) => writer.run(orm => recordAnswer(orm, id, answer, now)),
    abandonBroadcast: (id, hold, now, heldIds) => writer.run(orm => abandonBroadcast(orm, id, hold, now, heldIds)),
    noteUnsigned: (id, hold, now) => writer.run(orm => noteUnsigned(orm, id, hold, now)),
    holdBroadcast: (id, hold, now) => writer.run(orm => holdBroadcast(orm, id, hold, now)),
    payoutsPaused: () => read(orm => pausedBy(orm)?.words),
    payoutsPausedBy: () => read(pausedBy),

    broadcasts: query => read(orm => listBroadcasts(orm, query)),
    broadcast: txid => read(orm => broadcastDetail(orm, txid)),
  };
};

/** What the audit log keeps of a payout that somebody laid hands on. */
const actOn = (action: string, {id, account, address, amount}: Payout): Act => ({
  action,
  subject: id,
  details: {account, address, amount},
});

const networkOf = (identity: LedgerIdentity, coin: Coin): Network => {
  const network = Object.values(coin.networks).find(({name}) => name === identity.network);
  if (!network) throw new Error(`a ledger of ${identity.coin} ${identity.network}, which is not known`);
  return network;
};
